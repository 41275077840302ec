package dev.fanfare.server.rest;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.BrokerStats;
import dev.fanfare.BrokerStats.StorageStats;
import dev.fanfare.BrokerStats.TopicStats;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.Counter;
import dev.fanfare.RouteStats;
import dev.fanfare.feed.Latency;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.ServerContext;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/// The broker's figures: for Prometheus as text, and in the JSON of the flat dialect.
final class MetricsCalls {

    /// More would make the page larger than whoever reads it expects; those left out are counted.
    private static final int TOPICS_MAX = 1_000;

    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;

    private final ServerContext server;
    private final Broker broker;
    private final Uptime uptime;

    MetricsCalls(ServerContext server, Uptime uptime) {
        this.server = server;
        this.broker = server.broker();
        this.uptime = uptime;
    }

    /// Prometheus' text, or the JSON for who asks for that.
    Route standard() {
        return Route.slow(
                "GET",
                "/metrics",
                Need.FIGURES,
                call -> call.header("accept").toLowerCase(Locale.ROOT).contains(Answer.JSON)
                        ? json(call)
                        : Answer.text(PROMETHEUS, prometheus()));
    }

    /// The JSON.
    Route flat() {
        return Route.slow("GET", "/metrics", Need.FIGURES, this::json);
    }

    private String prometheus() {
        BrokerStats stats = broker.stats();
        List<TopicStats> topics = stats.topics().stream().limit(TOPICS_MAX).toList();
        StringBuilder out = new StringBuilder(4096);
        single(out, "fanfare_uptime_seconds", "gauge", "Time since the server was started", uptime.exactSeconds());
        single(out, "fanfare_topics", "gauge", "Topics", stats.topics().size());
        single(
                out,
                "fanfare_topics_left_out",
                "gauge",
                "Topics without figures of their own on this page",
                stats.topics().size() - topics.size());
        single(
                out,
                "fanfare_subscriptions",
                "gauge",
                "Subscriptions, one of a pattern counted once",
                broker.feeds().subscriptions());
        single(
                out,
                "fanfare_connections",
                "gauge",
                "WebSockets and event streams",
                server.connections().count());
        single(
                out,
                "fanfare_pattern_dropped_messages_total",
                "counter",
                "Messages lost by subscriptions of patterns",
                stats.droppedByPatterns());
        single(
                out,
                "fanfare_delayed_lost_messages_total",
                "counter",
                "Messages that waited for their time when their topic was deleted",
                stats.delayedLost());
        single(out, "fanfare_pending_requests", "gauge", "Requests that wait for replies", broker.pendingRequests());
        total(out, Counter.TIMED_OUT, stats.requestTimeouts());
        total(out, Counter.UNANSWERABLE, stats.requestsUnanswerable());
        total(out, Counter.COMMITTED, stats.transactionsCommitted());
        total(out, Counter.REFUSED, stats.transactionsRefused());
        if (stats.storage() != null) {
            storage(out, stats.storage());
        }
        perTopic(out, Counter.PUBLISHED, "counter", topics, TopicStats::published);
        perTopic(out, Counter.DELIVERED, "counter", topics, TopicStats::delivered);
        perTopic(out, Counter.DROPPED, "counter", topics, TopicStats::dropped);
        perTopic(out, Counter.FAILED, "counter", topics, TopicStats::failed);
        perTopic(out, Counter.DEAD_LETTERED, "counter", topics, TopicStats::deadLettered);
        perTopic(out, Counter.EXPIRED, "counter", topics, TopicStats::expired);
        perTopic(out, Counter.DUPLICATES, "counter", topics, TopicStats::duplicates);
        perTopic(out, Counter.DELAYED, "gauge", topics, TopicStats::delayed);
        perTopic(out, Counter.FILTER_FAILURES, "counter", topics, TopicStats::filterFailures);
        perTopic(out, Counter.SUBSCRIBERS, "gauge", topics, TopicStats::subscribers);
        perTopic(out, Counter.QUEUE_DEPTH, "gauge", topics, TopicStats::queueDepth);
        latencies(out, topics);
        circuits(out, stats.acknowledged());
        perRoute(out, Counter.ROUTED, stats.routes(), RouteStats::routed);
        perRoute(out, Counter.ROUTE_FAILURES, stats.routes(), RouteStats::failed);
        return out.toString();
    }

