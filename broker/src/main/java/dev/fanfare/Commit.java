package dev.fanfare;

import dev.fanfare.PublishResult.Refused;
import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// When what was published together is as safe as it was asked to be. Any thread.
public final class Commit {

    private static final Logger LOG = LoggerFactory.getLogger(Commit.class);

    private final CountDownLatch known = new CountDownLatch(1);
    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by the lock; the failure is read without it once it is known.
    private final ArrayDeque<Consumer<@Nullable Refused>> asked = new ArrayDeque<>(2);
    private boolean telling;
    private @Nullable Refused failure;

    /// One that is not over. By the broker.
    public Commit() {}

    /// One of what had nothing to wait for. By the broker.
    public static Commit done() {
        Commit done = new Commit();
        done.finish(null);
        return done;
    }

    /// Whether it is known what became of it.
    public boolean isDone() {
        return known.getCount() == 0;
    }

    /// Calls `action` with why it failed, null when it did not: at once if that is known, else on the thread that
    /// commits, which must not be blocked. Whoever asked before has been called by then: what has to be undone is
    /// undone before those are told who asked later.
    public void onDone(Consumer<@Nullable Refused> action) {
        lock.lock();
        try {
            if (!isDone() || telling) {
                asked.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        action.accept(failure);
    }

    /// Waits. Not on an event loop.
    ///
    /// @return why it failed; null when it did not. When the thread is interrupted it waits no longer, and says so:
    ///     whether what was published stays is not known then
    public @Nullable Refused await() {
        try {
            known.await();
            return failure;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Refused(
                    ErrorCode.INTERNAL,
                    "interrupted while waiting for the storage; it may have been stored all the same");
        }
    }

    /// By the broker. What is known does not change: a second time does nothing.
    ///
    /// @param why it failed; null when all went well
    public void finish(@Nullable Refused why) {
        lock.lock();
        try {
            if (isDone()) {
                return;
            }
            failure = why;
            telling = true;
            known.countDown();
        } finally {
            lock.unlock();
        }
        for (Consumer<@Nullable Refused> action = next(); action != null; action = next()) {
            try {
                action.accept(why);
            } catch (Throwable e) {
                // It must not end the thread that commits, nor be taken for a failure of the store.
                LOG.error("Somebody who was told of a commit has failed; the others are told", e);
            }
        }
    }

    private @Nullable Consumer<@Nullable Refused> next() {
        lock.lock();
        try {
            telling = !asked.isEmpty();
            return asked.poll();
        } finally {
            lock.unlock();
        }
    }
}
