package dev.fanfare.delivery;

import dev.fanfare.store.Store;
import dev.fanfare.store.Table;

/// Takes changes that are not written: what they say is written later, all at once.
final class Discarding implements Store.Batch {

    static final Store.Batch BATCH = new Discarding();

    private Discarding() {}

    @Override
    public void put(Table table, byte[] key, byte[] value) {}

    @Override
    public void delete(Table table, byte[] key) {}

    @Override
    public void deleteRange(Table table, byte[] from, byte[] to) {}
}
