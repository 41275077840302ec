package dev.fanfare.topic;

import dev.fanfare.store.Store;
import dev.fanfare.store.Table;

/// What is said again to a store that came back with less than it had, in as many batches as it takes. A
/// batch grows with what one topic or one backlog has, and not with how many there are. Each part of it is stored as a
/// whole; one that is said and the
/// next one that is not are as true together as what the store said before. On the committing thread.
public final class Restatement implements Store.Batch {

    /// A batch that holds more is written before the next part.
    private static final long MOST_BYTES = 4 << 20;

    private final Store store;
    private Store.Batch batch;
    private long bytes;

    Restatement(Store store) {
        this.store = store;
        this.batch = store.batch();
    }

    /// A part ends, and another may begin.
    public void next() {
        if (bytes > MOST_BYTES) {
            end();
            batch = store.batch();
            bytes = 0;
        }
    }

    @Override
    public void put(Table table, byte[] key, byte[] value) {
        bytes += key.length + value.length;
        batch.put(table, key, value);
    }

    @Override
    public void delete(Table table, byte[] key) {
        bytes += key.length;
        batch.delete(table, key);
    }

    @Override
    public void deleteRange(Table table, byte[] from, byte[] to) {
        bytes += from.length + to.length;
        batch.deleteRange(table, from, to);
    }

    /// All of it is said.
    void end() {
        store.write(batch);
    }
}
