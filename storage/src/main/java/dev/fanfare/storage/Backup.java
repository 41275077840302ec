package dev.fanfare.storage;

import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.rocksdb.Checkpoint;
import org.rocksdb.RocksDBException;

/// Copies a store while it is used.
final class Backup {

    private Backup() {}

    /// Makes a copy that is a store.
    ///
    /// @param place where the original is, for people
    static void make(Database open, String place, Path target) {
        String what = "copy " + place + " to " + target;
        try {
            boolean there = Files.exists(target);
            if (there && !isEmpty(target)) {
                throw new StoreException(Reason.FAILED, "could not " + what + ": there is something there already");
            }
            Files.createDirectories(target);
            try (Checkpoint checkpoint = Checkpoint.create(open.rocks())) {
                checkpoint.createCheckpoint(target.resolve("db").toString());
                force(target.resolve("db"));
                Folder.finish(target);
            } catch (IOException | RocksDBException e) {
                undo(target, there);
                throw e;
            }
        } catch (IOException e) {
            throw Failures.of(what, e);
        } catch (RocksDBException e) {
            throw Failures.of(what, e);
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

    private static void force(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Folder.force(file);
            }
        }
        Folder.force(folder);
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
