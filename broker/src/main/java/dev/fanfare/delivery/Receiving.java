package dev.fanfare.delivery;

import dev.fanfare.Delivery;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Receiver;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// An acknowledged subscription whose user asks for messages.
final class Receiving extends Attached implements Receiver, Worker {

    /// Forever, as far as a timer is concerned.
    private static final Duration LONG = Duration.ofDays(36_500);

    private final Timers timers;
    private volatile @Nullable Member member;
    private final ReentrantLock lock = new ReentrantLock();

    /// Those who wait, one for each asking thread. Guarded by the lock.
    private final ArrayDeque<CountDownLatch> waiting = new ArrayDeque<>(1);

    Receiving(Timers timers) {
        this.timers = timers;
    }

    /// Once, before it is used.
    void start(Member joined) {
        member = joined;
    }

    @Override
    Member member() {
        Member joined = member;
        if (joined == null) {
            throw new IllegalStateException("not started");
        }
        return joined;
    }

    @Override
    public @Nullable Delivery receive() throws InterruptedException {
        while (ended().isEmpty()) {
            List<Delivery> one = receive(1, LONG);
            if (!one.isEmpty()) {
                return one.getFirst();
            }
        }
        return null;
    }

    @Override
    public List<Delivery> receive(int max, Duration atMost) throws InterruptedException {
        if (max < 1 || atMost.isNegative()) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "to receive " + max + " messages within " + atMost + " makes no sense: ask for at least one");
        }
        List<Delivery> taken = List.copyOf(member().take(max));
        if (!taken.isEmpty() || atMost.isZero()) {
            passOn(taken, max);
            return taken;
        }
        long deadline = timers.nanoTime() + atMost.toNanos();
        while (true) {
            CountDownLatch mine = new CountDownLatch(1);
            enlist(mine);
            long left = deadline - timers.nanoTime();
            Timers.Timer timeout = timers.schedule(Duration.ofNanos(Math.max(0, left)), mine::countDown);
            try {
                // Once more: what came before it was listed woke nobody.
                taken = List.copyOf(member().take(max));
                if (taken.isEmpty() && ended().isEmpty() && left > 0) {
                    mine.await();
                    taken = List.copyOf(member().take(max));
                }
            } finally {
                timeout.cancel();
                delist(mine);
            }
            if (!taken.isEmpty() || ended().isPresent() || left <= 0) {
                passOn(taken, max);
                return taken;
            }
        }
    }

    /// There may be more than this thread took, and another one waits.
    private void passOn(List<Delivery> taken, int max) {
        if (taken.size() == max) {
            available();
        }
    }

    private void enlist(CountDownLatch latch) {
        lock.lock();
        try {
            waiting.addLast(latch);
        } finally {
            lock.unlock();
        }
    }

    private void delist(CountDownLatch latch) {
        lock.lock();
        try {
            waiting.remove(latch);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void available() {
        CountDownLatch first;
        lock.lock();
        try {
            first = waiting.pollFirst();
        } finally {
            lock.unlock();
        }
        if (first != null) {
            first.countDown();
        }
    }

    @Override
    public void ended(SubscriptionEnd why) {
        lock.lock();
        try {
            waiting.forEach(CountDownLatch::countDown);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int ack(List<Delivery> deliveries) {
        return member().acknowledge(deliveries);
    }
}
