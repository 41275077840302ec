package dev.fanfare;

import java.time.Instant;
import java.util.Map;

/// Where a subscription begins to read.
public sealed interface Start {

    /// Only what is published from now on.
    record Latest() implements Start {}

    /// The oldest message that is kept, on every matching topic.
    record Earliest() implements Start {}

    /// The newest `count` messages that are kept; over a pattern, merged by timestamp, [Message#turn],
    /// topic, offset.
    ///
    /// @param count 0 or more
    record LastN(int count) implements Start {
        /// Checks the bound.
        public LastN {
            if (count < 0) {
                throw new FanfareException(ErrorCode.BAD_REQUEST, "last_n must not be negative, but is " + count);
            }
        }
    }

    /// The message with this offset, or the oldest kept after it.
    ///
    /// @param offset 0 or more; one beyond the end begins at the end
    record AtOffset(long offset) implements Start {
        /// Checks the bound.
        public AtOffset {
            if (offset < 0) {
                throw new FanfareException(ErrorCode.BAD_REQUEST, "offset must not be negative, but is " + offset);
            }
        }
    }

    /// The first message with this timestamp or a later one.
    record AtTime(Instant time) implements Start {
        /// Checks that messages can have such timestamps.
        public AtTime {
            millis(time);
        }
    }

    /// What comes after this position: tells whether anything after it was lost.
    record After(Position position) implements Start {}

    /// What comes after these positions, topic by topic; topics not named resume from `time`, inclusive.
    ///
    /// @param topics by name
    record AfterAll(Instant time, Map<String, Position> topics) implements Start {

        /// Checks that messages can have such timestamps.
        public AfterAll {
            millis(time);
            topics = Map.copyOf(topics);
        }
    }

    /// The lowest timestamp of a message that is not before `time`: messages are stamped in whole milliseconds.
    ///
    /// @throws FanfareException `BAD_REQUEST` when no message can have such a timestamp
    static long millis(Instant time) {
        try {
            long floor = time.toEpochMilli();
            return Instant.ofEpochMilli(floor).equals(time) ? floor : floor + 1;
        } catch (ArithmeticException e) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, "time " + time + " is too far away");
        }
    }

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
