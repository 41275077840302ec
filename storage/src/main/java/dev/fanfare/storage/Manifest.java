package dev.fanfare.storage;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// RocksDB's list of tables: which file it is, and what it says of the operations that are in them.
final class Manifest {

    private static final int COMPARATOR = 1;
    private static final int LOG_NUMBER = 2;
    private static final int NEXT_FILE = 3;
    private static final int LAST_SEQUENCE = 4;
    private static final int PREVIOUS_LOG = 9;
    private static final int LOG_TO_KEEP = 10;
    private static final int MOST_FAMILIES = 203;

    /// Tags from here on are followed by their length, so that whoever does not know them can go past them.
    private static final int SKIPPABLE = 1 << 13;

    /// Says which one is in use.
    static final String CURRENT = "CURRENT";

    private static final Pattern NAME = Pattern.compile("MANIFEST-\\d{1,19}\n");

    private Manifest() {}

    /// The one in use, which may be missing; null when that can't be told.
    static @Nullable Path current(Path database) throws IOException {
        Path current = database.resolve(CURRENT);
        if (!Files.exists(current)) {
            return null;
        }
        String name = new String(Files.readAllBytes(current), StandardCharsets.ISO_8859_1);
        return NAME.matcher(name).matches() ? database.resolve(name.strip()) : null;
    }

    /// The last operation that is in a table, as far as the manifest can be read; 0 when it speaks of none.
    static long lastOperation(Path manifest) throws IOException {
        long last = 0;
        try (LogReader reader = new LogReader(manifest)) {
            for (LogReader.Item item = reader.next(); item != null; item = reader.next()) {
                byte[] content = item.content();
                if (content != null) {
                    last = Math.max(last, lastOperation(ByteBuffer.wrap(content)));
                }
            }
        }
        return last;
    }

    /// The one an entry speaks of. It comes before the files, whose form is RocksDB's own affair.
    private static long lastOperation(ByteBuffer entry) {
        try {
            while (entry.hasRemaining()) {
                int tag = (int) number(entry);
                switch (tag) {
                    case LAST_SEQUENCE -> {
                        return number(entry);
                    }
                    case LOG_NUMBER, NEXT_FILE, PREVIOUS_LOG, LOG_TO_KEEP, MOST_FAMILIES -> number(entry);
                    case COMPARATOR -> skip(entry);
                    default -> {
                        if ((tag & SKIPPABLE) == 0) {
                            return 0;
                        }
                        skip(entry);
                    }
                }
            }
            return 0;
        } catch (BufferUnderflowException e) {
            return 0; // RocksDB says itself what it thinks of it.
        }
    }

    private static void skip(ByteBuffer entry) {
        long bytes = number(entry);
        if (bytes < 0 || bytes > entry.remaining()) {
            throw new BufferUnderflowException();
        }
        entry.position(entry.position() + (int) bytes);
    }

    private static long number(ByteBuffer entry) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte digit = entry.get();
            value |= (long) (digit & 0x7f) << shift;
            if (digit >= 0 || shift > 56) {
                return value;
            }
        }
    }
}