    private static void storage(StringBuilder out, StorageStats storage) {
        single(out, "fanfare_storage_bytes", "gauge", "What is stored, on the device", storage.bytes());
        single(
                out,
                "fanfare_storage_room_bytes",
                "gauge",
                "What may still be written before publishes to durable topics are refused",
                storage.room());
        single(out, "fanfare_storage_pending_bytes", "gauge", "What waits to be written", storage.pending());
        single(
                out,
                "fanfare_storage_commits_total",
                "counter",
                "Writes, each of all there was to be stored at a time",
                storage.commits());
        single(
                out,
                "fanfare_storage_syncs_total",
                "counter",
                "How often the device was asked to have everything",
                storage.syncs());
        single(
                out,
                "fanfare_storage_failing",
                "gauge",
                "1 while publishes to durable topics are refused: a write has failed, or there is no room",
                storage.failing() ? 1 : 0);
        single(
                out,
                "fanfare_storage_damages_total",
                "counter",
                "How often something was found that can't be read",
                storage.damages());
    }

    private static void total(StringBuilder out, Counter counter, long value) {
        String name = "fanfare_" + counter.label() + "_" + counter.unit() + "_total";
        single(out, name, "counter", counter.unit() + " " + counter.meaning(), value);
    }

    private static void single(StringBuilder out, String name, String type, String help, Object value) {
        head(out, name, type, help);
        out.append(name).append(' ').append(value).append('\n');
    }

    private static void head(StringBuilder out, String name, String type, String help) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static void perTopic(
            StringBuilder out,
            Counter counter,
            String type,
            List<TopicStats> topics,
            ToLongFunction<TopicStats> value) {
        String name =
                "fanfare_topic_" + counter.label() + (type.equals("counter") ? "_" + counter.unit() + "_total" : "");
        head(out, name, type, counter.unit() + " " + counter.meaning());
        for (TopicStats topic : topics) {
            out.append(name).append("{topic=\"").append(label(topic.name())).append("\"} ");
            out.append(value.applyAsLong(topic)).append('\n');
        }
    }

    /// More subscriptions than topics may have one; those left out can be read at `/subscriptions`.
    private static void circuits(StringBuilder out, List<AcknowledgedSubscription.Figures> subscriptions) {
        List<AcknowledgedSubscription.Figures> guarded = subscriptions.stream()
                .filter(each -> each.circuit() != null)
                .limit(TOPICS_MAX)
                .toList();
        head(out, "fanfare_circuit_state", "gauge", "Circuit breakers: 0 closed, 1 half open, 2 open");
        for (AcknowledgedSubscription.Figures each : guarded) {
            int state = each.circuit() == CircuitBreaker.State.OPEN
                    ? 2
                    : each.circuit() == CircuitBreaker.State.HALF_OPEN ? 1 : 0;
            perSubscription(out, "fanfare_circuit_state", each, state);
        }
        head(out, "fanfare_circuit_opened_total", "counter", "How often circuit breakers opened");
        for (AcknowledgedSubscription.Figures each : guarded) {
            perSubscription(out, "fanfare_circuit_opened_total", each, each.circuitOpened());
        }
    }

    private static void perSubscription(
            StringBuilder out, String name, AcknowledgedSubscription.Figures of, long value) {
        out.append(name).append("{subscription=\"").append(label(of.name())).append("\",topic=\"");
        out.append(label(of.pattern())).append("\"} ").append(value).append('\n');
    }

    private static void perRoute(
            StringBuilder out, Counter counter, List<RouteStats> routes, ToLongFunction<RouteStats> value) {
        String name = "fanfare_" + counter.label() + "_messages_total";
        head(out, name, "counter", counter.unit() + " " + counter.meaning());
        for (RouteStats route : routes) {
            out.append(name).append("{route=\"").append(route.route().name()).append("\"} ");
            out.append(value.applyAsLong(route)).append('\n');
        }
    }

