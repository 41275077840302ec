package dev.fanfare.server.rest;

import dev.fanfare.BacklogOverflow;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerStats;
import dev.fanfare.Dedup;
import dev.fanfare.Durability;
import dev.fanfare.FanfareException;
import dev.fanfare.Ordering;
import dev.fanfare.Overflow;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.TopicName;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.security.Rights;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

/// Topics over REST, standard dialect: making, listing, describing and deleting them.
final class TopicCalls {

    private static final long HISTORY_MAX = 10_000_000;
    private static final long BYTES_MAX = 1L << 40;
    private static final long AGE_MAX_MS = Duration.ofDays(3650).toMillis();
    private static final long QUEUE_MAX = 10_000;
    private static final long PARTITIONS_MAX = 10_000;

    private static final Set<String> DEDUP = new TreeSet<>(Set.of("window_ms", "count"));

    /// Every member a body may have.
    private static final Set<String> KNOWN = new TreeSet<>(List.of(
            "name",
            "history",
            "history_bytes",
            "history_ms",
            "queue",
            "overflow",
            "dedup",
            "ordering",
            "partitions",
            "backlog",
            "backlog_bytes",
            "backlog_overflow",
            "dead_letter",
            "durable",
            "durability",
            "compact"));

    private final Broker broker;
    private final TopicList list;

    TopicCalls(Broker broker, TopicList list) {
        this.broker = broker;
        this.list = list;
    }

    List<Route> routes() {
        return List.of(
                Route.later("POST", "/topics", Need.ENTRY, this::create),
                Route.slow("GET", "/topics", Need.ENTRY, list::answer),
                Route.quick("GET", "/topics/{name}", Need.SOMETHING, this::describe),
                Route.later("DELETE", "/topics/{name}", Need.topic(Operation.MANAGE), this::delete),
                Route.slow("GET", "/stats", Need.ENTRY, this::stats));
    }

    private Endpoint.Answering create(Call call) {
        JsonObject body = JsonObject.parse(call.body());
        body.only(KNOWN);
        String name = body.string("name").orElseThrow(() -> Problem.badRequest(400, "name is required"));
        ownByClients(name);
        call.caller().check(Operation.MANAGE, name);
        // What is given up is published there, and is read there by whoever manages this topic.
        body.string("dead_letter").ifPresent(letters -> {
            call.caller().check(Operation.PUBLISH, letters);
            call.caller().check(Operation.MANAGE, letters);
        });
        TopicConfig config = config(name, body);
        call.takeTopic();
        CompletableFuture<Topic> made = broker.createTopicAsync(name, config);
        return new Endpoint.Answering(made, () -> {
            result(made);
            return Answer.json(
                            201,
                            out -> out.raw("{\"status\":\"created\",\"topic\":")
                                    .string(name)
                                    .raw("}"))
                    .with("Location", "/topics/" + Paths.segment(name));
        });
    }

    /// What something that is over has come to.
    ///
    /// @throws FanfareException why it has failed
    static <T> T result(CompletableFuture<T> done) {
        try {
            return done.join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof FanfareException refused ? refused : failed;
        }
    }

    private TopicConfig config(String name, JsonObject body) {
        TopicConfig config = durable(name, body);
        return config.withHistory((int) body.integer("history", 0, HISTORY_MAX).orElse(config.history()))
                .withHistoryBytes(body.integer("history_bytes", 0, BYTES_MAX).orElse(config.historyBytes()))
                .withHistoryAge(Duration.ofMillis(body.integer("history_ms", 0, AGE_MAX_MS)
                        .orElse(config.historyAge().toMillis())))
                .withQueue((int) body.integer("queue", 1, QUEUE_MAX).orElse(config.queue()))
                .withOverflow(body.string("overflow").map(TopicCalls::overflow).orElse(config.overflow()))
                .withDedup(body.object("dedup").map(TopicCalls::dedup).orElse(config.dedup()))
                .withPartitions(
                        (int) body.integer("partitions", 0, PARTITIONS_MAX).orElse(config.partitions()))
                .withOrdering(body.string("ordering").map(TopicCalls::ordering).orElse(config.ordering()))
                .withBacklog(
                        (int) body.integer("backlog", 1, TopicConfig.MAX_BACKLOG)
                                .orElse(config.backlog()),
                        body.integer("backlog_bytes", 1, BYTES_MAX).orElse(config.backlogBytes()))
                .withBacklogOverflow(body.string("backlog_overflow")
                        .map(TopicCalls::backlogOverflow)
                        .orElse(config.backlogOverflow()))
                .withDeadLetter(
                        body.string("dead_letter").map(TopicCalls::deadLetter).orElse(config.deadLetter()))
                .withCompact(body.flag("compact").orElse(config.compact()));
    }

