package dev.fanfare;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How long a message counts and when it goes out. Most messages have none of it, and hold no such object.
///
/// @param ttlMillis how long it counts from its timestamp on; 0 for ever
/// @param delayMillis how long after it was published it gets its place; 0 at once
/// @param deliverAtMillis when it gets its place, in milliseconds since 1970; [#NEVER_SAID] at once
record Timing(long ttlMillis, long delayMillis, long deliverAtMillis) {

    static final Timing NONE = new Timing(0, 0, Timing.NEVER_SAID);

    static final long NEVER_SAID = Long.MIN_VALUE;

    /// The longest that a message may live or wait.
    static final Duration LONGEST = Duration.ofDays(3_650);

    Timing withTtl(Duration ttl) {
        if (ttl.compareTo(Duration.ofMillis(1)) < 0 || ttl.compareTo(LONGEST) > 0) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "the time to live of a message must be 1 ms to " + LONGEST.toDays() + " days, not " + ttl);
        }
        return new Timing(ttl.toMillis(), delayMillis, deliverAtMillis);
    }

    Timing withDelay(Duration delay) {
        if (delay.isNegative() || delay.compareTo(LONGEST) > 0) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "the delay of a message must be 0 to " + LONGEST.toDays() + " days, not " + delay);
        }
        return new Timing(ttlMillis, delay.toMillis(), NEVER_SAID);
    }

    Timing withDeliverAt(Instant time) {
        return new Timing(ttlMillis, 0, Start.millis(time));
    }

    /// What of it a message keeps that has its place; null when that is nothing.
    static @Nullable Timing kept(@Nullable Timing timing) {
        if (timing == null || timing.ttlMillis == 0) {
            return null;
        }
        return timing.delays() ? new Timing(timing.ttlMillis, 0, NEVER_SAID) : timing;
    }

    boolean delays() {
        return delayMillis > 0 || deliverAtMillis != NEVER_SAID;
    }

    /// The moment at which it gets its place; `now` or earlier: at once.
    long dueMillis(long now) {
        return deliverAtMillis == NEVER_SAID ? now + delayMillis : deliverAtMillis;
    }
}
