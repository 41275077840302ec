/// What takes too long for every build.
@NullMarked
package dev.fanfare.bench;

import org.jspecify.annotations.NullMarked;
