package dev.fanfare.topic;

import dev.fanfare.Durability;
import dev.fanfare.log.DurableTopicLog;
import dev.fanfare.store.ByteWriter;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;

/// What one topic has in a group that is committed. On the committing thread, once its group is taken out.
final class CommitPart {

    /// How many messages are handed to the feeds before publishers have their turn in the section.
    static final int TURN = 32;

    private final LiveTopic topic;
    private long end;

    /// Up to where nothing has to be safer than written to be seen.
    private long writtenEnd;

    private Durability level = Durability.MEMORY;

    CommitPart(LiveTopic topic) {
        this.topic = topic;
    }

    LiveTopic topic() {
        return topic;
    }

    /// Up to where, and how safe it has to be to be seen.
    void add(long upTo, Durability safe) {
        end = upTo;
        level = level.or(safe);
        if (isDue(Durability.WRITTEN)) {
            writtenEnd = upTo;
        }
    }

    Durability level() {
        return level;
    }

    /// Whether all of it may be seen now that it is that safe.
    boolean isDue(Durability reached) {
        return level.compareTo(reached) <= 0;
    }

    /// Up to where it may be seen now that it is that safe, and written at least.
    long dueEnd(Durability reached) {
        return isDue(reached) ? end : writtenEnd;
    }

    /// Puts it into a batch.
    void record(Store.Batch batch, ByteWriter scratch) {
        if (topic.log() instanceof DurableTopicLog log) {
            // No record has both: what is not synced may have to be cut off.
            long between = Math.max(log.visible(), writtenEnd);
            long cost = log.record(batch, log.visible(), between, scratch) + log.record(batch, between, end, scratch);
            topic.enter();
            try {
                log.mark(batch, end, cost);
                topic.appending().identities().store(batch, log, log.number(), end, scratch);
            } finally {
                topic.leave();
            }
        }
    }

    /// Hands the messages to the feeds that may be seen now, and makes them visible, a few at a time. Those of topics
    /// that share their order with others are so already.
    void deliver(Durability reached) {
        long upTo = dueEnd(reached);
        for (long from = topic.visible(); from < upTo; from = topic.visible()) {
            topic.enter();
            try {
                topic.appending().reveal(Math.min(upTo, from + TURN));
            } finally {
                topic.leave();
            }
        }
        if (upTo > 0) {
            wake();
        }
    }

    /// In the section: all at once that may be seen now.
    void reveal(Durability reached) {
        topic.appending().reveal(dueEnd(reached));
    }

    /// Tells the feeds. No handler runs on the committing thread: it would wait for itself if it published.
    void wake() {
        topic.plan().wakeFromTransport();
    }

    /// What was not revealed has never been.
    void takeBack() {
        topic.enter();
        try {
            topic.appending().takeBack();
        } finally {
            topic.leave();
        }
    }

    /// Deletes from the store what is not known here.
    static void cut(LiveTopic topic, Store.Batch batch) {
        if (topic.log() instanceof DurableTopicLog log && !topic.deleted()) {
            long end = log.visible();
            batch.deleteRange(Table.MESSAGES, Keys.of(log.number(), end), Keys.of(log.number(), Long.MAX_VALUE));
            topic.enter();
            try {
                log.mark(batch, end, 0);
                topic.appending().identities().cut(batch, log.number(), end);
            } finally {
                topic.leave();
            }
        }
    }

    /// Forgets what retention says that is not in memory any more, and deletes what was forgotten.
    static void tidy(LiveTopic topic, Store store) {
        if (!(topic.log() instanceof DurableTopicLog log)) {
            return;
        }
        while (log.needsHead() && !topic.deleted()) {
            log.loadHead();
            topic.enter();
            try {
                log.passUnreadable();
                log.expire();
            } finally {
                topic.leave();
            }
        }
        byte[][] garbage = log.garbage();
        if (garbage.length == 0) {
            return;
        }
        Store.Batch batch = store.batch();
        batch.deleteRange(Table.MESSAGES, garbage[0], garbage[1]);
        topic.enter();
        try {
            log.mark(batch, log.visible(), 0);
            topic.appending().identities().tidy(batch, store, log.number());
        } finally {
            topic.leave();
        }
        store.write(batch);
        log.deleted(garbage);
        store.reclaim(Table.MESSAGES, garbage[0], garbage[1]);
    }
}
