package dev.fanfare.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.store.Store.Batch;
import dev.fanfare.store.Store.Entry;
import dev.fanfare.store.Store.Scan;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Random;

/// Sorted maps as the model of a store, and random changes to both.
final class StoreModel {

    private StoreModel() {}

    static byte[] key(Random random) {
        byte[] key = new byte[random.nextInt(4)];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (random.nextInt(8) * 36);
        }
        return key;
    }

    /// Puts a few random changes into a batch, and does them to the model.
    static void change(Random random, Batch batch, Map<Table, NavigableMap<byte[], byte[]>> model) {
        for (int changes = random.nextInt(6); changes > 0; changes--) {
            Table table = Table.values()[random.nextInt(Table.values().length)];
            NavigableMap<byte[], byte[]> map = Objects.requireNonNull(model.get(table));
            byte[] key = key(random);
            switch (random.nextInt(8)) {
                case 0 -> {
                    batch.delete(table, key);
                    map.remove(key);
                }
                case 1 -> {
                    byte[] to = key(random);
                    batch.deleteRange(table, key, to);
                    if (Arrays.compareUnsigned(key, to) < 0) {
                        map.subMap(key, true, to, false).clear();
                    }
                }
                default -> {
                    byte[] value = new byte[random.nextInt(300)];
                    random.nextBytes(value);
                    batch.put(table, key, value);
                    map.put(key, value);
                }
            }
        }
    }

    /// Compares one key and one range of one table.
    static void compare(
            Random random, Store store, Map<Table, NavigableMap<byte[], byte[]>> model, String description) {
        Table table = Table.values()[random.nextInt(Table.values().length)];
        NavigableMap<byte[], byte[]> map = Objects.requireNonNull(model.get(table));
        byte[] key = key(random);
        byte[] low = key(random);
        assertThat(store.get(table, key)).as(description).isEqualTo(map.get(key));
        Map.Entry<byte[], byte[]> expected = map.floorEntry(key);
        Entry floor = store.floor(table, low, key);
        if (expected == null || Arrays.compareUnsigned(expected.getKey(), low) < 0) {
            assertThat(floor).as(description).isNull();
        } else {
            assertThat(Objects.requireNonNull(floor).key()).as(description).isEqualTo(expected.getKey());
            assertThat(floor.value()).as(description).isEqualTo(expected.getValue());
        }
        if (Arrays.compareUnsigned(low, key) < 0) {
            compare(store.scan(table, low, key), map.subMap(low, true, key, false), description);
            byte[] to = key(random);
            if (Arrays.compareUnsigned(key, to) < 0) {
                byte[] from = floor == null ? key : floor.key();
                compare(store.scanFromFloor(table, low, key, to), map.subMap(from, true, to, false), description);
            }
        }
    }

    /// Compares everything.
    static void compareAll(Store store, Map<Table, NavigableMap<byte[], byte[]>> model, String description) {
        model.forEach((table, map) -> compare(store.scan(table, new byte[0], null), map, description + ", " + table));
    }

    private static void compare(Scan scan, NavigableMap<byte[], byte[]> map, String description) {
        try (scan) {
            for (Map.Entry<byte[], byte[]> entry : map.entrySet()) {
                assertThat(scan.next()).as(description).isTrue();
                assertThat(scan.key()).as(description).isEqualTo(entry.getKey());
                assertThat(scan.value()).as(description).isEqualTo(entry.getValue());
            }
            assertThat(scan.next()).as(description).isFalse();
        }
    }
}
