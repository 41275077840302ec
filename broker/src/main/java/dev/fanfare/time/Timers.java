package dev.fanfare.time;

import java.time.Duration;

/// The clock of a broker and what happens later on it. Any thread.
public interface Timers extends AutoCloseable {

    /// The wall clock, in milliseconds since 1970. It stamps messages.
    long currentTimeMillis();

    /// A clock that never goes back, in nanoseconds since some moment: for measuring and for deadlines.
    long nanoTime();

    /// Runs `action` once, `delay` from now or a little later. Actions run one at a time, must be short and must
    /// not block; one that throws is logged and disturbs no other.
    Timer schedule(Duration delay, Runnable action);

    /// Cancels everything; what is scheduled afterwards never runs. Idempotent.
    @Override
    void close();

    /// Something that was scheduled.
    interface Timer {

        /// Whether this call kept the action from running.
        boolean cancel();
    }
}
