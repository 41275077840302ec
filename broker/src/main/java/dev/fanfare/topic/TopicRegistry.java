package dev.fanfare.topic;

import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.FeedAccess;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.TopicName;
import dev.fanfare.feed.Wakes;
import dev.fanfare.log.HistoryBudget;
import dev.fanfare.log.MemoryTopicLog;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// All topics by name, and who hears them. One lock guards names, subscriptions and plans; looking a topic up and
/// publishing take none of it.
public final class TopicRegistry implements FeedAccess {

    private static final String EPOCH_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
    private static final int EPOCH_LENGTH = 8;

    private final BrokerConfig config;
    private final Timers timers;
    private final Consumer<Supplier<BrokerEvent>> events;
    private final HistoryBudget budget;
    private final HistoryShrinker shrinker;

    private final ReentrantLock lock = new ReentrantLock();
    private final ConcurrentHashMap<String, LiveTopic> byName = new ConcurrentHashMap<>();
    private final ConcurrentSkipListMap<String, LiveTopic> sorted = new ConcurrentSkipListMap<>();
    private final PatternIndex patterns = new PatternIndex();
    private final AtomicInteger subscriptions = new AtomicInteger();
    private volatile boolean closed;

    /// Holds no topic yet.
    ///
    /// @param events told what happens, never inside a lock
    public TopicRegistry(BrokerConfig config, Timers timers, Consumer<Supplier<BrokerEvent>> events) {
        this.config = config;
        this.timers = timers;
        this.events = events;
        this.budget = new HistoryBudget(config.historyMemory());
        this.shrinker = new HistoryShrinker(budget, byName.values());
    }

    /// The broker's clock.
    public Timers timers() {
        return timers;
    }

    /// What the histories cost.
    public HistoryBudget budget() {
        return budget;
    }

    /// How long a publisher waits at most for loops that do not keep up, before it goes on all the same.
    Duration congestionWait() {
        return config.blockTimeout();
    }

    /// After each append, outside of the section.
    void appended() {
        if (budget.exceeded()) {
            shrinker.shrink();
        }
    }

    // ---- topics

    /// Makes a topic.
    ///
    /// @throws FanfareException `BAD_REQUEST`, `TOPIC_EXISTS`, `LIMIT_REACHED`, `SHUTTING_DOWN`
    public LiveTopic create(String name, TopicConfig topicConfig) {
        TopicName.check(name);
        LiveTopic topic;
        lock.lock();
        try {
            checkOpen();
            if (byName.containsKey(name)) {
                throw new FanfareException(ErrorCode.TOPIC_EXISTS, "topic '" + name + "' exists already");
            }
            topic = add(name, topicConfig);
        } finally {
            lock.unlock();
        }
        emit(() -> new BrokerEvent.TopicCreated(name));
        return topic;
    }

    /// The topic of that name, made with the default settings if it does not exist and topics make themselves.
    ///
    /// @throws FanfareException `TOPIC_NOT_FOUND` when it does not exist; those of [#create]
    public LiveTopic require(String name) {
        LiveTopic topic = byName.get(name);
        if (topic != null) {
            return topic;
        }
        if (!config.autoCreateTopics()) {
            checkOpen();
            throw notFound(name);
        }
        TopicName.check(name);
        lock.lock();
        try {
            checkOpen();
            topic = byName.get(name);
            if (topic != null) {
                return topic;
            }
            topic = add(name, config.topics());
        } finally {
            lock.unlock();
        }
        emit(() -> new BrokerEvent.TopicCreated(name));
        return topic;
    }

    private static FanfareException notFound(String name) {
        return new FanfareException(ErrorCode.TOPIC_NOT_FOUND, "topic '" + name + "' does not exist; create it first");
    }

    private void checkOpen() {
        if (closed) {
            throw new FanfareException(ErrorCode.SHUTTING_DOWN, "the broker is closing");
        }
    }

    /// Under the lock.
    private LiveTopic add(String name, TopicConfig topicConfig) {
        if (byName.size() >= config.maxTopics()) {
            throw new FanfareException(
                    ErrorCode.LIMIT_REACHED,
                    "topic '" + name + "' would be one more than max-topics (" + config.maxTopics()
                            + ") allows: delete topics or raise the setting");
        }
        List<SharedFeed<?>> feeds = patterns.matching(name);
        if (feeds.size() > config.maxFeedsPerTopic()) {
            throw tooManyFeeds(name);
        }
        var log = new MemoryTopicLog(newEpoch(), topicConfig.retention(), timers, budget);
        LiveTopic topic = new LiveTopic(name, topicConfig, log, this, Plan.of(feeds));
        sorted.put(name, topic);
        byName.put(name, topic);
        return topic;
    }