    private static void latencies(StringBuilder out, List<TopicStats> topics) {
        String name = "fanfare_topic_latency_seconds";
        head(out, name, "summary", Counter.LATENCY.meaning());
        for (TopicStats topic : topics) {
            Latency latency = topic.latency();
            if (latency.samples() > 0) {
                quantile(out, name, topic, "0.5", latency.p50());
                quantile(out, name, topic, "0.95", latency.p95());
                quantile(out, name, topic, "0.99", latency.p99());
                String labels = "{topic=\"" + label(topic.name()) + "\"} ";
                out.append(name).append("_sum").append(labels);
                out.append(latency.average() * (double) latency.samples() / NANOS_PER_SECOND)
                        .append('\n');
                out.append(name)
                        .append("_count")
                        .append(labels)
                        .append(latency.samples())
                        .append('\n');
            }
        }
    }

    private static void quantile(StringBuilder out, String name, TopicStats topic, String quantile, long nanos) {
        out.append(name).append("{topic=\"").append(label(topic.name()));
        out.append("\",quantile=\"").append(quantile).append("\"} ");
        out.append(nanos / NANOS_PER_SECOND).append('\n');
    }

    private static String label(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    private Answer json(Call call) {
        BrokerStats stats = broker.stats();
        return Answer.json(200, out -> {
            out.raw("{\"uptime_seconds\":").raw(uptime.exactSeconds()).raw(",\"topics\":{");
            String separator = "";
            for (TopicStats topic : stats.topics()) {
                out.raw(separator).string(topic.name()).raw(":");
                json(out, topic);
                separator = ",";
            }
            out.raw("},\"global\":{\"active_topics\":")
                    .number(stats.topics().size())
                    .raw(",\"active_subscribers\":")
                    .number(broker.feeds().subscriptions())
                    .raw(",\"total_published\":")
                    .number(stats.published())
                    .raw(",\"total_delivered\":")
                    .number(stats.delivered())
                    .raw(",\"total_dropped\":")
                    .number(stats.dropped())
                    .raw("}");
            if (stats.storage() != null) {
                storage(out, stats.storage());
            }
            out.raw("}");
        });
    }

    /// The member `storage`, behind another one.
    static void storage(JsonBytes out, StorageStats storage) {
        out.raw(",\"storage\":{\"bytes\":")
                .number(storage.bytes())
                .raw(",\"room_bytes\":")
                .number(storage.room())
                .raw(",\"pending_bytes\":")
                .number(storage.pending())
                .raw(",\"commits\":")
                .number(storage.commits())
                .raw(",\"syncs\":")
                .number(storage.syncs())
                .raw(",\"failing\":")
                .raw(Boolean.toString(storage.failing()))
                .raw(",\"damages\":")
                .number(storage.damages())
                .raw("}");
    }

    private void json(JsonBytes out, TopicStats topic) {
        out.raw("{\"queue_depth\":")
                .number(topic.queueDepth())
                .raw(",\"queue_max_size\":")
                .number(server.config().flat().topicQueue())
                .raw(",\"batch_size_avg\":")
                .raw(decimal(topic.averageBatch()))
                .raw(",\"messages_published\":")
                .number(topic.published())
                .raw(",\"messages_delivered\":")
                .number(topic.delivered())
                .raw(",\"messages_dropped\":")
                .number(topic.dropped())
                .raw(",\"subscriber_count\":")
                .number(topic.subscribers())
                .raw(",\"latency_ms\":{\"avg\":")
                .raw(decimal(topic.latency().average() / NANOS_PER_MILLI))
                .raw(",\"p95\":")
                .raw(decimal(topic.latency().p95() / NANOS_PER_MILLI))
                .raw(",\"p99\":")
                .raw(decimal(topic.latency().p99() / NANOS_PER_MILLI))
                .raw("}}");
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
