package dev.fanfare.topic;

import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.FilteredKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/// A subscription of a pattern: joins the feed first, notes in each matching topic's section how far that topic has
/// come, and replays up to there. What the feed holds of a topic below its noted offset is passed over.
///
/// A topic made meanwhile has the feed in its plan from its first message on; whether it is still noted or not,
/// each of its messages is either below its noted offset and replayed, or in the feed and not passed over.
final class PatternAttachment<C> implements Attachment {

    private final FeedRegistry registry;
    private final SharedFeed<C> shared;
    private final C cursor;
    private final Opened opened;
    private final Replay replay;
    private final DeviceRead device;

    /// The noted offset of each topic of which the feed may hold something below it.
    private final IdentityHashMap<Topic, Long> noted = new IdentityHashMap<>(0);

    /// How far the feed's way in was when all was noted.
    private final long mark;

    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile State state;

    /// Called by the registry, which has counted the subscription and put the feed into the plans.
    PatternAttachment(
            FeedRegistry registry,
            TopicRegistry topics,
            SharedFeed<C> shared,
            Start start,
            C cursor,
            long expiredBy,
            @Nullable ObjLongConsumer<Topic> begins) {
        this.registry = registry;
        this.device = new DeviceRead(topics.readers());
        this.shared = shared;
        this.cursor = cursor;
        long begun = topics.timers().currentTimeMillis();
        // What waits for a filter comes after the cursor, though it was visible before: it has to be noted.
        boolean filtered = shared.kind() instanceof FilteredKind<?>;
        if (start instanceof Start.Latest && !filtered && begins == null) {
            // Whoever is in a section now may have read an earlier time. Once they have left, everything that the
            // cursor will see is stamped `begun` or later, so that the time can stand for a position.
            topics.matching(shared.pattern(), topic -> topic.appending().pass());
            shared.feed().attach(cursor);
            replay = new Replay(List.of(), expiredBy);
            opened = new Opened(null, -1, begun, null);
        } else {
            IdentityHashMap<LiveTopic, Long> before = new IdentityHashMap<>();
            if (!filtered) {
                topics.matching(shared.pattern(), topic -> {
                    before.put(topic, topic.visible());
                    // Whoever made that visible has handed it to the feed when they have left.
                    topic.appending().pass();
                });
            }
            shared.feed().attach(cursor);
            List<Replay.Range> all = new ArrayList<>();
            Boolean recovered = note(topics, start, before, all);
            List<Replay.Range> ranges =
                    all.stream().filter(range -> range.from() < range.to()).toList();
            if (start instanceof Start.LastN(int count)) {
                ranges = Newest.of(count, ranges, topics.readers());
            }
            if (begins != null) {
                tell(begins, all, ranges);
            }
            replay = new Replay(ranges, expiredBy);
            opened = new Opened(null, -1, begun, recovered);
        }
        mark = shared.feed().mark();
        state = replay.isDone() ? State.LIVE : State.REPLAYING;
    }

    /// A topic of which nothing is replayed begins where the feed takes over.
    private static void tell(ObjLongConsumer<Topic> begins, List<Replay.Range> all, List<Replay.Range> replayed) {
        IdentityHashMap<LiveTopic, Long> from = new IdentityHashMap<>();
        all.forEach(range -> from.put(range.topic(), range.to()));
        replayed.forEach(range -> from.put(range.topic(), range.from()));
        from.forEach(begins::accept);
    }

    private @Nullable Boolean note(
            TopicRegistry topics, Start start, IdentityHashMap<LiveTopic, Long> before, List<Replay.Range> ranges) {
        Map<LiveTopic, StartingPoint.Search> searches = searches(topics, start);
        Map<String, Boolean> recovered = new HashMap<>();
        eachInOrder(topics, topic -> {
            StartingPoint.Search search = searches.get(topic);
            StartingPoint from = StartingPoint.enterOneOf(
                    topic, start, search == null ? StartingPoint.search(topic, start) : search);
            long visible;
            try {
                visible = topic.visible();
            } finally {
                topic.leave();
            }
            ranges.add(new Replay.Range(topic, from.offset(), visible));
            // What was visible before the cursor was attached was in the feed before it.
            if (visible > before.getOrDefault(topic, 0L)) {
                noted.put(topic, visible);
            }
            if (from.recovered() != null) {
                recovered.put(topic.name(), from.recovered());
            }
        });
        if (!(start instanceof Start.AfterAll all)) {
            return null;
        }
        return !recovered.containsValue(false)
                && topics.deleted().nothingLost(shared.pattern(), all, recovered.keySet());
    }

    /// First the topics that share one order, while nobody appends to any of them: what is live of one must not be
    /// before what is replayed of another.
    private void eachInOrder(TopicRegistry topics, Consumer<LiveTopic> action) {
        GlobalOrder order = topics.globalOrder();
        if (!order.isUsed()) {
            topics.matching(shared.pattern(), action);
            return;
        }
        order.section().lock();
        try {
            topics.matching(shared.pattern(), topic -> {
                if (topic.appending().shared() != null) {
                    action.accept(topic);
                }
            });
        } finally {
            order.section().unlock();
        }
        topics.matching(shared.pattern(), topic -> {
            if (topic.appending().shared() == null) {
                action.accept(topic);
            }
        });
    }

    /// What has to be looked up on a device.
    private Map<LiveTopic, StartingPoint.Search> searches(TopicRegistry topics, Start start) {
        List<LiveTopic> stored = new ArrayList<>();
        topics.matching(shared.pattern(), topic -> {
            if (StartingPoint.isStored(topic, start)) {
                stored.add(topic);
            }
        });
        Map<LiveTopic, StartingPoint.Search> searches = new ConcurrentHashMap<>();
        Survey.of(stored, topics.readers(), topic -> searches.put(topic, StartingPoint.search(topic, start)));
        return searches;
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
        if (state != State.REPLAYING) {
            return List.of();
        }
        if (device.underWay()) {
            return null;
        }
        List<Message> slice = replay.next(maxMessages, maxBytes);
        if (slice == null) {
            device.begin(replay::load, whenRead);
        } else if (replay.isDone() && !closed.get()) {
            state = State.LIVE;
        }
        return slice;
    }

    @Override
    public long unreplayed() {
        return state == State.REPLAYING ? replay.left() : 0;
    }

    @Override
    public long takeLost() {
        return replay.takeLost();
    }

    @Override
    public boolean skips(Topic topic, long offset) {
        Long below = noted.get(topic);
        return below != null && offset < below;
    }

    @Override
    public boolean settled() {
        return shared.feed().isPast(mark);
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
        if (closed.compareAndSet(false, true)) {
            state = State.ENDED;
            shared.feed().detach(cursor);
            registry.release(null, shared);
        }
    }
}
