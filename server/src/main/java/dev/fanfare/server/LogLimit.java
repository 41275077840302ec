package dev.fanfare.server;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;

/// Keeps a log readable whatever peers do: so many lines a second, and then a line that says how many were left out.
/// What a peer chose stays within its line and can be read: what has no shape of its own is shown, not written. Any
/// thread.
public final class LogLimit {

    private static final int LINES_PER_SECOND = 100;
    /// What is logged of anything a peer may have had a part in.
    private static final int TEXT_MAX = 1_000;

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
            log.info(format, printable(arguments));
        }
    }

    /// The same line, in which somebody is concerned.
    ///
    /// @param nowNanos the time, on the broker's clock
    public void info(LogSubject subject, long nowNanos, String format, Object... arguments) {
        if (log.isInfoEnabled() && admit(nowNanos)) {
            subject.during(() -> log.info(format, printable(arguments)));
        }
    }

    /// Logs a line at WARN, or counts it as left out.
    ///
    /// @param nowNanos the time, on the broker's clock
    public void warn(long nowNanos, String format, Object... arguments) {
        if (log.isWarnEnabled() && admit(nowNanos)) {
            log.warn(format, printable(arguments));
        }
    }

    private static Object[] printable(Object[] arguments) {
        Object[] printable = new Object[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            printable[i] = arguments[i] instanceof Number ? arguments[i] : printable(arguments[i]);
        }
        return printable;
    }

    /// The text of something, with whatever would begin a new line, steer a terminal or hide escaped, and not more
    /// of it than anybody reads.
    public static String printable(Object something) {
        String whole = String.valueOf(something);
        String text = whole.length() <= TEXT_MAX
                ? whole
                : whole.substring(0, TEXT_MAX) + "... (" + whole.length() + " characters)";
        if (text.codePoints().allMatch(LogLimit::shows)) {
            return text;
        }
        StringBuilder shown = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(point -> {
            if (shows(point)) {
                shown.appendCodePoint(point);
            } else {
                Character.toString(point).chars().forEach(c -> shown.append("\\u%04x".formatted(c)));
            }
        });
        return shown.toString();
    }

    private static boolean shows(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT, // those that turn the direction of a line around, among others
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
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
