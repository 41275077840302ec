package dev.fanfare.server.rest;

import dev.fanfare.time.Timers;
import java.util.Locale;

/// How long the server has been running.
public final class Uptime {

    private static final double NANOS_PER_SECOND = 1e9;

    private final Timers timers;
    private final long startedNanos;

    /// Starts now.
    public Uptime(Timers timers) {
        this.timers = timers;
        this.startedNanos = timers.nanoTime();
    }

    /// Whole seconds.
    public long seconds() {
        return nanos() / 1_000_000_000;
    }

    /// Seconds with three digits behind the point.
    public String exactSeconds() {
        return String.format(Locale.ROOT, "%.3f", exact());
    }

    /// Seconds.
    public double exact() {
        return nanos() / NANOS_PER_SECOND;
    }

    private long nanos() {
        return timers.nanoTime() - startedNanos;
    }
}
