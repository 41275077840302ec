package dev.fanfare.storage;

import dev.fanfare.store.Store.Scan;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;

/// A scan of a [RocksStore]. It keeps a copy of what it stands at, since RocksDB stands nowhere after an error.
final class RocksScan implements Scan {

    /// A step of a scan.
    interface Step {
        boolean take() throws RocksDBException;
    }

    private final RocksStore store;
    private final Table table;
    private final byte[] from;
    private final Cursor cursor;

    private boolean begun;
    private byte @Nullable [] key;
    private byte @Nullable [] value;
    /// Whether the cursor is where `key` says.
    private boolean inPlace;

    RocksScan(RocksStore store, Table table, byte[] from, Cursor cursor) {
        this.store = store;
        this.table = table;
        this.from = from;
        this.cursor = cursor;
    }

    @Override
    public boolean next() {
        return store.scanning(table, cursor, () -> {
            if (!begun) {
                return stand(from, false);
            }
            if (key == null) {
                return false;
            }
            if (!inPlace) {
                return stand(key, true);
            }
            inPlace = false;
            cursor.iterator.next();
            return take();
        });
    }

    @Override
    public boolean seek(byte[] target) {
        return store.scanning(
                table, cursor, () -> stand(Arrays.compareUnsigned(target, from) < 0 ? from : target, false));
    }

    /// Goes to the first at a key, or after it.
    private boolean stand(byte[] target, boolean after) throws RocksDBException {
        inPlace = false;
        cursor.iterator.seek(target);
        if (after && cursor.iterator.isValid() && Arrays.equals(cursor.iterator.key(), target)) {
            cursor.iterator.next();
        }
        try {
            return take();
        } catch (RocksDBException e) {
            byte[] exact = after ? null : cursor.exactly(target);
            if (exact == null) {
                throw e;
            }
            key = target.clone();
            value = exact;
            begun = true;
            return true;
        }
    }

    private boolean take() throws RocksDBException {
        boolean valid = cursor.iterator.isValid();
        if (!valid) {
            cursor.iterator.status();
        }
        key = valid ? cursor.iterator.key() : null;
        value = valid ? cursor.iterator.value() : null;
        begun = true;
        inPlace = valid;
        return valid;
    }

    @Override
    public byte[] key() {
        return here(key);
    }

    @Override
    public byte[] value() {
        return here(value);
    }

    private static byte[] here(byte @Nullable [] what) {
        if (what == null) {
            throw new IllegalStateException("the scan stands nowhere");
        }
        return what;
    }

    @Override
    public void close() {
        store.end(cursor);
    }

    /// An iterator of RocksDB with what it refers to. Under the store's lock.
    static final class Cursor implements AutoCloseable {

        private final Database database;
        private final Table table;
        private final Slice lower;
        private final @Nullable Slice upper;
        private final byte @Nullable [] end;
        private final Snapshot snapshot;
        private final ReadOptions options;
        final RocksIterator iterator;
        private boolean ended;

        /// @param from inclusive
        /// @param to exclusive; null: to the end
        Cursor(Database database, Table table, byte[] from, byte @Nullable [] to) {
            this.database = database;
            this.table = table;
            lower = new Slice(from);
            upper = to == null ? null : new Slice(to);
            end = to;
            snapshot = database.rocks().getSnapshot();
            options = new ReadOptions().setIterateLowerBound(lower).setSnapshot(snapshot);
            if (upper != null) {
                options.setIterateUpperBound(upper);
            }
            iterator = database.rocks().newIterator(database.of(table), options);
        }

        /// The last key at or before one; that itself when there is none.
        byte[] floor(byte[] key) throws RocksDBException {
            iterator.seekForPrev(key);
            if (iterator.isValid()) {
                return iterator.key();
            }
            try {
                iterator.status();
            } catch (RocksDBException e) {
                if (exactly(key) == null) {
                    throw e;
                }
            }
            return key;
        }

        /// The value of a key, although what else is around it can't be read; null when that can't be either, or there
        /// is none. Several files may have keys of the same range: those of one that is not damaged are found.
        private byte @Nullable [] exactly(byte[] key) {
            if (end != null && Arrays.compareUnsigned(key, end) >= 0) {
                return null;
            }
            try {
                return database.rocks().get(database.of(table), options, key);
            } catch (RocksDBException e) {
                return null;
            }
        }

        /// @throws StoreException when it was ended by closing the store
        void usable(String place) {
            if (ended) {
                throw new StoreException(Reason.FAILED, place + " was closed or opened again during a scan");
            }
        }

        @Override
        public void close() {
            if (!ended) {
                ended = true;
                iterator.close();
                options.close();
                database.rocks().releaseSnapshot(snapshot);
                lower.close();
                if (upper != null) {
                    upper.close();
                }
            }
        }
    }
}
