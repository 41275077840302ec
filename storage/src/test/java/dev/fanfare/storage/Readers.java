package dev.fanfare.storage;

import dev.fanfare.store.Keys;
import dev.fanfare.store.Store.Entry;
import dev.fanfare.store.Store.Scan;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/// Threads that read messages in every way, whatever happens to the store meanwhile.
final class Readers {

    private static final int THREADS = 4;

    private final RocksStore store;
    private final int messages;
    private final List<Thread> threads = new ArrayList<>();
    private final Queue<Throwable> wrong = new ConcurrentLinkedQueue<>();
    private final AtomicLong read = new AtomicLong();
    private final CountDownLatch running = new CountDownLatch(THREADS);
    private volatile boolean stopped;

    private Readers(RocksStore store, int messages) {
        this.store = store;
        this.messages = messages;
    }

    /// Starts them; each has read when this returns.
    ///
    /// @param messages those with a lower number are there
    static Readers start(RocksStore store, int messages) throws InterruptedException {
        Readers readers = new Readers(store, messages);
        for (int i = 0; i < THREADS; i++) {
            Random random = new Random(i);
            readers.threads.add(Thread.ofPlatform().start(() -> readers.run(random)));
        }
        readers.running.await();
        return readers;
    }

    private void run(Random random) {
        boolean first = true;
        while (!stopped) {
            try {
                readSome(random);
                read.incrementAndGet();
            } catch (StoreException e) {
                // Closed, or opened again under a scan.
                if (e.reason() != Reason.FAILED) {
                    wrong.add(e);
                }
                if (e.getMessage() != null && e.getMessage().endsWith("is closed")) {
                    stopped = true;
                }
            } catch (RuntimeException | AssertionError e) {
                wrong.add(e);
                stopped = true;
            }
            if (first) {
                running.countDown();
                first = false;
            }
        }
    }

    private void readSome(Random random) {
        long number = random.nextInt(messages);
        byte[] key = Keys.of(1, number);
        Stores.check(number, Objects.requireNonNull(store.get(Table.MESSAGES, key)));
        Entry floor = Objects.requireNonNull(store.floor(Table.MESSAGES, Keys.of(1, 0), key));
        Stores.check(number, floor.value());
        try (Scan scan = store.scan(Table.MESSAGES, key, null)) {
            for (int i = 0; i < 50 && scan.next(); i++) {
                Stores.check(number + i, scan.value());
            }
        }
    }

    void stop() throws InterruptedException {
        stopped = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /// What should not have happened.
    List<Throwable> wrong() {
        return List.copyOf(wrong);
    }

    /// How often they read.
    long read() {
        return read.get();
    }
}
