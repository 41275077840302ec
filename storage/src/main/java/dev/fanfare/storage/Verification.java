package dev.fanfare.storage;

import dev.fanfare.store.StoreException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileReader;
import org.rocksdb.SstFileReaderIterator;

/// Reads every file of a store that is not in use.
final class Verification {

    private final Path database;
    private final RocksStore.Progress progress;
    private final List<Damage> found = new ArrayList<>();

    private Verification(Path database, RocksStore.Progress progress) {
        this.database = database;
        this.progress = progress;
    }

    static List<Damage> of(Path path, RocksStore.Progress progress) {
        try (Folder folder = Folder.takeExisting(path);
                Tuning tuning = new Tuning(StorageOptions.DEFAULT)) {
            Verification verification = new Verification(folder.database(), progress);
            verification.log();
            if (verification.manifest(path)) {
                verification.tables(tuning);
            }
            return List.copyOf(verification.found);
        } catch (IOException e) {
            throw Failures.of("read the store " + path, e);
        } catch (RocksDBException e) {
            throw new StoreException(
                    Failures.reason(e),
                    "the store " + path + " can't be opened: " + Failures.text(e) + "; restore it from a backup",
                    e);
        }
    }

    /// Whether the list of tables is as it was left. If not, it does not say what there is to look at.
    private boolean manifest(Path folder) throws IOException {
        ClosedMark mark = ClosedMark.read(folder);
        String wrong = mark == null ? null : mark.wrong(database);
        if (mark != null && wrong != null) {
            String next = "; opening the store mends it, its tables can be looked at after that";
            found.add(new Damage(wrong + next, mark.manifest(), null, null, null));
            return false;
        }
        return true;
    }

    private void log() throws IOException {
        for (WalCheck.Hole hole : WalCheck.of(database).holes()) {
            found.add(new Damage(
                    hole.what() + " at byte " + hole.from(),
                    hole.file().getFileName().toString(),
                    null,
                    null,
                    null));
        }
    }

    private void tables(Tuning tuning) throws RocksDBException, IOException {
        List<TableFile> files;
        try (Database look = Database.openLeniently(database, tuning)) {
            files = TableFile.all(look);
        }
        long all = files.stream().mapToLong(TableFile::bytes).sum();
        long done = 0;
        progress.at(done, all);
        for (TableFile file : files) {
            file(file);
            done += file.bytes();
            progress.at(done, all);
        }
    }

    private void file(TableFile file) throws IOException {
        Path path = database.resolve(file.name());
        if (!Files.exists(path) || Files.size(path) != file.bytes()) {
            String what = Files.exists(path) ? Files.size(path) + " bytes instead of " + file.bytes() : "missing";
            found.add(file.damage(what));
            return;
        }
        try (Options options = new Options();
                SstFileReader reader = new SstFileReader(options)) {
            try {
                reader.open(path.toString());
            } catch (RocksDBException e) {
                // Nothing in it can be found: asking a reader that is not open would end the process.
                found.add(file.damage(Failures.text(e)));
                return;
            }
            try {
                reader.verifyChecksum();
            } catch (RocksDBException e) {
                keys(file, reader, Failures.text(e));
            }
        }
    }

    /// Says which keys of a damaged file can't be read; all of them, if that is not to be found out.
    private void keys(TableFile file, SstFileReader reader, String why) {
        int before = found.size();
        try (ReadOptions options = new ReadOptions().setVerifyChecksums(true);
                SstFileReaderIterator iterator = reader.newIterator(options)) {
            new Gaps(iterator, file).find();
        } catch (RocksDBException | RuntimeException e) {
            found.subList(before, found.size()).clear();
        }
        if (found.size() == before) {
            found.add(file.damage(why));
        }
    }

    /// Walks through a file and past what can't be read in it.
    private final class Gaps {

        private final SstFileReaderIterator iterator;
        private final TableFile file;
        private byte[] last;

        Gaps(SstFileReaderIterator iterator, TableFile file) {
            this.iterator = iterator;
            this.file = file;
            last = file.from();
        }

        void find() throws RocksDBException {
            iterator.seekToFirst();
            while (true) {
                while (iterator.isValid()) {
                    last = iterator.key();
                    iterator.next();
                }
                String why = why();
                if (why == null) {
                    return;
                }
                boolean more = pass();
                byte[] to = more ? iterator.key() : file.to();
                found.add(new Damage(why, file.name(), file.table(), last, to));
                if (!more) {
                    return;
                }
            }
        }

        private @Nullable String why() {
            try {
                iterator.status();
                return null;
            } catch (RocksDBException e) {
                return Failures.text(e);
            }
        }

        /// Goes to the first key after the damage. Keys are taken as numbers: by steps that double, then by halves.
        ///
        /// @return false when there is none
        private boolean pass() {
            int length = Math.max(last.length, file.to().length);
            BigInteger bad = number(last, length);
            BigInteger most = number(file.to(), length);
            BigInteger step = BigInteger.ONE;
            BigInteger good = bad.add(step);
            while (!readable(good, length)) {
                if (good.compareTo(most) > 0) {
                    return false;
                }
                bad = good;
                step = step.shiftLeft(1);
                good = bad.add(step);
            }
            while (good.subtract(bad).compareTo(BigInteger.ONE) > 0) {
                BigInteger middle = good.add(bad).shiftRight(1);
                if (readable(middle, length)) {
                    good = middle;
                } else {
                    bad = middle;
                }
            }
            return readable(good, length) && iterator.isValid();
        }

        private boolean readable(BigInteger number, int length) {
            byte[] digits = number.toByteArray();
            byte[] key = new byte[length];
            int from = Math.max(0, digits.length - length);
            System.arraycopy(digits, from, key, length - (digits.length - from), digits.length - from);
            if (number.bitLength() > length * Byte.SIZE) {
                Arrays.fill(key, (byte) 0xff);
            }
            iterator.seek(key);
            return iterator.isValid() || why() == null;
        }

        private static BigInteger number(byte[] key, int length) {
            return new BigInteger(1, Arrays.copyOf(key, length));
        }
    }
}
