package dev.fanfare.delivery;

import dev.fanfare.Delivery;
import dev.fanfare.SubscriptionEnd;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One subscriber of a reactive stream: a virtual thread hands it as many deliveries as it has asked for. It
/// acknowledges them itself. Rules: Reactive Streams 1.0.4.
final class Flowing implements Worker, Flow.Subscription {

    private static final Logger LOG = LoggerFactory.getLogger(Flowing.class);

    private static final int SLICE = 64;

    private final Flow.Subscriber<? super Delivery> subscriber;
    private final AtomicLong demand = new AtomicLong();
    private final Semaphore wakes = new Semaphore(0);
    private volatile @Nullable Member member;
    private volatile boolean cancelled;
    private volatile @Nullable SubscriptionEnd end;
    private volatile boolean illegal;
    private volatile boolean waiting;

    Flowing(Flow.Subscriber<? super Delivery> subscriber) {
        this.subscriber = subscriber;
    }

    void start(Member joined) {
        member = joined;
        Thread.ofVirtual().name("fanfare-" + joined.name()).start(this::run);
    }

    private void run() {
        try {
            subscriber.onSubscribe(this);
            while (!cancelled && end == null && !illegal) {
                if (!handOn()) {
                    waiting = true;
                    // Once more: whoever came before was told that nobody waits.
                    if (!handOn()) {
                        wakes.acquireUninterruptibly();
                        wakes.drainPermits();
                    }
                    waiting = false;
                }
            }
            finish();
        } catch (RuntimeException | Error e) {
            // Rule 2.13: a subscriber must not throw; one that does has cancelled.
            LOG.warn("A reactive subscriber failed", e);
            cancel();
        }
    }

    private boolean handOn() {
        Member joined = member;
        long asked = demand.get();
        if (joined == null || asked == 0) {
            return false;
        }
        List<? extends Delivery> taken = joined.take((int) Math.min(asked, SLICE));
        if (asked != Long.MAX_VALUE) {
            demand.addAndGet(-taken.size());
        }
        for (Delivery delivery : taken) {
            if (cancelled) {
                break;
            }
            subscriber.onNext(delivery);
        }
        return !taken.isEmpty();
    }

    private void finish() {
        if (illegal && !cancelled) {
            leave();
            subscriber.onError(new IllegalArgumentException("a subscriber must ask for at least one (rule 3.9)"));
        } else if (!cancelled) {
            subscriber.onComplete();
        }
    }

    @Override
    public void request(long count) {
        if (count <= 0) {
            illegal = true;
        } else {
            demand.accumulateAndGet(count, (before, more) -> before + more < 0 ? Long.MAX_VALUE : before + more);
        }
        wakes.release();
    }

    @Override
    public void cancel() {
        if (!cancelled) {
            cancelled = true;
            leave();
            wakes.release();
        }
    }

    private void leave() {
        Member joined = member;
        if (joined != null) {
            joined.leave();
        }
    }

    @Override
    public boolean available() {
        boolean comes = waiting;
        wakes.release();
        return comes;
    }

    @Override
    public void ended(SubscriptionEnd why) {
        end = why;
        wakes.release();
    }
}
