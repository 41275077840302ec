package dev.fanfare.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.store.Store.Batch;
import dev.fanfare.store.Store.Entry;
import dev.fanfare.store.Store.Scan;
import dev.fanfare.store.StoreException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What every [Store] promises.
@SuppressWarnings("exports") // Tests are no part of the module.
public interface StoreContract {

    /// An empty store. Who implements this closes it after the test.
    Store store();

    /// Closes a store and opens what it has stored again.
    Store closedAndOpened(Store store);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte @Nullable [] bytes) {
        return bytes == null ? "-" : new String(bytes, StandardCharsets.UTF_8);
    }

    private static void write(Store store, Consumer<Batch> changes) {
        Batch batch = store.batch();
        changes.accept(batch);
        store.write(batch);
    }

    private static void put(Store store, Table table, String... pairs) {
        write(store, batch -> {
            for (String pair : pairs) {
                int equals = pair.indexOf('=');
                batch.put(table, bytes(pair.substring(0, equals)), bytes(pair.substring(equals + 1)));
            }
        });
    }

    private static String get(Store store, Table table, String key) {
        return text(store.get(table, bytes(key)));
    }

    private static String floor(Store store, Table table, String lowest, String key) {
        Entry found = store.floor(table, bytes(lowest), bytes(key));
        return found == null ? "-" : text(found.key()) + "=" + text(found.value());
    }

    private static List<String> all(Store store, Table table, String from, @Nullable String to) {
        try (Scan scan = store.scan(table, bytes(from), to == null ? null : bytes(to))) {
            return rest(scan);
        }
    }

    private static List<String> fromFloor(Store store, String lowest, String key, String to) {
        try (Scan scan = store.scanFromFloor(Table.MESSAGES, bytes(lowest), bytes(key), bytes(to))) {
            return rest(scan);
        }
    }

    private static List<String> rest(Scan scan) {
        List<String> found = new ArrayList<>();
        while (scan.next()) {
            found.add(here(scan));
        }
        return found;
    }

    private static String here(Scan scan) {
        return text(scan.key()) + "=" + text(scan.value());
    }

    private static void assertFails(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }

    // ---- values

    @Test
    default void anEmptyStoreHoldsNothing() {
        Store store = store();
        for (Table table : Table.values()) {
            assertThat(get(store, table, "a")).isEqualTo("-");
            assertThat(floor(store, table, "", "z")).isEqualTo("-");
            assertThat(all(store, table, "", null)).isEmpty();
        }
        assertThat(store.room()).isPositive();
        assertThat(store.place()).isNotEmpty();
    }

    @Test
    default void whatIsWrittenIsReadAtOnceFromItsTableOnly() {
        Store store = store();
        put(store, Table.TOPICS, "a=1");
        assertThat(get(store, Table.TOPICS, "a")).isEqualTo("1");
        assertThat(get(store, Table.MARKS, "a")).isEqualTo("-");
    }

    @Test
    default void theLastOfABatchWins() {
        Store store = store();
        put(store, Table.TOPICS, "a=1", "a=2", "b=1");
        write(store, batch -> {
            batch.deleteRange(Table.TOPICS, bytes("a"), bytes("z"));
            batch.put(Table.TOPICS, bytes("c"), bytes("3"));
            batch.put(Table.TOPICS, bytes("d"), bytes("4"));
            batch.delete(Table.TOPICS, bytes("d"));
            batch.delete(Table.TOPICS, bytes("never"));
        });
        assertThat(all(store, Table.TOPICS, "", null)).containsExactly("c=3");
    }

    @Test
    default void aRangeIsDeletedFromItsBeginningToBeforeItsEnd() {
        Store store = store();
        put(store, Table.IDS, "a=1", "b=2", "bb=3", "c=4", "d=5");
        put(store, Table.KEYS, "b=1");
        write(store, batch -> batch.deleteRange(Table.IDS, bytes("b"), bytes("d")));
        assertThat(all(store, Table.IDS, "", null)).containsExactly("a=1", "d=5");
        assertThat(get(store, Table.IDS, "bb")).isEqualTo("-");
        assertThat(floor(store, Table.IDS, "", "c")).isEqualTo("a=1");
        assertThat(get(store, Table.KEYS, "b")).isEqualTo("1");
    }

    @Test
    default void aRangeThatEndsBeforeItBeginsIsEmpty() {
        Store store = store();
        put(store, Table.IDS, "a=1", "b=2", "c=3");
        write(store, batch -> {
            batch.deleteRange(Table.IDS, bytes("c"), bytes("a"));
            batch.deleteRange(Table.IDS, bytes("b"), bytes("b"));
        });
        assertThat(all(store, Table.IDS, "", null)).hasSize(3);
        assertThat(all(store, Table.IDS, "c", "a")).isEmpty();
        assertThat(all(store, Table.IDS, "b", "b")).isEmpty();
        store.reclaim(Table.IDS, bytes("c"), bytes("a"));
        assertThat(all(store, Table.IDS, "", null)).hasSize(3);
    }

    @Test
    default void emptyAndLargeValuesAreKept() {
        Store store = store();
        byte[] large = new byte[5 << 20];
        new Random(1).nextBytes(large);
        write(store, batch -> {
            batch.put(Table.MESSAGES, bytes("large"), large);
            batch.put(Table.MESSAGES, bytes("empty"), new byte[0]);
            batch.put(Table.MESSAGES, new byte[0], bytes("no key"));
        });
        assertThat(store.get(Table.MESSAGES, bytes("large"))).isEqualTo(large);
        assertThat(store.get(Table.MESSAGES, bytes("empty"))).isEmpty();
        assertThat(get(store, Table.MESSAGES, "")).isEqualTo("no key");
        assertThat(store.size()).isPositive();
    }

    @Test
    default void anEmptyBatchIsWrittenToo() {
        Store store = store();
        store.write(store.batch());
        store.sync();
    }

    @Test
    default void aBatchIsWrittenOnce() {
        Store store = store();
        Batch batch = store.batch();
        store.write(batch);
        assertThatThrownBy(() -> store.write(batch))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a batch is written once");
    }

    @Test
    default void aBatchThatIsNotWrittenChangesNothing() {
        Store store = store();
        store.batch().put(Table.TOPICS, bytes("a"), bytes("1"));
        assertThat(get(store, Table.TOPICS, "a")).isEqualTo("-");
    }

    // ---- order

    @Test
    default void keysAreOrderedByUnsignedBytesAndAPrefixComesFirst() {
        Store store = store();
        byte[][] keys = {{}, {0}, {0, 0}, {1}, {127}, {127, -1}, {-128}, {-1}, {-1, 0}, {-1, -1}};
        write(store, batch -> {
            for (int i = keys.length - 1; i >= 0; i--) {
                batch.put(Table.KEYS, keys[i], new byte[] {(byte) i});
            }
        });
        try (Scan scan = store.scan(Table.KEYS, new byte[0], null)) {
            for (int i = 0; i < keys.length; i++) {
                assertThat(scan.next()).isTrue();
                assertThat(scan.key()).isEqualTo(keys[i]);
                assertThat(scan.value()).containsExactly(i);
            }
            assertThat(scan.next()).isFalse();
        }
    }

    @Test
    default void theFloorIsTheLastAtOrBeforeAKeyButNotBelowTheLowest() {
        Store store = store();
        put(store, Table.MESSAGES, "b=1", "d=2", "f=3");
        assertThat(floor(store, Table.MESSAGES, "a", "d")).isEqualTo("d=2");
        assertThat(floor(store, Table.MESSAGES, "a", "e")).isEqualTo("d=2");
        assertThat(floor(store, Table.MESSAGES, "a", "z")).isEqualTo("f=3");
        assertThat(floor(store, Table.MESSAGES, "d", "e")).isEqualTo("d=2");
        assertThat(floor(store, Table.MESSAGES, "da", "e")).isEqualTo("-");
        assertThat(floor(store, Table.MESSAGES, "", "a")).isEqualTo("-");
        assertThat(floor(store, Table.MESSAGES, "e", "a")).isEqualTo("-");
    }

    @Test
    default void aScanMayBeginWithTheFloorOfAKey() {
        Store store = store();
        put(store, Table.MESSAGES, "b=1", "d=2", "f=3", "h=4");
        assertThat(fromFloor(store, "a", "e", "h")).containsExactly("d=2", "f=3");
        assertThat(fromFloor(store, "a", "d", "e")).containsExactly("d=2");
        assertThat(fromFloor(store, "e", "e", "z")).containsExactly("f=3", "h=4");
        assertThat(fromFloor(store, "", "a", "c")).containsExactly("b=1");
        assertThat(fromFloor(store, "a", "z", "z")).containsExactly("h=4");
        assertThat(fromFloor(store, "da", "e", "f")).isEmpty();
        assertThat(fromFloor(store, "z", "z", "z")).isEmpty();
    }

    @Test
    default void aScanFromAFloorSeesWhatWasThereWhenItBegan() {
        Store store = store();
        put(store, Table.MESSAGES, "b=1", "d=2", "f=3");
        try (Scan scan = store.scanFromFloor(Table.MESSAGES, bytes("a"), bytes("e"), bytes("z"))) {
            write(store, batch -> {
                batch.deleteRange(Table.MESSAGES, bytes("b"), bytes("e"));
                batch.put(Table.MESSAGES, bytes("b"), bytes("together"));
            });
            assertThat(rest(scan)).containsExactly("d=2", "f=3");
        }
    }

    // ---- scans

    @Test
    default void aScanGoesFromItsBeginningToBeforeItsEnd() {
        Store store = store();
        put(store, Table.IDS, "a=1", "b=2", "c=3", "d=4");
        assertThat(all(store, Table.IDS, "b", "d")).containsExactly("b=2", "c=3");
        assertThat(all(store, Table.IDS, "bb", "cc")).containsExactly("c=3");
        assertThat(all(store, Table.IDS, "c", null)).containsExactly("c=3", "d=4");
        assertThat(all(store, Table.IDS, "e", null)).isEmpty();
    }

    @Test
    default void aScanSeesWhatWasThereWhenItWasOpened() {
        Store store = store();
        put(store, Table.IDS, "a=1", "b=2", "c=3", "d=4");
        try (Scan scan = store.scan(Table.IDS, bytes("a"), null)) {
            assertThat(scan.next()).isTrue();
            put(store, Table.IDS, "bb=new", "c=changed", "e=new");
            write(store, batch -> batch.deleteRange(Table.IDS, bytes("a"), bytes("c")));
            store.sync();
            store.reclaim(Table.IDS, bytes("a"), bytes("c"));
            assertThat(here(scan)).isEqualTo("a=1");
            assertThat(rest(scan)).containsExactly("b=2", "c=3", "d=4");
        }
        assertThat(all(store, Table.IDS, "", null)).containsExactly("c=changed", "d=4", "e=new");
    }

    @Test
    default void aScanSeeksForwardAndBackWithinItsBounds() {
        Store store = store();
        put(store, Table.IDS, "a=1", "b=2", "c=3", "d=4", "e=5");
        try (Scan scan = store.scan(Table.IDS, bytes("b"), bytes("e"))) {
            assertThat(scan.seek(bytes("cc"))).isTrue();
            assertThat(here(scan)).isEqualTo("d=4");
            assertThat(scan.next()).isFalse();
            assertThat(scan.next()).isFalse();
            assertThat(scan.seek(bytes("a"))).isTrue();
            assertThat(here(scan)).isEqualTo("b=2");
            assertThat(scan.next()).isTrue();
            assertThat(here(scan)).isEqualTo("c=3");
            assertThat(scan.seek(bytes("e"))).isFalse();
            assertThat(scan.next()).isFalse();
        }
    }

    @Test
    default void aScanEndsAtItsBoundWhenEverythingBeforeItIsDeleted() {
        Store store = store();
        for (int part = 0; part < 3; part++) {
            int first = part * 100;
            write(store, batch -> {
                for (int i = 0; i < 100; i++) {
                    batch.put(Table.MESSAGES, Keys.of(1, (long) first + i), new byte[200]);
                }
            });
            store.reopen();
        }
        write(store, batch -> batch.deleteRange(Table.MESSAGES, Keys.of(1, 0L), Keys.of(1, 200L)));
        try (Scan scan = store.scan(Table.MESSAGES, Keys.of(1, 0L), Keys.of(1, 200L))) {
            assertThat(scan.next()).isFalse();
            assertThat(scan.seek(Keys.of(1, 100L))).isFalse();
        }
        assertThat(store.floor(Table.MESSAGES, Keys.of(1, 0L), Keys.of(1, 199L)))
                .isNull();
    }

    @Test
    default void aScanThatStandsNowhereHasNoKey() {
        Store store = store();
        put(store, Table.IDS, "a=1");
        try (Scan scan = store.scan(Table.IDS, bytes("a"), null)) {
            assertThatThrownBy(scan::key).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(scan::value).isInstanceOf(IllegalStateException.class);
            assertThat(scan.next()).isTrue();
            assertThat(scan.next()).isFalse();
            assertThatThrownBy(scan::key).isInstanceOf(IllegalStateException.class);
        }
    }

    // ---- lifetimes

    @Test
    default void everythingIsThereAfterClosingAndOpening() {
        Store store = store();
        for (Table table : Table.values()) {
            put(store, table, "a=" + table, "b=2", "c=3");
        }
        write(store, batch -> batch.delete(Table.MARKS, bytes("b")));
        write(store, batch -> batch.deleteRange(Table.KEYS, bytes("a"), bytes("c")));
        Store again = closedAndOpened(store);
        for (Table table : Table.values()) {
            assertThat(all(again, table, "", null)).hasSize(table == Table.MARKS ? 2 : table == Table.KEYS ? 1 : 3);
        }
        assertThat(get(again, Table.ROUTES, "a")).isEqualTo("ROUTES");
        put(again, Table.MARKS, "b=4");
        assertThat(get(again, Table.MARKS, "b")).isEqualTo("4");
    }

    @Test
    default void reopeningKeepsWhatWasWritten() {
        Store store = store();
        put(store, Table.TOPICS, "a=1");
        store.reopen();
        assertThat(get(store, Table.TOPICS, "a")).isEqualTo("1");
        put(store, Table.TOPICS, "b=2");
        store.sync();
        assertThat(all(store, Table.TOPICS, "", null)).containsExactly("a=1", "b=2");
    }

    @Test
    default void aBatchOutlivesReopening() {
        Store store = store();
        Batch batch = store.batch();
        batch.put(Table.TOPICS, bytes("a"), bytes("1"));
        store.reopen();
        store.write(batch);
        assertThat(get(store, Table.TOPICS, "a")).isEqualTo("1");
    }

    @Test
    default void aScanEndsWithReopening() {
        Store store = store();
        put(store, Table.TOPICS, "a=1", "b=2");
        try (Scan scan = store.scan(Table.TOPICS, bytes("a"), null)) {
            assertThat(scan.next()).isTrue();
            store.reopen();
            assertThat(here(scan)).isEqualTo("a=1");
            assertFails(Reason.FAILED, scan::next);
            assertFails(Reason.FAILED, () -> scan.seek(bytes("a")));
        }
        assertThat(all(store, Table.TOPICS, "", null)).hasSize(2);
    }

    @Test
    default void nothingCanBeCalledAfterClosing() {
        Store store = store();
        put(store, Table.TOPICS, "a=1");
        Scan scan = store.scan(Table.TOPICS, bytes("a"), null);
        Batch batch = store.batch();
        store.close();
        store.close();
        assertFails(Reason.FAILED, () -> store.write(batch));
        assertFails(Reason.FAILED, store::sync);
        assertFails(Reason.FAILED, () -> store.get(Table.TOPICS, bytes("a")));
        assertFails(Reason.FAILED, () -> store.floor(Table.TOPICS, bytes("a"), bytes("b")));
        assertFails(Reason.FAILED, () -> store.scan(Table.TOPICS, bytes("a"), null));
        assertFails(Reason.FAILED, store::reopen);
        assertFails(Reason.FAILED, () -> store.reclaim(Table.TOPICS, bytes("a"), bytes("b")));
        assertFails(Reason.FAILED, scan::next);
        scan.close();
        scan.close();
        assertThat(store.place()).isNotEmpty();
    }

    @Test
    default void reclaimingLeavesWhatIsNotDeleted() {
        Store store = store();
        put(store, Table.MESSAGES, "a=1", "b=2", "c=3", "d=4");
        write(store, batch -> batch.deleteRange(Table.MESSAGES, bytes("b"), bytes("d")));
        put(store, Table.MESSAGES, "c=again");
        store.reclaim(Table.MESSAGES, bytes("b"), bytes("d"));
        assertThat(all(store, Table.MESSAGES, "", null)).containsExactly("a=1", "c=again", "d=4");
        Store again = closedAndOpened(store);
        assertThat(all(again, Table.MESSAGES, "", null)).containsExactly("a=1", "c=again", "d=4");
    }

    // ---- threads

    @Test
    default void readersSeeWholeBatchesWhateverTheWriterDoes() throws InterruptedException {
        Store store = store();
        put(store, Table.TOPICS, "a=0", "b=0");
        AtomicBoolean done = new AtomicBoolean();
        List<String> torn = new ArrayList<>();
        Thread reader = Thread.ofPlatform().start(() -> {
            while (!done.get()) {
                List<String> seen = all(store, Table.TOPICS, "a", null);
                if (!seen.get(0).substring(2).equals(seen.get(1).substring(2))) {
                    torn.add(seen.toString());
                }
            }
        });
        for (int i = 1; i <= 2_000; i++) {
            put(store, Table.TOPICS, "a=" + i, "b=" + i);
        }
        done.set(true);
        reader.join();
        assertThat(torn).isEmpty();
    }

    // ---- all of it, at random

    @Test
    default void behavesLikeSortedMaps() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        Map<Table, NavigableMap<byte[], byte[]>> model = new EnumMap<>(Table.class);
        for (Table table : Table.values()) {
            model.put(table, new TreeMap<>(Arrays::compareUnsigned));
        }
        Store store = store();
        for (int round = 0; round < 400; round++) {
            write(store, batch -> StoreModel.change(random, batch, model));
            switch (random.nextInt(40)) {
                case 0 -> store = closedAndOpened(store);
                case 1 -> store.reopen();
                case 2, 3 -> store.sync();
                case 4 -> {
                    byte[] from = StoreModel.key(random);
                    store.reclaim(Table.MESSAGES, from, StoreModel.key(random));
                }
                default -> StoreModel.compare(random, store, model, "seed " + seed + ", round " + round);
            }
        }
        StoreModel.compareAll(store, model, "seed " + seed);
    }
}
