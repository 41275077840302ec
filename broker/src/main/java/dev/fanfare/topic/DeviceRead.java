package dev.fanfare.topic;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.log.LogReaders;
import org.jspecify.annotations.Nullable;

/// What an attachment has a reader read for it: one thing at a time, so that it never holds more than one
/// slice. [#begin] and [#underWay] by whoever replays.
final class DeviceRead {

    private final LogReaders readers;

    /// Cleared by the reader, after everything that it found was written down.
    private volatile boolean underWay;

    private @Nullable Throwable failure;

    DeviceRead(LogReaders readers) {
        this.readers = readers;
    }

    /// Whether the last one is not over; throws what it failed with, once.
    boolean underWay() {
        if (underWay) {
            return true;
        }
        Throwable failed = failure;
        failure = null;
        return switch (failed) {
            case null -> false;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failed);
        };
    }

    /// Reads on a reader's thread, then tells there that it is over. When the broker has closed it is told at
    /// once.
    void begin(Runnable read, Runnable whenRead) {
        underWay = true;
        if (!readers.execute(() -> run(read, whenRead))) {
            failure = new FanfareException(ErrorCode.SHUTTING_DOWN, "the broker is closed: nothing more is read");
            underWay = false;
            whenRead.run();
        }
    }

    private void run(Runnable read, Runnable whenRead) {
        try {
            read.run();
        } catch (RuntimeException | Error e) {
            failure = e;
        } finally {
            underWay = false;
        }
        whenRead.run();
    }
}
