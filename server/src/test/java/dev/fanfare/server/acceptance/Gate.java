package dev.fanfare.server.acceptance;

import java.util.concurrent.CountDownLatch;

/// Where threads of a test wait until it is opened.
final class Gate implements AutoCloseable {
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    /// Waits until it is open.
    void pass() {
        reached.countDown();
        try {
            open.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Whether anybody has come to it.
    boolean isReached() {
        return reached.getCount() == 0;
    }

    void open() {
        open.countDown();
    }

    @Override
    public void close() {
        open();
    }
}