    private FanfareException tooManyFeeds(String name) {
        return new FanfareException(
                ErrorCode.LIMIT_REACHED,
                "topic '" + name + "' would be heard by more distinct patterns and encodings than max-feeds-per-topic ("
                        + config.maxFeedsPerTopic() + ") allows: subscribe with fewer different patterns");
    }

    private static String newEpoch() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        StringBuilder epoch = new StringBuilder(EPOCH_LENGTH);
        for (int i = 0; i < EPOCH_LENGTH; i++) {
            epoch.append(EPOCH_DIGITS.charAt(random.nextInt(EPOCH_DIGITS.length())));
        }
        return epoch.toString();
    }

    /// The topic of that name.
    public Optional<Topic> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /// The topics whose names begin with `prefix` and come after `after`, in the order of their names (by UTF-16
    /// code unit).
    public Stream<Topic> list(String prefix, String after) {
        boolean skip = after.compareTo(prefix) >= 0;
        return sorted.tailMap(skip ? after : prefix, !skip).values().stream()
                .takeWhile(topic -> topic.name().startsWith(prefix))
                .map(topic -> topic);
    }

    /// Deletes a topic: nothing is appended any more when this returns, and its subscriptions by name end.
    ///
    /// @return false when there was none
    public boolean delete(String name) {
        lock.lock();
        try {
            LiveTopic topic = byName.remove(name);
            if (topic == null) {
                return false;
            }
            sorted.remove(name);
            topic.end(Plan.GONE);
            // Under the lock, so that no feed is told that was closed meanwhile.
            topic.named().forEach(named -> named.feed().end());
        } finally {
            lock.unlock();
        }
        emit(() -> new BrokerEvent.TopicDeleted(name));
        return true;
    }

    /// Calls `action` for each topic that the pattern matches; those that come or go meanwhile may be among them
    /// or not.
    void matching(Pattern pattern, Consumer<LiveTopic> action) {
        String prefix = pattern.literalPrefix();
        if (!prefix.isEmpty()) {
            // `a/**` matches `a` too, which is not in the range.
            LiveTopic parent = byName.get(prefix.substring(0, prefix.length() - 1));
            if (parent != null && pattern.matches(parent.name())) {
                action.accept(parent);
            }
        }
        for (LiveTopic topic : sorted.tailMap(prefix).values()) {
            if (!topic.name().startsWith(prefix)) {
                break;
            }
            if (pattern.matches(topic.name())) {
                action.accept(topic);
            }
        }
    }

    // ---- subscriptions

    @Override
    public PublishResult publish(Topic topic, Message draft, Wakes wakes) {
        return ((LiveTopic) topic).append(draft, wakes);
    }

    @Override
    public <C> Attachment attach(Pattern pattern, Start start, FeedKind<C> kind, C cursor) {
        Attachment attachment =
                pattern.isWild() ? attachWild(pattern, start, kind, cursor) : attachNamed(pattern, start, kind, cursor);
        emit(() -> new BrokerEvent.SubscriberAdded(pattern.text()));
        return attachment;
    }

    private <C> Attachment attachNamed(Pattern pattern, Start start, FeedKind<C> kind, C cursor) {
        if (start instanceof Start.AfterAll) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "'" + pattern + "' is one topic: it resumes after one position, an epoch and an offset");
        }
        while (true) {
            LiveTopic topic = require(pattern.text());
            SharedFeed<C> shared = join(topic, pattern, kind);
            if (shared != null) {
                try {
                    return new TopicAttachment<>(this, topic, shared, start, cursor);
                } catch (RuntimeException e) {
                    release(topic, shared);
                    throw e;
                }
            }
        }
    }

    /// @return null when the topic was deleted meanwhile
    private <C> @Nullable SharedFeed<C> join(LiveTopic topic, Pattern pattern, FeedKind<C> kind) {
        lock.lock();
        try {
            checkOpen();
            if (topic.deleted()) {
                return null;
            }
            checkSubscribers(topic.plan().subscriptions(), pattern);
            SharedFeed<C> shared = cast(PatternIndex.ofKind(topic.named(), kind));
            if (shared == null) {
                if (topic.plan().size() >= config.maxFeedsPerTopic()) {
                    throw tooManyFeeds(topic.name());
                }
                shared = new SharedFeed<>(pattern, kind, timers);
                List<SharedFeed<?>> named = new ArrayList<>(topic.named());
                named.add(shared);
                topic.named(named);
                topic.plan(topic.plan().with(shared));
            }
            count(shared, 1);
            return shared;
        } finally {
            lock.unlock();
        }
    }

    private void checkSubscribers(int present, Pattern pattern) {
        if (present >= config.maxSubscribersPerTopic()) {
            throw new FanfareException(
                    ErrorCode.LIMIT_REACHED,
                    "'" + pattern + "' has " + present + " subscriptions, as many as max-subscribers-per-topic ("
                            + config.maxSubscribersPerTopic() + ") allows");
        }
    }

    private <C> Attachment attachWild(Pattern pattern, Start start, FeedKind<C> kind, C cursor) {
        if (start instanceof Start.After) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "'" + pattern
                            + "' is a pattern: it resumes after a time and a position per topic, not after one position");
        }
        SharedFeed<C> shared = join(pattern, kind);
        try {
            return new PatternAttachment<>(this, shared, start, cursor);
        } catch (RuntimeException e) {
            release(null, shared);
            throw e;
        }
    }

    private <C> SharedFeed<C> join(Pattern pattern, FeedKind<C> kind) {
        lock.lock();
        try {
            checkOpen();
            List<SharedFeed<?>> same = patterns.of(pattern);
            checkSubscribers(same.stream().mapToInt(SharedFeed::subscriptions).sum(), pattern);
            SharedFeed<C> shared = cast(PatternIndex.ofKind(same, kind));
            if (shared == null) {
                shared = open(pattern, kind);
            }
            count(shared, 1);
            return shared;
        } finally {
            lock.unlock();
        }
    }

    private <C> SharedFeed<C> open(Pattern pattern, FeedKind<C> kind) {
        if (!patterns.contains(pattern) && patterns.size() >= config.maxPatterns()) {
            throw new FanfareException(
                    ErrorCode.LIMIT_REACHED,
                    "'" + pattern + "' would be one more distinct pattern than max-patterns (" + config.maxPatterns()
                            + ") allows");
        }
        List<LiveTopic> topics = new ArrayList<>();
        matching(pattern, topic -> {
            if (topic.plan().size() >= config.maxFeedsPerTopic()) {
                throw tooManyFeeds(topic.name());
            }
            topics.add(topic);
        });
        SharedFeed<C> shared = new SharedFeed<>(pattern, kind, timers);
        patterns.add(shared);
        PlanChange change = new PlanChange(plan -> plan.with(shared));
        topics.forEach(topic -> topic.plan(change.of(topic.plan())));
        return shared;
    }

    /// Every list of feeds is searched by the kind, whose cursor the feed of that kind has.
    @SuppressWarnings("unchecked")
    private static <C> @Nullable SharedFeed<C> cast(@Nullable SharedFeed<?> feed) {
        return (SharedFeed<C>) feed;
    }

    private void count(SharedFeed<?> shared, int change) {
        shared.changeSubscriptions(change);
        subscriptions.addAndGet(change);
    }

    /// One subscription fewer; the last one of a feed closes it.
    ///
    /// @param topic null for a pattern
    void release(@Nullable LiveTopic topic, SharedFeed<?> shared) {
        boolean last;
        lock.lock();
        try {
            count(shared, -1);
            last = shared.subscriptions() == 0;
            if (last && topic != null) {
                List<SharedFeed<?>> named = new ArrayList<>(topic.named());
                named.remove(shared);
                topic.named(named);
                topic.plan(topic.plan().without(shared));
            } else if (last) {
                patterns.remove(shared);
                PlanChange change = new PlanChange(plan -> plan.without(shared));
                matching(shared.pattern(), found -> found.plan(change.of(found.plan())));
            }
        } finally {
            lock.unlock();
        }
        if (last) {
            shared.close();
        }
        emit(() -> new BrokerEvent.SubscriberRemoved(shared.pattern().text()));
    }

    @Override
    public int subscribers(Topic topic) {
        return topic.subscribers();
    }

    @Override
    public int topics() {
        return byName.size();
    }

    @Override
    public int subscriptions() {
        return subscriptions.get();
    }

    @Override
    public void emit(Supplier<BrokerEvent> event) {
        events.accept(event);
    }

    /// From now on nothing is made, published or subscribed to; what was published can still be read.
    public void stop() {
        lock.lock();
        try {
            closed = true;
            for (LiveTopic topic : byName.values()) {
                topic.plan().openRooms();
                topic.end(Plan.CLOSED);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Forgets all topics.
    public void clear() {
        lock.lock();
        try {
            byName.clear();
            sorted.clear();
        } finally {
            lock.unlock();
        }
    }

    /// A publish to a name: the topic is made if topics make themselves.
    public PublishResult publish(String name, Message draft) {
        while (true) {
            LiveTopic topic;
            try {
                topic = require(name);
            } catch (FanfareException e) {
                return new Refused(e.code(), e.getMessage());
            }
            PublishResult result = topic.publish(draft);
            boolean deletedMeanwhile = result instanceof Refused refused && refused.code() == ErrorCode.TOPIC_NOT_FOUND;
            if (!deletedMeanwhile || !config.autoCreateTopics()) {
                return result;
            }
        }
    }
}
