package dev.fanfare.server.rest;

import dev.fanfare.Broker;
import dev.fanfare.Topic;
import dev.fanfare.feed.Latency;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.figures.Figures;
import dev.fanfare.server.figures.Sample;
import dev.fanfare.server.figures.Series;
import dev.fanfare.server.limits.Limit;
import java.util.List;
import java.util.Locale;

/// The last two minutes in samples, of the whole server and of one topic, standard dialect.
final class FigureCalls {

    private static final double NANOS_PER_MILLI = 1e6;

    private final ServerContext server;
    private final Broker broker;
    private final Uptime uptime;
    private final TopicList topics;
    private final Figures figures;

    FigureCalls(ServerContext server, Uptime uptime, TopicList topics) {
        this.topics = topics;
        this.server = server;
        this.broker = server.broker();
        this.uptime = uptime;
        this.figures = new Figures(server);
    }

    List<Route> routes() {
        return List.of(
                Route.slow("GET", "/figures", Need.FIGURES, this::all),
                Route.slow("GET", "/topics/{name}/figures", Need.SOMETHING, this::ofTopic));
    }

    private Answer all(Call call) {
        long after = after(call);
        Series series = figures.all();
        return Answer.json(200, out -> {
            out.raw("{\"uptime_sec\":").number(uptime.seconds());
            out.raw(",\"topics\":").number(broker.feeds().topics());
            out.raw(",\"subscribers\":").number(broker.feeds().subscriptions());
            out.raw(",\"connections\":").number(server.connections().count());
            out.raw(",\"requests_waiting\":").number(broker.pendingRequests());
            out.raw(",\"usage\":[");
            usage(out);
            out.raw("]");
            Series.Reading last = series.last();
            out.raw(",\"published\":").number(last.published());
            out.raw(",\"delivered\":").number(last.delivered());
            out.raw(",\"dropped\":").number(last.dropped());
            samples(out, series, after);
            out.raw("}");
        });
    }

    /// How full is what has a bound.
    private void usage(JsonBytes out) {
        ServerConfig.ClientLimits clients = server.config().limits().clients();
        Runtime runtime = Runtime.getRuntime();
        used(out, "topics", broker.feeds().topics(), broker.config().maxTopics(), "max-topics");
        out.raw(",");
        used(out, "history bytes", broker.historyMemoryUsed(), broker.config().historyMemory(), "history-memory");
        out.raw(",");
        used(
                out,
                "waiting requests",
                broker.pendingRequests(),
                broker.config().pending().requests(),
                "max-requests");
        out.raw(",");
        used(out, "connections", server.limits().connections(), clients.maxConnections(), "max-connections");
        out.raw(",");
        used(out, "waiting bytes", server.limits().pressure().bytes(), clients.bufferBytes(), "buffer-memory");
        out.raw(",");
        used(out, "heap bytes", runtime.totalMemory() - runtime.freeMemory(), runtime.maxMemory(), "memory");
        broker.storageStats().ifPresent(storage -> {
            out.raw(",");
            used(out, "stored bytes", storage.bytes(), storage.bytes() + storage.room(), "data");
        });
    }

    private static void used(JsonBytes out, String what, long used, long max, String setting) {
        out.raw("{\"what\":").string(what);
        out.raw(",\"used\":").number(used);
        out.raw(",\"max\":").number(max);
        out.raw(",\"setting\":").string(setting).raw("}");
    }

    private Answer ofTopic(Call call) {
        long after = after(call);
        Topic topic = TopicCalls.existing(broker, call.variable("name"));
        Series series = figures.of(topic)
                .orElseThrow(() -> Problem.of(new WireError(
                                WireError.Code.LIMIT_REACHED,
                                Figures.WATCHED_MAX
                                        + " topics are watched, the most there may be at a time; one that nobody"
                                        + " asks about is forgotten after 30 s")
                        .by(Limit.WATCHED_TOPICS.label())));
        return Answer.json(200, out -> {
            out.raw("{\"topic\":").string(topic.name());
            topics.figures(out, broker.figures().of(topic));
            samples(out, series, after);
            out.raw("}");
        });
    }

    private static long after(Call call) {
        return call.parameter("after", 0, 0, 999_999_999);
    }

    private static void samples(JsonBytes out, Series series, long after) {
        Series.Window window = series.after(after);
        out.raw(",\"window\":").number(Series.WINDOW);
        out.raw(",\"interval_ms\":").number(Figures.INTERVAL.toMillis());
        out.raw(",\"newest\":").number(window.newest());
        out.raw(",\"latency_ms\":");
        latency(out, window.latency());
        out.raw(",\"samples\":[");
        String separator = "";
        for (Sample sample : window.samples()) {
            out.raw(separator);
            sample(out, sample);
            separator = ",";
        }
        out.raw("]");
    }

    private static void sample(JsonBytes out, Sample sample) {
        out.raw("{\"n\":").number(sample.number());
        out.raw(",\"ts\":").timestamp(sample.endMillis());
        out.raw(",\"published_per_sec\":").raw(decimal(sample.published() / sample.seconds()));
        out.raw(",\"delivered_per_sec\":").raw(decimal(sample.delivered() / sample.seconds()));
        out.raw(",\"dropped_per_sec\":").raw(decimal(sample.dropped() / sample.seconds()));
        out.raw(",\"topics\":").number(sample.topics());
        out.raw(",\"subscribers\":").number(sample.subscribers());
        out.raw(",\"queue_depth\":").number(sample.queueDepth());
        out.raw(",\"latency_ms\":");
        latency(out, sample.latency());
        out.raw("}");
    }

    /// Null when nothing was measured.
    static void latency(JsonBytes out, Latency latency) {
        if (latency.samples() == 0) {
            out.raw("null");
            return;
        }
        out.raw("{\"samples\":").number(latency.samples());
        out.raw(",\"avg\":").raw(decimal(latency.average() / NANOS_PER_MILLI));
        out.raw(",\"p50\":").raw(decimal(latency.p50() / NANOS_PER_MILLI));
        out.raw(",\"p95\":").raw(decimal(latency.p95() / NANOS_PER_MILLI));
        out.raw(",\"p99\":").raw(decimal(latency.p99() / NANOS_PER_MILLI));
        out.raw(",\"max\":").raw(decimal(latency.max() / NANOS_PER_MILLI));
        out.raw("}");
    }

    static String decimal(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
