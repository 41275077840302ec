/// Publish/subscribe in one process: [Broker] and what it hands out.
@NullMarked
package dev.fanfare;

import org.jspecify.annotations.NullMarked;
