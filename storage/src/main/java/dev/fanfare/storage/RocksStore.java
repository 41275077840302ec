package dev.fanfare.storage;

import dev.fanfare.Durability;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/// A store in a folder of a file system, kept by RocksDB.
///
/// A write goes to the write-ahead log and survives the process; [#sync] makes it survive the power. What was torn off
/// when a process ended is cut off when the store is opened; damage is mended as far as it can be, the damaged files
/// are put aside, and [#damages] says what is lost. Reading a key that is damaged throws `CORRUPT`, and nothing else
/// suffers from it.
public final class RocksStore implements Store {

    /// Something done with the open database, under the read lock.
    interface Use<T> {
        @Nullable
        T with(Database database) throws RocksDBException;
    }

    private final Folder folder;
    private final Tuning tuning;
    private final Damages damages;
    private final Room room;
    private final Upkeep upkeep;

    /// Held to read by whoever touches the database, to write by whoever opens or closes it.
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

    private final Set<RocksScan.Cursor> cursors = ConcurrentHashMap.newKeySet();
    private final LongAdder rowsRead = new LongAdder();
    private @Nullable Database database;
    private volatile @Nullable StoreException failed;
    private volatile long safe;
    private volatile Durability lacking = Durability.MEMORY;
    private boolean closed;

    private RocksStore(Path path, StorageOptions options, Room.Free free) {
        folder = Folder.take(path);
        tuning = new Tuning(options);
        damages = new Damages(path);
        room = new Room(free, options.reserve());
        upkeep = new Upkeep(this, damages);
        try {
            opened(folder.sameBoot());
        } catch (RuntimeException e) {
            upkeep.end();
            tuning.close();
            folder.close();
            throw e;
        }
    }

    /// Opens the store in a folder, or makes one in a folder that is missing or empty. Takes a few seconds at most,
    /// whatever is stored.
    ///
    /// @throws StoreException when another process uses it, when a newer version wrote it, when the folder holds
    ///     something else, when it is damaged beyond mending, when the device refuses; the message says what to do
    public static RocksStore open(Path folder, StorageOptions options) {
        return open(folder, options, Room.of(folder));
    }

    static RocksStore open(Path folder, StorageOptions options, Room.Free free) {
        return new RocksStore(folder.toAbsolutePath().normalize(), options, free);
    }

    private void opened(boolean sameBoot) {
        Opening opening = new Opening(folder, tuning, damages, upkeep.degraded());
        Database fresh = opening.open(sameBoot);
        database = fresh;
        // What was in the log is in files now.
        safe = fresh.rocks().getLatestSequenceNumber();
        try {
            // The log begins with a mark that stays: the number of whatever is lost behind it is known.
            lacking = lacking.or(opening.lacking());
            fresh.write(new RocksBatch(this, fresh.families(), safe).take(), true);
            if (lacking == Durability.MEMORY) {
                folder.settled();
            }
        } catch (IOException e) {
            release();
            throw Failures.of("begin the log of " + place(), e);
        } catch (RocksDBException e) {
            boolean found = upkeep.noteDamage(fresh, e, null);
            release();
            if (!found) {
                throw Failures.of("begin the log of " + place(), e);
            }
            // Compaction came upon it; now the table is left alone.
            opened(true);
        }
    }

    // ---- writing

    @Override
    public Batch batch() {
        return using("begin a batch for", open -> new RocksBatch(this, open.families(), safe));
    }

    @Override
    public void write(Batch batch) {
        if (!(batch instanceof RocksBatch own) || !own.isOf(this)) {
            throw new IllegalArgumentException("the batch is of another store");
        }
        byte[] bytes = own.take();
        changing("write to", open -> {
            open.write(bytes, false);
            room.wrote(bytes.length);
            return bytes;
        });
    }

    @Override
    public void sync() {
        changing("sync", open -> {
            sync(open);
            return open;
        });
        if (lacking != Durability.MEMORY) {
            try {
                folder.settled();
            } catch (IOException e) {
                throw Failures.of("sync " + place(), e);
            }
            lacking = Durability.MEMORY;
        }
    }

    private void sync(Database open) throws RocksDBException {
        long sequence = open.rocks().getLatestSequenceNumber();
        open.rocks().syncWal();
        safe = sequence;
        // The log says itself what is safe, also if nothing else comes.
        open.write(new RocksBatch(this, open.families(), sequence).take(), false);
    }

    @Override
    public Durability lacking() {
        return lacking;
    }

    @Override
    public void reclaim(Table table, byte[] from, byte[] to) {
        if (Arrays.compareUnsigned(from, to) >= 0) {
            using("reclaim room in", open -> open);
            return;
        }
        changing("reclaim room in", open -> {
            if (open.isEmpty(table, from, to)) {
                dropFiles(open, table, from, to);
            }
            upkeep.compact(table, from, to);
            return open;
        });
        room.changed();
    }

