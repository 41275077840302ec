package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Durability;
import dev.fanfare.store.Keys;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/// A store and its folder: who may use it, what it gives back, what it does while it is opened again or copied.
class RocksStoreTest {

    @TempDir
    private Path temporary;

    private Path folder() {
        return temporary.resolve("store");
    }

    private RocksStore open() {
        return RocksStore.open(folder(), Stores.SMALL);
    }

    private static void assertRefused(Reason reason, String message, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining(message);
    }

    // ---- whose folder it is

    @Test
    void aSecondStoreInTheSameFolderIsRefused() {
        try (RocksStore store = open()) {
            assertRefused(
                    Reason.FAILED,
                    folder() + " is in use by process "
                            + ProcessHandle.current().pid() + ": stop it, or use another",
                    this::open);
            Stores.put(store, 1, 100);
        }
        open().close();
    }

    @Test
    void aSecondProcessIsRefusedWithTheNumberOfTheFirst() throws IOException, InterruptedException {
        open().close();
        Process writer = WriterProcess.start(folder());
        try (BufferedReader said = writer.inputReader()) {
            assertThat(said.readLine()).isEqualTo("0");
            assertRefused(Reason.FAILED, "is in use by process " + writer.pid() + ":", this::open);
        } finally {
            writer.destroyForcibly().waitFor();
        }
        open().close();
    }

    @Test
    void whatAKilledProcessHadWrittenIsThere() throws IOException, InterruptedException {
        Process writer = WriterProcess.start(folder());
        long last = -1;
        try (BufferedReader said = writer.inputReader()) {
            while (last < 2_000) {
                last = Long.parseLong(said.readLine());
            }
            // Unlike Process.destroyForcibly, this leaves its output readable.
            assertThat(writer.toHandle().destroyForcibly()).isTrue();
            for (String line = said.readLine(); line != null; line = said.readLine()) {
                last = line.isEmpty() ? last : Math.max(last, Long.parseLong(line));
            }
        }
        writer.waitFor();
        try (RocksStore store = open()) {
            assertThat(Stores.readable(store, 1_000_000))
                    .containsAll(LongStream.range(0, last).boxed().toList());
            assertThat(store.damages()).isEmpty();
        }
    }

    @Test
    void aNewerFormatIsRefused() throws IOException {
        open().close();
        Files.writeString(folder().resolve("FORMAT"), "fanfare-storage 3\n");
        assertRefused(Reason.FAILED, "newer version (format 3, this one knows 2): start that version", this::open);
    }

    @Test
    void tablesOfANewerVersionAreRefused() throws RocksDBException {
        open().close();
        addTable("future");
        assertRefused(Reason.FAILED, "newer version (this one does not know its tables [future])", this::open);
    }

    private void addTable(String name) throws RocksDBException {
        List<byte[]> names;
        try (Options options = new Options()) {
            names = RocksDB.listColumnFamilies(options, folder().resolve("db").toString());
        }
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        try (RocksDB rocks = RocksDB.open(
                folder().resolve("db").toString(),
                names.stream().map(ColumnFamilyDescriptor::new).toList(),
                handles)) {
            rocks.createColumnFamily(new ColumnFamilyDescriptor(name.getBytes(StandardCharsets.UTF_8)))
                    .close();
            handles.forEach(ColumnFamilyHandle::close);
        }
    }

    @Test
    void aFormatThatCantBeReadIsDamage() throws IOException {
        open().close();
        Files.writeString(folder().resolve("FORMAT"), "something");
        assertRefused(Reason.CORRUPT, "restore the store from a backup", this::open);
    }

