package dev.fanfare.storage;

import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractNativeReference;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/// An open database of RocksDB. Nothing may be called on it, on its scans or its handles once it is closed: that would
/// be the end of the process.
final class Database implements AutoCloseable {

    /// Opens it, one way or the other.
    private interface How {
        RocksDB open(List<ColumnFamilyDescriptor> families, List<ColumnFamilyHandle> handles) throws RocksDBException;
    }

    private final RocksDB rocks;
    private final List<ColumnFamilyHandle> handles = new ArrayList<>();
    private final Map<Table, ColumnFamilyHandle> byTable = new EnumMap<>(Table.class);
    private final List<AbstractNativeReference> owned;
    private final Families families;
    private final WriteOptions written = new WriteOptions();
    private final WriteOptions synced = new WriteOptions().setSync(true);

    /// @param tables those that are opened
    private Database(
            Tuning tuning, Set<Table> tables, Set<Table> degraded, List<AbstractNativeReference> owned, How how)
            throws RocksDBException {
        this.owned = owned;
        owned.add(written);
        owned.add(synced);
        try {
            rocks = how.open(Families.descriptors(tuning, tables, degraded, owned), handles);
        } catch (RocksDBException e) {
            owned.forEach(AbstractNativeReference::close);
            throw e;
        }
        int next = 1;
        for (Table table : tables) {
            byTable.put(table, handles.get(next++));
        }
        families = Families.of(byTable);
    }

    /// Opens it, strictly; a table that is missing is made.
    ///
    /// @param create whether it may be made
    /// @param degraded tables that are not compacted
    static Database open(Path folder, Tuning tuning, boolean create, Set<Table> degraded) throws RocksDBException {
        List<AbstractNativeReference> owned = new ArrayList<>();
        DBOptions options = tuning.database(create, owned);
        return new Database(
                tuning,
                EnumSet.allOf(Table.class),
                degraded,
                owned,
                (families, handles) -> RocksDB.open(options, folder.toString(), families, handles));
    }

    /// Opens it to look at, even if some of its files can't be opened, or tables are missing; nothing in the folder
    /// changes.
    static Database openLeniently(Path folder, Tuning tuning) throws RocksDBException {
        Set<Table> tables = Families.among(names(folder));
        List<AbstractNativeReference> owned = new ArrayList<>();
        DBOptions options = tuning.database(false, owned).setParanoidChecks(false);
        return new Database(
                tuning,
                tables,
                EnumSet.noneOf(Table.class),
                owned,
                (families, handles) -> RocksDB.openReadOnly(options, folder.toString(), families, handles));
    }

    /// The names of the column families that are listed in a folder.
    static List<byte[]> names(Path folder) throws RocksDBException {
        try (Options options = new Options()) {
            return RocksDB.listColumnFamilies(options, folder.toString());
        }
    }

    RocksDB rocks() {
        return rocks;
    }

    /// Where its files are.
    Path folder() {
        return Path.of(rocks.getName());
    }

    Families families() {
        return families;
    }

    /// The column family of a table.
    ColumnFamilyHandle of(Table table) {
        ColumnFamilyHandle handle = byTable.get(table);
        if (handle == null) {
            throw new IllegalStateException("the table " + table + " is not there");
        }
        return handle;
    }

    /// The last one at or before a key, none below another; null when there is none.
    Store.@Nullable Entry floor(Table table, byte[] lowest, byte[] key) throws RocksDBException {
        try (Slice bound = new Slice(lowest);
                ReadOptions options = new ReadOptions().setIterateLowerBound(bound);
                RocksIterator iterator = rocks.newIterator(of(table), options)) {
            iterator.seekForPrev(key);
            if (iterator.isValid()) {
                return new Store.Entry(iterator.key(), iterator.value());
            }
            iterator.status();
            return null;
        }
    }

    /// Whether there is nothing in a range; false when that can't be read.
    boolean isEmpty(Table table, byte[] from, byte[] to) throws RocksDBException {
        try (RocksScan.Cursor cursor = new RocksScan.Cursor(this, table, from, to)) {
            cursor.iterator.seek(from);
            if (cursor.iterator.isValid()) {
                return false;
            }
            cursor.iterator.status();
            return true;
        } catch (RocksDBException e) {
            if (Failures.reason(e) == Reason.CORRUPT) {
                return false;
            }
            throw e;
        }
    }

    /// How many bytes are in memory and in the log, and have to be written once more.
    long unflushed() throws RocksDBException {
        return rocks.getAggregatedLongProperty("rocksdb.cur-size-all-mem-tables");
    }

    /// Carries out a batch.
    ///
    /// @param sync whether it survives the power
    void write(byte[] batch, boolean sync) throws RocksDBException {
        try (WriteBatch all = new WriteBatch(batch)) {
            rocks.write(sync ? synced : written, all);
        }
    }

    @Override
    public void close() {
        handles.forEach(ColumnFamilyHandle::close);
        rocks.close();
        owned.reversed().forEach(AbstractNativeReference::close);
    }
}
