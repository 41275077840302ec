/// Publishing in batches, with retries. Not API.
///
/// Messages wait in a [Lane] per topic, in order. A lane is due when it holds a whole batch, when its oldest
/// message has lingered, when somebody flushes, or when the publisher is full. A virtual thread, which lives as
/// long as the lane is due, publishes its messages one after the other and wakes who hears them once per batch. A
/// message that is to be tried again stays at the head of its lane: what comes after it on the same topic waits,
/// other topics do not.
///
/// One lock for all lanes of a publisher; nothing is published, compressed, completed or asked of a policy under
/// it.
@NullMarked
package dev.fanfare.publishing;

import org.jspecify.annotations.NullMarked;
