package dev.fanfare.local;

import dev.fanfare.Topic;
import dev.fanfare.feed.TopicCounters;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// What became of one subscription's messages. Its reader counts; the topic's counters, which many share, are told
/// once for each run of messages of the same topic. Read by any thread.
final class Tally {

    private static final VarHandle DELIVERED;
    private static final VarHandle FAILED;
    private static final VarHandle DROPPED;

    static {
        try {
            var lookup = MethodHandles.lookup();
            DELIVERED = lookup.findVarHandle(Tally.class, "delivered", long.class);
            FAILED = lookup.findVarHandle(Tally.class, "failed", long.class);
            DROPPED = lookup.findVarHandle(Tally.class, "dropped", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private long delivered;
    private long failed;
    private volatile long dropped;

    /// Where a pattern's losses are counted, since it is not known of which topics they were; null for a name's.
    private final @Nullable TopicCounters lossesOfPatterns;

    private @Nullable Topic topic;
    private long toldDelivered;
    private long toldFailed;

    Tally(@Nullable TopicCounters lossesOfPatterns) {
        this.lossesOfPatterns = lossesOfPatterns;
    }

    // ---- the reader's

    /// What comes now is of this topic.
    void topic(@Nullable Topic of) {
        if (of != topic) {
            flush();
            topic = of;
        }
    }

    @Nullable
    Topic topic() {
        return topic;
    }

    void delivered(long count) {
        DELIVERED.setRelease(this, delivered + count);
    }

    void failed(long count) {
        FAILED.setRelease(this, failed + count);
    }

    /// Tells the topic.
    void flush() {
        long newDelivered = delivered - toldDelivered;
        long newFailed = failed - toldFailed;
        toldDelivered = delivered;
        toldFailed = failed;
        Topic of = topic;
        if (of == null) {
            return;
        }
        if (newDelivered > 0) {
            of.counters().delivered(newDelivered);
        }
        if (newFailed > 0) {
            of.counters().failed(newFailed);
        }
    }

    void lost(long count) {
        DROPPED.getAndAdd(this, count);
        Topic of = topic;
        if (lossesOfPatterns != null) {
            lossesOfPatterns.dropped(count);
        } else if (of != null) {
            of.counters().dropped(count);
        }
    }

    // ---- any thread's

    /// The topic has counted them.
    void missed(long count) {
        DROPPED.getAndAdd(this, count);
    }

    /// By the publisher: the topic has counted it.
    void refusedOne() {
        DROPPED.getAndAdd(this, 1L);
    }

    long delivered() {
        return (long) DELIVERED.getAcquire(this);
    }

    long failed() {
        return (long) FAILED.getAcquire(this);
    }

    long dropped() {
        return dropped;
    }
}
