package dev.fanfare;

import dev.fanfare.delivery.Backlogs;
import dev.fanfare.delivery.Stage;
import dev.fanfare.feed.Pattern;
import dev.fanfare.local.LocalDelivery;
import dev.fanfare.topic.Committer;
import dev.fanfare.topic.TopicRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a broker has done and has still to do, as a whole and in parts: [Broker#figures] hands it out. Any thread but
/// an event loop, which some of it asks and waits for.
public final class BrokerFigures {

    private final TopicRegistry registry;
    private final LocalDelivery delivery;
    private final Backlogs backlogs;
    private final Routes routes;

    BrokerFigures(TopicRegistry registry, LocalDelivery delivery, Backlogs backlogs, Routes routes) {
        this.registry = registry;
        this.delivery = delivery;
        this.backlogs = backlogs;
        this.routes = routes;
    }

    /// Everything. Looks at every topic and subscription: for now and then.
    public BrokerStats all() {
        var subscriptions = delivery.subscriptions();
        Map<String, Long> depths = new HashMap<>(registry.feeds().lags());
        subscriptions.forEach(each -> depths.merge(each.pattern(), each.lag(), Math::max));
        return new BrokerStats(
                registry.list("", "")
                        .map(topic -> BrokerStats.of(topic, depths.getOrDefault(topic.name(), 0L)))
                        .toList(),
                subscriptions.stream().map(BrokerStats.SubscriptionStats::of).toList(),
                delivery.patternCounters().dropped(),
                registry.delayedLost(),
                backlogs.transactionsCommitted(),
                backlogs.transactionsRefused(),
                registry.requests().timeouts(),
                registry.requests().unanswerable(),
                Stage.violations(),
                routes.stats(),
                backlogs.figures(),
                storage().orElse(null));
    }

    /// Sums over all topics. Looks at each, but at nothing that hears it: every second is not too often.
    public BrokerTotals totals() {
        return registry.feeds().sums().withDropped(delivery.patternCounters().dropped());
    }

    /// One topic. Looks at nothing but what hears it by its name.
    public BrokerStats.TopicStats of(Topic topic) {
        long depth = registry.feeds().lag(topic).join();
        for (Subscription each : delivery.subscriptions()) {
            if (each.pattern().equals(topic.name())) {
                depth = Math.max(depth, each.lag());
            }
        }
        return BrokerStats.of(topic, depth);
    }

    /// The live subscriptions in process that hear a topic, by its name or by a pattern; in no order.
    public List<BrokerStats.SubscriptionStats> inProcess(String topic) {
        return delivery.subscriptions().stream()
                .filter(each -> hears(each.pattern(), topic))
                .map(BrokerStats.SubscriptionStats::of)
                .toList();
    }

    /// The acknowledged subscriptions and groups; in no order.
    public List<AcknowledgedSubscription.Figures> acknowledged() {
        return backlogs.figures();
    }

    /// Those that hear a topic, by its name or by a pattern; in no order.
    public List<AcknowledgedSubscription.Figures> acknowledged(String topic) {
        return acknowledged().stream()
                .filter(each -> hears(each.pattern(), topic))
                .toList();
    }

    private static boolean hears(String pattern, String topic) {
        return pattern.equals(topic) || Pattern.of(pattern).matches(topic);
    }

    /// The store of durable topics, which it asks; empty when there is none.
    public Optional<BrokerStats.StorageStats> storage() {
        return registry.storage().map(Committer::stats);
    }
}
