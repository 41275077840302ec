package dev.fanfare.topic;

import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.FeedAccess;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.Wakes;
import dev.fanfare.local.Events;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Who hears which topics: opens the feed of a pattern and kind with its first subscription, puts it into the plans
/// of the topics it hears, and closes it after the last one. The registry's lock guards subscriptions and plans;
/// publishing takes none of it.
public final class FeedRegistry implements FeedAccess {

    private final TopicRegistry topics;
    private final BrokerConfig config;
    private final ReentrantLock lock;
    private final Events events;
    private final PatternIndex patterns = new PatternIndex();
    private final AtomicInteger subscriptions = new AtomicInteger();

    /// Topics made one after the other are often heard by the same feeds: they share one plan.
    private Plan lastMade = Plan.EMPTY;

    FeedRegistry(TopicRegistry topics, BrokerConfig config, ReentrantLock lock, Events events) {
        this.topics = topics;
        this.config = config;
        this.lock = lock;
        this.events = events;
    }

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
            LiveTopic topic = topics.require(pattern.text());
            SharedFeed<C> shared = join(topic, pattern, kind);
            if (shared != null) {
                try {
                    return new TopicAttachment<>(this, topics.timers(), topic, shared, start, cursor);
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
            topics.checkOpen();
            if (topic.deleted()) {
                return null;
            }
            checkSubscribers(topic.plan().subscriptions(), pattern);
            SharedFeed<C> shared = cast(PatternIndex.ofKind(topic.named(), kind));
            if (shared == null) {
                if (topic.plan().size() >= config.maxFeedsPerTopic()) {
                    throw tooManyFeeds(topic.name());
                }
                shared = new SharedFeed<>(pattern, kind, topics.timers());
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
            return new PatternAttachment<>(this, topics, shared, start, cursor);
        } catch (RuntimeException e) {
            release(null, shared);
            throw e;
        }
    }

    private <C> SharedFeed<C> join(Pattern pattern, FeedKind<C> kind) {
        lock.lock();
        try {
            topics.checkOpen();
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
        List<LiveTopic> hearing = new ArrayList<>();
        topics.matching(pattern, topic -> {
            if (topic.plan().size() >= config.maxFeedsPerTopic()) {
                throw tooManyFeeds(topic.name());
            }
            hearing.add(topic);
        });
        SharedFeed<C> shared = new SharedFeed<>(pattern, kind, topics.timers());
        patterns.add(shared);
        PlanChange change = new PlanChange(plan -> plan.with(shared));
        hearing.forEach(topic -> topic.plan(change.of(topic.plan())));
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
                topics.matching(shared.pattern(), found -> found.plan(change.of(found.plan())));
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
        return topics.size();
    }

    @Override
    public int subscriptions() {
        return subscriptions.get();
    }

    @Override
    public void emit(Supplier<BrokerEvent> event) {
        events.emit(event);
    }

    /// The plan of a topic that is being made. Under the registry's lock.
    Plan planFor(String name) {
        List<SharedFeed<?>> feeds = patterns.matching(name);
        if (feeds.size() > config.maxFeedsPerTopic()) {
            throw tooManyFeeds(name);
        }
        if (!lastMade.holds(feeds)) {
            lastMade = Plan.of(feeds);
        }
        return lastMade;
    }

    private FanfareException tooManyFeeds(String name) {
        return new FanfareException(
                ErrorCode.LIMIT_REACHED,
                "topic '" + name + "' would be heard by more distinct patterns and encodings than max-feeds-per-topic ("
                        + config.maxFeedsPerTopic() + ") allows: subscribe with fewer different patterns");
    }
}
