package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.store.Keys;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Stores with messages in them, for tests to damage.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class DamagedStores {

    static final int MESSAGES = 1_000;
    static final int LENGTH = 500;

    /// How many are in a store that was closed.
    static final int CLOSED = 5 * MESSAGES;

    /// Something random that is done with one store.
    interface Round {
        void with(Random random) throws Exception;
    }

    /// For all tests of a class.
    @TempDir
    static Path shared;

    @TempDir
    private Path temporary;

    /// Where the test or the round has its store.
    private Path place;

    /// A closed store with several files, compacted and not.
    private @Nullable Path closed;

    @BeforeEach
    void begin() {
        place = temporary;
    }

    /// Does it with different seeds, each time with another store; a failure says with which seed.
    final void rounds(int count, Round round) {
        Long fixed = Long.getLong("fanfare.seed");
        long first = fixed == null ? System.nanoTime() : fixed;
        System.out.println("seeds from " + first);
        for (long seed = first; seed < (fixed == null ? first + count : first + 1); seed++) {
            try {
                place = Files.createDirectory(temporary.resolve(String.valueOf(seed)));
                round.with(new Random(seed));
                remove(place);
            } catch (Exception | AssertionError e) {
                throw new AssertionError("again with -Dfanfare.seed=" + seed, e);
            }
        }
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(Crash::remove);
        }
    }

    final Path folder() {
        return place.resolve("store");
    }

    /// Another one beside it.
    final Path original() {
        return place.resolve("original");
    }

    static RocksStore open(Path folder) {
        return RocksStore.open(folder, Stores.SMALL);
    }

    /// What is left when a process is killed that has written messages, each in its batch.
    ///
    /// @param synced those with a lower number were synced
    final void killed(int synced) {
        try (RocksStore store = open(original())) {
            for (int number = 0; number < MESSAGES; number++) {
                Stores.put(store, number, LENGTH);
                if (number == synced - 1) {
                    store.sync();
                }
            }
            Crash.kill(original(), folder());
        }
    }

    /// A closed store with several files, compacted and not.
    final void closed() {
        Path made = closed;
        if (made == null) {
            made = shared.resolve(getClass().getSimpleName());
            try (RocksStore store = open(made)) {
                for (int round = 0; round < 5; round++) {
                    for (long number = round; number < CLOSED; number += 5) {
                        Stores.put(store, number, LENGTH);
                    }
                    store.reopen();
                }
            }
            closed = made;
        }
        Crash.kill(made, folder());
    }

    static List<Long> numbers(long from, long to) {
        return LongStream.range(from, to).boxed().toList();
    }

    static boolean isReadable(RocksStore store, long number) {
        try {
            byte[] value = store.get(Table.MESSAGES, Keys.of(1, number));
            if (value != null) {
                Stores.check(number, value);
            }
            return value != null;
        } catch (StoreException e) {
            assertThat(e.reason()).isEqualTo(Reason.CORRUPT);
            return false;
        }
    }

    /// Writes as one does who opens the store again after a failure: compaction may come upon the damage first.
    static void write(RocksStore store, long from, long to) {
        int failures = 0;
        for (long number = from; number < to; number++) {
            try {
                Stores.put(store, number, LENGTH);
            } catch (StoreException e) {
                assertThat(e.reason()).isEqualTo(Reason.CORRUPT);
                assertThat(++failures).isEqualTo(1);
                store.reopen();
                Stores.put(store, number, LENGTH);
            }
        }
    }
}
