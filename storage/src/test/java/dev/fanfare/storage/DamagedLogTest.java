package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableSet;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Bits that flip, pages that are lost and ends that are gone in the write-ahead log: what is damage is seen, said and
/// put
/// aside, what was torn off when the process or the power went is cut off, and the rest can be read.
class DamagedLogTest extends DamagedStores {

    private Path log() {
        return Crash.files(folder(), ".log").getLast();
    }

    @Test
    void anEndThatWasTornOffIsNoDamage() {
        rounds(3, this::tornOff);
    }

    private void tornOff(Random random) {
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

    @Test
    void afterABitFlippedInTheMiddleTheRestIsKept() {
        rounds(3, this::flippedInTheMiddle);
    }

    private void flippedInTheMiddle(Random random) throws IOException {
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

    @Test
    void aLogCutOffAfterTheStoreWasClosedIsDamage() {
        rounds(2, this::cutOffWhenClosed);
    }

    private void cutOffWhenClosed(Random random) {
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

    @Test
    @Tag("stress")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void allOfItForLong() {
        rounds(100, this::tornOff);
        rounds(100, this::flippedInTheMiddle);
        rounds(100, this::cutOffWhenClosed);
    }
}
