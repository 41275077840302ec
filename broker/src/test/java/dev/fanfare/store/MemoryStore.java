package dev.fanfare.store;

import dev.fanfare.Durability;
import dev.fanfare.store.StoreException.Reason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A store in memory that fails when a test says so.
///
/// A process that dies is played by [#afterKill] or [#afterPowerLoss]: the old store refuses whatever the old
/// process still tries, the new one holds what the next process would find.
public final class MemoryStore implements Store {

    /// What undoes one change.
    private record Undo(Table table, byte[] key, byte @Nullable [] before) {}

    /// A failure that waits for the next call.
    private record Failure(Reason reason, boolean carriedOut) {}

    final ReentrantLock lock = new ReentrantLock();
    private final Map<Table, NavigableMap<byte[], byte[]>> tables = new EnumMap<>(Table.class);
    private final Map<Table, NavigableSet<byte[]>> corrupt = new EnumMap<>(Table.class);
    private final Deque<Undo> unsynced = new ArrayDeque<>();
    private final Set<MemoryScan> scans = new HashSet<>();

    private volatile Runnable beforeRead = () -> {};
    private volatile Runnable beforeWrite = () -> {};
    private volatile Runnable beforeRoom = () -> {};
    private volatile Runnable afterWrite = () -> {};
    private volatile Runnable beforeSync = () -> {};
    private volatile Runnable afterSync = () -> {};

    private @Nullable Failure nextWrite;
    private @Nullable Failure nextSync;
    private @Nullable Reason refusesReopen;
    private final List<Undo> lostAtReopen = new ArrayList<>();
    private boolean failed;
    private Durability lacking = Durability.MEMORY;
    private boolean closed;
    private long capacity = Long.MAX_VALUE;
    private long bytes;
    private long writes;
    private long syncs;
    private long largestBatch;

    /// An empty one.
    public MemoryStore() {
        for (Table table : Table.values()) {
            tables.put(table, new TreeMap<>(Arrays::compareUnsigned));
            corrupt.put(table, new TreeSet<>(Arrays::compareUnsigned));
        }
    }

    // ---- what a test may do to it

    /// The next write fails.
    ///
    /// @param carriedOut whether it is carried out all the same: who writes can't know
    public void failNextWrite(Reason reason, boolean carriedOut) {
        locked(() -> nextWrite = new Failure(reason, carriedOut));
    }

    /// The next sync fails; what was not synced stays unsynced.
    public void failNextSync(Reason reason) {
        locked(() -> nextSync = new Failure(reason, false));
    }

    /// From now on [#reopen] fails; null: no longer.
    public void refuseReopen(@Nullable Reason reason) {
        locked(() -> {
            refusesReopen = reason;
            return this;
        });
    }

    /// The next [#reopen] that succeeds finds that a key is gone, and says that something synced is missing.
    public void loseAtReopen(Table table, byte[] key) {
        locked(() -> lostAtReopen.add(new Undo(table, key, null)));
    }

    /// The next [#reopen] that succeeds finds that a key has the value that it has now, as if nothing had been done
    /// with it since, and says that something synced is missing.
    public void bringBackAtReopen(Table table, byte[] key) {
        locked(() -> lostAtReopen.add(new Undo(table, key, map(table).get(key))));
    }

    /// How many bytes the largest batch put that was written.
    public long largestBatch() {
        return locked(() -> largestBatch);
    }

    /// Goes back to the last sync, in place: what a device does that has lost its cache.
    public void loseUnsynced() {
        locked(() -> {
            keepScans();
            while (!unsynced.isEmpty()) {
                takeBack(unsynced.removeLast());
            }
            return this;
        });
    }

    /// What the next process finds after this one was killed: everything written.
    public MemoryStore afterKill() {
        return locked(() -> {
            endScans();
            closed = true;
            return another(lacking);
        });
    }

    /// What the next process finds after the power was lost: everything synced.
    public MemoryStore afterPowerLoss() {
        return locked(() -> {
            loseUnsynced();
            lacking = lacking.or(Durability.WRITTEN);
            return afterKill();
        });
    }

