package dev.fanfare.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// How much the device still takes. The file system is asked now and then only, since it takes a few microseconds. Any
/// thread.
final class Room {

    /// The bytes that can still be written to the device.
    @FunctionalInterface
    interface Free {
        long bytes() throws IOException;
    }

    private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long ASK_BYTES = 4 << 20;

    private final Free free;
    private final long reserve;
    private long askedAt;
    private long written = ASK_BYTES;
    private long last;

    Room(Free free, long reserve) {
        this.free = free;
        this.reserve = reserve;
    }

    /// Asks the file system of a folder.
    static Free of(Path folder) {
        return () -> Files.getFileStore(folder).getUsableSpace();
    }

    /// So many bytes were written.
    synchronized void wrote(long bytes) {
        written += bytes;
    }

    /// Asks again the next time.
    synchronized void changed() {
        written = ASK_BYTES;
    }

    /// How many bytes may still be written.
    ///
    /// @param pending bytes that are written once and will be again, from memory
    long left(long pending) {
        return Math.max(0, free() - reserve - pending);
    }

    /// How many bytes are free, with the reserve.
    synchronized long free() {
        long now = System.nanoTime();
        if (written >= ASK_BYTES || now - askedAt >= ASK_NANOS) {
            try {
                last = free.bytes();
            } catch (IOException e) {
                throw Failures.of("ask how much room is left", e);
            }
            askedAt = now;
            written = 0;
        }
        return last - written;
    }
}
