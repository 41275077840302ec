package dev.fanfare.server.metrics;

import dev.fanfare.BrokerStats;
import dev.fanfare.Counter;
import dev.fanfare.RouteStats;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.alerts.Alerts;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/// The families whose labels come and go: made of what the broker and the server have counted whenever they are
/// read, and kept nowhere.
final class BrokerFamilies implements MultiCollector {

    private static final double MILLIS_PER_SECOND = 1e3;

    private final Supplier<BrokerStats> stats;
    private final ServerCounts counts;
    private final Alerts alerts;
    private final IntSupplier most;

    /// @param most topics, and subscriptions, with figures of their own, at the moment
    BrokerFamilies(Supplier<BrokerStats> stats, ServerCounts counts, Alerts alerts, IntSupplier most) {
        this.stats = stats;
        this.counts = counts;
        this.alerts = alerts;
        this.most = most;
    }

    @Override
    public MetricSnapshots collect() {
        BrokerStats now = stats.get();
        Families families = new Families();
        int rows = most.getAsInt();
        TopicFigures.add(families, now.topics(), rows);
        SubscriptionFigures.add(families, now, rows);
        routes(families, now.routes());
        lost(families, now);
        answers(families);
        families.gauge(
                "fanfare_alert_firing",
                "series for which the alert fires",
                alerts.firing().entrySet(),
                entry -> Labels.of("alert", entry.getKey()),
                Map.Entry::getValue);
        collectors(families);
        return families.build();
    }

    /// There are no more than `max-routes`.
    private static void routes(Families families, List<RouteStats> routes) {
        families.counter(
                "fanfare_routed_messages_total",
                TopicFigures.help(Counter.ROUTED),
                routes,
                route -> Labels.of("route", route.route().name()),
                RouteStats::routed);
        families.counter(
                "fanfare_route_failures_messages_total",
                TopicFigures.help(Counter.ROUTE_FAILURES),
                routes,
                route -> Labels.of("route", route.route().name()),
                RouteStats::failed);
    }

    private static void lost(Families families, BrokerStats stats) {
        Map<String, Long> reasons = Map.of(
                "slow_subscription",
                stats.topics().stream()
                        .mapToLong(BrokerStats.TopicStats::dropped)
                        .sum(),
                "slow_pattern_subscription",
                stats.droppedByPatterns(),
                "expired",
                stats.topics().stream()
                        .mapToLong(BrokerStats.TopicStats::expired)
                        .sum(),
                "given_up",
                stats.topics().stream()
                        .mapToLong(BrokerStats.TopicStats::deadLettered)
                        .sum(),
                "topic_deleted",
                stats.delayedLost());
        families.counter(
                "fanfare_undelivered_messages_total",
                "messages of the topics there are that did not reach a subscription, by the reason",
                reasons.entrySet(),
                entry -> Labels.of("reason", entry.getKey()),
                Map.Entry::getValue);
    }

    private void answers(Families families) {
        families.summary(
                "fanfare_http_request_duration_seconds",
                "requests over HTTP: how many were answered, and how long that took together",
                counts.answered().entrySet(),
                entry -> {
                    SummaryDataPointSnapshot.Builder point = SummaryDataPointSnapshot.builder();
                    ServerCounts.Answered which = entry.getKey();
                    point.labels(Labels.of(
                            "dialect",
                            word(which.dialect()),
                            "method",
                            which.method(),
                            "route",
                            which.route(),
                            "status",
                            Integer.toString(which.status())));
                    point.count(entry.getValue().count());
                    point.sum(entry.getValue().seconds());
                    return point.build();
                });
        families.counter(
                "fanfare_errors_total",
                "requests that were answered with an error, or messages of one, by its code in the standard dialect",
                counts.refused().entrySet(),
                entry -> Labels.of(
                        "dialect",
                        word(entry.getKey().dialect()),
                        "door",
                        entry.getKey().door(),
                        "code",
                        entry.getKey().code()),
                entry -> entry.getValue().sum());
        families.counter(
                "fanfare_connections_opened_total",
                "WebSockets that were opened",
                counts.opened().entrySet(),
                (Map.Entry<Dialect, LongAdder> entry) -> Labels.of("dialect", word(entry.getKey())),
                entry -> entry.getValue().sum());
    }

    private static String word(Dialect dialect) {
        return dialect.name().toLowerCase(Locale.ROOT);
    }

    /// Read rather than listened to: nothing has to be told of each collection.
    private static void collectors(Families families) {
        families.summary(
                "jvm_gc_collection_seconds",
                "collections of garbage: how many there were, and how long they took together",
                ManagementFactory.getGarbageCollectorMXBeans(),
                (GarbageCollectorMXBean collector) -> {
                    SummaryDataPointSnapshot.Builder point =
                            SummaryDataPointSnapshot.builder().labels(Labels.of("gc", collector.getName()));
                    point.count(Math.max(0, collector.getCollectionCount()));
                    point.sum(Math.max(0, collector.getCollectionTime()) / MILLIS_PER_SECOND);
                    return point.build();
                });
    }
}
