package dev.fanfare.server;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;

/// Keeps a log readable whatever peers do: so many lines a second, and then a line that says how many were left out.
/// Any thread.
public final class LogLimit {

    private static final int LINES_PER_SECOND = 100;
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final Logger log;
    private final AtomicLong second = new AtomicLong(Long.MIN_VALUE);
    private final AtomicInteger lines = new AtomicInteger();

    /// A limit for what goes to this log.
    public LogLimit(Logger log) {
        this.log = log;
    }

    /// Logs a line at INFO, or counts it as left out.
    ///
    /// @param nowNanos the time, on the broker's clock
    public void info(long nowNanos, String format, Object... arguments) {
        if (log.isInfoEnabled() && admit(nowNanos)) {
            log.info(format, arguments);
        }
    }

    /// Logs a line at WARN, or counts it as left out.
    ///
    /// @param nowNanos the time, on the broker's clock
    public void warn(long nowNanos, String format, Object... arguments) {
        if (log.isWarnEnabled() && admit(nowNanos)) {
            log.warn(format, arguments);
        }
    }

    private boolean admit(long nowNanos) {
        long now = Math.floorDiv(nowNanos, SECOND_NANOS);
        long before = second.get();
        if (before != now && second.compareAndSet(before, now)) {
            int left = lines.getAndSet(0) - LINES_PER_SECOND;
            if (left > 0) {
                log.warn("{} more lines like these were left out within a second", left);
            }
        }
        return lines.incrementAndGet() <= LINES_PER_SECOND;
    }
}
