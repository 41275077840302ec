package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.store.Keys;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.MutableColumnFamilyOptions;

/// Bits that flip, pages that are lost, files that are cut off or gone: it is seen, said, put aside, and what
/// is not hit can be read.
class DamageTest {

    private static final int MESSAGES = 1_000;
    private static final int LENGTH = 500;

    @TempDir
    private Path temporary;

    private Path folder() {
        return temporary.resolve("store");
    }

    private static RocksStore open(Path folder) {
        return RocksStore.open(folder, Stores.SMALL);
    }

    /// What is left when a process is killed that has written messages, each in its batch.
    ///
    /// @param synced those with a lower number were synced
    private Path killed(int synced) {
        try (RocksStore store = open(temporary.resolve("original"))) {
            for (int number = 0; number < MESSAGES; number++) {
                Stores.put(store, number, LENGTH);
                if (number == synced - 1) {
                    store.sync();
                }
            }
            return Crash.kill(temporary.resolve("original"), folder());
        }
    }

    private Path log() {
        return Crash.files(folder(), ".log").getLast();
    }

    private static List<Long> numbers(long from, long to) {
        return LongStream.range(from, to).boxed().toList();
    }

    // ---- the write-ahead log

    @RepeatedTest(10)
    void anEndThatWasTornOffIsNoDamage(RepetitionInfo run) {
        Random random = seeded(run);
        killed(0);
        long size = Crash.size(log());
        Crash.truncate(log(), random.nextLong(size));
        try (RocksStore store = open(folder())) {
            NavigableSet<Long> found = Stores.readable(store, MESSAGES);
            assertThat(found).containsExactlyElementsOf(numbers(0, found.size()));
            assertThat(found.size()).isLessThan(MESSAGES);
            assertThat(store.damages()).isEmpty();
        }
        assertThat(folder().resolve("damaged")).doesNotExist();
    }

    @RepeatedTest(10)
    void afterABitFlippedInTheMiddleTheRestIsKept(RepetitionInfo run) throws IOException {
        Random random = seeded(run);
        killed(0);
        Path log = log();
        long size = Crash.size(log);
        Crash.flip(log, random.nextLong(size - 2 * LENGTH));
        try (RocksStore store = open(folder())) {
            assertThat(Stores.readable(store, MESSAGES).size()).isGreaterThanOrEqualTo(MESSAGES - 1);
            assertThat(store.damages()).hasSizeLessThanOrEqualTo(1);
            if (Stores.readable(store, MESSAGES).size() < MESSAGES) {
                assertThat(store.damages().getFirst().file())
                        .isEqualTo(log.getFileName().toString());
                assertThat(aside(log.getFileName().toString())).hasSize(size);
            }
        }
        try (RocksStore store = open(folder())) {
            assertThat(store.damages()).isEmpty();
            assertThat(Stores.readable(store, MESSAGES).size()).isGreaterThanOrEqualTo(MESSAGES - 1);
        }
    }

