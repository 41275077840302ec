package dev.fanfare.storage;

import dev.fanfare.store.Table;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractNativeReference;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

/// Which column family is which table: the one of its name. The one that every database of RocksDB has is not used.
///
/// The numbers are those that RocksDB gave them when they were made; they stay what they are as long as what is stored.
///
/// @param numbers by the table's place; −1 of one that is not there
record Families(int[] numbers) {

    /// Those of tables.
    static Families of(Map<Table, ColumnFamilyHandle> handles) {
        int[] numbers = new int[Table.values().length];
        Arrays.fill(numbers, -1);
        handles.forEach((table, handle) -> numbers[table.ordinal()] = handle.getID());
        return new Families(numbers);
    }

    /// The number of a table's column family.
    int number(Table table) {
        return numbers[table.ordinal()];
    }

    /// The [Folder#FORMAT] with which a table came: a store of an older one may lack it.
    static int since(Table table) {
        return table == Table.KEYS ? 2 : 1;
    }

    /// The name of a table's column family.
    static String name(Table table) {
        return table.name().toLowerCase(Locale.ROOT);
    }

    /// The table of a column family's name; null when it is none.
    static @Nullable Table table(byte[] name) {
        String text = new String(name, StandardCharsets.UTF_8);
        return Arrays.stream(Table.values())
                .filter(table -> name(table).equals(text))
                .findFirst()
                .orElse(null);
    }

    /// What to open: the unused one, then tables in their order.
    ///
    /// @param tables those that are opened
    /// @param degraded tables that are not compacted
    /// @param target what has to be released once the database is closed
    static List<ColumnFamilyDescriptor> descriptors(
            Tuning tuning, Set<Table> tables, Set<Table> degraded, List<AbstractNativeReference> target) {
        List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
        descriptors.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, tuning.unused(target)));
        for (Table table : tables) {
            byte[] name = name(table).getBytes(StandardCharsets.UTF_8);
            descriptors.add(new ColumnFamilyDescriptor(name, tuning.of(table, degraded.contains(table), target)));
        }
        return descriptors;
    }

    /// The names among these that stand for no table of this version.
    static Set<String> unknown(List<byte[]> names) {
        return names.stream()
                .filter(name -> table(name) == null && !Arrays.equals(name, RocksDB.DEFAULT_COLUMN_FAMILY))
                .map(name -> new String(name, StandardCharsets.UTF_8))
                .collect(Collectors.toSet());
    }

    /// The tables that are not among these names.
    static Set<Table> missing(List<byte[]> names) {
        return EnumSet.complementOf(among(names));
    }

    /// The tables among these names, in their order.
    static EnumSet<Table> among(List<byte[]> names) {
        EnumSet<Table> tables = EnumSet.noneOf(Table.class);
        for (byte[] name : names) {
            Table table = table(name);
            if (table != null) {
                tables.add(table);
            }
        }
        return tables;
    }
}
