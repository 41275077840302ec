package dev.fanfare.storage;

import dev.fanfare.Durability;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.FlushOptions;

/// A store whose power can be lost: it notes how long the files of the write-ahead log were when they were
/// synced, and can make a copy of the folder in which what came later is gone or was written out in part,
/// page by page, as an operating system does.
///
/// A log that was finished before another was begun loses what was not synced like the newest one, and one of
/// which nothing was synced may not be there at all. The files of tables and what names them are taken as they
/// are: RocksDB syncs them before it relies on them.
final class PowerLoss implements Store {

    private static final int PAGE = 4096;

    private final RocksStore store;
    private final Path folder;
    private final ReentrantReadWriteLock power = new ReentrantReadWriteLock();
    private final Map<Path, Long> synced = new HashMap<>();

    /// Whether the device says that it has synced and has not.
    private final boolean lies;

    /// Whether nothing is flushed or compacted. Under the lock to write.
    private boolean still;

    PowerLoss(Path folder, StorageOptions options) {
        this(folder, options, false);
    }

    /// @param lies whether the device says that it has synced and has not
    PowerLoss(Path folder, StorageOptions options, boolean lies) {
        this.folder = folder;
        this.lies = lies;
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

    /// The one that is written to, also when there is nothing in it.
    private Path newestLog() {
        try (Stream<Path> files = Files.list(folder.resolve("db"))) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
            beStill();
            Crash.kill(folder, copy);
            for (Path log : logs()) {
                Path left = copy.resolve(folder.relativize(log).toString());
                if (synced(log) == 0 && random.nextInt(4) == 1) {
                    Crash.remove(left);
                } else {
                    tear(left, synced(log), Crash.size(log), random);
                }
            }
            Crash.restartMachine(copy);
            goOn();
            return copy;
        } finally {
            power.writeLock().unlock();
        }
    }

    /// Begins another log although what is in this one is in no file yet; if that was done, has it written to files
    /// first, which syncs it.
    void beginLog() {
        power.writeLock().lock();
        try {
            if (still) {
                goOn();
                flush(true);
                Map<Path, Long> lengths = lengths();
                lengths.remove(newestLog());
                note(lengths);
            }
            beStill();
            flush(false);
        } finally {
            power.writeLock().unlock();
        }
    }

    private void flush(boolean wait) {
        store.using("flush", open -> {
            try (FlushOptions options = new FlushOptions().setWaitForFlush(wait).setAllowWriteStall(true)) {
                open.rocks().flush(options, open.of(Table.MESSAGES));
            }
            return open;
        });
    }

    private void beStill() {
        if (!still) {
            still = true;
            store.using("stop", open -> {
                open.rocks().pauseBackgroundWork();
                return open;
            });
        }
    }

    private void goOn() {
        if (still) {
            still = false;
            store.using("go on", open -> {
                open.rocks().continueBackgroundWork();
                return open;
            });
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
            if (!lies) {
                note(before);
            }
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
        power.writeLock().lock();
        try {
            goOn();
            store.reopen();
            note(lengths());
        } finally {
            power.writeLock().unlock();
        }
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
        power.writeLock().lock();
        try {
            goOn();
            store.close();
        } finally {
            power.writeLock().unlock();
        }
    }
}
