package dev.fanfare.topic;

import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.log.LogReaders;
import dev.fanfare.time.Timers;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A subscription of one topic: reads the log until, inside the topic's section, nothing is left to read; there it
/// joins the feed.
///
/// The last slice is read in the section in which it joins. A publisher that is faster than the subscriber can
/// therefore not keep it out for ever. When that slice is not in memory it joins there all the same, and reads
/// afterwards up to where it joined.
final class TopicAttachment<C> implements Attachment {

    private final FeedRegistry registry;
    private final LiveTopic topic;
    private final SharedFeed<C> shared;
    private final C cursor;
    private final Opened opened;
    private final DeviceRead device;

    /// What is to be replayed next. Written by whoever replays.
    private volatile long position;

    private long lost;

    /// What was read from the device and not handed out, and the visible end before that.
    private @Nullable List<Message> read;

    private long readUpTo;

    /// The first offset that comes from the feed, −1 before the cursor is in it; and how far the feed's way in
    /// was then.
    private volatile long joinedAt = -1;

    private volatile long mark;

    private final long expiredBy;

    /// Changed inside the topic's section only.
    private volatile State state = State.REPLAYING;

    /// Inside the topic's section only.
    private boolean closed;

    /// Called by the registry, which has counted the subscription. Joins at once when there is nothing to replay.
    TopicAttachment(
            FeedRegistry registry,
            LogReaders readers,
            Timers timers,
            LiveTopic topic,
            SharedFeed<C> shared,
            Start start,
            C cursor,
            long expiredBy) {
        this.registry = registry;
        this.topic = topic;
        this.shared = shared;
        this.cursor = cursor;
        this.expiredBy = expiredBy;
        this.device = new DeviceRead(readers);
        StartingPoint from = StartingPoint.enter(topic, start);
        try {
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
    public @Nullable List<Message> replay(int maxMessages, int maxBytes, Runnable whenRead) {
        while (state == State.REPLAYING) {
            if (device.underWay()) {
                return null;
            }
            List<Message> slice = next(maxMessages, maxBytes);
            if (slice == null) {
                device.begin(() -> read(maxMessages, maxBytes), whenRead);
                return null;
            }
            if (!slice.isEmpty()) {
                return slice;
            }
        }
        return List.of();
    }

    /// By a reader.
    private void read(int maxMessages, int maxBytes) {
        readUpTo = topic.visible();
        read = topic.log().read(position, maxMessages, maxBytes);
    }

    /// The next messages that are kept and have not expired; empty also when those looked at have. Null when
    /// they have to be read from the device.
    private @Nullable List<Message> next(int maxMessages, int maxBytes) {
        List<Message> found = read;
        read = null;
        if (found != null) {
            return passed(found, readUpTo);
        }
        if (joinedAt < 0 && topic.visible() - Math.max(position, topic.oldest()) > maxMessages) {
            // Certainly not the last slice: the publishers need not wait for it.
            long upTo = topic.visible();
            List<Message> slice = topic.log().readCached(position, maxMessages, maxBytes);
            return slice == null ? null : passed(slice, upTo);
        }
        topic.enter();
        try {
            List<Message> slice = lastOnes(maxMessages, maxBytes);
            joinIfDone();
            return slice;
        } finally {
            topic.leave();
        }
    }

    /// Inside the section.
    private @Nullable List<Message> lastOnes(int maxMessages, int maxBytes) {
        if (state != State.REPLAYING || position >= end()) {
            return List.of();
        }
        long upTo = topic.visible();
        List<Message> slice = topic.log().readCached(position, maxMessages, maxBytes);
        if (slice == null && upTo - Math.max(position, topic.oldest()) <= maxMessages) {
            join();
        }
        return slice == null ? null : passed(slice, upTo);
    }

    /// Moves behind what was read: what is missing before it, or up to `upTo` when it is nothing, is lost. What
    /// the feed will bring is none of it.
    private List<Message> passed(List<Message> found, long upTo) {
        long end = joinedAt < 0 ? Long.MAX_VALUE : joinedAt;
        int count = found.size();
        while (count > 0 && found.get(count - 1).offset() >= end) {
            count--;
        }
        List<Message> slice = found.subList(0, count);
        long first = slice.isEmpty()
                ? Math.max(position, Math.min(upTo, end))
                : slice.getFirst().offset();
        // Whoever only misses what has a newer message of its key has lost nothing.
        long losable = topic.log().hasHoles() ? Math.min(first, topic.oldest()) : first;
        lost += Math.max(0, losable - position);
        position = slice.isEmpty() ? first : slice.getLast().offset() + 1;
        return topic.unexpired(slice, expiredBy);
    }

    @Override
    public long unreplayed() {
        return state == State.REPLAYING ? Math.max(0, end() - Math.max(position, topic.oldest())) : 0;
    }

    /// Up to where there is something to replay. Inside the section it stays so.
    private long end() {
        return joinedAt < 0 ? topic.visible() : joinedAt;
    }

    /// Inside the section.
    private void joinIfDone() {
        if (state == State.REPLAYING && position >= end()) {
            join();
            state = joinedAt < 0 ? State.ENDED : State.LIVE;
        }
    }

    /// Inside the section: from here on the feed brings what is published, unless nothing is any more.
    private void join() {
        if (joinedAt < 0 && !topic.deleted()) {
            shared.feed().attach(cursor);
            mark = shared.feed().mark();
            joinedAt = topic.visible();
        }
    }

    @Override
    public long joinedAt() {
        return joinedAt;
    }

    @Override
    public boolean replayFrom(long offset) {
        topic.enter();
        try {
            if (state == State.ENDED || joinedAt < 0) {
                return false;
            }
            if (state == State.LIVE) {
                position = Math.max(offset, joinedAt);
            }
            joinedAt = -1;
            state = State.REPLAYING;
        } finally {
            topic.leave();
        }
        shared.feed().detach(cursor);
        return true;
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
    public long mark() {
        return shared.feed().mark();
    }

    @Override
    public boolean isPast(long upTo) {
        return shared.feed().isPast(upTo);
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
