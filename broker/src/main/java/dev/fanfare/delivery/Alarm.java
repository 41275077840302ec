package dev.fanfare.delivery;

import dev.fanfare.time.Timers;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One timer for the earliest of many times. Guarded by its owner's lock.
final class Alarm {

    private final Timers timers;
    private final Runnable action;
    private Timers.@Nullable Timer timer;
    private long at;

    /// @param action on the clock's thread; calls [#rang] first
    Alarm(Timers timers, Runnable action) {
        this.timers = timers;
        this.action = action;
    }

    /// Sees to it that the action runs at that time, or before.
    ///
    /// @param nanos on the broker's clock
    void by(long nanos) {
        if (timer != null && at - nanos <= 0) {
            return;
        }
        cancel();
        at = nanos;
        timer = timers.schedule(Duration.ofNanos(Math.max(0, nanos - timers.nanoTime())), action);
    }

    /// The action runs.
    void rang() {
        timer = null;
    }

    void cancel() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
