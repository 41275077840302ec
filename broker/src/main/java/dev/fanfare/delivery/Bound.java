package dev.fanfare.delivery;

import dev.fanfare.BacklogOverflow;
import dev.fanfare.Overflow;
import dev.fanfare.TopicConfig;

/// How much a backlog may hold, and what happens then: what its first subscriber said, else what its topic says, and
/// for a pattern what topics have that nobody said anything about.
///
/// @param messages not done, beside those it replayed
/// @param bytes that these may cost, by [dev.fanfare.log.TopicLog#cost]
/// @param publishers what happens to those when it is full
/// @param whenFull whether they are told at all
record Bound(int messages, long bytes, Overflow publishers, BacklogOverflow whenFull) {

    static Bound of(Terms terms, Kind kind, TopicConfig topic) {
        BacklogOverflow whenFull = kind == Kind.OWN ? BacklogOverflow.REFUSE : topic.backlogOverflow();
        return new Bound(
                terms.queue() == 0 ? topic.backlog() : terms.queue(),
                terms.queueBytes() == 0 ? topic.backlogBytes() : terms.queueBytes(),
                // They only wait until what they published has come in, or can't be moved aside.
                whenFull == BacklogOverflow.DEAD_LETTER ? Overflow.block() : terms.overflow(),
                whenFull);
    }

    /// Whether the oldest makes room for the newest.
    boolean movesAside() {
        return whenFull == BacklogOverflow.DEAD_LETTER;
    }
}
