package dev.fanfare.topic;

import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.log.TopicLog;
import dev.fanfare.time.Timers;
import java.util.List;

/// A subscription of one topic: reads the log until, inside the topic's section, nothing is left to read; there it
/// joins the feed.
///
/// The last slice is read in the section in which it joins. A publisher that is faster than the subscriber can
/// therefore not keep it out for ever.
final class TopicAttachment<C> implements Attachment {

    private final FeedRegistry registry;
    private final LiveTopic topic;
    private final SharedFeed<C> shared;
    private final C cursor;
    private final Opened opened;
    private long position;
    private long lost;

    /// The first offset after the replay, and how far the feed's way in was then.
    private volatile long joinedAt;

    private volatile long mark;

    /// Changed inside the topic's section only.
    private volatile State state = State.REPLAYING;

    /// Inside the topic's section only.
    private boolean closed;

    /// Called by the registry, which has counted the subscription. Joins at once when there is nothing to replay.
    TopicAttachment(
            FeedRegistry registry, Timers timers, LiveTopic topic, SharedFeed<C> shared, Start start, C cursor) {
        this.registry = registry;
        this.topic = topic;
        this.shared = shared;
        this.cursor = cursor;
        topic.enter();
        try {
            StartingPoint from = StartingPoint.in(topic.log(), start);
            position = from.offset();
            opened = new Opened(topic.epoch(), position, timers.currentTimeMillis(), from.recovered());
            joinIfDone();
        } finally {
            topic.leave();
        }
    }

    @Override
    public Opened opened() {
        return opened;
    }

    @Override
    public State state() {
        return state;
    }

    @Override
    public List<Message> replay(int maxMessages, int maxBytes) {
        if (state != State.REPLAYING) {
            return List.of();
        }
        while (true) {
            while (topic.visible() - Math.max(position, topic.oldest()) > maxMessages) {
                // Certainly not the last slice: the publishers need not wait for it.
                List<Message> slice = read(maxMessages, maxBytes);
                if (!slice.isEmpty()) {
                    return slice;
                }
            }
            List<Message> slice = readAndJoin(maxMessages, maxBytes);
            if (!slice.isEmpty() || state != State.REPLAYING) {
                return slice;
            }
        }
    }

    private List<Message> readAndJoin(int maxMessages, int maxBytes) {
        topic.enter();
        try {
            if (state != State.REPLAYING) {
                return List.of();
            }
            List<Message> slice = read(maxMessages, maxBytes);
            joinIfDone();
            return slice;
        } finally {
            topic.leave();
        }
    }

    /// The next messages that are kept and have not expired; empty also when those looked at have.
    private List<Message> read(int maxMessages, int maxBytes) {
        TopicLog log = topic.log();
        long upTo = topic.visible();
        List<Message> slice = log.read(position, maxMessages, maxBytes);
        // Nothing up to there: forgotten, or damaged.
        long first =
                slice.isEmpty() ? Math.max(position, upTo) : slice.getFirst().offset();
        // Whoever only misses what has a newer message of its key has lost nothing.
        lost += Math.max(0, log.hasHoles() ? Math.min(first, topic.oldest()) - position : first - position);
        position = slice.isEmpty() ? first : slice.getLast().offset() + 1;
        return topic.unexpired(slice);
    }

    /// Inside the section.
    private void joinIfDone() {
        if (position < topic.visible()) {
            return;
        }
        if (topic.deleted()) {
            state = State.ENDED;
        } else {
            shared.feed().attach(cursor);
            joinedAt = position;
            mark = shared.feed().mark();
            state = State.LIVE;
        }
    }

    @Override
    public long takeLost() {
        long taken = lost;
        lost = 0;
        return taken;
    }

    @Override
    public boolean skips(Topic topic, long offset) {
        return offset < joinedAt;
    }

    @Override
    public boolean settled() {
        return state != State.REPLAYING && shared.feed().isPast(mark);
    }

    @Override
    public void close() {
        topic.enter();
        try {
            if (closed) {
                return;
            }
            closed = true;
            state = State.ENDED;
        } finally {
            topic.leave();
        }
        shared.feed().detach(cursor);
        registry.release(topic, shared);
    }
}
