package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.store.Keys;
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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.rocksdb.MutableColumnFamilyOptions;

/// Bits that flip, pages that are lost and ends that are gone in the files of tables: it is seen, said, put aside, and
/// what
/// is not hit can be read.
class DamagedFilesTest extends DamagedStores {

    @Test
    void whatIsDamagedInATableIsNamedAndTheRestCanBeRead() {
        rounds(4, this::damagedTable);
    }

    private void damagedTable(Random random) {
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
        long end = CLOSED;
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
            write(store, CLOSED, CLOSED + 100);
            assertThat(Stores.readable(store, 6L * MESSAGES)).contains(CLOSED + 99L);
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

    private static boolean isIn(List<Damage> damages, long number) {
        byte[] key = Keys.of(1, number);
        return damages.stream()
                .anyMatch(damage -> damage.from() != null
                        && damage.to() != null
                        && Arrays.compareUnsigned(damage.from(), key) <= 0
                        && Arrays.compareUnsigned(key, damage.to()) <= 0);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void allOfItForLong() {
        rounds(100, this::damagedTable);
    }
}