    /// What a process finds that is begun with a copy of this, made now. This one goes on.
    public MemoryStore copy() {
        return locked(() -> another(Durability.SYNCED));
    }

    private MemoryStore another(Durability lacking) {
        MemoryStore next = new MemoryStore();
        for (Table table : Table.values()) {
            map(table).forEach((key, value) -> next.place(table, key, value));
            set(next, table).addAll(set(this, table));
        }
        next.capacity = capacity;
        next.lacking = lacking;
        return next;
    }

    /// From now on a key can't be read, until it is written again or deleted.
    public void corrupt(Table table, byte[] key) {
        locked(() -> set(this, table).add(key));
    }

    /// How many bytes fit, for [#room]; writing beyond them goes on, as it does in what a store keeps free.
    public void capacity(long value) {
        locked(() -> capacity = value);
    }

    /// Runs before each read and scan, on the thread that reads, under no lock. It may block or throw.
    public void beforeRead(Runnable hook) {
        beforeRead = hook;
    }

    /// Runs before each write, on the thread that writes, under no lock. It may block or throw.
    public void beforeWrite(Runnable hook) {
        beforeWrite = hook;
    }

    /// Runs before each [#room], on the thread that asks, under no lock. It may throw.
    public void beforeRoom(Runnable hook) {
        beforeRoom = hook;
    }

    /// Runs after each write that succeeded.
    public void afterWrite(Runnable hook) {
        afterWrite = hook;
    }

    /// Runs before each sync.
    public void beforeSync(Runnable hook) {
        beforeSync = hook;
    }

    /// Runs after each sync that succeeded.
    public void afterSync(Runnable hook) {
        afterSync = hook;
    }

    /// How many writes succeeded.
    public long writes() {
        return locked(() -> writes);
    }

    /// How many syncs succeeded.
    public long syncs() {
        return locked(() -> syncs);
    }

    /// How many scans are open.
    public int openScans() {
        return locked(scans::size);
    }

    // ---- what a store does

    @Override
    public Batch batch() {
        return new MemoryBatch(this);
    }

    @Override
    public void write(Batch batch) {
        beforeWrite.run();
        lock.lock();
        try {
            List<Runnable> changes = own(batch).take();
            largestBatch = Math.max(largestBatch, own(batch).bytes());
            writable();
            Failure failure = nextWrite;
            nextWrite = null;
            if (failure == null || failure.carriedOut()) {
                keepScans();
                changes.forEach(Runnable::run);
            }
            fail(failure, "write to");
            writes++;
        } finally {
            lock.unlock();
        }
        afterWrite.run();
    }

    @Override
    public void sync() {
        beforeSync.run();
        lock.lock();
        try {
            writable();
            Failure failure = nextSync;
            nextSync = null;
            fail(failure, "sync");
            unsynced.clear();
            lacking = Durability.MEMORY;
            syncs++;
        } finally {
            lock.unlock();
        }
        afterSync.run();
    }

    @Override
    public Durability lacking() {
        return locked(() -> lacking);
    }

