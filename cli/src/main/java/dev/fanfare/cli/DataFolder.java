package dev.fanfare.cli;

import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StorageOptions;
import dev.fanfare.store.Table;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// Opens the folder of durable topics, and says how far it is when that takes its time.
final class DataFolder {

    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final long MEMORY_LEAST = 16 << 20;

    private final Path folder;
    private final StorageOptions options;
    private final Consumer<String> say;

    /// @param memory what the process may use: the store takes an eighth as much, beside it, 16 to 128 MiB
    /// @param say told what people should know
    DataFolder(Path folder, long memory, Consumer<String> say) {
        this.folder = folder;
        this.options = StorageOptions.DEFAULT.withMemory(
                Math.clamp(memory / 8, MEMORY_LEAST, StorageOptions.DEFAULT.memory()));
        this.say = say;
    }

    /// Opens the store in it, and what is stored with it.
    ///
    /// @param start brings back what is stored
    /// @return what that answers
    /// @throws dev.fanfare.store.StoreException when it can't be had; the message says what to do
    <T> T open(Function<RocksStore, T> start) {
        CountDownLatch opened = new CountDownLatch(1);
        AtomicReference<UnaryOperator<String>> doing = new AtomicReference<>(time -> "opening " + folder + ": " + time);
        Thread.ofVirtual()
                .start(() -> progress(
                        opened, time -> Objects.requireNonNull(doing.get()).apply(time)));
        try {
            RocksStore store = RocksStore.open(folder, options);
            long rows = rows(store);
            doing.set(time -> "bringing back what is in " + folder + ": " + time
                    + (rows == 0 ? "" : ", " + store.rowsRead() + " of about " + rows + " rows"));
            return start.apply(store);
        } finally {
            opened.countDown();
        }
    }

    /// How many rows there are about, but for messages, which no start reads.
    private static long rows(RocksStore store) {
        return store.figures().tables().entrySet().stream()
                .filter(table -> table.getKey() != Table.MESSAGES)
                .mapToLong(table -> table.getValue().keys())
                .sum();
    }

    private void progress(CountDownLatch opened, UnaryOperator<String> doing) {
        try {
            for (int seconds = 1; !opened.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS); seconds++) {
                say.accept(doing.apply(seconds + " s"));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
