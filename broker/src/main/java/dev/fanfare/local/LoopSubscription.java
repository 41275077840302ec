package dev.fanfare.local;

/// A subscription whose handler is called by a loop, among others.
final class LoopSubscription extends LocalSubscription {

    LoopSubscription(LocalDelivery delivery, Loop loop, SubscriptionSpec spec) {
        super(delivery, loop, spec);
    }

    @Override
    void start() {
        leaveStart();
        if (isReplaying()) {
            loop.execute(this::replayOn);
        } else {
            // The loop may have come by while this thread still had the turn.
            seat.request();
        }
    }

    /// A slice at a time, between the tasks of others.
    private void replayOn() {
        if (turn(Cursor.EVERYTHING)) {
            if (isReplaying()) {
                loop.execute(this::replayOn);
            } else {
                seat.request();
            }
        }
    }

    @Override
    void resume() {
        loop.execute(this::replayOn);
    }

    @Override
    void enter(LocalFeed feed) {
        seat.take(feed);
    }

    @Override
    boolean serve(long feedEnd) {
        return timing.isDue(feedEnd) && turn(feedEnd);
    }

    @Override
    void nudge() {
        seat.request();
    }
}
