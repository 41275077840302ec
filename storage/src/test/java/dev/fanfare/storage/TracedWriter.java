package dev.fanfare.storage;

import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.util.Environment;

/// A process that does with a store all that makes it write files, and says before each step what it does and
/// after each sync what is safe; then it ends at once, without closing anything.
final class TracedWriter {

    static final StorageOptions OPTIONS = new StorageOptions(8 << 20, 1 << 20, 0);

    /// What begins each line that it says; others may write to its output, too.
    static final String SAYS = "writer: ";

    private final RocksStore store;
    private final Random random;
    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private long first;
    private long next;

    private TracedWriter(RocksStore store, Random random) {
        this.store = store;
        this.random = random;
        List<Long> found = numbers(store);
        first = found.isEmpty() ? 0 : found.getFirst();
        next = found.isEmpty() ? 0 : found.getLast() + 1;
    }

    /// Puts RocksDB's library where a process finds it, which would write out a copy for itself otherwise.
    ///
    /// @param folder where to
    static void library(Path folder) throws IOException {
        String name = Environment.getJniLibraryFileName("rocksdb");
        try (InputStream library = RocksDB.class.getResourceAsStream("/" + name)) {
            Files.copy(Objects.requireNonNull(library, name), folder.resolve(name));
        }
    }

    /// @param library where RocksDB's library is
    static List<String> command(Path folder, Path library, long seed, int steps) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.library.path=" + library,
                "-cp",
                System.getProperty("java.class.path"),
                TracedWriter.class.getName(),
                folder.toString(),
                Long.toString(seed),
                Integer.toString(steps));
    }

    /// Writes.
    ///
    /// @param arguments the folder, a seed, how many steps
    public static void main(String[] arguments) throws IOException, RocksDBException {
        RocksStore store = RocksStore.open(Path.of(arguments[0]), OPTIONS);
        new TracedWriter(store, new Random(Long.parseLong(arguments[1]))).run(Integer.parseInt(arguments[2]));
        Runtime.getRuntime().halt(0);
    }

    private void say(String what, long... numbers) throws IOException {
        StringBuilder line = new StringBuilder(SAYS).append(what);
        for (long number : numbers) {
            line.append(' ').append(number);
        }
        out.write(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
    }

    private void run(int steps) throws IOException {
        say("begun", first, next);
        for (int step = 0; step < steps; step++) {
            int choice = random.nextInt(20);
            if (choice < 10) {
                put(1 + random.nextInt(random.nextBoolean() ? 2 : 40));
            } else if (choice < 15) {
                store.sync();
                say("synced", next);
            } else if (choice < 17) {
                Stores.flush(store);
            } else if (choice < 18) {
                store.using("compact", open -> {
                    open.rocks().compactRange(open.of(Table.MESSAGES));
                    return open;
                });
            } else if (next > first) {
                delete(first + random.nextLong(next - first));
            }
        }
    }

    private void put(int count) throws IOException {
        say("putting", next + count);
        Store.Batch batch = store.batch();
        for (int i = 0; i < count; i++) {
            batch.put(Table.MESSAGES, Keys.of(1, next), value(next, 20 + random.nextInt(3_000)));
            next++;
        }
        store.write(batch);
    }

    private void delete(long upTo) throws IOException {
        say("deleting", upTo);
        byte[] from = Keys.of(1, 0L);
        byte[] to = Keys.of(1, upTo);
        Store.Batch batch = store.batch();
        batch.deleteRange(Table.MESSAGES, from, to);
        store.write(batch);
        first = upTo;
        store.reclaim(Table.MESSAGES, from, to);
    }

    /// One that only this number can have, of letters.
    private static byte[] value(long number, int length) {
        String each = number + ",";
        return each.repeat(length / each.length() + 1).getBytes(StandardCharsets.UTF_8);
    }

    /// The numbers of all that can be read, each with its own value.
    static List<Long> numbers(Store store) {
        List<Long> found = new ArrayList<>();
        try (Store.Scan scan = store.scan(Table.MESSAGES, Keys.of(1, 0L), Keys.of(1, Long.MAX_VALUE))) {
            while (scan.next()) {
                long number = Keys.longAt(scan.key(), Integer.BYTES);
                String value = new String(scan.value(), StandardCharsets.UTF_8);
                if (!value.replace(number + ",", "").isEmpty()) {
                    throw new AssertionError("the value of " + number + " is not what was written");
                }
                found.add(number);
            }
        }
        return found;
    }
}
