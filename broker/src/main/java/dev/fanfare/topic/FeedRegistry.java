package dev.fanfare.topic;

import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerLimit;
import dev.fanfare.BrokerTotals;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.feed.Asker;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.FeedAccess;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.FilteredKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.Wakes;
import dev.fanfare.local.Events;
import dev.fanfare.request.Requests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Who hears which topics: opens the feed of a pattern and kind with its first subscription, puts it into the plans
/// of the topics it hears, and closes it after the last one. The registry's lock guards subscriptions and plans;
/// publishing takes none of it.
public final class FeedRegistry implements FeedAccess {

    /// How many topics are looked at on the thread of whoever leaves a pattern, which may be an event loop; and how
    /// many are asked at once how far their subscriptions are.
    private static final int TOPICS_AT_ONCE = 1_000;

    private final TopicRegistry topics;
    private final Supplier<BrokerConfig> config;
    private final ReentrantLock lock;
    private final Events events;
    private final PatternIndex patterns = new PatternIndex();
    private final AtomicInteger subscriptions = new AtomicInteger();
    private final TopicTotals totals = new TopicTotals();

    /// The feeds behind filters. Changed under the lock.
    private final Set<SharedFeed<?>> filtered = ConcurrentHashMap.newKeySet();

    private final Planning planning;

    FeedRegistry(TopicRegistry topics, Supplier<BrokerConfig> config, ReentrantLock lock, Events events) {
        this.topics = topics;
        this.config = config;
        this.lock = lock;
        this.events = events;
        this.planning = new Planning(topics, config, lock, patterns);
    }

    @Override
    public PublishResult publish(Topic topic, Message draft, Wakes wakes) {
        return ((LiveTopic) topic).publish(draft, wakes);
    }

    @Override
    public Topic create(String name) {
        return topics.create(name);
    }

    @Override
    public boolean isHeard(Topic topic, long offset) {
        return ((LiveTopic) topic).appending().isHeard(offset);
    }

    @Override
    public Runnable ask(String topic, Message draft, Duration timeout, int replies, Asker asker, Wakes wakes) {
        return topics.requests().ask(topic, draft, timeout, replies, asker, wakes);
    }

    @Override
    public PublishResult reply(String address, Message draft) {
        return topics.requests().reply(address, draft);
    }

    @Override
    public boolean isReplyAddress(String topic) {
        return Requests.isAddress(topic);
    }

    @Override
    public <C> Attachment attach(
            Pattern pattern,
            Start start,
            FeedKind<C> kind,
            C cursor,
            long expiredBy,
            @Nullable ObjLongConsumer<Topic> begins) {
        return pattern.isWild()
                ? attachWild(pattern, start, kind, cursor, expiredBy, begins)
                : attachNamed(pattern, start, kind, cursor, expiredBy, begins);
    }

    private <C> Attachment attachNamed(
            Pattern pattern,
            Start start,
            FeedKind<C> kind,
            C cursor,
            long expiredBy,
            @Nullable ObjLongConsumer<Topic> begins) {
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
                    Attachment made = new TopicAttachment<>(
                            this, topics.readers(), topics.timers(), topic, shared, start, cursor, expiredBy);
                    if (begins != null) {
                        begins.accept(topic, made.opened().offset());
                    }
                    return made;
                } catch (RuntimeException | Error e) {
                    // It may be in the feed already, with nobody who would ever take it out.
                    shared.feed().detach(cursor);
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
                planning.checkFeeds(topic.plan(), topic);
                checkFilters(kind);
                shared = new SharedFeed<>(pattern, kind, topics.timers());
                opened(shared);
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
        if (present >= config.get().maxSubscribersPerTopic()) {
            throw new FanfareException(
                    BrokerLimit.SUBSCRIBERS_PER_TOPIC,
                    "'" + pattern + "' has " + present + " subscriptions, as many as max-subscribers-per-topic ("
                            + config.get().maxSubscribersPerTopic() + ") allows");
        }
    }