    private Path aside(String name) throws IOException {
        try (var times = Files.list(folder().resolve("damaged"))) {
            return times.map(time -> time.resolve(name))
                    .filter(Files::exists)
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void aPageThatWasNotSyncedAndIsLostWithThePowerEndsTheLogAndIsSaid() throws IOException {
        killed(300);
        Path log = log();
        Crash.restartMachine(folder());
        long middle = Crash.size(log) / 2 / 4096 * 4096;
        Crash.erase(log, middle, 4096);
        try (RocksStore store = open(folder())) {
            NavigableSet<Long> found = Stores.readable(store, MESSAGES);
            assertThat(found).containsExactlyElementsOf(numbers(0, found.size()));
            assertThat(found.size()).isBetween(300, MESSAGES / 2);
            assertThat(store.damages())
                    .singleElement()
                    .satisfies(damage -> assertThat(damage.what()).contains("the power was lost"));
        }
        assertThat(aside(log.getFileName().toString())).exists();
    }

    @Test
    void aPageThatWasSyncedAndIsLostWithThePowerIsDamageAndTheRestIsKept() {
        killed(MESSAGES - 5);
        Crash.restartMachine(folder());
        long middle = Crash.size(log()) / 2 / 4096 * 4096;
        Crash.erase(log(), middle, 4096);
        try (RocksStore store = open(folder())) {
            NavigableSet<Long> found = Stores.readable(store, MESSAGES);
            assertThat(found.size()).isBetween(MESSAGES - 12, MESSAGES - 7);
            assertThat(found).contains(0L, (long) MESSAGES - 1);
            assertThat(store.damages())
                    .singleElement()
                    .satisfies(damage -> assertThat(damage.what()).contains("everything else in it was kept"));
        }
    }

    @Test
    void damageToTheLastThingThatWasSyncedIsSeen() {
        killed(MESSAGES);
        Crash.restartMachine(folder());
        // The mark that says it was synced comes after it.
        Crash.flip(log(), Crash.size(log()) - 200);
        try (RocksStore store = open(folder())) {
            assertThat(Stores.readable(store, MESSAGES)).hasSize(MESSAGES - 1);
            assertThat(store.damages()).hasSize(1);
        }
    }

    @RepeatedTest(5)
    void aLogCutOffAfterTheStoreWasClosedIsDamage(RepetitionInfo run) {
        Random random = seeded(run);
        try (RocksStore store = open(folder())) {
            for (int number = 0; number < MESSAGES; number++) {
                Stores.put(store, number, LENGTH);
            }
        }
        Crash.restartMachine(folder());
        Crash.truncate(log(), random.nextLong(Crash.size(log()) - 100));
        try (RocksStore store = open(folder())) {
            NavigableSet<Long> found = Stores.readable(store, MESSAGES);
            assertThat(found).containsExactlyElementsOf(numbers(0, found.size()));
            assertThat(store.damages()).isNotEmpty();
        }
    }

    @Test
    void aLogFileThatIsGoneIsDamage() throws IOException {
        try (RocksStore store = open(folder())) {
            Stores.put(store, 1, LENGTH);
        }
        Files.delete(log());
        try (RocksStore store = open(folder())) {
            assertThat(store.damages())
                    .singleElement()
                    .satisfies(damage -> assertThat(damage.what()).contains("operations are missing at its end"));
        }
    }

    // ---- the files of tables

    /// A closed store with several files, compacted and not.
    private void closed() {
        try (RocksStore store = open(folder())) {
            for (int round = 0; round < 5; round++) {
                for (long number = round; number < 5L * MESSAGES; number += 5) {
                    Stores.put(store, number, LENGTH);
                }
                store.reopen();
            }
        }
    }

    @RepeatedTest(20)
    void whatIsDamagedInATableIsNamedAndTheRestCanBeRead(RepetitionInfo run) {
        Random random = seeded(run);
        closed();
        List<Path> files = Crash.files(folder(), ".sst");
        Path file = files.get(random.nextInt(files.size()));
        String name = file.getFileName().toString();
        long size = Crash.size(file);
        switch (random.nextInt(4)) {
            case 0 -> Crash.truncate(file, random.nextLong(size));
            case 1 -> Crash.erase(file, random.nextLong(size), 4096);
            default -> Crash.flip(file, random.nextLong(size));
        }
        List<Damage> verified = RocksStore.verify(folder(), (done, all) -> {});
        assertThat(verified)
                .isNotEmpty()
                .allSatisfy(damage -> assertThat(damage.file()).isEqualTo(name));
        long end = 5L * MESSAGES;
        NavigableSet<Long> found;
        try (RocksStore store = open(folder())) {
            found = Stores.readable(store, end);
            if (found.size() < end) {
                assertThat(store.damages())
                        .isNotEmpty()
                        .allSatisfy(damage -> assertThat(damage.file()).isEqualTo(name));
            }
            for (long number = 0; number < end; number++) {
                assertThat(isReadable(store, number)).isEqualTo(found.contains(number));
                assertThat(found.contains(number) || isIn(verified, number)).isTrue();
            }
            write(store, end, end + 3_000);
            store.sync();
        }
        try (RocksStore store = open(folder())) {
            found.addAll(numbers(end, end + 3_000));
            assertThat(Stores.readable(store, end + 3_000)).isEqualTo(found);
        }
    }

    /// Where a table begins to say what it is.
    private static long properties(Path table) throws IOException {
        return Files.readString(table, StandardCharsets.ISO_8859_1).indexOf("rocksdb.");
    }

    /// RocksDB does not say which file it is when what a table says of itself is out of order.
    @Test
    void aTableThatCantSayWhatItIsIsFoundAndLeftOut() throws IOException {
        closed();
        Path table = Crash.files(folder(), ".sst").getFirst();
        Crash.flip(table, properties(table) - 1);
        try (RocksStore store = open(folder())) {
            assertThat(store.damages()).singleElement().satisfies(damage -> {
                assertThat(damage.file()).isEqualTo(table.getFileName().toString());
                assertThat(damage.what()).contains("properties unsorted", "the file was left out");
            });
            write(store, 5L * MESSAGES, 5L * MESSAGES + 100);
            assertThat(Stores.readable(store, 6L * MESSAGES)).contains(5L * MESSAGES + 99);
        }
        try (RocksStore store = open(folder())) {
            assertThat(store.damages()).isEmpty();
        }
    }

    /// Of many tables not all are looked at when the store is opened.
    @Test
    void tablesThatCantSayWhatTheyAreAreFoundWhenTheyAreRead() throws IOException {
        int tables = 20;
        try (RocksStore store = open(folder())) {
            store.using("leave alone", open -> {
                open.rocks()
                        .setOptions(
                                open.of(Table.MESSAGES),
                                MutableColumnFamilyOptions.builder()
                                        .setDisableAutoCompactions(true)
                                        .build());
                return open;
            });
            for (int number = 0; number < tables; number++) {
                Stores.put(store, number, LENGTH);
                Stores.flush(store);
            }
            List<Path> files = Crash.files(folder(), ".sst").stream()
                    .filter(file -> messages(store, file))
                    .toList();
            assertThat(files).hasSize(tables);
            // From now on the table is left alone, also by the one who opens the store again.
            Crash.flip(files.getFirst(), 20);
            store.reopen();
            assertThat(isReadable(store, 0)).isFalse();
            store.reopen();
            for (Path file : files.subList(1, tables)) {
                Crash.flip(file, properties(file) - 1);
            }
            assertThat(numbers(1, tables)).anyMatch(number -> !isReadable(store, number));
            assertThat(store.damages())
                    .hasSizeGreaterThan(1)
                    .anySatisfy(damage -> assertThat(damage.what())
                            .contains("properties unsorted", "nothing that is in the file can be read"));
            write(store, tables, tables + 100);
            assertThat(isReadable(store, tables + 99)).isTrue();
        }
    }

    private static boolean messages(RocksStore store, Path file) {
        return store.using("look at", TableFile::all).stream()
                .filter(each -> each.table() == Table.MESSAGES)
                .anyMatch(each -> file.endsWith(each.name()));
    }

    // ---- the list of tables

    private Path manifest() throws IOException {
        return folder().resolve("db")
                .resolve(Files.readString(folder().resolve("db/CURRENT")).strip());
    }

    @RepeatedTest(10)
    void aListOfTablesThatIsHitAfterTheStoreWasClosedIsMendedAndSaid(RepetitionInfo run) throws IOException {
        Random random = seeded(run);
        closed();
        Path manifest = manifest();
        String name = manifest.getFileName().toString();
        long size = Crash.size(manifest);
        switch (random.nextInt(6)) {
            case 0 -> Crash.flip(manifest, random.nextLong(size));
            case 1 -> Files.delete(manifest);
            default -> Crash.truncate(manifest, random.nextLong(size));
        }
        assertThat(RocksStore.verify(folder(), (done, all) -> {}))
                .anySatisfy(damage -> assertThat(damage.file()).isEqualTo(name));
        try (RocksStore store = open(folder())) {
            assertThat(Stores.readable(store, 5L * MESSAGES)).hasSize(5 * MESSAGES);
            assertThat(store.damages())
                    .singleElement()
                    .satisfies(damage -> assertThat(damage.file()).isEqualTo(name));
        }
        try (RocksStore store = open(folder())) {
            assertThat(Stores.readable(store, 5L * MESSAGES)).hasSize(5 * MESSAGES);
            assertThat(store.damages()).isEmpty();
        }
    }

    @Test
    void aStartThatFailsLeavesTheCopyForTheNextOne() throws IOException {
        closed();
        Path lock = folder().resolve("db/LOCK");
        Files.deleteIfExists(lock);
        Files.createDirectory(lock);
        assertThatThrownBy(() -> open(folder())).isInstanceOf(StoreException.class);
        Files.delete(lock);
        Crash.truncate(manifest(), Crash.size(manifest()) / 2);
        try (RocksStore store = open(folder())) {
            assertThat(Stores.readable(store, 5L * MESSAGES)).hasSize(5 * MESSAGES);
        }
    }

    /// RocksDB takes a list that ends early as it is. What was in the files it does not list any more is known
    /// to be missing when anything was written after it.
    @RepeatedTest(20)
    void aListOfTablesThatLostItsEndWhenTheProcessWasKilledIsSaid(RepetitionInfo run) throws IOException {
        Random random = seeded(run);
        try (RocksStore store = open(temporary.resolve("original"))) {
            for (int number = 0; number < MESSAGES; number++) {
                Stores.put(store, number, LENGTH);
                if (number % 300 == 299) {
                    Stores.flush(store);
                }
            }
            Crash.kill(temporary.resolve("original"), folder());
        }
        long at = random.nextLong(Crash.size(manifest()));
        if (random.nextInt(4) == 0) {
            Crash.flip(manifest(), at);
        } else {
            Crash.truncate(manifest(), at);
        }
        try (RocksStore store = open(folder())) {
            if (Stores.readable(store, MESSAGES).size() < MESSAGES) {
                assertThat(store.damages()).isNotEmpty();
            }
        } catch (StoreException e) {
            assertThat(e.reason()).isEqualTo(Reason.CORRUPT);
            assertThat(e).hasMessageContaining(folder().toString());
        }
    }

    // ---- any file

    @RepeatedTest(30)
    void whateverIsHitTheStoreIsRefusedInWordsOrGivesWhatWasWritten(RepetitionInfo run) throws IOException {
        Random random = seeded(run);
        boolean killed = random.nextBoolean();
        if (killed) {
            killed(random.nextInt(MESSAGES));
        } else {
            closed();
        }
        List<Path> files;
        try (var all = Files.walk(folder())) {
            files = all.filter(Files::isRegularFile)
                    .filter(file -> Crash.size(file) > 0)
                    .sorted()
                    .toList();
        }
        Path file = files.get(random.nextInt(files.size()));
        long size = Crash.size(file);
        switch (random.nextInt(4)) {
            case 0 -> Crash.truncate(file, random.nextLong(size));
            case 1 -> Crash.erase(file, random.nextLong(size), 4096);
            case 2 -> Files.delete(file);
            default -> Crash.flip(file, random.nextLong(size));
        }
        long end = killed ? MESSAGES : 5L * MESSAGES;
        try {
            RocksStore.verify(folder(), (done, all) -> {});
            try (RocksStore store = open(folder())) {
                NavigableSet<Long> found = Stores.readable(store, end + 1_000);
                assertThat((long) found.size()).isLessThanOrEqualTo(end);
                // Where a process was killed, an end of the log that is gone may never have been written.
                boolean torn = killed && found.size() == (found.isEmpty() ? 0 : found.last() + 1);
                if (found.size() < end && !torn) {
                    assertThat(store.damages())
                            .as("%s of %s", found.size(), file)
                            .isNotEmpty();
                }
            }
        } catch (StoreException e) {
            assertThat(e.reason()).as("%s", file).isNotEqualTo(Reason.FULL);
            assertThat(e).hasMessageContaining(folder().toString());
        }
    }

    private static boolean isIn(List<Damage> damages, long number) {
        byte[] key = Keys.of(1, number);
        return damages.stream()
                .anyMatch(damage -> damage.from() != null
                        && damage.to() != null
                        && Arrays.compareUnsigned(damage.from(), key) <= 0
                        && Arrays.compareUnsigned(key, damage.to()) <= 0);
    }

    @Test
    void verifyingNamesTheKeysThatCantBeRead() {
        try (RocksStore store = open(folder())) {
            Stores.put(store, 0, MESSAGES, LENGTH);
            store.reopen();
        }
        Path file = Crash.files(folder(), ".sst").getLast();
        long size = Crash.size(file);
        Crash.flip(file, size / 4);
        Crash.flip(file, size / 2);
        List<Long> progress = new ArrayList<>();
        List<Damage> damages = RocksStore.verify(folder(), (done, all) -> progress.add(done * 100 / all));
        assertThat(progress).startsWith(0L).endsWith(100L);
        assertThat(damages).hasSize(2).allSatisfy(damage -> {
            assertThat(damage.table()).isEqualTo(Table.MESSAGES);
            long from = Keys.longAt(Objects.requireNonNull(damage.from()), Integer.BYTES);
            long to = Keys.longAt(Objects.requireNonNull(damage.to()), Integer.BYTES);
            // 16 KiB are 32 messages.
            assertThat(to - from).isBetween(25L, 40L);
        });
        try (RocksStore store = open(folder())) {
            for (long number = 0; number < MESSAGES; number++) {
                assertThat(isReadable(store, number) || isIn(damages, number)).isTrue();
            }
            assertThat(Stores.readable(store, MESSAGES).size()).isBetween(MESSAGES - 70, MESSAGES - 50);
        }
    }

    @Test
    @Tag("stress") // compaction takes as long as the machine lets it
    void aTableThatIsDamagedIsWrittenOnAndHealsWhenTheDamageIsReclaimed() throws InterruptedException {
        try (RocksStore store = open(folder())) {
            for (int round = 0; round < 5; round++) {
                for (long number = round; number < 4_000; number += 5) {
                    Stores.put(store, number, LENGTH);
                }
                store.reopen();
            }
            Stores.eventually(() -> messages(store).files() <= 2);
        }
        Path largest = Crash.files(folder(), ".sst").stream()
                .max(Comparator.comparingLong(Crash::size))
                .orElseThrow();
        Crash.flip(largest, 500_000);
        try (RocksStore store = open(folder())) {
            assertThat(Stores.readable(store, 4_000).size()).isBetween(3_900, 3_999);
            // More files than are written to without compaction.
            for (long from = 4_000; from < 44_000; from += 1_000) {
                Stores.put(store, from, from + 1_000, LENGTH);
                store.reopen();
            }
            assertThat(messages(store).files()).isGreaterThanOrEqualTo(41);
            Stores.delete(store, 0, 43_000);
            store.reclaim(Table.MESSAGES, Keys.of(1, 0L), Keys.of(1, 43_000L));
            Stores.put(store, 44_000, 45_000, LENGTH);
            store.reopen();
            Stores.eventually(() -> messages(store).files() < 10);
            assertThat(Stores.readable(store, 45_000)).containsExactlyElementsOf(numbers(43_000, 45_000));
            assertThat(store.damages()).hasSize(1);
        }
    }

    private static StoreFigures.TableFigures messages(RocksStore store) {
        return Objects.requireNonNull(store.figures().tables().get(Table.MESSAGES));
    }

    /// Writes as one does who opens the store again after a failure: compaction may come upon the damage first.
    private static void write(RocksStore store, long from, long to) {
        int failures = 0;
        for (long number = from; number < to; number++) {
            try {
                Stores.put(store, number, LENGTH);
            } catch (StoreException e) {
                assertThat(e.reason()).isEqualTo(Reason.CORRUPT);
                assertThat(++failures).isEqualTo(1);
                store.reopen();
                Stores.put(store, number, LENGTH);
            }
        }
    }

    private static boolean isReadable(RocksStore store, long number) {
        try {
            byte[] value = store.get(Table.MESSAGES, Keys.of(1, number));
            if (value != null) {
                Stores.check(number, value);
            }
            return value != null;
        } catch (StoreException e) {
            assertThat(e.reason()).isEqualTo(Reason.CORRUPT);
            return false;
        }
    }

    private static Random seeded(RepetitionInfo run) {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("seed " + seed + " in run " + run.getCurrentRepetition());
        return new Random(seed);
    }
}
