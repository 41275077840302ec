package dev.fanfare.storage;

import dev.fanfare.Durability;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Opens the database of a store, after looking whether all of it is there.
final class Opening {

    private static final Logger LOG = LoggerFactory.getLogger(Opening.class);

    /// So many files of a database may be unreadable before it is given up.
    private static final int DROPPED_FILES = 100;

    private final Folder folder;
    private final Tuning tuning;
    private final Damages damages;
    private final Set<Table> degraded;
    private Durability lacking = Durability.MEMORY;

    /// @param degraded tables that are not compacted
    Opening(Folder folder, Tuning tuning, Damages damages, Set<Table> degraded) {
        this.folder = folder;
        this.tuning = tuning;
        this.damages = damages;
        this.degraded = degraded;
    }

    /// Opens it, or makes it.
    ///
    /// @param sameBoot whether the machine has run ever since it was last written
    Database open(boolean sameBoot) {
        try {
            if (folder.isNew()) {
                folder.begin();
                Database database = Database.open(folder.database(), tuning, true, degraded);
                folder.begun();
                return database;
            }
            return openExisting(sameBoot);
        } catch (IOException e) {
            throw Failures.of("open the store " + folder.path(), e);
        } catch (RocksDBException e) {
            throw Failures.of("open the store " + folder.path(), e);
        }
    }

    private Database openExisting(boolean sameBoot) throws IOException, RocksDBException {
        ClosedMark mark = ClosedMark.read(folder.path());
        lacking = folder.lacking();
        if (!sameBoot && mark == null) {
            lacking = lacking.or(Durability.WRITTEN);
        }
        if (mark != null) {
            mendManifest(mark);
        }
        checkFiles();
        long closed = mark == null ? -1 : mark.sequence();
        WalCheck wal = WalCheck.of(folder.database());
        lookBetween(wal);
        mend(wal, sameBoot, closed);
        Database database = openTables();
        try {
            compare(database, wal, closed);
            if (folder.format() < Folder.FORMAT) {
                LOG.info("{} is of format {}, and is now of format {}", folder.path(), folder.format(), Folder.FORMAT);
                folder.migrated();
            }
            // Only now: a start that fails leaves the copy of the list of tables for the next one.
            ClosedMark.remove(folder.path());
        } catch (IOException | RuntimeException e) {
            database.close();
            throw e;
        }
        return database;
    }

    /// What is there is held against what was there.
    private void compare(Database database, WalCheck wal, long closed) throws IOException {
        long last = database.rocks().getLatestSequenceNumber();
        if (last < Math.max(closed, wal.last())) {
            lost(Durability.SYNCED);
            damages.add(new Damage(
                    (Math.max(closed, wal.last()) - last) + " operations are missing at its end",
                    "the write-ahead log",
                    null,
                    null,
                    null));
        }
    }

    /// How safe what may be missing had been: it is a copy or was damaged, or the machine has been started anew
    /// and the store had not been closed before.
    Durability lacking() {
        return lacking;
    }

    /// Something that was that safe is missing, perhaps how far topics were: that is written down before the
    /// damage is mended, since afterwards nobody sees it any more.
    private void lost(Durability level) throws IOException {
        lacking = lacking.or(level);
        Folder.markLacking(folder.path(), lacking);
    }

    /// A list of tables that is not the one the store was closed with is replaced by the copy of that.
    private void mendManifest(ClosedMark mark) throws IOException {
        String wrong = mark.wrong(folder.database());
        if (wrong == null) {
            return;
        }
        Path manifest = folder.database().resolve(mark.manifest());
        String became = Files.exists(manifest) ? "; what was there is in " + damages.putAside(List.of(manifest)) : "";
        boolean restored = mark.restore(folder.path(), folder.database());
        if (!restored) {
            lost(Durability.SYNCED);
        }
        String mended = restored
                ? "; the copy made when the store was closed took its place, nothing is lost"
                : "; its copy is damaged or gone, too: tables may be missing";
        damages.add(new Damage(wrong + mended + became, mark.manifest(), null, null, null));
    }

    /// What is in tables and what is in the log follow on each other. If not, the list of tables has lost its
    /// end, or the log its beginning.
    private void lookBetween(WalCheck wal) throws IOException, RocksDBException {
        Path manifest = manifest();
        long missing = wal.first() - Manifest.lastOperation(manifest) - 1;
        if (missing <= 0 || !wal.holes().isEmpty()) {
            return;
        }
        List<Path> aside = new ArrayList<>(unlisted());
        aside.add(manifest);
        Path copies = damages.putAside(aside);
        lost(Durability.SYNCED);
        damages.add(new Damage(
                missing + " operations are neither in the tables it lists nor in the log; a copy, and "
                        + (aside.size() - 1) + " files it does not list, are in " + copies,
                manifest.getFileName().toString(),
                null,
                null,
                null));
    }

