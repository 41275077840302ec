package dev.fanfare.topic;

import dev.fanfare.time.Timers;
import java.time.Duration;

/// A clock that goes back a second each time it is read.
record Backwards(Timers timers) implements Timers {

    private static long readings;

    @Override
    public long currentTimeMillis() {
        return timers.currentTimeMillis() - 1000 * readings++;
    }

    @Override
    public long nanoTime() {
        return timers.nanoTime();
    }

    @Override
    public Timer schedule(Duration delay, Runnable action) {
        return timers.schedule(delay, action);
    }

    @Override
    public void close() {
        timers.close();
    }
}
