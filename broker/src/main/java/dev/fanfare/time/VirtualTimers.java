package dev.fanfare.time;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Time that stands still until it is moved: tests see in a moment what would take minutes. Actions run on the
/// thread that calls [#advance], in the order of their deadlines, equal ones in the order of scheduling. Any
/// thread.
public final class VirtualTimers implements Timers {

    private static final Logger LOG = LoggerFactory.getLogger(VirtualTimers.class);

    /// When virtual time begins: 2020-01-01T00:00:00Z.
    private static final long BEGIN_MILLIS = 1_577_836_800_000L;

    private final PriorityQueue<Entry> entries =
            new PriorityQueue<>(Comparator.comparingLong(Entry::deadline).thenComparingLong(Entry::sequence));
    private long nanos;
    private long sequence;
    private boolean closed;

    private record Entry(long deadline, long sequence, Runnable action) {}

    /// Stands at 2020-01-01T00:00:00Z.
    public VirtualTimers() {}

    @Override
    public synchronized long currentTimeMillis() {
        return BEGIN_MILLIS + nanos / 1_000_000;
    }

    @Override
    public synchronized long nanoTime() {
        return nanos;
    }

    @Override
    public synchronized Timer schedule(Duration delay, Runnable action) {
        if (closed) {
            return () -> false;
        }
        Entry entry = new Entry(nanos + Math.max(0, delay.toNanos()), sequence++, action);
        entries.add(entry);
        return () -> cancel(entry);
    }

    private synchronized boolean cancel(Entry entry) {
        return entries.remove(entry);
    }

    /// How many actions wait for their time.
    public synchronized int pending() {
        return entries.size();
    }

    /// Moves time on, stopping at each deadline on the way to run what is due; what those actions schedule within
    /// the span runs too. Returns when all has run.
    public void advance(Duration span) {
        long target;
        synchronized (this) {
            target = nanos + span.toNanos();
        }
        for (Entry due = next(target); due != null; due = next(target)) {
            // Outside of the lock: an action may schedule, cancel or read the time from other threads.
            try {
                due.action.run();
            } catch (RuntimeException | Error e) {
                LOG.error("A timed action failed", e);
            }
        }
    }

    private synchronized @Nullable Entry next(long target) {
        Entry first = entries.peek();
        if (first == null || first.deadline > target) {
            nanos = Math.max(nanos, target);
            return null;
        }
        nanos = Math.max(nanos, first.deadline);
        return entries.poll();
    }

    @Override
    public synchronized void close() {
        closed = true;
        entries.clear();
    }
}
