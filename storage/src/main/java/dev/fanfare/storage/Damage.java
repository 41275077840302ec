package dev.fanfare.storage;

import dev.fanfare.store.Table;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// Something stored that can't be read any more.
///
/// @param what what was found, and what became of it, for people
/// @param file the file it was found in, without its folder
/// @param table the table whose keys it bears on; null: any
/// @param from the first key that may be gone; null: not known
/// @param to the last key that may be gone; null: not known
public record Damage(String what, String file, @Nullable Table table, byte @Nullable [] from, byte @Nullable [] to) {

    @Override
    public String toString() {
        String where = table == null ? "" : " of " + table;
        String keys = from == null || to == null ? "" : ", keys " + hex(from) + " to " + hex(to);
        return file + where + keys + ": " + what;
    }

    private static String hex(byte[] key) {
        return HexFormat.of().formatHex(key);
    }
}
