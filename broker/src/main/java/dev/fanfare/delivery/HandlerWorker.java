package dev.fanfare.delivery;

import dev.fanfare.Delivery;
import dev.fanfare.Handler;
import dev.fanfare.Message;
import dev.fanfare.SubscriptionEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Calls a handler on virtual threads: what it returns from is acknowledged, what it throws on has failed.
///
/// A quick handler gets messages a batch at a time, which are acknowledged together: taking and acknowledging cost
/// less than one call each. A slow one gets them one by one, so that none waits behind it that another could do.
final class HandlerWorker implements Worker {

    private static final Logger LOG = LoggerFactory.getLogger(HandlerWorker.class);

    private static final int BATCH_MAX = 64;

    /// How long a batch may take.
    private static final long BATCH_NANOS = 200_000;

    private static final long CLOSE_WAIT_SECONDS = 1;

    private final Handler handler;
    private final Backlogs backlogs;
    private final List<Thread> threads;
    private final Waiters waiters = new Waiters();
    private final CountDownLatch running;
    private volatile @Nullable Member member;
    private volatile boolean over;

    /// @param concurrency how many calls at once
    HandlerWorker(Handler handler, Backlogs backlogs, String name, int concurrency) {
        this.handler = handler;
        this.backlogs = backlogs;
        this.running = new CountDownLatch(concurrency);
        List<Thread> made = new ArrayList<>(concurrency);
        for (int i = 0; i < concurrency; i++) {
            made.add(Thread.ofVirtual().name("fanfare-" + name).unstarted(this::run));
        }
        this.threads = List.copyOf(made);
    }

    /// Begins.
    void start(Member joined) {
        member = joined;
        threads.forEach(Thread::start);
    }

    @Override
    public boolean available() {
        return waiters.call();
    }

    @Override
    public void ended(SubscriptionEnd why) {
        over = true;
        waiters.close();
    }

    @Override
    public boolean runsHere() {
        return threads.contains(Thread.currentThread());
    }

    @Override
    public boolean finishes() {
        return !over;
    }

    private void run() {
        try {
            // What is handed out is not called back when a circuit breaker opens, and is timed one by one.
            int most = member().backlog().terms().circuitBreaker() == null ? BATCH_MAX : 1;
            int batch = 1;
            while (!over) {
                List<? extends Delivery> taken = member().take(batch, waiters.any());
                if (taken.isEmpty()) {
                    taken = await(batch);
                }
                if (!taken.isEmpty()) {
                    batch = Math.clamp(BATCH_NANOS / Math.max(1, handle(taken)), 1, most);
                    backlogs.progress();
                }
            }
        } finally {
            running.countDown();
            backlogs.progress();
        }
    }

    /// Takes once more, or waits until there may be something.
    private List<? extends Delivery> await(int batch) {
        Waiters.Waiter me = waiters.enlist();
        List<? extends Delivery> taken = member().take(batch, true);
        if (taken.isEmpty()) {
            me.awaitUninterruptibly();
            me.come();
        } else {
            me.leave(member());
        }
        return taken;
    }

    private Member member() {
        Member joined = member;
        if (joined == null) {
            throw new IllegalStateException("not started");
        }
        return joined;
    }

    /// @return how long one call took, in nanoseconds
    private long handle(List<? extends Delivery> taken) {
        long begun = backlogs.timers().nanoTime();
        long acknowledged = begun;
        List<Delivery> done = new ArrayList<>(taken.size());
        for (Delivery delivery : taken) {
            if (over) {
                break;
            }
            Throwable failure = call(delivery.message());
            // An interrupt was the handler's own affair.
            Thread.interrupted();
            if (failure == null) {
                done.add(delivery);
            } else {
                delivery.nack(failure);
            }
            long now = backlogs.timers().nanoTime();
            if (now - acknowledged > BATCH_NANOS) {
                member().acknowledge(done);
                done.clear();
                acknowledged = now;
            }
        }
        if (!done.isEmpty()) {
            member().acknowledge(done);
        }
        return (backlogs.timers().nanoTime() - begun) / taken.size();
    }

    private @Nullable Throwable call(Message message) {
        try {
            handler.handle(message);
            return null;
        } catch (Throwable thrown) {
            LOG.debug("The handler of an acknowledged subscription failed on {}", message, thrown);
            return thrown;
        }
    }

    /// Begins no call any more, and waits for those that are running.
    void finish() {
        over = true;
        waiters.close();
        if (runsHere()) {
            return;
        }
        try {
            if (!running.await(CLOSE_WAIT_SECONDS, TimeUnit.SECONDS)) {
                threads.forEach(Thread::interrupt);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
