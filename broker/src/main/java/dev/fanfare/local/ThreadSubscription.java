package dev.fanfare.local;

import java.util.concurrent.locks.LockSupport;

/// A subscription with a virtual thread of its own. Its loop unparks it, because an unpark is too dear for the
/// publisher, and watches over its batched delivery; everything else it does itself.
final class ThreadSubscription extends LocalSubscription {

    private final Thread thread;

    /// Set by the thread before it looks a last time whether there is something to do; cleared by whoever wakes it.
    private volatile boolean parked;

    private volatile boolean done;

    ThreadSubscription(LocalDelivery delivery, Loop loop, SubscriptionSpec spec) {
        super(delivery, loop, spec);
        this.thread = Thread.ofVirtual().name("fanfare-" + spec.name()).unstarted(this::run);
    }

    @Override
    void start() {
        leaveStart();
        thread.start();
    }

    private void run() {
        while (!done) {
            if (isBusy()) {
                turn(Cursor.EVERYTHING);
                continue;
            }
            parked = true;
            // Looked at once more after saying so: whoever has something for it may not have seen that in time.
            if (isBusy() || done) {
                parked = false;
                continue;
            }
            if (cursor.lag() > 0) {
                seat.request();
            }
            while (parked) {
                LockSupport.park(this);
                // The handler's or somebody else's: it must not keep the thread from parking.
                Thread.interrupted();
            }
        }
    }

    private boolean isBusy() {
        return !catchUp.isPaused() && (isReplaying() || mayGoOn());
    }

    @Override
    void resume() {
        unpark();
    }

    @Override
    void enter(LocalFeed feed) {
        seat.take(feed);
    }

    @Override
    boolean serve(long feedEnd) {
        if (parked && timing.isDue(feedEnd)) {
            unpark();
        }
        return false;
    }

    private void unpark() {
        parked = false;
        LockSupport.unpark(thread);
    }

    @Override
    void nudge() {
        seat.request();
    }

    @Override
    void gone() {
        done = true;
        unpark();
    }

    @Override
    void interrupt() {
        thread.interrupt();
    }
}
