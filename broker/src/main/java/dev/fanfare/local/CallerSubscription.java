package dev.fanfare.local;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.store.StoreException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A subscription whose handler is called by the publishers' threads. Whoever gets the turn delivers until nothing
/// is left; the others, and the handler when it publishes itself, leave their messages to that thread. It looks
/// once more after it has given the turn back, so whoever came too early for the turn did not come for nothing.
final class CallerSubscription extends LocalSubscription {

    /// The thread that subscribes, while it replays.
    private volatile @Nullable Thread subscriber;

    CallerSubscription(LocalDelivery delivery, Loop loop, SubscriptionSpec spec) {
        super(delivery, loop, spec);
    }

    @Override
    void start() {
        leaveStart();
        // On the thread that subscribes; publishers cannot reach it yet.
        subscriber = Thread.currentThread();
        boolean interrupted = false;
        while (isReplaying()) {
            if (catchUp.isPaused()) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            } else {
                turn(Cursor.EVERYTHING);
            }
        }
        subscriber = null;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        drain();
    }

    @Override
    void resume() {
        LockSupport.unpark(subscriber);
    }

    /// Whoever subscribes, and waits for it, is told.
    @Override
    void readFailed(StoreException cause) {
        throw cause;
    }

    @Override
    void gone() {
        resume();
    }

    @Override
    void enter(LocalFeed feed) {
        feed.addCaller(this);
    }

    /// By a publisher, after the section: its thread delivers.
    void offered() {
        if (isReady()) {
            drain();
        }
    }

    /// [#offered], by a thread that must not run handlers.
    void offeredElsewhere() {
        if (isReady()) {
            Thread.ofVirtual().name("fanfare-" + name()).start(this::drain);
        }
    }

    /// Whether what waits need not be gathered any longer; if it must, sees to it that the loop watches over it.
    private boolean isReady() {
        long lag = cursor.lag();
        if (lag > 0
                && timing.effective() instanceof DeliveryStrategy.Batched batched
                && lag < Pacing.size(batched, cursor.bound())) {
            if (!timing.gathers()) {
                nudge();
            }
            return false;
        }
        return lag > 0;
    }

    @Override
    boolean isLeftBehind() {
        return !isOver() && (mayGoOn() || isReady());
    }

    private void drain() {
        boolean more;
        do {
            more = turn(Cursor.EVERYTHING);
        } while (more);
    }

    /// On the loop: what its time has come for.
    @Override
    boolean serve(long feedEnd) {
        if (timing.isDue(feedEnd)) {
            drain();
        }
        return false;
    }

    @Override
    void nudge() {
        loop.execute(() -> serve(Cursor.EVERYTHING));
    }
}
