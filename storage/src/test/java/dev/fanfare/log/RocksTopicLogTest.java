package dev.fanfare.log;

import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StorageOptions;
import dev.fanfare.time.VirtualTimers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/// A log in RocksDB keeps what every log promises, wherever a message is found.
class RocksTopicLogTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final HistoryBudget budget = new HistoryBudget(1 << 20);

    /// Each log has a number of its own in the one store.
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    @TempDir
    private static Path folder;

    private static RocksStore store;

    @BeforeAll
    static void open() {
        store = RocksStore.open(folder, new StorageOptions(16 << 20, 4 << 20, 0));
    }

    @AfterAll
    static void close() {
        store.close();
    }

    abstract class Contract implements TopicLogContract {
        private final int cached;

        /// @param cached how many messages stay in memory
        Contract(int cached) {
            this.cached = cached;
        }

        @Override
        public TopicLog newLog(Retention retention) {
            DurableTopicLog log = new DurableTopicLog(
                    store,
                    NUMBERS.incrementAndGet(),
                    "topic",
                    "epoch",
                    retention,
                    new Retention(cached, 1 << 20, 0),
                    Marks.NONE,
                    null,
                    timers,
                    budget,
                    (from, to) -> {
                        throw new AssertionError(from + " to " + to + " can't be read");
                    });
            return new CommittingLog(log, store);
        }

        @Override
        public void advanceMillis(long millis) {
            timers.advance(Duration.ofMillis(millis));
        }

        @Override
        public long nowMillis() {
            return timers.currentTimeMillis();
        }
    }

    @Nested
    class AllOfItInMemory extends Contract {
        AllOfItInMemory() {
            super(1_000);
        }
    }

    @Nested
    class TheNewestInMemory extends Contract {
        TheNewestInMemory() {
            super(1);
        }
    }
}
