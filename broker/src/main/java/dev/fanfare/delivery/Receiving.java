package dev.fanfare.delivery;

import dev.fanfare.Delivery;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Receiver;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An acknowledged subscription whose user asks for messages.
final class Receiving extends Attached implements Receiver, Worker {

    /// Forever, as far as a timer is concerned.
    private static final Duration LONG = Duration.ofDays(36_500);

    private final Timers timers;
    private volatile @Nullable Member member;

    /// One for each asking thread.
    private final Waiters waiters = new Waiters();

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
        List<Delivery> taken = List.copyOf(member().take(max, waiters.any()));
        if (!taken.isEmpty() || atMost.isZero()) {
            return taken;
        }
        long deadline = timers.nanoTime() + atMost.toNanos();
        long left = atMost.toNanos();
        while (taken.isEmpty() && ended().isEmpty() && left > 0) {
            taken = await(max, left);
            left = deadline - timers.nanoTime();
        }
        return taken;
    }

    private List<Delivery> await(int max, long nanos) throws InterruptedException {
        Waiters.Waiter me = waiters.enlist();
        Timers.Timer timeout = timers.schedule(Duration.ofNanos(nanos), me::wake);
        try {
            // Once more: what came before it was listed called nobody.
            List<Delivery> taken = List.copyOf(member().take(max, true));
            if (taken.isEmpty()) {
                me.await();
                me.come();
                taken = List.copyOf(member().take(max, waiters.any()));
            }
            return taken;
        } finally {
            timeout.cancel();
            me.leave(member());
        }
    }

    @Override
    public boolean available() {
        return waiters.call();
    }

    @Override
    public void ended(SubscriptionEnd why) {
        waiters.close();
    }

    @Override
    public int ack(List<Delivery> deliveries) {
        return member().acknowledge(deliveries);
    }
}
