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

    private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);

    /// Ranges that wait at most; what does not fit is left to the ordinary compaction.
    private static final int WAITING = 1_000;

    /// Less is left to the ordinary compaction.
    private static final long WORTH = 8 << 20;

    private final RocksStore store;
    private final Damages damages;
    private final Map<String, Table> damaged = new ConcurrentHashMap<>();
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

    /// The tables that are not to be compacted.
    synchronized Set<Table> degraded() {
        alone.clear();
        alone.addAll(damaged.values());
        return EnumSet.copyOf(alone);
    }

    /// Something could not be done: if a file of a table is damaged, that is noted, and the table is left alone.
    /// By who may use the database.
    ///
    /// @param of the table that was read; null when it may be in any
    /// @return whether it was not known before
    boolean noteDamage(Database open, RocksDBException failure, @Nullable Table of) {
        String text = Failures.text(failure);
        if (Failures.reason(failure) != Reason.CORRUPT || isKnown(open, Failures.tableFile(text), of)) {
            return false;
        }
        boolean found = false;
        for (TableFile file : TableFile.damaged(open, text)) {
            if (damaged.putIfAbsent(file.name(), file.table()) == null) {
                String rest = file.canBeOpened(open.folder()) ? "what else" : "nothing that";
                damages.add(file.damage(text + "; " + rest + " is in the file can be read"));
                found = true;
            }
        }
        if (found) {
            thread.execute(this::look);
        }
        return found;
    }

    /// Whether a known file explains it, so that not each read has all files looked at.
    private boolean isKnown(Database open, @Nullable String name, @Nullable Table of) {
        if (name != null) {
            return damaged.containsKey(name);
        }
        return of != null
                && damaged.containsValue(of)
                && TableFile.all(open).stream()
                        .anyMatch(file -> file.table() == of
                                && damaged.containsKey(file.name())
                                && !file.canBeOpened(open.folder()));
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
        if (damaged.containsValue(range.table())) {
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
                    if (!damaged.containsValue(range.table()) && size(open, range) >= WORTH) {
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
                    boolean leave = damaged.containsValue(table);
                    if (leave != isAlone(table)) {
                        leaveAlone(open, table, leave);
                    }
                }
                return open;
            });
            List<Reclaimed> healed = healing.stream()
                    .filter(range -> !damaged.containsValue(range.table()))
                    .toList();
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

    /// Stops what is running, and lets nothing begin until [#resume]: somebody waits for the store's write lock.
    synchronized void pause() {
        paused = true;
        if (running != null) {
            running.setCanceled(true);
        }
    }

    /// Goes on.
    synchronized void resume() {
        paused = false;
        postponed.forEach(range -> compact(range.table(), range.from(), range.to()));
        postponed.clear();
    }

    /// Ends for good.
    void end() {
        pause();
        thread.shutdownNow();
    }
}
