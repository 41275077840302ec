package dev.fanfare.server.rest;

import dev.fanfare.Broker;
import dev.fanfare.BrokerStats;
import dev.fanfare.BrokerStats.StorageStats;
import dev.fanfare.BrokerStats.TopicStats;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.metrics.Metrics;
import java.util.Locale;

/// The broker's figures: for Prometheus as text, and in the JSON of the flat dialect.
final class MetricsCalls {

    private static final double NANOS_PER_MILLI = 1e6;

    private final ServerContext server;
    private final Broker broker;
    private final Uptime uptime;
    private final Metrics metrics;

    MetricsCalls(ServerContext server, Uptime uptime, Metrics metrics) {
        this.server = server;
        this.broker = server.broker();
        this.uptime = uptime;
        this.metrics = metrics;
    }

    /// Prometheus' text, or the JSON for who asks for that.
    Route standard() {
        return Route.slow(
                "GET",
                "/metrics",
                Need.FIGURES,
                call -> call.header("accept").toLowerCase(Locale.ROOT).contains(Answer.JSON)
                        ? json(call)
                        : Answer.text(Metrics.CONTENT_TYPE, metrics.text()));
    }

    /// The JSON.
    Route flat() {
        return Route.slow("GET", "/metrics", Need.FIGURES, this::json);
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
