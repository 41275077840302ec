package dev.fanfare.local;

import dev.fanfare.DeliveryStrategy;

/// When a subscription with batched delivery is to be served. It gates nothing but that: what waits stays in the
/// feed, so the strategy can change at any moment. Asked on the subscription's loop only.
final class Pacing {

    private final Loop loop;
    private final Runnable ask;

    private long since;

    /// Whether the loop runs [#expire] at [#armedAt] or before. One deadline serves many gatherings: it is set
    /// again when it turns out to have come too early.
    private boolean armed;

    private long armedAt;
    private volatile boolean gathering;

    /// @param ask run on the loop when the time is over: has to call [#isDue]
    Pacing(Loop loop, Runnable ask) {
        this.loop = loop;
        this.ask = ask;
    }

    /// Whether the messages that wait are to be delivered now. If not, `ask` runs when they are.
    ///
    /// @param lag how many wait
    /// @param bound how many can: a queue that is full is due, however large the batch
    boolean isDue(DeliveryStrategy strategy, long lag, int bound) {
        if (lag == 0) {
            gathering = false;
            return false;
        }
        if (!(strategy instanceof DeliveryStrategy.Batched batched) || lag >= size(batched, bound)) {
            gathering = false;
            return true;
        }
        long now = loop.nanoTime();
        if (!gathering) {
            since = now;
            gathering = true;
        }
        long left = since + batched.linger().toNanos() - now;
        if (left <= 0) {
            gathering = false;
            return true;
        }
        if (!armed || now + left - armedAt < 0) {
            armed = true;
            armedAt = now + left;
            loop.at(armedAt, this::expire);
        }
        return false;
    }

    /// How many messages make a batch for a queue of this bound.
    static int size(DeliveryStrategy.Batched batched, int bound) {
        return Math.min(batched.size(), bound);
    }

    private void expire() {
        armed = false;
        ask.run();
    }

    /// Whether messages are being gathered and the end of the linger is awaited. Any thread.
    boolean gathering() {
        return gathering;
    }
}
