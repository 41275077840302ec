package dev.fanfare.topic;

import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerLimit;
import dev.fanfare.FanfareException;
import dev.fanfare.feed.Pattern;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Puts the feeds of patterns into the plans of topics, and takes them out. Any thread.
///
/// The plans of a pattern's topics are changed one by one, with the registry's lock taken anew for each: a pattern
/// may match 100,000 topics, and an event loop that subscribes to one of them must not wait for all. Topics made
/// meanwhile get the feed when they are made, since the pattern is known before the first plan is changed.
final class Planning {

    private final TopicRegistry topics;
    private final Supplier<BrokerConfig> config;
    private final ReentrantLock lock;
    private final PatternIndex patterns;

    /// Topics made one after the other are often heard by the same feeds: they share one plan.
    private Plan lastMade = Plan.EMPTY;

    /// @param patterns the feeds that new topics get
    Planning(TopicRegistry topics, Supplier<BrokerConfig> config, ReentrantLock lock, PatternIndex patterns) {
        this.topics = topics;
        this.config = config;
        this.lock = lock;
        this.patterns = patterns;
    }

    /// @throws FanfareException `LIMIT_REACHED` when it may have no feed more
    void checkFeeds(Plan plan, LiveTopic topic) {
        if (plan.size() >= config.get().maxFeedsPerTopic()) {
            throw tooManyFeeds(topic.name());
        }
    }

    /// Puts a feed into the plan of every topic that its pattern means.
    ///
    /// @throws FanfareException `LIMIT_REACHED` that names a topic with too many: some have it then
    void enter(SharedFeed<?> shared) {
        try {
            PlanChange change = new PlanChange(plan -> plan.with(shared));
            replan(shared.pattern(), topic -> {
                Plan plan = topic.plan();
                if (!plan.holds(shared)) {
                    checkFeeds(plan, topic);
                    topic.plan(change.of(plan));
                }
            });
            shared.planned();
        } catch (RuntimeException | Error e) {
            shared.refused(e);
            throw e;
        }
    }

    /// Nobody subscribes to it any more: takes it out of every plan, and closes it.
    void leave(SharedFeed<?> shared) {
        PlanChange change = new PlanChange(plan -> plan.without(shared));
        replan(shared.pattern(), topic -> {
            Plan plan = topic.plan();
            if (plan.holds(shared)) {
                topic.plan(change.of(plan));
            }
        });
        shared.close();
    }

    private void replan(Pattern pattern, Consumer<LiveTopic> change) {
        topics.matching(pattern, topic -> {
            lock.lock();
            try {
                change.accept(topic);
            } finally {
                lock.unlock();
            }
        });
    }

    /// Has one feed in the place of another. It leaves the topics first that only its own pattern means: at no moment
    /// do the two together lead anywhere that neither of them leads. What has its place in a topic then, and is not
    /// visible yet, goes where it would have gone before.
    ///
    /// @param check of each plan that gets one feed more; what it throws ends this
    void exchange(SharedFeed<?> from, SharedFeed<?> to, BiConsumer<Plan, LiveTopic> check) {
        PlanChange without = new PlanChange(plan -> plan.without(from));
        replan(from.pattern(), topic -> {
            if (topic.plan().holds(from) && !to.pattern().matches(topic.name())) {
                topic.plan(without.of(topic.plan()), from, null);
            }
        });
        PlanChange instead = new PlanChange(plan -> plan.without(from).with(to));
        replan(to.pattern(), topic -> {
            Plan plan = topic.plan();
            if (!plan.holds(to)) {
                boolean exchanged = plan.holds(from);
                if (!exchanged) {
                    check.accept(plan, topic);
                }
                topic.plan(instead.of(plan), exchanged ? from : null, to);
            }
        });
    }

    /// The plan of a topic that is being made. Under the registry's lock.
    Plan planFor(String name) {
        List<SharedFeed<?>> feeds = patterns.matching(name);
        if (feeds.size() > config.get().maxFeedsPerTopic()) {
            throw tooManyFeeds(name);
        }
        if (!lastMade.holds(feeds)) {
            lastMade = Plan.of(feeds);
        }
        return lastMade;
    }

    private FanfareException tooManyFeeds(String name) {
        return new FanfareException(
                BrokerLimit.FEEDS_PER_TOPIC,
                "topic '" + name + "' would be heard by more distinct patterns and encodings than max-feeds-per-topic ("
                        + config.get().maxFeedsPerTopic() + ") allows: subscribe with fewer different patterns");
    }
}
