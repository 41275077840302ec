package dev.fanfare.storage;

import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.rocksdb.LiveFileMetaData;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileReader;

/// One file with a part of a table, as RocksDB's manifest has it.
///
/// @param name its name, `000123.sst`
/// @param family the number of its column family
/// @param level the level it is in
/// @param table the table it is of
/// @param bytes how long it should be
/// @param from its first key
/// @param to its last key
record TableFile(String name, int family, int level, Table table, long bytes, byte[] from, byte[] to) {

    /// Tags of the manifest's entries.
    private static final int DELETED_FILE = 6;

    private static final int COLUMN_FAMILY = 200;

    /// Whether a file of a folder is a table's.
    static boolean isTable(Path file) {
        return file.getFileName().toString().endsWith(".sst");
    }

    /// All live files of all tables.
    static List<TableFile> all(Database database) {
        RocksDB rocks = database.rocks();
        return rocks.getLiveFilesMetaData().stream()
                .map(file -> of(database, file))
                .filter(Objects::nonNull)
                .toList();
    }

    /// Those in which RocksDB met damage: the one it names, or, for it does not always name one, those that can't be
    /// opened.
    ///
    /// @param text what RocksDB said
    static List<TableFile> damaged(Database database, String text) {
        String name = Failures.tableFile(text);
        return all(database).stream()
                .filter(file -> name == null
                        ? !file.canBeOpened(database.folder())
                        : file.name().equals(name))
                .toList();
    }

    /// Whether anything in it can be found. One that can't be read for another reason than damage counts as sound.
    boolean canBeOpened(Path folder) {
        try (Options options = new Options();
                SstFileReader reader = new SstFileReader(options)) {
            reader.open(folder.resolve(name).toString());
            return true;
        } catch (RocksDBException e) {
            return Failures.reason(e) != Reason.CORRUPT;
        }
    }

    private static @Nullable TableFile of(Database database, LiveFileMetaData file) {
        Table table = Families.table(file.columnFamilyName());
        return table == null
                ? null
                : new TableFile(
                        file.fileName().replace("/", ""),
                        database.families().number(table),
                        file.level(),
                        table,
                        file.size(),
                        file.smallestKey(),
                        file.largestKey());
    }

    /// Damage to it.
    Damage damage(String what) {
        return new Damage(what, name, table, from, to);
    }

    /// Takes it out of a manifest that is not in use, as if it had been compacted away.
    void leaveOut(Path manifest) throws IOException {
        ByteArrayOutputStream edit = new ByteArrayOutputStream();
        number(edit, DELETED_FILE);
        number(edit, level);
        number(edit, Long.parseLong(name.substring(0, name.indexOf('.'))));
        number(edit, COLUMN_FAMILY);
        number(edit, family);
        try (LogReader reader = new LogReader(manifest)) {
            for (LogReader.Item item = reader.next(); item != null; item = reader.next()) {
                if (item.content() == null) {
                    throw new IOException(manifest + " can't be read at byte " + item.from());
                }
            }
        }
        try (LogWriter writer = new LogWriter(manifest)) {
            writer.write(edit.toByteArray());
        }
    }

    private static void number(ByteArrayOutputStream target, long value) {
        long rest = value;
        while (rest >>> 7 != 0) {
            target.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        target.write((int) rest);
    }
}
