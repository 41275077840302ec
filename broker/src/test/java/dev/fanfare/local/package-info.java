/// How messages reach handlers in process.
@NullMarked
package dev.fanfare.local;

import org.jspecify.annotations.NullMarked;
