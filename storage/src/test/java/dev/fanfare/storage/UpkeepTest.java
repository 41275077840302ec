package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.store.Table;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/// Damage of which RocksDB does not say in which file it is.
class UpkeepTest {

    private static final int MESSAGES = 100;

    @TempDir
    private Path temporary;

    private static void writeFile(RocksStore store, int number) {
        Stores.put(store, (long) number * MESSAGES, (number + 1L) * MESSAGES, 100);
        Stores.flush(store);
    }

    private static boolean isFound(RocksStore store, Upkeep upkeep) {
        Status corrupt = new Status(Status.Code.Corruption, Status.SubCode.None, "bad entry in block");
        return store.using("look at", open -> upkeep.noteDamage(open, new RocksDBException(corrupt), Table.MESSAGES));
    }

    private Path folder() {
        return temporary.resolve("store");
    }

    private Path cutNewestFile() {
        Path newest = Crash.files(folder(), ".sst").getLast();
        Crash.truncate(newest, 10);
        return newest.getFileName();
    }

    @Test
    void aFileThatCouldBeOpenedIsNotLookedAtForEachReadThatFails() {
        try (RocksStore store = RocksStore.open(folder(), Stores.SMALL)) {
            Damages damages = new Damages(folder());
            Upkeep upkeep = new Upkeep(store, damages);
            writeFile(store, 0);
            assertThat(isFound(store, upkeep)).isFalse();
            cutNewestFile();
            assertThat(isFound(store, upkeep)).as("looked at again").isFalse();
            writeFile(store, 1);
            String later = cutNewestFile().toString();
            assertThat(isFound(store, upkeep)).as("a file that came since").isTrue();
            assertThat(damages.list()).extracting(Damage::file).containsExactly(later);
            assertThat(isFound(store, upkeep)).as("known").isFalse();
            upkeep.end();
        }
    }

    @Test
    void itIsLookedAtOnceTheStoreIsOpenedAgain() {
        try (RocksStore store = RocksStore.open(folder(), Stores.SMALL)) {
            Upkeep upkeep = new Upkeep(store, new Damages(folder()));
            writeFile(store, 0);
            assertThat(isFound(store, upkeep)).isFalse();
            cutNewestFile();
            assertThat(upkeep.degraded()).isEmpty();
            assertThat(isFound(store, upkeep)).isTrue();
            assertThat(upkeep.degraded()).containsExactly(Table.MESSAGES);
            upkeep.end();
        }
    }
}
