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

    /// How many messages of a topic wait in memory behind a backlog that leaves what it can't take where it is stored.
    private static final int SPILLED_QUEUE = 1_024;

    static Bound of(Terms terms, Kind kind, TopicConfig topic) {
        BacklogOverflow whenFull = kind == Kind.OWN ? BacklogOverflow.REFUSE : topic.backlogOverflow();
        if (whenFull == BacklogOverflow.SPILL && terms.pattern().isWild()) {
            // The topics of a pattern come and go: there is no one log to go back to.
            whenFull = BacklogOverflow.REFUSE;
        }
        return new Bound(
                terms.queue() == 0 ? topic.backlog() : terms.queue(),
                terms.queueBytes() == 0 ? topic.backlogBytes() : terms.queueBytes(),
                switch (whenFull) {
                    case REFUSE -> terms.overflow();
                    // They only wait until what they published has come in, or can't be moved aside.
                    case DEAD_LETTER -> Overflow.block();
                    case SPILL -> Overflow.spill();
                },
                whenFull);
    }

    /// How many messages may wait to come in.
    int queue() {
        return whenFull == BacklogOverflow.SPILL ? Math.min(messages, SPILLED_QUEUE) : messages;
    }

    /// Whether the oldest makes room for the newest.
    boolean movesAside() {
        return whenFull == BacklogOverflow.DEAD_LETTER;
    }
}
