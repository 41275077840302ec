package dev.fanfare.store;

import dev.fanfare.store.StoreException.Reason;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A scan of a [MemoryStore]; everything under the store's lock.
final class MemoryScan implements Store.Scan {

    private final MemoryStore store;
    private final Table table;
    private final byte[] from;

    private NavigableMap<byte[], byte[]> source;
    private boolean kept;
    private boolean ended;
    private boolean begun;
    private Map.@Nullable Entry<byte[], byte[]> at;

    MemoryScan(MemoryStore store, Table table, byte[] from, NavigableMap<byte[], byte[]> source) {
        this.store = store;
        this.table = table;
        this.from = from;
        this.source = source;
    }

    @Override
    public boolean next() {
        store.lock.lock();
        try {
            usable();
            return stand(begun ? at == null ? null : source.higherEntry(at.getKey()) : source.firstEntry());
        } finally {
            store.lock.unlock();
        }
    }

    @Override
    public boolean seek(byte[] key) {
        store.lock.lock();
        try {
            usable();
            return stand(
                    Arrays.compareUnsigned(key, from) < 0
                            ? source.firstEntry()
                            : source.tailMap(from, true).ceilingEntry(key));
        } finally {
            store.lock.unlock();
        }
    }

    private boolean stand(Map.@Nullable Entry<byte[], byte[]> where) {
        if (where != null) {
            store.readable(table, where.getKey());
        }
        begun = true;
        at = where;
        return where != null;
    }

    @Override
    public byte[] key() {
        return here().getKey().clone();
    }

    @Override
    public byte[] value() {
        return here().getValue().clone();
    }

    private Map.Entry<byte[], byte[]> here() {
        if (at == null) {
            throw new IllegalStateException("the scan stands nowhere");
        }
        return at;
    }

    @Override
    public void close() {
        store.lock.lock();
        try {
            store.forget(this);
        } finally {
            store.lock.unlock();
        }
    }

    /// Copies what it has not read yet: it is about to change.
    void keep() {
        if (!kept) {
            source = new TreeMap<>(source);
            kept = true;
        }
    }

    /// The store is closed or opened again.
    void end() {
        ended = true;
    }

    private void usable() {
        store.usable();
        if (ended) {
            throw new StoreException(Reason.FAILED, store.place() + " was opened again during a scan");
        }
    }
}
