package dev.fanfare.cli;

import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StorageOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/// Opens the folder of durable topics, and says so when that takes its time.
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
        AtomicReference<String> doing = new AtomicReference<>("opening " + folder);
        Thread.ofVirtual().start(() -> progress(opened, doing::get));
        try {
            RocksStore store = RocksStore.open(folder, options);
            doing.set("bringing back what is in " + folder);
            return start.apply(store);
        } finally {
            opened.countDown();
        }
    }

    private void progress(CountDownLatch opened, Supplier<String> doing) {
        try {
            for (int seconds = 1; !opened.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS); seconds++) {
                say.accept(doing.get() + ": " + seconds + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
