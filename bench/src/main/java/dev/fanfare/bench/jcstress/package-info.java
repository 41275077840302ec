/// What publishers' threads and event loops share without a lock, run against each other until every interleaving that
/// the machine allows has been seen.
@NullMarked
package dev.fanfare.bench.jcstress;

import org.jspecify.annotations.NullMarked;
