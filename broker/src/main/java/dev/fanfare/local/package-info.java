/// Delivery in process: the feed of message references, the loops, and the subscriptions with their handlers. Not
/// API.
///
/// The path of a message: the publisher's thread appends it to [LocalFeed] inside the topic's section, then wakes
/// each [Loop] that has readers of the feed, once. A loop runs the handlers of its own subscriptions and unparks
/// the virtual threads of the others. A feed's lock is the last one taken; no handler, listener or timer runs under
/// any lock.
@NullMarked
package dev.fanfare.local;

import org.jspecify.annotations.NullMarked;
