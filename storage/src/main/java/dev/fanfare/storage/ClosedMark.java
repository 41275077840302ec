package dev.fanfare.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// What is written down about a store when it is left as a whole, for whoever opens it next to hold against
/// what is there: a file that has lost its end looks whole by itself.
///
/// The list of its tables, RocksDB's manifest, is kept beside it a second time. Nothing else says which files
/// are tables and which are leftovers, and RocksDB deletes leftovers when it is opened.
///
/// @param sequence up to which operation everything was written
/// @param manifest the name of the manifest
/// @param sum the check sum of the manifest
record ClosedMark(long sequence, String manifest, long sum) {

    private static final String FILE = "CLOSED";
    private static final String COPY = "CLOSED.manifest";

    /// Writes it, as the last thing: nothing in the folder changes any more.
    ///
    /// @param folder the store's
    static void write(Path folder, Path database, long sequence) throws IOException {
        Path manifest = Manifest.current(database);
        if (manifest == null) {
            throw new IOException(database.resolve(Manifest.CURRENT) + " is missing or damaged");
        }
        Path copy = folder.resolve(COPY);
        Files.copy(manifest, copy, StandardCopyOption.REPLACE_EXISTING);
        Folder.force(copy);
        String text = sequence + "\n" + manifest.getFileName() + "\n" + sumOf(copy) + "\n";
        Path file = folder.resolve(FILE);
        Files.writeString(file, text + sumOf(text) + "\n");
        Folder.force(file);
        Folder.force(folder);
    }

    /// Reads it; null when there is none, or none that was written to its end.
    static @Nullable ClosedMark read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return null;
        }
        String all = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        List<String> lines = all.lines().toList();
        if (lines.size() != 4) {
            return null;
        }
        String text = String.join("\n", lines.subList(0, 3)) + "\n";
        return all.equals(text + sumOf(text) + "\n")
                ? new ClosedMark(Long.parseLong(lines.get(0)), lines.get(1), Long.parseLong(lines.get(2)))
                : null;
    }

    /// Removes it: the store is in use from now on.
    static void remove(Path folder) throws IOException {
        Files.deleteIfExists(folder.resolve(FILE));
        Files.deleteIfExists(folder.resolve(COPY));
        Folder.force(folder);
    }

    /// What is wrong with the manifest in a folder; null when nothing is, or somebody has used the database
    /// since, so that another one counts.
    @Nullable
    String wrong(Path database) throws IOException {
        Path noted = database.resolve(manifest);
        Path current = Manifest.current(database);
        if (current != null && !current.equals(noted) && Files.exists(current)) {
            return null;
        }
        if (!Files.exists(noted)) {
            return "is missing";
        }
        if (sumOf(noted) != sum) {
            return "is not what it was when the store was closed";
        }
        return noted.equals(current) ? null : Manifest.CURRENT + " does not name it";
    }

    /// Puts the copy of the manifest where RocksDB looks for it.
    ///
    /// @return false when the copy is not what it should be either
    boolean restore(Path folder, Path database) throws IOException {
        Path copy = folder.resolve(COPY);
        if (!Files.exists(copy) || sumOf(copy) != sum) {
            return false;
        }
        Path fresh = database.resolve(COPY);
        Files.copy(copy, fresh, StandardCopyOption.REPLACE_EXISTING);
        Folder.force(fresh);
        Files.move(fresh, database.resolve(manifest), StandardCopyOption.ATOMIC_MOVE);
        Path current = database.resolve(Manifest.CURRENT);
        Files.writeString(current, manifest + "\n");
        Folder.force(current);
        Folder.force(database);
        return true;
    }

    private static long sumOf(String text) {
        CRC32C sum = new CRC32C();
        sum.update(text.getBytes(StandardCharsets.ISO_8859_1));
        return sum.getValue();
    }

    private static long sumOf(Path file) throws IOException {
        CRC32C sum = new CRC32C();
        ByteBuffer bytes = ByteBuffer.allocate(64 << 10);
        try (FileChannel channel = FileChannel.open(file)) {
            while (channel.read(bytes.clear()) >= 0) {
                sum.update(bytes.flip());
            }
        }
        return sum.getValue();
    }
}
