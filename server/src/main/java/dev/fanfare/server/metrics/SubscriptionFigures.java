package dev.fanfare.server.metrics;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.BrokerStats;
import dev.fanfare.CircuitBreaker;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// The figures of acknowledged subscriptions and groups, and of live ones in process: of those with the largest lag
/// each, of the others together.
final class SubscriptionFigures {

    /// One of them, or several with the same name and pattern.
    ///
    /// @param circuit 0 closed, 1 half open, 2 open; −1 without a circuit breaker
    private record Row(
            String name,
            String pattern,
            String kind,
            int members,
            long lag,
            int inFlight,
            int waiting,
            long done,
            long failed,
            long retried,
            long redelivered,
            long deadLettered,
            long dropped,
            int circuit,
            long circuitOpened) {

        Row plus(Row other) {
            return new Row(
                    name,
                    pattern,
                    kind,
                    members + other.members,
                    lag + other.lag,
                    inFlight + other.inFlight,
                    waiting + other.waiting,
                    done + other.done,
                    failed + other.failed,
                    retried + other.retried,
                    redelivered + other.redelivered,
                    deadLettered + other.deadLettered,
                    dropped + other.dropped,
                    Math.max(circuit, other.circuit),
                    circuitOpened + other.circuitOpened);
        }

        Labels labels() {
            return Labels.of("subscription", name, "topic", pattern, "kind", kind);
        }

        Labels circuitLabels() {
            return Labels.of("subscription", name, "topic", pattern);
        }
    }

    private static final String ACKNOWLEDGED = "acknowledged";
    private static final String LIVE = "live";

    private SubscriptionFigures() {}

    static void add(Families families, BrokerStats stats, int most) {
        List<Row> rows = Most.of(
                rows(stats),
                most,
                Row::lag,
                Comparator.comparing(Row::name).thenComparing(Row::pattern).thenComparing(Row::kind),
                others -> others.stream()
                        .reduce(
                                new Row(Most.OTHERS, Most.OTHERS, "any", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0),
                                Row::plus));
        gauge(families, "lag", "messages not done, or that wait for the subscription", rows, Row::lag);
        gauge(families, "members", "handlers and connections that work on it", rows, Row::members);
        gauge(families, "in_flight", "messages delivered and not acknowledged yet", rows, Row::inFlight);
        gauge(families, "waiting", "messages that wait for their next attempt", rows, Row::waiting);
        counter(families, "done", "messages acknowledged, or whose handler returned", rows, Row::done);
        counter(families, "failed", "attempts that failed", rows, Row::failed);
        counter(families, "retried", "attempts scheduled after a failure", rows, Row::retried);
        counter(families, "redelivered", "attempts after the first", rows, Row::redelivered);
        counter(families, "dead_lettered", "messages given up", rows, Row::deadLettered);
        counter(families, "dropped", "messages lost by the subscription", rows, Row::dropped);
        List<Row> guarded = rows.stream().filter(row -> row.circuit >= 0).toList();
        families.gauge(
                "fanfare_circuit_state",
                "Circuit breakers: 0 closed, 1 half open, 2 open",
                guarded,
                Row::circuitLabels,
                Row::circuit);
        families.counter(
                "fanfare_circuit_opened_total",
                "How often circuit breakers opened",
                guarded,
                Row::circuitLabels,
                Row::circuitOpened);
    }

    private static void gauge(
            Families families, String name, String help, List<Row> rows, ToDoubleFunction<Row> value) {
        families.gauge("fanfare_subscription_" + name, help, rows, Row::labels, value);
    }

    private static void counter(
            Families families, String name, String help, List<Row> rows, ToDoubleFunction<Row> value) {
        families.counter("fanfare_subscription_" + name + "_messages_total", help, rows, Row::labels, value);
    }

    /// Handlers in process may have the same name for the same pattern: a series is there once.
    private static List<Row> rows(BrokerStats stats) {
        Map<Labels, Row> rows = new LinkedHashMap<>();
        for (AcknowledgedSubscription.Figures each : stats.acknowledged()) {
            Row row = row(each);
            rows.merge(row.labels(), row, Row::plus);
        }
        for (BrokerStats.SubscriptionStats each : stats.subscriptions()) {
            Row row = row(each);
            rows.merge(row.labels(), row, Row::plus);
        }
        return new ArrayList<>(rows.values());
    }

    private static Row row(AcknowledgedSubscription.Figures of) {
        return new Row(
                of.name(),
                of.pattern(),
                ACKNOWLEDGED,
                of.members(),
                of.lag(),
                of.inFlight(),
                of.waiting(),
                of.delivered(),
                of.failed(),
                of.retried(),
                of.redelivered(),
                of.deadLettered(),
                of.dropped(),
                state(of.circuit()),
                of.circuitOpened());
    }

    private static Row row(BrokerStats.SubscriptionStats of) {
        return new Row(
                of.name(),
                of.pattern(),
                LIVE,
                1,
                of.lag(),
                0,
                0,
                of.delivered(),
                of.failed(),
                0,
                0,
                0,
                of.dropped(),
                -1,
                0);
    }

    private static int state(CircuitBreaker.@Nullable State circuit) {
        return switch (circuit) {
            case null -> -1;
            case CLOSED -> 0;
            case HALF_OPEN -> 1;
            case OPEN -> 2;
        };
    }
}