    /// Removes the files with nothing in them but the range. A file that says what is deleted may go before one with
    /// what it deletes, which would be there again: so that is said anew, and made safe, before and where necessary
    /// after.
    private void dropFiles(Database open, Table table, byte[] from, byte[] to) throws RocksDBException {
        deleteSafely(open, table, from, to);
        open.rocks().deleteFilesInRanges(open.of(table), List.of(from, to), false);
        if (!open.isEmpty(table, from, to)) {
            deleteSafely(open, table, from, to);
        }
    }

    private void deleteSafely(Database open, Table table, byte[] from, byte[] to) throws RocksDBException {
        RocksBatch batch = new RocksBatch(this, open.families(), safe);
        batch.deleteRange(table, from, to);
        open.write(batch.take(), true);
    }

    // ---- reading

    @Override
    public byte @Nullable [] get(Table table, byte[] key) {
        return reading(table, open -> open.rocks().get(open.of(table), key));
    }

    @Override
    public @Nullable Entry floor(Table table, byte[] lowest, byte[] key) {
        if (Arrays.compareUnsigned(lowest, key) > 0) {
            return null;
        }
        return reading(table, open -> {
            try {
                return open.floor(table, lowest, key);
            } catch (RocksDBException e) {
                // Something around the key can't be read; the key itself perhaps can, if it is in another file.
                byte[] value =
                        Failures.reason(e) == Reason.CORRUPT ? open.rocks().get(open.of(table), key) : null;
                if (value == null) {
                    throw e;
                }
                return new Entry(key.clone(), value);
            }
        });
    }

    @Override
    public Scan scan(Table table, byte[] from, byte @Nullable [] to) {
        // Bounds must be in order for RocksDB; an empty range is one, too.
        byte[] end = to != null && Arrays.compareUnsigned(to, from) < 0 ? from : to;
        return Objects.requireNonNull(reading(table, open -> {
            RocksScan.Cursor cursor = new RocksScan.Cursor(open, table, from, end);
            cursors.add(cursor);
            return new RocksScan(this, table, from, cursor);
        }));
    }

    @Override
    public Scan scanFromFloor(Table table, byte[] lowest, byte[] key, byte[] to) {
        byte[] low = Arrays.compareUnsigned(key, lowest) < 0 ? key : lowest;
        byte[] end = Arrays.compareUnsigned(to, low) < 0 ? low : to;
        return Objects.requireNonNull(reading(table, open -> {
            RocksScan.Cursor cursor = new RocksScan.Cursor(open, table, low, end);
            cursors.add(cursor);
            try {
                return new RocksScan(this, table, cursor.floor(key), cursor);
            } catch (RocksDBException e) {
                end(cursor);
                throw e;
            }
        }));
    }

    /// A step of a scan: under the read lock, the cursor being alive.
    boolean scanning(Table table, RocksScan.Cursor cursor, RocksScan.Step step) {
        Boolean found = reading(table, open -> {
            cursor.usable(place());
            return step.take();
        });
        if (table != Table.MESSAGES) {
            rowsRead.increment();
        }
        return Boolean.TRUE.equals(found);
    }

    /// How many rows that hold no messages were read one after the other: what a start does.
    public long rowsRead() {
        return rowsRead.sum();
    }

    /// A scan is closed. Its cursor may be gone already.
    void end(RocksScan.Cursor cursor) {
        lock.readLock().lock();
        try {
            cursor.close();
            cursors.remove(cursor);
        } finally {
            lock.readLock().unlock();
        }
    }

    // ---- its state

    private Database opened() {
        if (closed) {
            throw new StoreException(Reason.FAILED, place() + " is closed");
        }
        Database open = database;
        if (open == null) {
            throw new StoreException(Reason.FAILED, place() + " could not be opened again yet");
        }
        return open;
    }

