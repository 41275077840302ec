package dev.fanfare.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reads the write-ahead log as a whole, before RocksDB does, and tells an end that was torn off from damage in the
/// middle.
///
/// Operations are numbered without gaps, so that a missing one shows. Batches say up to which operation everything was
/// safe ([RocksBatch#mark]), so that what may be missing after a loss of power is told from what may not.
final class WalCheck {

    /// A place in the log where something can't be read or is missing.
    ///
    /// @param file the file
    /// @param from where the place begins; the readable part before it ends here
    /// @param what what was found
    record Hole(Path file, long from, String what) {}

    private static final String SUFFIX = ".log";

    private final Path folder;
    private final List<Path> files;
    private final List<Hole> holes = new ArrayList<>();
    private long first;
    private long next = -1;
    private long firstLost = -1;
    private long safe = -1;
    private long after;

    private WalCheck(Path folder, List<Path> files) {
        this.folder = folder;
        this.files = files;
    }

    /// Reads the logs in a folder; an empty check when it has none.
    static WalCheck of(Path folder) throws IOException {
        WalCheck check = new WalCheck(folder, files(folder));
        for (Path file : check.files) {
            check.read(file);
        }
        return check;
    }

    private static List<Path> files(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().endsWith(SUFFIX))
                    .sorted(Comparator.comparingLong(WalCheck::number))
                    .toList();
        }
    }

    private static long number(Path file) {
        String name = file.getFileName().toString();
        return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
    }

    private void read(Path file) throws IOException {
        try (LogReader reader = new LogReader(file)) {
            for (LogReader.Item item = reader.next(); item != null; item = reader.next()) {
                ByteBuffer batch = batch(item);
                if (batch == null) {
                    hole(file, item.from(), (item.end() - item.from()) + " bytes can't be read");
                } else {
                    take(file, item, batch);
                }
            }
        }
    }

    private void take(Path file, LogReader.Item item, ByteBuffer batch) {
        long sequence = batch.getLong(0);
        if (next >= 0 && sequence < next) {
            hole(file, item.from(), "operation " + sequence + " comes after operation " + (next - 1));
            return;
        }
        if (next >= 0 && sequence > next && (holes.isEmpty() || !endsIn(file))) {
            hole(file, item.from(), (sequence - next) + " operations are missing");
        }
        first = next < 0 ? sequence : first;
        next = sequence + batch.getInt(Long.BYTES);
        safe = Math.max(safe, RocksBatch.mark(batch));
        after += holes.isEmpty() ? 0 : 1;
    }

    /// Whether the last hole is in this file, so that what is missing was in it.
    private boolean endsIn(Path file) {
        return holes.getLast().file().equals(file);
    }

    private void hole(Path file, long from, String what) {
        if (holes.isEmpty()) {
            firstLost = Math.max(next, 0);
        }
        holes.add(new Hole(file, from, what));
    }

    /// The batch of a record; null when it is none.
    private static @Nullable ByteBuffer batch(LogReader.Item item) {
        byte[] content = item.content();
        return content == null || content.length < RocksBatch.HEADER
                ? null
                : ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// Where something is wrong, in order.
    List<Hole> holes() {
        return List.copyOf(holes);
    }

    /// The files of the log, in order.
    List<Path> files() {
        return files;
    }

    /// How many batches can be read after the first hole.
    long after() {
        return after;
    }

    /// The first operation it holds; 0 when there is none.
    long first() {
        return first;
    }

    /// The last operation that is kept; -1 when there is none.
    long last() {
        return next - 1;
    }

    /// Whether something is lost that was safe.
    ///
    /// @param closed up to which operation everything was written when the store was closed; -1: it was not
    boolean lostWhatWasSafe(long closed) {
        return !holes.isEmpty() && Math.max(safe, closed) >= firstLost;
    }

    /// Ends the log before the first hole: what comes after it is as if it had never been written.
    void cut() throws IOException {
        Hole first = holes.getFirst();
        for (Path file : files) {
            if (number(file) > number(first.file())) {
                Files.delete(file);
            } else if (file.equals(first.file())) {
                rewrite(file, first.from());
            }
        }
        Folder.force(folder);
        next = firstLost;
    }

    /// Keeps every batch that can be read, before and after the holes.
    void bridge() throws IOException {
        for (Path file : files) {
            if (holes.stream().anyMatch(hole -> hole.file().equals(file))) {
                rewrite(file, Long.MAX_VALUE);
            }
        }
    }

    /// Writes a file anew with the batches in it that can be read and come in order.
    private void rewrite(Path file, long end) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".fresh");
        Files.deleteIfExists(fresh);
        long next = 0;
        try (LogReader reader = new LogReader(file);
                LogWriter writer = new LogWriter(fresh)) {
            for (LogReader.Item item = reader.next(); item != null && item.from() < end; item = reader.next()) {
                ByteBuffer batch = batch(item);
                byte[] content = item.content();
                if (batch != null && content != null && batch.getLong(0) >= next) {
                    next = batch.getLong(0) + batch.getInt(Long.BYTES);
                    writer.write(content);
                }
            }
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        Folder.force(folder);
    }
}
