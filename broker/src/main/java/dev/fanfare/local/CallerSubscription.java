package dev.fanfare.local;

import dev.fanfare.DeliveryStrategy;
import java.util.concurrent.atomic.AtomicInteger;

/// A subscription whose handler is called by the publishers' threads. Whoever finds [#work] at zero delivers until
/// it is at zero again; the others, and what is published by the handler itself, only raise it.
final class CallerSubscription extends LocalSubscription {

    private final AtomicInteger work = new AtomicInteger();

    CallerSubscription(LocalDelivery delivery, Loop loop, SubscriptionSpec spec) {
        super(delivery, loop, spec);
    }

    @Override
    void start() {
        leaveStart();
        while (isReplaying() && turn()) {
            // On the thread that subscribes; publishers cannot reach it yet.
        }
        drain();
    }

    @Override
    void enter(LocalFeed feed) {
        feed.addCaller(this);
    }

    @Override
    void offered() {
        if (effectiveStrategy() instanceof DeliveryStrategy.Batched batched && cursor.lag() < batched.size()) {
            if (!gathers()) {
                nudge();
            }
            return;
        }
        drain();
    }

    private void drain() {
        if (work.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            while (turn()) {
                seen = work.get();
            }
            seen = work.addAndGet(-seen);
        } while (seen != 0);
    }

    /// On the loop: what its time has come for.
    @Override
    boolean serve() {
        if (isDue()) {
            drain();
        }
        return false;
    }

    @Override
    void nudge() {
        loop.execute(this::serve);
    }
}
