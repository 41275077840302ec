/// Benchmarks. `./fanfare jmh NAME` runs those whose name holds NAME; nothing here is published.
@NullMarked
package dev.fanfare.bench;

import org.jspecify.annotations.NullMarked;
