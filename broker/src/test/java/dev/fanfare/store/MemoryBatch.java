package dev.fanfare.store;

import java.util.ArrayList;
import java.util.List;

/// A batch of a [MemoryStore]: what it changes when it is written, under the store's lock.
final class MemoryBatch implements Store.Batch {

    private final MemoryStore store;
    private final List<Runnable> changes = new ArrayList<>();
    private boolean taken;
    private long bytes;

    MemoryBatch(MemoryStore store) {
        this.store = store;
    }

    @Override
    public void put(Table table, byte[] key, byte[] value) {
        bytes += key.length + value.length;
        changes.add(() -> store.change(table, key, value));
    }

    @Override
    public void delete(Table table, byte[] key) {
        changes.add(() -> store.change(table, key, null));
    }

    @Override
    public void deleteRange(Table table, byte[] from, byte[] to) {
        changes.add(() ->
                List.copyOf(store.between(table, from, to).keySet()).forEach(key -> store.change(table, key, null)));
    }

    boolean isOf(MemoryStore other) {
        return store == other;
    }

    /// How much it puts.
    long bytes() {
        return bytes;
    }

    List<Runnable> take() {
        if (taken) {
            throw new IllegalStateException("a batch is written once");
        }
        taken = true;
        return changes;
    }
}
