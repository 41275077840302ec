package dev.fanfare.feed;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// What happened to one topic's messages, counted by whoever did it. Any thread.
public final class TopicCounters {

    private static final VarHandle ONES;
    private static final VarHandle DELIVERED;
    private static final VarHandle DROPPED;
    private static final VarHandle FAILED;
    private static final VarHandle EXPIRED;
    private static final VarHandle DUPLICATES;
    private static final VarHandle DEAD_LETTERED;
    private static final VarHandle FILTER_FAILURES;
    private static final VarHandle RUNS;
    private static final VarHandle LATENCY;

    static {
        try {
            var lookup = MethodHandles.lookup();
            ONES = lookup.findVarHandle(TopicCounters.class, "ones", long.class);
            DELIVERED = lookup.findVarHandle(TopicCounters.class, "delivered", long.class);
            DROPPED = lookup.findVarHandle(TopicCounters.class, "dropped", long.class);
            FAILED = lookup.findVarHandle(TopicCounters.class, "failed", long.class);
            EXPIRED = lookup.findVarHandle(TopicCounters.class, "expired", long.class);
            DUPLICATES = lookup.findVarHandle(TopicCounters.class, "duplicates", long.class);
            DEAD_LETTERED = lookup.findVarHandle(TopicCounters.class, "deadLettered", long.class);
            FILTER_FAILURES = lookup.findVarHandle(TopicCounters.class, "filterFailures", long.class);
            RUNS = lookup.findVarHandle(TopicCounters.class, "runs", long.class);
            LATENCY = lookup.findVarHandle(TopicCounters.class, "latency", LatencyHistogram.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /// Runs of one message: they are their own count, so that each costs one addition.
    private volatile long ones;

    // The longer runs.
    private volatile long delivered;
    private volatile long runs;
    private volatile long dropped;
    private volatile long failed;
    private volatile long expired;
    private volatile long duplicates;
    private volatile long filterFailures;
    private volatile long deadLettered;

    /// Made by the first sample: a topic that nobody hears has none.
    private volatile @Nullable LatencyHistogram latency;

    /// Of all topics of the broker; null when what is counted here is no topic's.
    private final @Nullable LatencyHistogram all;

    /// All zero, of no topic.
    public TopicCounters() {
        this(null);
    }

    /// All zero.
    ///
    /// @param all where latencies are counted too; null for nowhere
    public TopicCounters(@Nullable LatencyHistogram all) {
        this.all = all;
    }

    /// Messages handed to one subscription, one after the other.
    public void delivered(long count) {
        if (count == 1) {
            ONES.getAndAdd(this, 1L);
        } else {
            DELIVERED.getAndAdd(this, count);
            RUNS.getAndAdd(this, 1L);
        }
    }

    /// Messages that a subscription lost.
    public void dropped(long count) {
        DROPPED.getAndAdd(this, count);
    }

    /// Messages whose handler threw.
    public void failed(long count) {
        FAILED.getAndAdd(this, count);
    }

    /// Messages passed over because their time to live was over, once for each who would have got them.
    public void expired(long count) {
        if (count > 0) {
            EXPIRED.getAndAdd(this, count);
        }
    }

    /// A publish that repeated an earlier one.
    public void duplicate() {
        DUPLICATES.getAndAdd(this, 1L);
    }

    /// Messages that a subscription or group has given up.
    public void deadLettered(long count) {
        DEAD_LETTERED.getAndAdd(this, count);
    }

    /// See [#deadLettered(long)].
    public long deadLettered() {
        return deadLettered;
    }

    /// A message that a filter failed on.
    public void filterFailed() {
        FILTER_FAILURES.getAndAdd(this, 1L);
    }

    /// See [#filterFailed].
    public long filterFailures() {
        return filterFailures;
    }

    /// See [#delivered(long)].
    public long delivered() {
        return delivered + ones;
    }

    /// How many times messages were handed to a subscription, however many at once: the average batch is what was
    /// delivered divided by this.
    public long runs() {
        return runs + ones;
    }

    /// See [#dropped(long)].
    public long dropped() {
        return dropped;
    }

    /// See [#failed(long)].
    public long failed() {
        return failed;
    }

    /// See [#expired(long)].
    public long expired() {
        return expired;
    }

    /// See [#duplicate].
    public long duplicates() {
        return duplicates;
    }

    /// How long one message took, in nanoseconds, from being appended until it was delivered.
    public void latency(long nanos) {
        LatencyHistogram times = latency;
        if (times == null) {
            LATENCY.compareAndSet(this, null, new LatencyHistogram());
            times = latency;
        }
        if (times != null) {
            times.record(nanos);
        }
        if (all != null) {
            all.record(nanos);
        }
    }

    /// See [#latency(long)].
    public Latency latency() {
        LatencyHistogram times = latency;
        return times == null ? Latency.NONE : times.snapshot();
    }

    /// The same, to be compared with what it is later.
    public LatencyCounts latencyCounts() {
        LatencyHistogram times = latency;
        return times == null ? LatencyCounts.NONE : times.counts();
    }
}
