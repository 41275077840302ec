package dev.fanfare.server.rest;

import dev.fanfare.Broker;
import dev.fanfare.BrokerStats.TopicStats;
import dev.fanfare.Topic;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.ServerContext;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/// `GET /topics`: all of them, a page of them, those that are searched for, or those that have most of something.
final class TopicList {

    private static final int LIST_MAX = 10_000_000;

    /// What says the figures of each costs more than its name.
    private static final int FIGURES_MAX = 1_000;

    private static final int FIGURES_DEFAULT = 100;

    /// What the list can be ordered by beside the name: most first.
    private static final Map<String, ToLongFunction<TopicStats>> ORDERS = new TreeMap<>(Map.of(
            "published", TopicStats::published,
            "delivered", TopicStats::delivered,
            "dropped", TopicStats::dropped,
            "dead_lettered", TopicStats::deadLettered,
            "subscribers", TopicStats::subscribers,
            "queue_depth", TopicStats::queueDepth));

    private final ServerContext server;
    private final Broker broker;

    TopicList(ServerContext server) {
        this.server = server;
        this.broker = server.broker();
    }

    /// What a call asks for.
    private record Wanted(String prefix, String contains, String after, boolean figures) {

        boolean matches(String name) {
            return name.startsWith(prefix) && name.compareTo(after) > 0 && contains(name);
        }

        boolean contains(String name) {
            return contains.isEmpty() || name.toLowerCase(Locale.ROOT).contains(contains);
        }
    }

    Answer answer(Call call) {
        String order = call.parameter("order").orElse("name");
        boolean figures = flag(call, "figures");
        Wanted wanted = new Wanted(
                call.parameter("prefix").orElse(""),
                call.parameter("contains").orElse("").toLowerCase(Locale.ROOT),
                call.parameter("after").orElse(""),
                figures);
        if (order.equals("name")) {
            int limit = figures
                    ? call.parameter("limit", FIGURES_DEFAULT, 1, FIGURES_MAX)
                    : call.parameter("limit", LIST_MAX, 1, LIST_MAX);
            return byName(call, wanted, limit);
        }
        ToLongFunction<TopicStats> most = ORDERS.get(order);
        if (most == null) {
            throw Problem.badRequest(
                    400,
                    "parameter order must be name, " + String.join(", ", ORDERS.keySet()) + ", not '"
                            + Excerpt.of(order) + "'");
        }
        if (!wanted.after.isEmpty()) {
            throw Problem.badRequest(400, "parameter after is for a list by name: leave order out");
        }
        return byMost(call, wanted, most, call.parameter("limit", FIGURES_DEFAULT, 1, FIGURES_MAX));
    }

    private static boolean flag(Call call, String name) {
        String text = call.parameter(name).orElse("false");
        if (!text.equals("true") && !text.equals("false")) {
            throw Problem.badRequest(
                    400, "parameter " + name + " must be true or false, not '" + Excerpt.of(text) + "'");
        }
        return text.equals("true");
    }

    private Answer byName(Call call, Wanted wanted, int limit) {
        try (Stream<Topic> topics = TopicCalls.visible(call, broker.topics(wanted.prefix, wanted.after))
                .filter(topic -> wanted.contains(topic.name()))
                .limit(limit)) {
            return wanted.figures
                    ? list(topics.map(broker.figures()::of).iterator(), this::withFigures)
                    : list(topics.iterator(), TopicList::plain);
        }
    }

    private Answer byMost(Call call, Wanted wanted, ToLongFunction<TopicStats> most, int limit) {
        Stream<TopicStats> found = broker.stats().topics().stream()
                .filter(topic ->
                        wanted.matches(topic.name()) && call.caller().rights().sees(topic.name()))
                .sorted(Comparator.comparingLong(most).reversed())
                .limit(limit);
        return list(found.iterator(), this::withFigures);
    }

    private static <T> Answer list(Iterator<T> each, BiConsumer<JsonBytes, T> entry) {
        return Answer.json(200, out -> {
            out.raw("{\"topics\":[");
            while (each.hasNext()) {
                out.raw("{");
                entry.accept(out, each.next());
                out.raw(each.hasNext() ? "}," : "}");
            }
            out.raw("]}");
        });
    }

    /// How many messages may wait for a subscription on a socket that asks for nothing else.
    private int queueMax(String topic) {
        int own = broker.topic(topic).map(each -> each.config().queue()).orElse(0);
        return own > 0 ? own : server.config().delivery().subscriberQueue();
    }

    private static void plain(JsonBytes out, Topic topic) {
        out.raw("\"name\":").string(topic.name());
        out.raw(",\"subscribers\":").number(topic.subscribers());
    }

    private void withFigures(JsonBytes out, TopicStats topic) {
        out.raw("\"name\":").string(topic.name());
        figures(out, topic);
    }

    /// The figures of a topic, behind another member.
    void figures(JsonBytes out, TopicStats topic) {
        out.raw(",\"subscribers\":").number(topic.subscribers());
        out.raw(",\"messages\":").number(topic.published());
        out.raw(",\"delivered\":").number(topic.delivered());
        out.raw(",\"dropped\":").number(topic.dropped());
        out.raw(",\"failed\":").number(topic.failed());
        out.raw(",\"expired\":").number(topic.expired());
        out.raw(",\"dead_lettered\":").number(topic.deadLettered());
        out.raw(",\"delayed\":").number(topic.delayed());
        out.raw(",\"queue_depth\":").number(topic.queueDepth());
        out.raw(",\"queue_max_size\":").number(queueMax(topic.name()));
        out.raw(",\"batch_size_avg\":").raw(FigureCalls.decimal(topic.averageBatch()));
    }
}