    private static Ordering ordering(String label) {
        for (Ordering each : Ordering.values()) {
            if (each.label().equals(label)) {
                return each;
            }
        }
        throw Problem.badRequest(400, "ordering must be fifo, partitioned or global, not '" + Excerpt.of(label) + "'");
    }

    private static BacklogOverflow backlogOverflow(String label) {
        for (BacklogOverflow each : BacklogOverflow.values()) {
            if (each.label().equals(label)) {
                return each;
            }
        }
        throw Problem.badRequest(
                400, "backlog_overflow must be refuse, dead_letter or spill, not '" + Excerpt.of(label) + "'");
    }

    private static String deadLetter(String topic) {
        ownByClients(topic);
        try {
            return TopicName.check(topic);
        } catch (FanfareException e) {
            throw Problem.badRequest(400, "dead_letter: " + e.getMessage());
        }
    }

    /// What a topic is made with, as durable as the body says: `durable` takes the usual level, `durability` one of
    /// its own.
    private TopicConfig durable(String name, JsonObject body) {
        BrokerConfig usual = broker.config();
        Optional<Boolean> durable = body.flag("durable");
        Durability level = body.string("durability").map(Durability::of).orElse(null);
        if (durable.isPresent() && level != null && durable.get() != (level != Durability.MEMORY)) {
            throw Problem.badRequest(
                    400, "durable " + durable.get() + " and durability '" + level.label() + "' contradict each other");
        }
        boolean stored = level != null
                ? level != Durability.MEMORY
                : durable.orElse(usual.topics(name).isDurable());
        TopicConfig config = stored ? usual.durable().config() : usual.topics().withDurability(Durability.MEMORY);
        return level == null ? config : config.withDurability(level);
    }

    private static Dedup dedup(JsonObject dedup) {
        dedup.only(DEDUP);
        long window = dedup.integer("window_ms", 1, AGE_MAX_MS)
                .orElseThrow(() -> Problem.badRequest(400, "dedup.window_ms is required"));
        long count = dedup.integer("count", 1, Dedup.MAX_COUNT)
                .orElseThrow(() -> Problem.badRequest(400, "dedup.count is required"));
        return new Dedup(Duration.ofMillis(window), (int) count);
    }

    private static Overflow overflow(String name) {
        return switch (name) {
            case "drop_oldest" -> Overflow.dropOldest();
            case "drop_newest" -> Overflow.dropNewest();
            case "block" -> Overflow.block();
            case "refuse" -> Overflow.refuse();
            case "disconnect" -> Overflow.disconnect();
            case "spill" -> Overflow.spill();
            default ->
                throw Problem.badRequest(
                        400,
                        "overflow must be drop_oldest, drop_newest, block, refuse, disconnect or spill, not '"
                                + Excerpt.of(name) + "'");
        };
    }

    private static String name(Overflow overflow) {
        return switch (overflow) {
            case Overflow.DropOldest _ -> "drop_oldest";
            case Overflow.DropNewest _ -> "drop_newest";
            case Overflow.Block _ -> "block";
            case Overflow.Refuse _ -> "refuse";
            case Overflow.Disconnect _ -> "disconnect";
            case Overflow.Spill _ -> "spill";
        };
    }

    private Answer describe(Call call) {
        Topic topic = existing(broker, call.variable("name"));
        return Answer.json(200, out -> {
            out.raw("{");
            settings(out, topic);
            figures(out, topic);
            out.raw("}");
        });
    }

    private static void settings(JsonBytes out, Topic topic) {
        TopicConfig config = topic.config();
        out.raw("\"name\":")
                .string(topic.name())
                .raw(",\"epoch\":")
                .string(topic.epoch())
                .raw(",\"history\":")
                .number(config.history())
                .raw(",\"history_bytes\":")
                .number(config.historyBytes())
                .raw(",\"history_ms\":")
                .number(config.historyAge().toMillis())
                .raw(",\"durable\":")
                .raw(String.valueOf(config.isDurable()))
                .raw(",\"durability\":")
                .string(config.durability().label())
                .raw(",\"compact\":")
                .raw(String.valueOf(config.compact()))
                .raw(",\"ordering\":")
                .string(config.ordering().label())
                .raw(",\"partitions\":")
                .number(config.partitions())
                .raw(",\"backlog\":")
                .number(config.backlog())
                .raw(",\"backlog_bytes\":")
                .number(config.backlogBytes())
                .raw(",\"backlog_overflow\":")
                .string(config.backlogOverflow().label());
        String deadLetter = config.deadLetter();
        if (deadLetter != null) {
            out.raw(",\"dead_letter\":").string(deadLetter);
        }
        if (config.queue() > 0) {
            out.raw(",\"queue\":").number(config.queue());
        }
        Overflow overflow = config.overflow();
        if (overflow != null) {
            out.raw(",\"overflow\":").string(name(overflow));
        }
        Dedup dedup = config.dedup();
        if (dedup != null) {
            out.raw(",\"dedup\":{\"window_ms\":")
                    .number(dedup.window().toMillis())
                    .raw(",\"count\":")
                    .number(dedup.count())
                    .raw("}");
        }
    }

