package dev.fanfare.server.http;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/// Runs calls that take their time on virtual threads, a few at a time: each may hold a long answer. Any thread.
public final class SlowCalls implements AutoCloseable {

    private static final int AT_A_TIME = 8;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore places = new Semaphore(AT_A_TIME, true);

    /// Runs a call as soon as there is a place.
    ///
    /// @throws java.util.concurrent.RejectedExecutionException after [#close]
    public void run(Runnable call) {
        threads.execute(() -> {
            places.acquireUninterruptibly();
            try {
                call.run();
            } finally {
                places.release();
            }
        });
    }

    /// Takes no more calls; those that run come to their end.
    @Override
    public void close() {
        threads.shutdown();
    }
}
