package dev.fanfare.storage;

import dev.fanfare.Durability;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.rocksdb.Checkpoint;
import org.rocksdb.Options;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileReader;

/// Copies a store while it is used, and brings a copy back.
final class Backup {

    private final String what;
    private final Path target;

    /// @param place where the original is, for people
    Backup(String place, Path target) {
        this.what = "copy " + place + " to " + target;
        this.target = target;
    }

    private Path database() {
        return target.resolve("db");
    }

    /// Links or copies the files of an open database; the only part of it for which that has to stay open.
    ///
    /// @return up to which operation everything is in the copy, at least
    long link(Database open) throws RocksDBException {
        try (Checkpoint checkpoint = Checkpoint.create(open.rocks())) {
            long sequence = open.rocks().getLatestSequenceNumber();
            checkpoint.createCheckpoint(database().toString());
            return sequence;
        }
    }

    /// Makes a copy that is a store. Reading it through takes long, and nothing waits for that.
    ///
    /// @param link has [#link] done; what comes after that only reads the copy
    void make(LongSupplier link, RocksStore.Progress progress) {
        try {
            boolean there = Files.exists(target);
            if (there && !isEmpty(target)) {
                throw new StoreException(Reason.FAILED, "could not " + what + ": there is something there already");
            }
            Files.createDirectories(target);
            try {
                long sequence = link.getAsLong();
                finish(database(), what, progress);
                ClosedMark.write(target, database(), sequence);
                Folder.markLacking(target, Durability.SYNCED);
                Folder.finish(target);
            } catch (IOException | RuntimeException e) {
                undo(target, there);
                throw e;
            }
        } catch (IOException e) {
            throw Failures.of(what, e);
        }
    }

    /// Copies a backup to where a store is to be. It is a store when everything is there.
    static void restore(Path backup, Path target, RocksStore.Progress progress) {
        if (!Files.exists(backup.resolve(Folder.FORMAT_FILE))) {
            throw new StoreException(Reason.FAILED, backup + " is no backup of a store");
        }
        try (Folder _ = Folder.takeToCopy(backup)) {
            if (Files.exists(target) && !isEmpty(target)) {
                throw new StoreException(
                        Reason.FAILED, target + " is not empty: name another folder, or move what is there");
            }
            copy(backup, target, progress);
            Folder.markLacking(target, Durability.SYNCED);
            Files.copy(backup.resolve(Folder.FORMAT_FILE), target.resolve(Folder.FORMAT_FILE));
            Folder.force(target.resolve(Folder.FORMAT_FILE));
            Folder.force(target);
        } catch (IOException e) {
            throw Failures.of("restore " + backup + " into " + target, e);
        }
    }

    /// Copies all but what makes it a store, and whose it is.
    private static void copy(Path backup, Path target, RocksStore.Progress progress) throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.walk(backup)) {
            files = found.filter(file -> !file.endsWith(Folder.FORMAT_FILE) && !file.endsWith(Folder.LOCK_FILE))
                    .sorted()
                    .toList();
        }
        long all = 0;
        for (Path file : files) {
            all += Files.isRegularFile(file) ? Files.size(file) : 0;
        }
        long done = 0;
        for (Path file : files) {
            Path copy = target.resolve(backup.relativize(file).toString());
            if (Files.isDirectory(file)) {
                Files.createDirectories(copy);
            } else if (Files.isRegularFile(file)) {
                Files.copy(file, copy);
                Folder.force(copy);
                done += Files.size(file);
                progress.at(done, all);
            }
        }
        for (Path file : files) {
            if (Files.isDirectory(file)) {
                Folder.force(target.resolve(backup.relativize(file).toString()));
            }
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    /// Reads what is in a folder and makes it safe: that is what takes long, since its files are linked where
    /// that can be. A copy in which something can't be read would be taken for a good one.
    private static void finish(Path folder, String what, RocksStore.Progress progress) throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.list(folder)) {
            files = found.toList();
        }
        long all = 0;
        for (Path file : files) {
            all += Files.size(file);
        }
        long done = 0;
        progress.at(done, all);
        for (Path file : files) {
            if (TableFile.isTable(file)) {
                check(file, what);
            }
            Folder.force(file);
            done += Files.size(file);
            progress.at(done, all);
        }
        Folder.force(folder);
    }

    private static void check(Path table, String what) {
        try (Options options = new Options();
                SstFileReader reader = new SstFileReader(options)) {
            reader.open(table.toString());
            reader.verifyChecksum();
        } catch (RocksDBException e) {
            throw new StoreException(
                    Failures.reason(e),
                    "could not " + what + ": " + table.getFileName() + " is damaged, " + Failures.text(e)
                            + "; storage verify says what can't be read, storage export saves the rest",
                    e);
        }
    }

    private static void undo(Path target, boolean there) throws IOException {
        List<Path> made;
        try (Stream<Path> files = Files.list(target)) {
            made = files.toList();
        }
        for (Path file : made) {
            Folder.deleteAll(file);
        }
        if (!there) {
            Files.delete(target);
        }
    }
}