    private static void figures(JsonBytes out, Topic topic) {
        out.raw(",\"oldest\":")
                .number(topic.oldest())
                .raw(",\"next\":")
                .number(topic.visible())
                .raw(",\"bytes\":")
                .number(topic.historyBytes())
                .raw(",\"messages\":")
                .number(topic.visible())
                .raw(",\"subscribers\":")
                .number(topic.subscribers())
                .raw(",\"delivered\":")
                .number(topic.counters().delivered())
                .raw(",\"dropped\":")
                .number(topic.counters().dropped())
                .raw(",\"failed\":")
                .number(topic.counters().failed())
                .raw(",\"expired\":")
                .number(topic.counters().expired())
                .raw(",\"duplicates\":")
                .number(topic.counters().duplicates())
                .raw(",\"dead_lettered\":")
                .number(topic.counters().deadLettered())
                .raw(",\"delayed\":")
                .number(topic.delayed())
                .raw(",\"filter_failures\":")
                .number(topic.counters().filterFailures());
    }

    private Endpoint.Answering delete(Call call) {
        String name = call.variable("name");
        ownByClients(name);
        CompletableFuture<Boolean> deleted = broker.deleteTopicAsync(name);
        return new Endpoint.Answering(deleted, () -> {
            if (!result(deleted)) {
                throw Problem.of(WireError.topicNotFound(name));
            }
            return Answer.json(
                    200,
                    out -> out.raw("{\"status\":\"deleted\",\"topic\":")
                            .string(name)
                            .raw("}"));
        });
    }

    private Answer stats(Call call) {
        return Answer.json(200, out -> {
            out.raw("{\"topics\":{");
            try (Stream<Topic> topics = visible(call, broker.topics())) {
                Iterator<Topic> each = topics.iterator();
                while (each.hasNext()) {
                    Topic topic = each.next();
                    out.string(topic.name())
                            .raw(":{\"messages\":")
                            .number(topic.visible())
                            .raw(",\"subscribers\":")
                            .number(topic.subscribers())
                            .raw(each.hasNext() ? "}," : "}");
                }
            }
            out.raw("}");
            if (call.caller().rights().may(Operation.OBSERVE)) {
                BrokerStats stats = broker.stats();
                together(out, stats);
                if (stats.storage() != null) {
                    MetricsCalls.storage(out, stats.storage());
                }
            }
            out.raw("}");
        });
    }

    /// Transactions and requests, as soon as there were any.
    private void together(JsonBytes out, BrokerStats stats) {
        if (stats.transactionsCommitted() + stats.transactionsRefused() > 0) {
            out.raw(",\"transactions\":{\"committed\":")
                    .number(stats.transactionsCommitted())
                    .raw(",\"refused\":")
                    .number(stats.transactionsRefused())
                    .raw("}");
        }
        int pending = broker.pendingRequests();
        if (pending + stats.requestTimeouts() + stats.requestsUnanswerable() > 0) {
            out.raw(",\"requests\":{\"pending\":")
                    .number(pending)
                    .raw(",\"timed_out\":")
                    .number(stats.requestTimeouts())
                    .raw(",\"unanswerable\":")
                    .number(stats.requestsUnanswerable())
                    .raw("}");
        }
    }

    /// Those that the caller may do anything with.
    static Stream<Topic> visible(Call call, Stream<Topic> topics) {
        Rights rights = call.caller().rights();
        return rights.isAll() ? topics : topics.filter(topic -> rights.sees(topic.name()));
    }

    /// The topic of that name.
    ///
    /// @throws Problem 404 when there is none
    static Topic existing(Broker broker, String name) {
        return broker.topic(name).orElseThrow(() -> Problem.of(WireError.topicNotFound(name)));
    }

    /// Refuses names that belong to the broker.
    static void ownByClients(String name) {
        if (TopicName.isReserved(name)) {
            throw Problem.of(
                    403,
                    WireError.Code.FORBIDDEN.standard(),
                    "topics whose names begin with '$' belong to the broker: '" + Excerpt.of(name) + "'");
        }
    }
}