    private <T> @Nullable T reading(Table table, Use<T> use) {
        lock.readLock().lock();
        try {
            Database open = opened();
            try {
                return use.with(open);
            } catch (RocksDBException e) {
                upkeep.noteDamage(open, e, table);
                throw Failures.of("read " + table + " in " + place(), e);
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Uses the database, under the read lock.
    <T> T using(String what, Use<T> use) {
        lock.readLock().lock();
        try {
            return Objects.requireNonNull(use.with(opened()));
        } catch (RocksDBException e) {
            throw Failures.of(what + " " + place(), e);
        } finally {
            lock.readLock().unlock();
        }
    }

    /// Changes something: after a failure, nothing more is changed.
    private <T> void changing(String what, Use<T> use) {
        lock.readLock().lock();
        try {
            Database open = opened();
            StoreException earlier = failed;
            if (earlier != null) {
                throw new StoreException(
                        Reason.FAILED,
                        "could not " + what + " " + place() + ": it has failed and was not opened again",
                        earlier);
            }
            try {
                use.with(open);
            } catch (RocksDBException e) {
                upkeep.noteDamage(open, e, null);
                StoreException failure = Failures.of(what + " " + place(), e);
                failed = failure;
                throw failure;
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void reopen() {
        upkeep.pause();
        lock.writeLock().lock();
        try {
            if (closed) {
                throw new StoreException(Reason.FAILED, place() + " is closed");
            }
            stayWhileFull();
            release();
            opened(true);
            failed = null;
            room.changed();
        } finally {
            lock.writeLock().unlock();
            upkeep.resume();
        }
    }

    /// A database that was closed can't be opened where there is no room: better one that is only read.
    private void stayWhileFull() {
        StoreException why = failed;
        if (database != null && why != null && why.reason() == Reason.FULL) {
            using("open again", open -> {
                room.checkOpening(open::unflushed, place());
                return open;
            });
        }
    }

    /// Closes the database: under the write lock, nobody uses it.
    private void release() {
        cursors.forEach(RocksScan.Cursor::close);
        cursors.clear();
        Database open = database;
        database = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void close() {
        upkeep.end();
        lock.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            try (folder;
                    tuning) {
                long sequence;
                try {
                    sequence = syncLast();
                } finally {
                    release();
                }
                if (sequence >= 0) {
                    ClosedMark.write(folder.path(), folder.database(), sequence);
                }
            } catch (IOException e) {
                throw Failures.of("close " + place(), e);
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    /// Up to which operation everything is safe; -1 when that can't be said.
    private long syncLast() {
        Database open = database;
        if (open == null || failed != null) {
            return -1;
        }
        try {
            open.rocks().syncWal();
        } catch (RocksDBException e) {
            throw Failures.of("sync " + place() + " when closing it", e);
        }
        // Where something may be missing, whoever opens it next has to know.
        return lacking == Durability.MEMORY ? open.rocks().getLatestSequenceNumber() : -1;
    }

    // ---- looking at it

    @Override
    public long room() {
        return using("ask for the room in", open -> room.left(open::unflushed));
    }

    @Override
    public long size() {
        return using("ask for the size of", StoreFigures::size);
    }

    /// Its figures. Takes longer the more is stored: some milliseconds for each TiB.
    public StoreFigures figures() {
        return using(
                "look at",
                open -> StoreFigures.of(open, tuning.used(), room.free(open::unflushed), room.left(open::unflushed)));
    }

    @Override
    public void onDamage(Consumer<String> told) {
        damages.tell(told);
    }

    /// What was found damaged since it was opened, at most 1,000; more are only logged.
    public List<Damage> damages() {
        return damages.list();
    }

    /// Copies the store into a folder while it is used: everything written when this was called. Files are linked where
    /// the file system can. The copy is a store of its own, safe from a loss of power when this returns. Its
    /// topics begin new epochs when it is opened: the places after what is in it have been, or will be, given
    /// twice.
    ///
    /// @param target missing or empty; what a failure leaves there is removed
    /// @param progress is told how far it is
    /// @throws StoreException when it could not be made
    public void backup(Path target, Progress progress) {
        Backup backup = new Backup(place(), target.toAbsolutePath().normalize());
        backup.make(() -> using("copy", backup::link), progress);
    }

    /// Copies a backup into a folder: all topics of that store begin a new epoch when it is opened, since what
    /// was stored after the backup was made is not in it.
    ///
    /// @param folder missing or empty
    /// @param progress is told how far it is
    /// @throws StoreException when it could not be done
    public static void restore(Path backup, Path folder, Progress progress) {
        Backup.restore(
                backup.toAbsolutePath().normalize(), folder.toAbsolutePath().normalize(), progress);
    }

    /// Reads everything a store holds, with check sums, and says what can't be read. Nothing is changed.
    ///
    /// @param folder a backup, or a store that is not in use
    /// @param progress is told how far it is
    /// @throws StoreException when it is no store, is in use, or can't be opened at all
    public static List<Damage> verify(Path folder, Progress progress) {
        return Verification.of(folder.toAbsolutePath().normalize(), progress);
    }

    /// How far something is that takes long.
    @FunctionalInterface
    public interface Progress {

        /// So many bytes of all are done. Called from time to time by the thread that does it.
        void at(long done, long all);
    }

    @Override
    public String place() {
        return "the store " + folder.path();
    }
}
