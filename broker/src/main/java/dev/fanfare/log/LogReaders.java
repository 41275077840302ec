package dev.fanfare.log;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// The threads of one broker that read logs from a device, for whoever must not wait for it: a few, however
/// many subscriptions replay. What is asked for waits in the order in which it was; each subscription has at
/// most one read under way, so there are never more than subscriptions. Platform threads, because a read holds
/// its thread; daemons, started by the first reads: a broker without a store has none.
public final class LogReaders implements AutoCloseable {

    private static final int THREADS = 4;

    /// How long reads that are under way may take at the end.
    private static final long END_MILLIS = 5_000;

    private final AtomicInteger made = new AtomicInteger();
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            THREADS, THREADS, 0, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), this::thread);

    /// Without a thread yet.
    public LogReaders() {}

    private Thread thread(Runnable run) {
        Thread thread = new Thread(run, "fanfare-reader-" + made.getAndIncrement());
        thread.setDaemon(true);
        return thread;
    }

    /// Has it run soon. Any thread.
    ///
    /// @return false when they are closed: it never runs
    public boolean execute(Runnable read) {
        try {
            threads.execute(read);
            return true;
        } catch (RejectedExecutionException closed) {
            return false;
        }
    }

    /// Nothing is read any more: what waits is dropped, what is under way is waited for, for at most five
    /// seconds.
    @Override
    public void close() {
        threads.shutdown();
        threads.getQueue().clear();
        try {
            if (!threads.awaitTermination(END_MILLIS, TimeUnit.MILLISECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
