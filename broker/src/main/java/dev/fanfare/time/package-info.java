/// The only clock: nothing else in the broker reads the time or waits for it.
@NullMarked
package dev.fanfare.time;

import org.jspecify.annotations.NullMarked;
