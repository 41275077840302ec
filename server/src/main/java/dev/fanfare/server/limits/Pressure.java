package dev.fanfare.server.limits;

import dev.fanfare.server.feed.FeedMemory;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How much waits for all clients together: frames that slow subscribers have not passed, what connections have not
/// taken, and what came of messages that are not whole yet. From four fifths of `buffer-memory` on nothing new is
/// taken; at the whole of it the slowest are let go.
/// Looked at every quarter of a second; any thread.
public final class Pressure implements AutoCloseable {

    private static final Duration PERIOD = Duration.ofMillis(250);
    private static final Logger LOG = LoggerFactory.getLogger("dev.fanfare.memory");

    private final LongSupplier limit;
    private final Timers timers;
    private final Runnable relieve;
    private final LongAdder waiting = new LongAdder();
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean high;
    private volatile Timers.@Nullable Timer next;

    /// @param limit bytes that may wait, at the moment
    /// @param relieve has the slowest clients let go; runs on a timer's thread, does not wait
    public Pressure(LongSupplier limit, Timers timers, Runnable relieve) {
        this.limit = limit;
        this.timers = timers;
        this.relieve = relieve;
        next = timers.schedule(PERIOD, this::look);
    }

    /// So much more waits in connections than was told before.
    public void waits(long more) {
        waiting.add(more);
    }

    /// How many bytes wait.
    public long bytes() {
        return FeedMemory.bytes() + Math.max(0, waiting.sum());
    }

    /// Whether nothing new is taken.
    public boolean isHigh() {
        return high;
    }

    private void look() {
        try {
            compare();
        } finally {
            // Whatever went wrong: without the next look nothing would ever be taken again.
            if (!closed.get()) {
                next = timers.schedule(PERIOD, this::look);
            }
        }
    }

    private void compare() {
        long now = bytes();
        long most = limit.getAsLong();
        // Up at 80 %, down at 60 %: it does not flutter.
        boolean above = now >= most / 5 * (high ? 3 : 4);
        if (above != high) {
            high = above;
            LOG.warn(
                    above
                            ? "{} of {} bytes wait for clients (setting buffer-memory): nothing new is taken"
                            : "{} of {} bytes wait for clients: everything is taken again",
                    now,
                    most);
        }
        if (now >= most) {
            relieve.run();
        }
    }

    @Override
    public void close() {
        closed.set(true);
        Timers.Timer last = next;
        if (last != null) {
            last.cancel();
        }
    }
}
