package dev.fanfare.time;

import java.time.Duration;

/// A moment in real time, whatever the broker's clock is: for waiting for threads, which no clock moves on.
public final class Deadline {

    private final long nanos;

    private Deadline(long nanos) {
        this.nanos = nanos;
    }

    /// So much later than now.
    public static Deadline in(Duration span) {
        return new Deadline(System.nanoTime() + span.toNanos());
    }

    /// How long it is until then; never negative.
    public Duration left() {
        return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
    }
}
