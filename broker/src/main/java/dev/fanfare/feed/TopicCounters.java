package dev.fanfare.feed;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What happened to one topic's messages, counted by whoever did it. Any thread.
public final class TopicCounters {

    private static final VarHandle DELIVERED;
    private static final VarHandle DROPPED;
    private static final VarHandle FAILED;

    static {
        try {
            var lookup = MethodHandles.lookup();
            DELIVERED = lookup.findVarHandle(TopicCounters.class, "delivered", long.class);
            DROPPED = lookup.findVarHandle(TopicCounters.class, "dropped", long.class);
            FAILED = lookup.findVarHandle(TopicCounters.class, "failed", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private volatile long delivered;
    private volatile long dropped;
    private volatile long failed;

    /// All zero.
    public TopicCounters() {}

    /// Messages handed to subscriptions, each counted once per subscription.
    public void delivered(long count) {
        DELIVERED.getAndAdd(this, count);
    }

    /// Messages that a subscription lost.
    public void dropped(long count) {
        DROPPED.getAndAdd(this, count);
    }

    /// Messages whose handler threw.
    public void failed(long count) {
        FAILED.getAndAdd(this, count);
    }

    /// See [#delivered(long)].
    public long delivered() {
        return delivered;
    }

    /// See [#dropped(long)].
    public long dropped() {
        return dropped;
    }

    /// See [#failed(long)].
    public long failed() {
        return failed;
    }
}
