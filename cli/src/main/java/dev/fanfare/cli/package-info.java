/// The commands `serve`, `pub` and `sub`. They are clients of the public API of the other modules and hold no logic of
/// their own beyond reading arguments and printing.
@NullMarked
package dev.fanfare.cli;

import org.jspecify.annotations.NullMarked;