    private <C> Attachment attachWild(
            Pattern pattern,
            Start start,
            FeedKind<C> kind,
            C cursor,
            long expiredBy,
            @Nullable ObjLongConsumer<Topic> begins) {
        if (start instanceof Start.After) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "'" + pattern
                            + "' is a pattern: it resumes after a time and a position per topic, not after one position");
        }
        SharedFeed<C> shared = join(pattern, kind);
        try {
            return new PatternAttachment<>(this, topics, shared, start, cursor, expiredBy, begins);
        } catch (RuntimeException | Error e) {
            // It may be in the feed already, with nobody who would ever take it out.
            shared.feed().detach(cursor);
            release(null, shared);
            throw e;
        }
    }

    private <C> SharedFeed<C> join(Pattern pattern, FeedKind<C> kind) {
        SharedFeed<C> there = join(pattern, kind, null);
        if (there != null) {
            return planned(there, false);
        }
        // Looked for first, so that what is refused leaves nothing behind; for certain it is known only afterwards.
        topics.matching(pattern, topic -> planning.checkFeeds(topic.plan(), topic));
        SharedFeed<C> made = new SharedFeed<>(pattern, kind, topics.timers());
        SharedFeed<C> joined = Objects.requireNonNull(join(pattern, kind, made));
        if (joined != made) {
            made.close();
        }
        return planned(joined, joined == made);
    }

    /// One subscription more for the feed of that pattern and kind.
    ///
    /// @param made becomes that feed if there is none
    /// @return null when there is none and none was made
    private <C> @Nullable SharedFeed<C> join(Pattern pattern, FeedKind<C> kind, @Nullable SharedFeed<C> made) {
        lock.lock();
        try {
            topics.checkOpen();
            List<SharedFeed<?>> same = patterns.of(pattern);
            checkSubscribers(same.stream().mapToInt(SharedFeed::counted).sum(), pattern);
            SharedFeed<C> shared = cast(PatternIndex.ofKind(same, kind));
            if (shared == null) {
                checkPatterns(pattern);
                checkFilters(kind);
                if (made == null) {
                    return null;
                }
                patterns.add(made);
                opened(made);
                shared = made;
            }
            count(shared, 1);
            return shared;
        } finally {
            lock.unlock();
        }
    }

    /// Puts a reader of that kind into the plan of every topic that the pattern means, existing or made later: it
    /// stays until it is dismissed, whatever becomes of topics. When this returns it gets everything that is
    /// published after.
    ///
    /// @throws FanfareException `LIMIT_REACHED`, `SHUTTING_DOWN`
    public <C> Station station(Pattern pattern, FeedKind<C> kind) {
        return new Station(this, join(pattern, kind));
    }

    void dismiss(SharedFeed<?> shared) {
        lock.lock();
        try {
            count(shared, -1);
            patterns.remove(shared);
        } finally {
            lock.unlock();
        }
        planning.leave(shared);
    }

    /// See [Station#exchange].
    <C> SharedFeed<C> exchange(SharedFeed<?> before, Pattern pattern, FeedKind<C> kind) {
        SharedFeed<C> next = new SharedFeed<>(pattern, kind, topics.timers());
        lock.lock();
        try {
            topics.checkOpen();
            patterns.remove(before);
            try {
                checkPatterns(pattern);
            } catch (FanfareException full) {
                patterns.add(before);
                throw full;
            }
            patterns.add(next);
            count(next, 1);
        } finally {
            lock.unlock();
        }
        try {
            planning.exchange(before, next, planning::checkFeeds);
        } catch (RuntimeException | Error e) {
            lock.lock();
            try {
                patterns.remove(next);
                patterns.add(before);
            } finally {
                lock.unlock();
            }
            // It was there, and needs nobody's leave.
            planning.exchange(next, before, (plan, topic) -> {});
            next.close();
            throw e;
        }
        next.planned();
        before.close();
        return next;
    }

    /// A feed has its first subscription. Under the lock.
    private void opened(SharedFeed<?> shared) {
        if (shared.kind() instanceof FilteredKind<?>) {
            filtered.add(shared);
        }
    }

    private void checkFilters(FeedKind<?> kind) {
        if (kind instanceof FilteredKind<?>
                && filtered.size() + patterns.size() >= config.get().maxPatterns()) {
            throw new FanfareException(
                    BrokerLimit.PATTERNS,
                    "this would be one more distinct filter than max-patterns ("
                            + config.get().maxPatterns()
                            + ", patterns and filters together) allows: subscribe with equal filters");
        }
    }

    /// Waits until what was published has passed the filters, or not.
    public void awaitFilters(Duration atMost) {
        long deadline = topics.timers().nanoTime() + atMost.toNanos();
        try {
            for (SharedFeed<?> shared : filtered) {
                shared.feed()
                        .awaitPassed(Duration.ofNanos(
                                Math.max(0, deadline - topics.timers().nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void checkPatterns(Pattern pattern) {
        if (!patterns.contains(pattern)
                && filtered.size() + patterns.size() >= config.get().maxPatterns()) {
            throw new FanfareException(
                    BrokerLimit.PATTERNS,
                    "'" + pattern + "' would be one more distinct pattern than max-patterns ("
                            + config.get().maxPatterns() + ") allows");
        }
    }

    /// Returns when every topic that matches has the feed in its plan.
    private <C> SharedFeed<C> planned(SharedFeed<C> shared, boolean made) {
        try {
            if (made) {
                planning.enter(shared);
            } else {
                shared.awaitPlanned();
            }
            if (shared.kind().isSubscription()) {
                checkTopics(shared.pattern());
            }
            return shared;
        } catch (RuntimeException | Error e) {
            release(null, shared);
            throw e;
        }
    }

    /// Checks that no topic has got one subscription too many. It counts already: of two that come at once, neither
    /// overlooks the other.
    private void checkTopics(Pattern pattern) {
        int max = config.get().maxSubscribersPerTopic();
        topics.matching(pattern, topic -> {
            int present = topic.subscribers() - 1;
            if (present >= max) {
                throw new FanfareException(
                        BrokerLimit.SUBSCRIBERS_PER_TOPIC,
                        "topic '" + topic.name() + "', which '" + pattern + "' matches, has " + present
                                + " subscriptions, as many as max-subscribers-per-topic (" + max + ") allows");
            }
        });
    }

    /// Every list of feeds is searched by the kind, whose cursor the feed of that kind has.
    @SuppressWarnings("unchecked")
    private static <C> @Nullable SharedFeed<C> cast(@Nullable SharedFeed<?> feed) {
        return (SharedFeed<C>) feed;
    }

    /// Under the lock, so that comings and goings are told in their order; they are only put into queues there.
    private void count(SharedFeed<?> shared, int change) {
        shared.changeSubscriptions(change);
        if (!shared.kind().isSubscription()) {
            return;
        }
        subscriptions.addAndGet(change);
        String pattern = shared.pattern().text();
        emit(() -> change > 0 ? new BrokerEvent.SubscriberAdded(pattern) : new BrokerEvent.SubscriberRemoved(pattern));
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
            if (last) {
                filtered.remove(shared);
            }
            if (last && topic != null) {
                List<SharedFeed<?>> named = new ArrayList<>(topic.named());
                named.remove(shared);
                topic.named(named);
                topic.plan(topic.plan().without(shared));
            } else if (last) {
                patterns.remove(shared);
            }
        } finally {
            lock.unlock();
        }
        if (last && topic != null) {
            shared.close();
        } else if (last && topics.size() <= TOPICS_AT_ONCE) {
            planning.leave(shared);
        } else if (last) {
            // Nobody waits for it: without a cursor, a feed ignores what is appended.
            Thread.ofVirtual().name("fanfare-unsubscribe").start(() -> planning.leave(shared));
        }
    }

    /// How far the subscription of a transport that is furthest behind is behind, by topic; of subscriptions by
    /// name, and where it is at all. Waits for the transport's loops.
    public Map<String, Long> lags() {
        Map<String, Long> found = new HashMap<>();
        Map<String, CompletableFuture<Long>> asked = new HashMap<>();
        topics.list("", "").forEach(topic -> {
            ((LiveTopic) topic).plan().askLags(lag -> asked.merge(topic.name(), lag, FeedRegistry::larger));
            if (asked.size() == TOPICS_AT_ONCE) {
                answer(asked, found);
            }
        });
        answer(asked, found);
        return found;
    }

    /// The same of one topic: 0 when nothing waits. It waits for nothing itself.
    public CompletableFuture<Long> lag(Topic topic) {
        List<CompletableFuture<Long>> asked = new ArrayList<>();
        ((LiveTopic) topic).plan().askLags(asked::add);
        return asked.stream().reduce(Feed.NO_LAG, FeedRegistry::larger);
    }

    /// Sums over all topics, and those that there were.
    TopicTotals totals() {
        return totals;
    }

    /// What all topics together have done. Looks at each.
    public BrokerTotals sums() {
        return totals.of(topics.list("", "").map(topic -> (LiveTopic) topic));
    }

    private static CompletableFuture<Long> larger(CompletableFuture<Long> one, CompletableFuture<Long> other) {
        return one.thenCombine(other, Math::max);
    }

    private static void answer(Map<String, CompletableFuture<Long>> asked, Map<String, Long> found) {
        asked.forEach((topic, lag) -> found.put(topic, lag.join()));
        asked.clear();
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
        return planning.planFor(name);
    }
}
