package dev.fanfare.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.store.Store.Batch;
import dev.fanfare.store.Store.Scan;
import dev.fanfare.store.StoreException.Reason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The store of tests keeps the contract, and fails as told.
class MemoryStoreTest implements StoreContract {

    private final MemoryStore store = new MemoryStore();

    @Override
    public Store store() {
        return store;
    }

    @Override
    public Store closedAndOpened(Store open) {
        open.close();
        return ((MemoryStore) open).afterKill();
    }

    private static void put(Store store, int key, int value) {
        Batch batch = store.batch();
        batch.put(Table.TOPICS, Keys.of(key), Keys.of(value));
        store.write(batch);
    }

    private static List<Integer> keys(Store store) {
        List<Integer> keys = new ArrayList<>();
        try (Scan scan = store.scan(Table.TOPICS, Keys.of(0), null)) {
            while (scan.next()) {
                keys.add(Keys.intAt(scan.key(), 0));
            }
        }
        return keys;
    }

    private static Reason reason(Runnable call) {
        try {
            call.run();
        } catch (StoreException e) {
            return e.reason();
        }
        throw new AssertionError("should have failed");
    }

    @Test
    void aPowerLossTakesWhatWasNotSyncedAndAKillDoesNot() {
        put(store, 1, 1);
        store.sync();
        put(store, 1, 2);
        put(store, 2, 2);
        MemoryStore killed = store.afterKill();
        assertThat(keys(killed)).containsExactly(1, 2);
        killed.sync();
        put(killed, 3, 3);
        Batch batch = killed.batch();
        batch.deleteRange(Table.TOPICS, Keys.of(0), Keys.of(9));
        killed.write(batch);
        assertThat(keys(killed)).isEmpty();
        MemoryStore lost = killed.afterPowerLoss();
        assertThat(keys(lost)).containsExactly(1, 2);
        assertThat(lost.get(Table.TOPICS, Keys.of(1))).isEqualTo(Keys.of(2));
        assertThat(reason(() -> put(killed, 4, 4))).isEqualTo(Reason.FAILED);
    }

    @Test
    void aFailedWriteWasCarriedOutOrNotAndStopsAllFurtherOnes() {
        store.failNextWrite(Reason.FULL, false);
        assertThat(reason(() -> put(store, 1, 1))).isEqualTo(Reason.FULL);
        assertThat(reason(() -> put(store, 2, 2))).isEqualTo(Reason.FAILED);
        assertThat(reason(store::sync)).isEqualTo(Reason.FAILED);
        store.reopen();
        assertThat(keys(store)).isEmpty();
        store.failNextWrite(Reason.FAILED, true);
        assertThat(reason(() -> put(store, 1, 1))).isEqualTo(Reason.FAILED);
        store.refuseReopen(Reason.FULL);
        assertThat(reason(store::reopen)).isEqualTo(Reason.FULL);
        store.refuseReopen(null);
        store.reopen();
        assertThat(keys(store)).containsExactly(1);
    }

    @Test
    void aFailedSyncLeavesWhatWasWrittenInDoubt() {
        put(store, 1, 1);
        store.failNextSync(Reason.FAILED);
        assertThat(reason(store::sync)).isEqualTo(Reason.FAILED);
        store.loseUnsynced();
        store.reopen();
        assertThat(keys(store)).isEmpty();
        put(store, 2, 2);
        store.sync();
        assertThat(keys(store.afterPowerLoss())).containsExactly(2);
    }

    @Test
    void aCorruptKeyIsPassedByWithSeek() {
        for (int key = 1; key <= 4; key++) {
            put(store, key, key);
        }
        store.corrupt(Table.TOPICS, Keys.of(2));
        assertThat(reason(() -> store.get(Table.TOPICS, Keys.of(2)))).isEqualTo(Reason.CORRUPT);
        assertThat(reason(() -> store.floor(Table.TOPICS, Keys.of(0), Keys.of(2))))
                .isEqualTo(Reason.CORRUPT);
        assertThat(store.get(Table.TOPICS, Keys.of(1))).isEqualTo(Keys.of(1));
        try (Scan scan = store.scan(Table.TOPICS, Keys.of(0), null)) {
            assertThat(scan.next()).isTrue();
            assertThat(reason(scan::next)).isEqualTo(Reason.CORRUPT);
            assertThat(reason(scan::next)).isEqualTo(Reason.CORRUPT);
            assertThat(scan.key()).isEqualTo(Keys.of(1));
            assertThat(scan.seek(Keys.of(3))).isTrue();
            assertThat(scan.key()).isEqualTo(Keys.of(3));
            assertThat(scan.next()).isTrue();
        }
        assertThat(reason(() -> keys(store.afterKill()))).isEqualTo(Reason.CORRUPT);
    }

    @Test
    void writingACorruptKeyAgainHealsIt() {
        put(store, 1, 1);
        store.corrupt(Table.TOPICS, Keys.of(1));
        put(store, 1, 2);
        assertThat(store.get(Table.TOPICS, Keys.of(1))).isEqualTo(Keys.of(2));
    }

    @Test
    void hooksRunAroundWritesAndSyncs() {
        List<String> heard = new ArrayList<>();
        store.beforeWrite(() -> heard.add("before write " + keys(store)));
        store.afterWrite(() -> heard.add("after write " + keys(store)));
        store.beforeSync(() -> heard.add("before sync"));
        store.afterSync(() -> heard.add("after sync"));
        put(store, 1, 1);
        store.sync();
        assertThat(heard).containsExactly("before write []", "after write [1]", "before sync", "after sync");
        assertThat(store.writes()).isEqualTo(1);
        assertThat(store.syncs()).isEqualTo(1);
    }

    @Test
    void roomIsWhatIsLeftOfTheCapacity() {
        store.capacity(20);
        put(store, 1, 1);
        assertThat(store.room()).isEqualTo(12);
        put(store, 2, 2);
        put(store, 3, 3);
        assertThat(store.room()).isZero();
        Batch batch = store.batch();
        batch.delete(Table.TOPICS, Keys.of(1));
        store.write(batch);
        assertThat(store.room()).isEqualTo(4);
    }

    @Test
    void openScansAreCounted() {
        Scan scan = store.scan(Table.TOPICS, Keys.of(0), null);
        assertThat(store.openScans()).isEqualTo(1);
        scan.close();
        assertThat(store.openScans()).isZero();
        assertThatThrownBy(() -> store.write(new MemoryStore().batch())).isInstanceOf(IllegalArgumentException.class);
    }
}
