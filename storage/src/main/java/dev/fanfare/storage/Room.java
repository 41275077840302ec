package dev.fanfare.storage;

import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.rocksdb.RocksDBException;

/// How much the device still takes. It is asked for before each publish: the file system and RocksDB, which answers
/// under the lock that its writer needs, are asked now and then only, and what was written since is reckoned. That
/// there is no room is never said by reckoning. Any thread.
final class Room {

    /// The bytes that can still be written to the device.
    @FunctionalInterface
    interface Free {
        long bytes() throws IOException;
    }

    /// The bytes in memory and in the log, which have to be written once more.
    @FunctionalInterface
    interface Pending {
        long bytes() throws RocksDBException;
    }

    private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long ASK_BYTES = 4 << 20;

    /// What it takes to open a database, besides what is in its log.
    private static final long OPENING_BYTES = 1 << 20;

    private final Free free;
    private final long reserve;
    private long askedAt;
    private long written = ASK_BYTES;
    private long lastFree;
    private long lastPending;

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
    synchronized long left(Pending pending) throws RocksDBException {
        if (isDue() || written > 0 && reckoned() <= 0) {
            ask(pending);
        }
        return Math.max(0, reckoned());
    }

    /// How many bytes are free, with the reserve.
    synchronized long free(Pending pending) throws RocksDBException {
        if (isDue()) {
            ask(pending);
        }
        return lastFree - written;
    }

    /// Refuses to open a database anew that there is no room for: what is in memory and in the log is written
    /// then. The reserve is for that, too.
    ///
    /// @throws StoreException `FULL`
    synchronized void checkOpening(Pending pending, String place) throws RocksDBException {
        ask(pending);
        if (lastFree - lastPending < OPENING_BYTES) {
            throw new StoreException(
                    Reason.FULL,
                    "could not open " + place + " again: there is not enough room for what is in its log; free some"
                            + " space, until then it is only read");
        }
    }

    private boolean isDue() {
        return written >= ASK_BYTES || System.nanoTime() - askedAt >= ASK_NANOS;
    }

    private void ask(Pending pending) throws RocksDBException {
        long bytes = pending.bytes();
        try {
            lastFree = free.bytes();
        } catch (IOException e) {
            throw Failures.of("ask how much room is left", e);
        }
        lastPending = bytes;
        askedAt = System.nanoTime();
        written = 0;
    }

    /// What was written since takes its place in the log, and will take it in a file.
    private long reckoned() {
        return lastFree - reserve - lastPending - 2 * written;
    }
}
