package dev.fanfare.client;

import java.time.Instant;
import java.util.Objects;

/// Where a new subscription begins. Whatever it is, live messages follow without a gap or a repetition.
public sealed interface Start {

    /// With what is published from now on.
    static Start latest() {
        return new Latest();
    }

    /// With the oldest message that is kept.
    static Start earliest() {
        return new Earliest();
    }

    /// With the newest `count` messages that are kept; for a pattern, of all its topics together.
    static Start last(int count) {
        return new Last(count);
    }

    /// With the first message of that time or later.
    static Start at(Instant time) {
        return new At(time);
    }

    /// After a message that was seen: for one topic, not for a pattern.
    static Start after(Position position) {
        return new After(position);
    }

    /// See [Start#latest].
    record Latest() implements Start {}

    /// See [Start#earliest].
    record Earliest() implements Start {}

    /// See [Start#last].
    ///
    /// @param count 0 or more
    record Last(int count) implements Start {

        /// Checks the count.
        public Last {
            if (count < 0) {
                throw new IllegalArgumentException("the number of messages must be 0 or more, but is " + count);
            }
        }
    }

    /// See [Start#at].
    ///
    /// @param time inclusive
    record At(Instant time) implements Start {

        /// Checks the time.
        public At {
            Objects.requireNonNull(time, "time");
        }
    }

    /// See [Start#after].
    ///
    /// @param position of the last message seen
    record After(Position position) implements Start {

        /// Checks the position.
        public After {
            Objects.requireNonNull(position, "position");
        }
    }
}
