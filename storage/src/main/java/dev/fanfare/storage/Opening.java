package dev.fanfare.storage;

import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
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
    private boolean lacking;

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
        checkFiles();
        long closed = folder.takeClosed();
        lacking = !sameBoot && closed < 0;
        WalCheck wal = WalCheck.of(folder.database());
        mend(wal, sameBoot, closed);
        Database database = openTables();
        long last = database.rocks().getLatestSequenceNumber();
        if (last < Math.max(closed, wal.last())) {
            damages.add(new Damage(
                    (Math.max(closed, wal.last()) - last) + " operations are missing at its end",
                    "the write-ahead log",
                    null,
                    null,
                    null));
        }
        return database;
    }

    /// Whether what was written and not synced may be missing: the machine has been started anew, and the store had not
    /// been closed before.
    boolean lacking() {
        return lacking;
    }

    /// The two files without which RocksDB knows nothing, and tables this version does not know.
    private void checkFiles() throws IOException {
        Path current = folder.database().resolve("CURRENT");
        if (!Files.exists(current)) {
            throw lost(current + " is missing");
        }
        String name = Files.readString(current).strip();
        if (!name.startsWith("MANIFEST-") || !Files.exists(folder.database().resolve(name))) {
            throw lost(
                    name.startsWith("MANIFEST-")
                            ? folder.database().resolve(name) + " is missing"
                            : current + " is damaged");
        }
        Set<String> unknown;
        try (Options options = new Options()) {
            unknown = Families.unknown(
                    RocksDB.listColumnFamilies(options, folder.database().toString()));
        } catch (RocksDBException e) {
            throw lost(folder.database().resolve(name) + " is damaged: " + Failures.text(e));
        }
        if (!unknown.isEmpty()) {
            throw new StoreException(
                    Reason.FAILED,
                    folder.path() + " was written by a newer version (this one does not know its tables " + unknown
                            + "): start that version, or restore a backup made before the upgrade");
        }
    }

    private static StoreException lost(String what) {
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
                String file = Failures.tableFile(Failures.text(e));
                if (Failures.reason(e) != Reason.CORRUPT) {
                    throw e;
                }
                if (file == null || dropped == DROPPED_FILES) {
                    throw lost(folder.database() + " is damaged: " + Failures.text(e));
                }
                drop(file, Failures.text(e));
            }
        }
    }

    private void drop(String file, String why) throws IOException, RocksDBException {
        TableFile found;
        try (Database look = Database.openLeniently(folder.database(), tuning)) {
            found = TableFile.find(look, file);
        }
        if (found == null) {
            throw lost(folder.database() + " is damaged: " + why);
        }
        Path manifest = folder.database()
                .resolve(Files.readString(folder.database().resolve("CURRENT")).strip());
        Path path = folder.database().resolve(file);
        Path aside = damages.putAside(Files.exists(path) ? List.of(path, manifest) : List.of(manifest));
        found.leaveOut(manifest);
        damages.add(found.damage(why + "; the file was left out, a copy is in " + aside));
    }
}
