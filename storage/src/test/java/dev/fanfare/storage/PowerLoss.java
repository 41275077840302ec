package dev.fanfare.storage;

import dev.fanfare.Durability;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A store whose power can be lost: it notes how long the files of the write-ahead log were when they were
/// synced, and can make a copy of the folder in which what came later is gone or was written out in part,
/// page by page, as an operating system does.
///
/// The files of tables and what names them are taken as they are: RocksDB syncs them before it relies on
/// them. So is a log that was finished before another was begun.
final class PowerLoss implements Store {

    private static final int PAGE = 4096;

    private final RocksStore store;
    private final Path folder;
    private final ReentrantReadWriteLock power = new ReentrantReadWriteLock();
    private final Map<Path, Long> synced = new HashMap<>();

    PowerLoss(Path folder, StorageOptions options) {
        this.folder = folder;
        this.store = RocksStore.open(folder, options);
        // Opening leaves no log with anything in it.
        note(lengths());
    }

    private Map<Path, Long> lengths() {
        Map<Path, Long> lengths = new HashMap<>();
        logs().forEach(log -> lengths.put(log, Crash.size(log)));
        return lengths;
    }

    private List<Path> logs() {
        return Crash.files(folder, ".log");
    }

    private synchronized void note(Map<Path, Long> lengths) {
        lengths.forEach((log, length) -> synced.merge(log, length, Math::max));
    }

    private synchronized long synced(Path log) {
        return synced.getOrDefault(log, 0L);
    }

    /// What the next process finds in a copy when the power goes now. Nothing is written or synced meanwhile.
    Path lose(Path copy, Random random) {
        power.writeLock().lock();
        try {
            Crash.kill(folder, copy);
            List<Path> logs = logs();
            if (!logs.isEmpty()) {
                Path last = logs.getLast();
                tear(copy.resolve(folder.relativize(last).toString()), synced(last), Crash.size(last), random);
            }
            Crash.restartMachine(copy);
            return copy;
        } finally {
            power.writeLock().unlock();
        }
    }

    private static void tear(Path log, long synced, long size, Random random) {
        long end = switch (random.nextInt(3)) {
            case 0 -> synced;
            case 1 -> size;
            default -> synced + random.nextLong(size - synced + 1);
        };
        for (long page = synced / PAGE * PAGE; page < end; page += PAGE) {
            long from = Math.max(page, synced);
            if (random.nextInt(8) == 0) {
                Crash.erase(log, from, (int) Math.min(page + PAGE - from, end - from));
            }
        }
        Crash.truncate(log, end);
    }

    @Override
    public void write(Batch batch) {
        during(() -> store.write(batch));
    }

    @Override
    public void sync() {
        during(() -> {
            Map<Path, Long> before = lengths();
            store.sync();
            note(before);
        });
    }

    private void during(Runnable work) {
        power.readLock().lock();
        try {
            work.run();
        } finally {
            power.readLock().unlock();
        }
    }

    @Override
    public void reopen() {
        during(() -> {
            store.reopen();
            note(lengths());
        });
    }

    @Override
    public Batch batch() {
        return store.batch();
    }

    @Override
    public Durability lacking() {
        return store.lacking();
    }

    @Override
    public byte @Nullable [] get(Table table, byte[] key) {
        return store.get(table, key);
    }

    @Override
    public @Nullable Entry floor(Table table, byte[] lowest, byte[] key) {
        return store.floor(table, lowest, key);
    }

    @Override
    public Scan scan(Table table, byte[] from, byte @Nullable [] to) {
        return store.scan(table, from, to);
    }

    @Override
    public Scan scanFromFloor(Table table, byte[] lowest, byte[] key, byte[] to) {
        return store.scanFromFloor(table, lowest, key, to);
    }

    @Override
    public void reclaim(Table table, byte[] from, byte[] to) {
        during(() -> store.reclaim(table, from, to));
    }

    @Override
    public long room() {
        return store.room();
    }

    @Override
    public void onDamage(Consumer<String> told) {
        store.onDamage(told);
    }

    @Override
    public long size() {
        return store.size();
    }

    @Override
    public String place() {
        return store.place();
    }

    @Override
    public void close() {
        store.close();
    }
}