    /// The files of tables that no list speaks of: RocksDB removes them.
    private List<Path> unlisted() throws IOException, RocksDBException {
        Set<String> listed;
        try (Database look = Database.openLeniently(folder.database(), tuning)) {
            listed = TableFile.all(look).stream().map(TableFile::name).collect(Collectors.toSet());
        }
        try (Stream<Path> files = Files.list(folder.database())) {
            return files.filter(TableFile::isTable)
                    .filter(file -> !listed.contains(file.getFileName().toString()))
                    .sorted()
                    .toList();
        }
    }

    private Path manifest() throws IOException {
        Path manifest = Manifest.current(folder.database());
        if (manifest == null) {
            Path current = folder.database().resolve(Manifest.CURRENT);
            throw hopeless(current + (Files.exists(current) ? " is damaged" : " is missing"));
        }
        return manifest;
    }

    /// The two files without which RocksDB knows nothing, and tables this version does not know.
    private void checkFiles() throws IOException {
        Path manifest = manifest();
        if (!Files.exists(manifest)) {
            throw hopeless(manifest + " is missing");
        }
        List<byte[]> families;
        try {
            families = Database.names(folder.database());
        } catch (RocksDBException e) {
            throw hopeless(manifest + " is damaged: " + Failures.text(e));
        }
        Set<String> unknown = Families.unknown(families);
        if (!unknown.isEmpty()) {
            throw new StoreException(
                    Reason.FAILED,
                    folder.path() + " was written by a newer version (this one does not know its tables " + unknown
                            + "): start that version, or restore a backup made before the upgrade");
        }
        int format = folder.format();
        Set<Table> missing = Families.missing(families);
        // Those that came later are made when it is opened.
        missing.removeIf(table -> Families.since(table) > format);
        if (!missing.isEmpty()) {
            throw hopeless(manifest + " is damaged: it does not list the tables " + missing);
        }
    }

    private static StoreException hopeless(String what) {
        return new StoreException(
                Reason.CORRUPT, what + ": what is stored can't be found without it; restore the store from a backup");
    }

    private void mend(WalCheck wal, boolean sameBoot, long closed) throws IOException {
        if (wal.holes().isEmpty()) {
            return;
        }
        WalCheck.Hole first = wal.holes().getFirst();
        boolean safe = wal.lostWhatWasSafe(closed);
        if (!safe && wal.after() == 0) {
            LOG.info(
                    "the end of {} was torn off when the process ended ({}); it had not been made safe",
                    first.file(),
                    first.what());
            wal.cut();
            return;
        }
        Path aside = damages.putAside(wal.files());
        boolean bridge = safe || sameBoot;
        if (bridge) {
            lost(safe ? Durability.SYNCED : Durability.WRITTEN);
            wal.bridge();
        } else {
            wal.cut();
        }
        for (WalCheck.Hole hole : wal.holes()) {
            String became = bridge
                    ? "; everything else in it was kept"
                    : "; as the power was lost, what comes after it (" + wal.after() + " batches) was left out";
            damages.add(new Damage(
                    hole.what() + " at byte " + hole.from() + became + "; a copy is in " + aside,
                    hole.file().getFileName().toString(),
                    null,
                    null,
                    null));
        }
    }

    /// Opens it; a file of a table that can't be opened is put aside and left out.
    private Database openTables() throws IOException, RocksDBException {
        for (int dropped = 0; ; dropped++) {
            try {
                return Database.open(folder.database(), tuning, false, degraded);
            } catch (RocksDBException e) {
                if (Failures.reason(e) != Reason.CORRUPT) {
                    throw e;
                }
                if (dropped == DROPPED_FILES) {
                    throw hopeless(folder.database() + " is damaged: " + Failures.text(e));
                }
                drop(Failures.text(e));
            }
        }
    }

    private void drop(String why) throws IOException, RocksDBException {
        List<TableFile> damaged;
        try (Database look = Database.openLeniently(folder.database(), tuning)) {
            damaged = TableFile.damaged(look, why);
        }
        if (damaged.isEmpty()) {
            throw hopeless(folder.database() + " is damaged: " + why);
        }
        TableFile found = damaged.getFirst();
        Path manifest = manifest();
        Path path = folder.database().resolve(found.name());
        Path aside = damages.putAside(Files.exists(path) ? List.of(path, manifest) : List.of(manifest));
        lost(Durability.SYNCED);
        found.leaveOut(manifest);
        damages.add(found.damage(why + "; the file was left out, a copy is in " + aside));
    }
}