    @Test
    void aFolderWithSomethingElseIsRefusedAndLeftAlone() throws IOException {
        Files.createDirectories(folder());
        Files.writeString(folder().resolve("letter.txt"), "dear");
        assertRefused(Reason.FAILED, "neither empty nor a store (there is letter.txt in it", this::open);
        try (var files = Files.list(folder())) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void aFileIsNoFolder() throws IOException {
        Files.writeString(folder(), "dear");
        assertRefused(Reason.FAILED, "is no folder", this::open);
    }

    @Test
    void aStoreThatWasNeverFinishedIsBegunAgain() throws IOException {
        Files.createDirectories(folder().resolve("db"));
        Files.writeString(folder().resolve("db/CURRENT"), "half");
        Files.writeString(folder().resolve("FORMAT.new"), "fanf");
        try (RocksStore store = open()) {
            Stores.put(store, 1, 100);
        }
        try (RocksStore store = open()) {
            assertThat(Stores.readable(store, 10)).containsExactly(1L);
        }
    }

    @Test
    void withoutWhatRocksDbStartsFromABackupIsNeededUnlessTheStoreWasClosed() throws IOException {
        Path original = temporary.resolve("original");
        try (RocksStore _ = RocksStore.open(original, Stores.SMALL)) {
            Crash.kill(original, folder());
        }
        Path db = folder().resolve("db");
        String manifest = Files.readString(db.resolve("CURRENT")).strip();
        Files.move(db.resolve(manifest), db.resolve("moved"));
        assertRefused(Reason.CORRUPT, manifest + " is missing", this::open);
        Files.move(db.resolve("moved"), db.resolve(manifest));
        Crash.flip(db.resolve(manifest), 20);
        assertRefused(Reason.CORRUPT, "restore the store from a backup", this::open);
        Files.delete(db.resolve("CURRENT"));
        assertRefused(Reason.CORRUPT, "CURRENT is missing", this::open);
    }

    // ---- room

    @Test
    void roomIsWhatIsFreeWithoutTheReserveAndWhatHasToBeWrittenAgain() {
        AtomicLong free = new AtomicLong(1 << 30);
        try (RocksStore store = RocksStore.open(folder(), Stores.SMALL.withReserve(100 << 20), free::get)) {
            long room = store.room();
            assertThat(room).isBetween((1L << 30) - (110 << 20), (1L << 30) - (100 << 20));
            Stores.put(store, 0, 1_000, 1_000);
            assertThat(store.room()).isLessThan(room - 1_000_000);
            free.set(50 << 20);
            store.reopen();
            assertThat(store.room()).isZero();
            assertThat(store.figures().free()).isEqualTo(50 << 20);
        }
    }

    @Test
    void whatIsReclaimedIsGivenBackToTheFileSystem() throws InterruptedException {
        try (RocksStore store = RocksStore.open(folder(), Stores.SMALL.withMemory(32 << 20))) {
            for (long from = 0; from < 40_000; from += 1_000) {
                Stores.put(store, from, from + 1_000, 1_000);
            }
            store.reopen();
            long before = store.size();
            assertThat(before).isGreaterThan(36_000_000);
            Stores.delete(store, 0, 36_000);
            store.reclaim(Table.MESSAGES, Keys.of(1, 0L), Keys.of(1, 36_000L));
            assertThat(Stores.readable(store, 40_000)).hasSize(4_000).contains(36_000L, 39_999L);
            Stores.eventually(() -> store.size() < before / 3);
            assertThat(Stores.readable(store, 40_000)).hasSize(4_000);
        }
        try (RocksStore store = open()) {
            assertThat(Stores.readable(store, 40_000)).hasSize(4_000).contains(36_000L, 39_999L);
        }
    }

    // ---- while others use it

    @Test
    void readersGoOnWhileItIsOpenedAgain() throws InterruptedException {
        try (RocksStore store = open()) {
            Stores.put(store, 0, 5_000, 200);
            Readers readers = Readers.start(store, 5_000);
            for (int i = 0; i < 5; i++) {
                store.reopen();
                Stores.put(store, 5_000 + i, 200);
            }
            readers.stop();
            assertThat(readers.wrong()).isEmpty();
            assertThat(readers.read()).isPositive();
        }
    }

    @Test
    void readersAreToldWhenItIsClosed() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            RocksStore store = open();
            Stores.put(store, 0, 500, 200);
            Readers readers = Readers.start(store, 500);
            store.close();
            readers.stop();
            assertThat(readers.wrong()).isEmpty();
        }
    }

    @Test
    void aCopyIsMadeWhileItIsWritten() throws InterruptedException {
        Path target = temporary.resolve("copies/backup");
        long before;
        try (RocksStore store = open()) {
            Stores.put(store, 0, 1_000, 200);
            AtomicBoolean done = new AtomicBoolean();
            AtomicLong next = new AtomicLong(1_000);
            Thread writer = Thread.ofPlatform().start(() -> {
                while (!done.get()) {
                    long number = next.get();
                    Stores.put(store, number, number + 10, 200);
                    next.set(number + 10);
                }
            });
            Stores.eventually(() -> next.get() > 3_000);
            before = next.get();
            List<Long> progress = new ArrayList<>();
            store.backup(target, (finished, all) -> progress.add(finished * 100 / all));
            assertThat(progress).startsWith(0L).endsWith(100L).isSorted();
            done.set(true);
            writer.join();
            assertRefused(Reason.FAILED, "there is something there already", () -> store.backup(target, (_, _) -> {}));
        }
        assertThat(RocksStore.verify(target, (finished, all) -> {})).isEmpty();
        try (RocksStore copy = RocksStore.open(target, Stores.SMALL)) {
            assertThat(copy.damages()).isEmpty();
            long found = Stores.readable(copy, 1_000_000).size();
            assertThat(found).isGreaterThanOrEqualTo(before);
            assertThat(found % 10).isZero();
            assertThat(Stores.readable(copy, 1_000_000).last()).isEqualTo(found - 1);
            Stores.put(copy, found, 200);
        }
    }

    @Test
    void whoOpensItAgainDoesNotWaitForTheCopyToBeRead() {
        Path target = temporary.resolve("backup");
        try (RocksStore store = open()) {
            Stores.put(store, 0, 1_000, 200);
            store.backup(target, (done, all) -> {
                if (done == 0) {
                    CompletableFuture.runAsync(store::reopen)
                            .orTimeout(20, TimeUnit.SECONDS)
                            .join();
                }
            });
            Stores.put(store, 1_000, 200);
        }
        try (RocksStore copy = RocksStore.open(target, Stores.SMALL)) {
            assertThat(Stores.readable(copy, 2_000)).hasSize(1_000);
        }
        assertThatThrownBy(() -> {
                    try (RocksStore store = open()) {
                        store.backup(temporary.resolve("other"), (_, _) -> {
                            throw new IllegalStateException("whoever asked is gone");
                        });
                    }
                })
                .hasMessage("whoever asked is gone");
        assertThat(temporary.resolve("other")).doesNotExist();
    }

    @Test
    void aCopySaysThatItLacksWhatCameAfterItUntilItIsSynced() {
        Path target = temporary.resolve("backup");
        try (RocksStore store = open()) {
            Stores.put(store, 0, 1_000, 200);
            store.backup(target, (_, _) -> {});
            assertThat(store.lacking()).isEqualTo(Durability.MEMORY);
        }
        Path restored = temporary.resolve("restored");
        RocksStore.restore(target, restored, (done, all) -> {});
        for (Path folder : List.of(target, restored)) {
            try (RocksStore copy = RocksStore.open(folder, Stores.SMALL)) {
                assertThat(copy.lacking()).isEqualTo(Durability.SYNCED);
            }
            try (RocksStore copy = RocksStore.open(folder, Stores.SMALL)) {
                assertThat(copy.lacking()).isEqualTo(Durability.SYNCED);
                assertThat(Stores.readable(copy, 2_000)).hasSize(1_000);
                copy.sync();
                assertThat(copy.lacking()).isEqualTo(Durability.MEMORY);
            }
            try (RocksStore copy = RocksStore.open(folder, Stores.SMALL)) {
                assertThat(copy.lacking()).isEqualTo(Durability.MEMORY);
            }
        }
        // It is one again, whatever it was opened for before.
        Path again = temporary.resolve("again");
        RocksStore.restore(target, again, (done, all) -> {});
        try (RocksStore copy = RocksStore.open(again, Stores.SMALL)) {
            assertThat(copy.lacking()).isEqualTo(Durability.SYNCED);
        }
    }

    @Test
    void aStoreThatIsUsedIsNoBackupToRestore() {
        Path target = temporary.resolve("target");
        try (RocksStore store = open()) {
            Stores.put(store, 0, 100, 200);
            assertRefused(
                    Reason.FAILED,
                    "stop it, or make a backup",
                    () -> RocksStore.restore(folder(), target, (done, all) -> {}));
            assertThat(target).doesNotExist();
        }
        RocksStore.restore(folder(), target, (done, all) -> {});
        try (RocksStore copy = RocksStore.open(target, Stores.SMALL)) {
            assertThat(Stores.readable(copy, 1_000)).hasSize(100);
        }
    }

    @Test
    void figuresSayWhatIsStoredWhere() {
        try (RocksStore store = open()) {
            Stores.put(store, 0, 1_000, 1_000);
            assertThat(store.figures().log()).isGreaterThan(1_000_000);
            store.reopen();
            StoreFigures figures = store.figures();
            assertThat(figures.tables()).containsOnlyKeys(Table.values());
            StoreFigures.TableFigures messages = figures.tables().get(Table.MESSAGES);
            assertThat(messages).isNotNull();
            assertThat(messages.bytes()).isGreaterThan(1_000_000);
            assertThat(messages.files()).isPositive();
            assertThat(messages.keys()).isEqualTo(1_000);
            assertThat(figures.room()).isPositive();
            assertThat(figures.memory()).isBetween(0L, 32L << 20);
            assertThat(store.size()).isGreaterThanOrEqualTo(messages.bytes());
        }
    }

    @Test
    void batchesOfAnotherStoreAreRefused() {
        try (RocksStore one = open();
                RocksStore other = RocksStore.open(temporary.resolve("other"), Stores.SMALL)) {
            assertThatThrownBy(() -> one.write(other.batch())).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void optionsHaveBounds() {
        assertThatThrownBy(() -> StorageOptions.DEFAULT.withMemory(1))
                .hasMessage("memory must be at least 8388608, not 1");
        assertThatThrownBy(() -> StorageOptions.DEFAULT.withReserve(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> StorageOptions.DEFAULT.withLog(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
