package dev.fanfare.storage;

import dev.fanfare.store.Table;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.rocksdb.RocksDBException;

/// Figures of a [RocksStore], in bytes where nothing else is said.
///
/// @param tables for each table what it takes on the device
/// @param log the write-ahead log
/// @param pending what compaction has yet to read and write
/// @param memory native memory in use
/// @param free what the device still takes
/// @param room what may still be written: `free` without the reserve
public record StoreFigures(Map<Table, TableFigures> tables, long log, long pending, long memory, long free, long room) {

    /// Figures of a table.
    ///
    /// @param bytes what it takes on the device
    /// @param files its files
    /// @param keys its keys, estimated
    public record TableFigures(long bytes, long files, long keys) {}

    static StoreFigures of(Database open, long memory, long free, long room) throws RocksDBException {
        Map<Table, TableFigures> tables = new EnumMap<>(Table.class);
        for (Table table : Table.values()) {
            tables.put(table, new TableFigures(0, 0, number(open, table, "rocksdb.estimate-num-keys")));
        }
        for (TableFile file : TableFile.all(open)) {
            tables.computeIfPresent(
                    file.table(),
                    (table, old) -> new TableFigures(old.bytes() + file.bytes(), old.files() + 1, old.keys()));
        }
        long pending = open.rocks().getAggregatedLongProperty("rocksdb.estimate-pending-compaction-bytes");
        return new StoreFigures(Collections.unmodifiableMap(tables), log(open), pending, memory, free, room);
    }

    private static long number(Database open, Table table, String property) throws RocksDBException {
        return open.rocks().getLongProperty(open.of(table), property);
    }

    /// What is stored, in all.
    static long size(Database open) throws RocksDBException {
        return open.rocks().getAggregatedLongProperty("rocksdb.live-sst-files-size") + log(open);
    }

    private static long log(Database open) throws RocksDBException {
        return open.rocks().getSortedWalFiles().stream()
                .mapToLong(file -> file.sizeFileBytes())
                .sum();
    }
}