    @Override
    public byte @Nullable [] get(Table table, byte[] key) {
        beforeRead.run();
        lock.lock();
        try {
            usable();
            byte[] value = map(table).get(key);
            if (value == null) {
                return null;
            }
            readable(table, key);
            return value.clone();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public @Nullable Entry floor(Table table, byte[] lowest, byte[] key) {
        beforeRead.run();
        lock.lock();
        try {
            usable();
            Map.Entry<byte[], byte[]> found = map(table).floorEntry(key);
            if (found == null || Arrays.compareUnsigned(found.getKey(), lowest) < 0) {
                return null;
            }
            readable(table, found.getKey());
            return new Entry(found.getKey().clone(), found.getValue().clone());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Scan scan(Table table, byte[] from, byte @Nullable [] to) {
        beforeRead.run();
        lock.lock();
        try {
            usable();
            return begin(table, from, to);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Scan scanFromFloor(Table table, byte[] lowest, byte[] key, byte[] to) {
        beforeRead.run();
        lock.lock();
        try {
            usable();
            byte[] floor = map(table).floorKey(key);
            return begin(table, floor == null || Arrays.compareUnsigned(floor, lowest) < 0 ? key : floor, to);
        } finally {
            lock.unlock();
        }
    }

    private Scan begin(Table table, byte[] from, byte @Nullable [] to) {
        MemoryScan scan = new MemoryScan(this, table, from, between(table, from, to));
        scans.add(scan);
        return scan;
    }

    @Override
    public void reopen() {
        lock.lock();
        try {
            usable();
            endScans();
            if (refusesReopen != null) {
                failed = true;
                throw new StoreException(refusesReopen, "could not open " + place() + " again");
            }
            failed = false;
            for (Undo lost : lostAtReopen) {
                takeBack(lost);
                lacking = Durability.SYNCED;
            }
            lostAtReopen.clear();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void reclaim(Table table, byte[] from, byte[] to) {
        locked(() -> {
            writable();
            return table;
        });
    }

    @Override
    public long room() {
        beforeRoom.run();
        return locked(() -> Math.max(0, capacity - bytes));
    }

    @Override
    public void onDamage(Consumer<String> told) {
        // What is damaged here is only found by reading it.
    }

    @Override
    public long size() {
        return locked(() -> bytes);
    }

    @Override
    public String place() {
        return "the memory store";
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed && !failed) {
                unsynced.clear();
            }
            endScans();
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    // ---- for its scans, under the lock

    void usable() {
        if (closed) {
            throw new StoreException(Reason.FAILED, place() + " is closed");
        }
    }

    void readable(Table table, byte[] key) {
        if (set(this, table).contains(key)) {
            throw new StoreException(
                    Reason.CORRUPT, "could not read a key of " + table + " in " + place() + ": it is damaged");
        }
    }

    void forget(MemoryScan scan) {
        scans.remove(scan);
    }

    // ---- for its batches, under the lock

    void change(Table table, byte[] key, byte @Nullable [] value) {
        byte[] before = value == null ? remove(table, key) : place(table, key, value);
        if (before != null || value != null) {
            unsynced.addLast(new Undo(table, key, before));
        }
    }

    // ---- the rest, under the lock

    private void writable() {
        usable();
        if (failed) {
            throw new StoreException(Reason.FAILED, place() + " has failed and was not opened again");
        }
    }

    private void fail(@Nullable Failure failure, String what) {
        if (failure != null) {
            failed = true;
            throw new StoreException(failure.reason(), "could not " + what + " " + place() + ": told to fail");
        }
    }

    private byte @Nullable [] place(Table table, byte[] key, byte[] value) {
        byte[] before = remove(table, key);
        map(table).put(key, value);
        bytes += key.length + value.length;
        return before;
    }

    private byte @Nullable [] remove(Table table, byte[] key) {
        byte[] before = map(table).remove(key);
        if (before != null) {
            bytes -= key.length + before.length;
        }
        set(this, table).remove(key);
        return before;
    }

    private void takeBack(Undo undo) {
        if (undo.before() == null) {
            remove(undo.table(), undo.key());
        } else {
            place(undo.table(), undo.key(), undo.before());
        }
    }

    /// Open scans go on with what they were opened on.
    private void keepScans() {
        scans.forEach(MemoryScan::keep);
    }

    private void endScans() {
        scans.forEach(MemoryScan::end);
        scans.clear();
    }

    NavigableMap<byte[], byte[]> between(Table table, byte[] from, byte @Nullable [] to) {
        if (to == null) {
            return map(table).tailMap(from, true);
        }
        return Arrays.compareUnsigned(from, to) < 0
                ? map(table).subMap(from, true, to, false)
                : new TreeMap<>(Arrays::compareUnsigned);
    }

    private NavigableMap<byte[], byte[]> map(Table table) {
        return Objects.requireNonNull(tables.get(table));
    }

    private static NavigableSet<byte[]> set(MemoryStore store, Table table) {
        return Objects.requireNonNull(store.corrupt.get(table));
    }

    private <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    private MemoryBatch own(Batch batch) {
        if (batch instanceof MemoryBatch own && own.isOf(this)) {
            return own;
        }
        throw new IllegalArgumentException("the batch is of another store");
    }
}
