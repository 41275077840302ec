package dev.fanfare.storage;

import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.rocksdb.CompactRangeOptions;
import org.rocksdb.MutableColumnFamilyOptions;
import org.rocksdb.Range;
import org.rocksdb.RocksDBException;
import org.rocksdb.SizeApproximationFlag;
import org.rocksdb.Slice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a store does by itself, on a thread of its own: compacting what was reclaimed, and leaving tables alone
/// in which compaction would come upon something damaged, for that would stop all writing.
final class Upkeep {

    /// A range that was reclaimed.
    private record Reclaimed(Table table, byte[] from, byte[] to) {}

    /// A damaged file.
    ///
    /// @param opens whether something in it may still be read
    private record Found(Table table, boolean opens) {}

    private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);

    /// Ranges that wait at most; what does not fit is left to the ordinary compaction.
    private static final int WAITING = 1_000;

    /// Less is left to the ordinary compaction.
    private static final long WORTH = 8 << 20;

    private final RocksStore store;
    private final Damages damages;

    /// Files that are damaged, by their names.
    private final Map<String, Found> damaged = new ConcurrentHashMap<>();

    /// Files that were looked at because RocksDB did not say which one was damaged, and could be opened. They
    /// are not looked at again for that: a file never changes once it is there, unless the device spoils it,
    /// and each read that fails would open them all. What is spoilt after that is found when it is named, or
    /// when the database is opened again.
    private final Set<String> openable = ConcurrentHashMap.newKeySet();

    private final Set<Table> alone = EnumSet.noneOf(Table.class);
    private final ThreadPoolExecutor thread;
    private final List<Reclaimed> postponed = new ArrayList<>();

    /// Of tables that are left alone: compacted when they no longer are. The thread's.
    private final List<Reclaimed> healing = new ArrayList<>();

    private @Nullable CompactRangeOptions running;
    private boolean paused;

    Upkeep(RocksStore store, Damages damages) {
        this.store = store;
        this.damages = damages;
        thread = new ThreadPoolExecutor(
                1,
                1,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(WAITING),
                Thread.ofPlatform().daemon().name("fanfare-storage-upkeep").factory(),
                new ThreadPoolExecutor.DiscardPolicy());
        thread.allowCoreThreadTimeOut(true);
    }

    /// The tables that are not to be compacted. The database is about to be opened.
    synchronized Set<Table> degraded() {
        openable.clear();
        alone.clear();
        damaged.values().forEach(found -> alone.add(found.table()));
        return EnumSet.copyOf(alone);
    }

    /// Something could not be done: if a file of a table is damaged, that is noted, and the table is left
    /// alone. By who may use the database.
    ///
    /// @param of the table that was read; null when it may be in any
    /// @return whether it was not known before
    boolean noteDamage(Database open, RocksDBException failure, @Nullable Table of) {
        String text = Failures.text(failure);
        String name = Failures.tableFile(text);
        if (Failures.reason(failure) != Reason.CORRUPT || isKnown(name, of)) {
            return false;
        }
        boolean found = false;
        List<TableFile> files = TableFile.all(open);
        openable.retainAll(files.stream().map(TableFile::name).collect(Collectors.toSet()));
        for (TableFile file : files) {
            if (name == null ? !openable.contains(file.name()) : file.name().equals(name)) {
                found |= look(open, file, name != null, text);
            }
        }
        if (found) {
            thread.execute(this::look);
        }
        return found;
    }

    /// @param named whether RocksDB says that it is damaged; else it is when it can't be opened
    private boolean look(Database open, TableFile file, boolean named, String text) {
        boolean opens = file.canBeOpened(open.folder());
        if (opens && !named) {
            openable.add(file.name());
            return false;
        }
        if (damaged.putIfAbsent(file.name(), new Found(file.table(), opens)) != null) {
            return false;
        }
        String rest = opens ? "what else" : "nothing that";
        damages.add(file.damage(text + "; " + rest + " is in the file can be read"));
        return true;
    }

    /// Whether a known file explains it, so that not each read has all files looked at.
    private boolean isKnown(@Nullable String name, @Nullable Table of) {
        return name == null
                ? damaged.values().stream().anyMatch(found -> found.table() == of && !found.opens())
                : damaged.containsKey(name);
    }

    private boolean isDamaged(Table table) {
        return damaged.values().stream().anyMatch(found -> found.table() == table);
    }

    /// A range was deleted: what is left of it is to be compacted.
    void compact(Table table, byte[] from, byte[] to) {
        thread.execute(() -> compact(new Reclaimed(table, from, to)));
    }

    private void compact(Reclaimed range) {
        if (!damaged.isEmpty()) {
            // What was damaged may be gone with what was deleted.
            look();
        }
        if (isDamaged(range.table())) {
            if (healing.size() < WAITING) {
                healing.add(range);
            }
            return;
        }
        try (CompactRangeOptions options = new CompactRangeOptions()) {
            options.setExclusiveManualCompaction(false).setAllowWriteStall(false);
            if (!begin(range, options)) {
                return;
            }
            try {
                store.using("compact", open -> {
                    if (!isDamaged(range.table()) && size(open, range) >= WORTH) {
                        open.rocks().compactRange(open.of(range.table()), range.from(), range.to(), options);
                    }
                    return range;
                });
            } catch (StoreException e) {
                LOG.debug("the room of what was deleted is given back later", e);
                stopped(range);
            } finally {
                ended();
            }
        }
    }

    private synchronized boolean begin(Reclaimed range, CompactRangeOptions options) {
        if (paused) {
            postponed.add(range);
            return false;
        }
        running = options;
        return true;
    }

    /// It failed: if because it was to stop, it goes on later.
    private synchronized void stopped(Reclaimed range) {
        if (paused) {
            postponed.add(range);
        }
    }

    private synchronized void ended() {
        running = null;
    }

    private static long size(Database open, Reclaimed range) {
        try (Slice from = new Slice(range.from());
                Slice to = new Slice(range.to())) {
            return open.rocks()
                    .getApproximateSizes(
                            open.of(range.table()), List.of(new Range(from, to)), SizeApproximationFlag.INCLUDE_FILES)[
                    0];
        }
    }

    /// Leaves tables with damaged files alone, and those no longer whose damaged files are gone.
    private void look() {
        try {
            store.using("look after", open -> {
                List<TableFile> files = TableFile.all(open);
                damaged.keySet()
                        .removeIf(name ->
                                files.stream().noneMatch(file -> file.name().equals(name)));
                for (Table table : Table.values()) {
                    boolean leave = isDamaged(table);
                    if (leave != isAlone(table)) {
                        leaveAlone(open, table, leave);
                    }
                }
                return open;
            });
            List<Reclaimed> healed =
                    healing.stream().filter(range -> !isDamaged(range.table())).toList();
            healing.removeAll(healed);
            healed.forEach(range -> compact(range.table(), range.from(), range.to()));
        } catch (StoreException e) {
            LOG.warn("could not stop the compaction of what is damaged: {}", e.getMessage());
        }
    }

    private synchronized boolean isAlone(Table table) {
        return alone.contains(table);
    }

    private void leaveAlone(Database open, Table table, boolean leave) throws RocksDBException {
        open.rocks()
                .setOptions(
                        open.of(table),
                        MutableColumnFamilyOptions.builder()
                                .setDisableAutoCompactions(leave)
                                .setLevel0SlowdownWritesTrigger(Tuning.slowAt(leave))
                                .setLevel0StopWritesTrigger(Tuning.stopAt(leave))
                                .setSoftPendingCompactionBytesLimit(Tuning.slowAtPending(leave))
                                .setHardPendingCompactionBytesLimit(Tuning.stopAtPending(leave))
                                .build());
        synchronized (this) {
            if (leave) {
                alone.add(table);
            } else {
                alone.remove(table);
            }
        }
    }

    /// Stops what is running, and lets nothing begin until [#resume]: somebody waits for the store's write
    /// lock.
    synchronized void pause() {
        paused = true;
        if (running != null) {
            running.setCanceled(true);
        }
    }

    /// Goes on.
    synchronized void resume() {
        paused = false;
        if (!damaged.isEmpty()) {
            // Some may have been left out as it was opened.
            thread.execute(this::look);
        }
        postponed.forEach(range -> compact(range.table(), range.from(), range.to()));
        postponed.clear();
    }

    /// Ends for good.
    void end() {
        pause();
        thread.shutdownNow();
    }
}
