package dev.fanfare.cli;

import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StorageOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

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

    /// The store in it.
    ///
    /// @throws dev.fanfare.store.StoreException when it can't be had; the message says what to do
    RocksStore open() {
        CountDownLatch opened = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> progress(opened));
        try {
            return RocksStore.open(folder, options);
        } finally {
            opened.countDown();
        }
    }

    private void progress(CountDownLatch opened) {
        try {
            for (int seconds = 1; !opened.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS); seconds++) {
                say.accept("opening " + folder + ": " + seconds + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
