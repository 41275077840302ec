package dev.fanfare;

import java.time.Instant;
import java.util.Map;

/// Where a subscription begins to read.
public sealed interface Start {

    /// Only what is published from now on.
    record Latest() implements Start {}

    /// The oldest message that is kept, on every matching topic.
    record Earliest() implements Start {}

    /// The newest `count` messages that are kept; over a pattern, merged by timestamp, topic, offset.
    record LastN(int count) implements Start {}

    /// The message with this offset, or the oldest kept after it.
    record AtOffset(long offset) implements Start {}

    /// The first message with this timestamp or a later one.
    record AtTime(Instant time) implements Start {}

    /// What comes after this position: tells whether anything after it was lost.
    record After(Position position) implements Start {}

    /// What comes after these positions, topic by topic; topics not named resume from `time`, inclusive.
    record AfterAll(Instant time, Map<String, Position> topics) implements Start {}

    /// [Latest].
    static Start latest() {
        return new Latest();
    }

    /// [Earliest].
    static Start earliest() {
        return new Earliest();
    }

    /// [LastN].
    static Start lastN(int count) {
        return new LastN(count);
    }
}
