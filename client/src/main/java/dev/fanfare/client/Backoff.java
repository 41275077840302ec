package dev.fanfare.client;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/// How long to wait before each attempt to reconnect: twice as long as before the last one, spread at random over the
/// second half. Any thread.
final class Backoff {

    private static final int MOST_DOUBLINGS = 20;

    private final long first;
    private final long most;
    private final AtomicInteger attempts = new AtomicInteger();

    Backoff(ClientOptions options) {
        this.first = options.firstDelay().toMillis();
        this.most = options.mostDelay().toMillis();
    }

    /// The delay before the next attempt, in milliseconds.
    long next() {
        int doublings = attempts.getAndUpdate(count -> Math.min(count + 1, MOST_DOUBLINGS));
        long delay = Math.clamp(first << doublings, 1, Math.max(1, most));
        return ThreadLocalRandom.current().nextLong(delay / 2, delay + 1);
    }

    /// A connection has lasted: the next attempt is a first one.
    void reset() {
        attempts.set(0);
    }
}
