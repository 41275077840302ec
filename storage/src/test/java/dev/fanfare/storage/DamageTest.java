package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Damage to the list of tables, and to any file: the store gives what was written, mends what it can, and says what it
/// can't.
class DamageTest extends DamagedStores {

    private Path manifest() throws IOException {
        return folder().resolve("db")
                .resolve(Files.readString(folder().resolve("db/CURRENT")).strip());
    }

    @Test
    void aListOfTablesThatIsHitAfterTheStoreWasClosedIsMendedAndSaid() {
        rounds(4, this::hitWhenClosed);
    }

    private void hitWhenClosed(Random random) throws IOException {
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
            assertThat(Stores.readable(store, CLOSED)).hasSize(CLOSED);
            assertThat(store.damages())
                    .singleElement()
                    .satisfies(damage -> assertThat(damage.file()).isEqualTo(name));
        }
        try (RocksStore store = open(folder())) {
            assertThat(Stores.readable(store, CLOSED)).hasSize(CLOSED);
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
            assertThat(Stores.readable(store, CLOSED)).hasSize(CLOSED);
        }
    }

    /// RocksDB takes a list that ends early as it is. What was in the files it does not list any more is known
    /// to be missing when anything was written after it.
    @Test
    void aListOfTablesThatLostItsEndWhenTheProcessWasKilledIsSaid() {
        rounds(5, this::endLost);
    }

    private void endLost(Random random) throws IOException {
        try (RocksStore store = open(original())) {
            for (int number = 0; number < MESSAGES; number++) {
                Stores.put(store, number, LENGTH);
                if (number % 300 == 299) {
                    Stores.flush(store);
                }
            }
            Crash.kill(original(), folder());
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

    @Test
    void whateverIsHitTheStoreIsRefusedInWordsOrGivesWhatWasWritten() {
        rounds(8, this::anyHit);
    }

    private void anyHit(Random random) throws IOException {
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
        long end = killed ? MESSAGES : CLOSED;
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

    @Test
    @Tag("stress")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void allOfItForLong() {
        rounds(200, this::hitWhenClosed);
        rounds(200, this::endLost);
        rounds(200, this::anyHit);
    }
}
