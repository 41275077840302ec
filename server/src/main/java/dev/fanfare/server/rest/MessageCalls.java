package dev.fanfare.server.rest;

import dev.fanfare.Broker;
import dev.fanfare.BrokerLimit;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Topic;
import dev.fanfare.feed.Wakes;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.JsonScanner;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.StandardCodec;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.limits.Limit;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.session.Drafts;
import dev.fanfare.server.tracing.TraceContext;
import dev.fanfare.server.tracing.Tracing;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Messages over REST, standard dialect: reading what is kept and publishing. A message is read by the same
/// rules as on a WebSocket and shown as the same event.
final class MessageCalls {

    private static final int PAGE_DEFAULT = 100;
    private static final int PAGE_MAX = 1_000;
    private static final int PAGE_BYTES = 4 << 20;
    private static final int BATCH_MAX = 1_000;

    private final Broker broker;
    private final ServerContext server;
    private final BiConsumer<JsonBytes, Message> event;
    private final @Nullable Tracing tracing;

    /// @param event writes a message as it appears on a WebSocket
    MessageCalls(ServerContext server, BiConsumer<JsonBytes, Message> event) {
        this.broker = server.broker();
        this.server = server;
        this.event = event;
        this.tracing = server.tracing();
    }

    List<Route> routes() {
        return List.of(
                Route.slow("GET", "/topics/{name}/messages", Need.topic(Operation.SUBSCRIBE), this::read),
                Route.later("POST", "/topics/{name}/messages", Need.topic(Operation.PUBLISH), this::publish));
    }

    private Answer read(Call call) {
        Topic topic = TopicCalls.existing(broker, call.variable("name"));
        int limit = call.parameter("limit", PAGE_DEFAULT, 1, PAGE_MAX);
        long from = from(topic, call.parameter("from").orElse("earliest"));
        long end = topic.visible();
        List<Message> messages = topic.read(from, limit, PAGE_BYTES);
        // Nothing: all that was there has been forgotten or has expired.
        long next =
                messages.isEmpty() ? Math.max(from, end) : messages.getLast().offset() + 1;
        return Answer.json(200, out -> {
            out.raw("{\"messages\":[");
            String separator = "";
            for (Message message : messages) {
                out.raw(separator);
                event.accept(out, message);
                separator = ",";
            }
            out.raw("],\"epoch\":")
                    .string(topic.epoch())
                    .raw(",\"next\":")
                    .number(next)
                    .raw("}");
        });
    }

    private static long from(Topic topic, String from) {
        if (from.equals("earliest")) {
            return topic.oldest();
        }
        if (from.equals("latest")) {
            return topic.visible();
        }
        if (from.matches("\\d{1,18}")) {
            return Long.parseLong(from);
        }
        try {
            return topic.firstAt(Instant.parse(from));
        } catch (DateTimeParseException neither) {
            throw Problem.badRequest(
                    400,
                    "parameter from must be earliest, latest, an offset or a time such as 2026-01-31T12:00:00Z, not '"
                            + Excerpt.of(from) + "'");
        }
    }

    private Endpoint.Answering publish(Call call) {
        String name = call.variable("name");
        TopicCalls.ownByClients(name);
        if (!server.config().autoCreateTopics()) {
            TopicCalls.existing(broker, name);
        }
        byte[] body = call.body();
        JsonScanner scanner = JsonObject.scan(body);
        boolean array = scanner.peek() == '[';
        List<Outcome> read = read(body, scanner, array);
        if (!array && read.getFirst() instanceof Refused refused) {
            return Endpoint.Answering.now(refused(refused));
        }
        Topic topic = server.config().autoCreateTopics() ? made(call, broker, name) : TopicCalls.existing(broker, name);
        Publishing publishing = new Publishing(call, topic, read);
        publishing.publish();
        return new Endpoint.Answering(publishing.done, () -> publishing.answer(array));
    }

    /// What one call publishes, one message after the other: those after one that has to wait for room wait,
    /// too. On the connection's event loop.
    private final class Publishing {

        private final Call call;
        private final Topic topic;
        private final List<Outcome> outcomes;
        private final Wakes wakes = new Wakes();

        /// Completes when it is known what became of all of them.
        private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();

        private @Nullable RuntimeException failure;

        private int next;

        /// Whether the next one has been refused and waits for room.
        private boolean waits;

        private final Room room;

        Publishing(Call call, Topic topic, List<Outcome> read) {
            this.call = call;
            this.topic = topic;
            this.outcomes = new ArrayList<>(read);
            this.room = new Room(call.line());
        }

        void publish() {
            for (; next < outcomes.size(); next++) {
                if (outcomes.get(next) instanceof Draft(Message message)) {
                    Outcome outcome = publish(message);
                    if (waits) {
                        return;
                    }
                    outcomes.set(next, outcome);
                }
            }
            room.close();
            call.holdFor(wakes.flush());
            var _ = committed(outcomes).whenComplete((_, _) -> done.complete(null));
        }

        private Outcome publish(Message message) {
            WireError tooFast = waits ? null : call.takePublish();
            if (tooFast != null) {
                return new Refused(Problem.of(tooFast));
            }
            Durability durability = topic.config().durability().or(message.durability());
            Message carried = TraceContext.carried(message, call.header("traceparent"), call.header("tracestate"));
            PublishResult result = tracing == null
                    ? broker.feeds().publish(topic, carried, wakes)
                    : tracing.publish(
                            topic.name(), carried, traced -> broker.feeds().publish(topic, traced, wakes));
            waits = result instanceof PublishResult.Refused refused && awaits(refused);
            return outcome(result, durability);
        }

        private boolean awaits(PublishResult.Refused refused) {
            // Whoever reads what was published before may make the room.
            wakes.flush();
            return room.await(refused, this::tryAgain);
        }

        private void tryAgain() {
            try {
                publish();
            } catch (RuntimeException e) {
                failure = e;
                done.complete(null);
            }
        }

        Answer answer(boolean array) {
            if (failure != null) {
                throw failure;
            }
            return MessageCalls.this.answer(
                    outcomes.stream().map(MessageCalls::settled).toList(), array);
        }
    }

    /// Completes when it is known what became of all of them.
    private static CompletableFuture<?> committed(List<Outcome> outcomes) {
        return CompletableFuture.allOf(outcomes.stream()
                .filter(Stored.class::isInstance)
                .map(outcome -> ((Stored) outcome).pending.commit())
                .distinct()
                .map(commit -> {
                    CompletableFuture<Void> done = new CompletableFuture<>();
                    commit.onDone(_ -> done.complete(null));
                    return done;
                })
                .toArray(CompletableFuture<?>[]::new));
    }

    private static Outcome settled(Outcome outcome) {
        return outcome instanceof Stored(var pending, var durability) ? outcome(pending.await(), durability) : outcome;
    }

    private Answer answer(List<Outcome> outcomes, boolean array) {
        if (!array && outcomes.getFirst() instanceof Refused refused) {
            return refused(refused);
        }
        JsonBytes results = results(outcomes);
        return Answer.json(200, out -> {
            out.raw("{");
            out.put(results.array(), 0, results.length());
            out.raw("}");
        });
    }

    private Answer refused(Refused refused) {
        JsonBytes results = results(List.of(refused));
        return Problems.answer(refused.problem, Arrays.copyOf(results.array(), results.length()));
    }

    /// The topic of that name, made if it is not there.
    static Topic made(Call call, Broker broker, String name) {
        Topic there = broker.topic(name).orElse(null);
        if (there != null) {
            return there;
        }
        call.takeTopic();
        try {
            Topic made = broker.feeds().create(name);
            call.made(name);
            return made;
        } catch (FanfareException refused) {
            if (refused.code() == ErrorCode.TOPIC_EXISTS) {
                return TopicCalls.existing(broker, name); // made by somebody else meanwhile
            }
            throw refused;
        }
    }

    /// What became of one message so far.
    private sealed interface Outcome {}

    private record Draft(Message message) implements Outcome {}

    private record Published(PublishResult.Accepted accepted) implements Outcome {}

    private record Scheduled(PublishResult.Scheduled scheduled, Durability durability) implements Outcome {}

    /// It will have its place when it is committed.
    private record Stored(PublishResult.Pending pending, Durability durability) implements Outcome {}

    private record Refused(Problem problem) implements Outcome {}

    /// Reads every message before the first is published: when the body is no JSON, nothing is.
    private List<Outcome> read(byte[] body, JsonScanner scanner, boolean array) {
        StandardCodec codec = new StandardCodec(
                StandardCodec.MessageIds.valueOf(server.config().messageIds().name()), JsonScanner.DEPTH_MAX);
        List<Outcome> outcomes = new ArrayList<>();
        try {
            boolean more = !array || scanner.enterArray();
            while (more) {
                int from = scanner.position();
                scanner.skipValue(array ? 1 : 0);
                outcomes.add(read(codec, body, from, scanner.position()));
                if (outcomes.size() > BATCH_MAX) {
                    throw Problem.of(new WireError(
                                    WireError.Code.TOO_LARGE,
                                    "at most " + BATCH_MAX + " messages at once may be published")
                            .by(Limit.REQUEST_MESSAGES.label()));
                }
                more = array && scanner.nextElement();
            }
            scanner.end();
        } catch (JsonScanner.Malformed malformed) {
            throw Problem.notJson(malformed);
        }
        return outcomes;
    }

    private Outcome read(StandardCodec codec, byte[] body, int from, int to) {
        if (to - from > server.config().limits().maxMessageSize()) {
            return new Refused(Problem.of(new WireError(
                            WireError.Code.TOO_LARGE,
                            "the message has " + (to - from) + " bytes, at most "
                                    + server.config().limits().maxMessageSize()
                                    + " are allowed (setting max-message-size)")
                    .by(BrokerLimit.MESSAGE_SIZE.label())));
        }
        // The same as the request of a WebSocket, so that the same rules apply.
        JsonBytes request = new JsonBytes();
        request.raw("{\"type\":\"publish\",\"topic\":\"t\"");
        try {
            durability(body, from, to)
                    .ifPresent(asked -> request.raw(",\"durability\":").string(asked));
        } catch (Problem malformed) {
            return new Refused(malformed);
        }
        request.raw(",\"message\":");
        request.put(body, from, to - from);
        request.raw("}");
        return switch (codec.decode(request.array(), 0, request.length())) {
            case Request.Publish publish -> draft(publish);
            case Request.Malformed malformed -> new Refused(Problem.of(malformed.error()));
            default -> throw new IllegalStateException("a publish was read as something else");
        };
    }

    private Outcome draft(Request.Publish publish) {
        try {
            return new Draft(Drafts.of(publish, server.config().limits().maxMessageSize()));
        } catch (FanfareException refused) {
            return new Refused(Problem.of(refused));
        }
    }

    /// How safe a message has to be: beside what a message has on a WebSocket, since there is no request
    /// around it.
    private static Optional<String> durability(byte[] body, int from, int to) {
        String text = new String(body, from, to - from, StandardCharsets.ISO_8859_1);
        return text.contains("\"durability\"")
                ? JsonObject.parse(Arrays.copyOfRange(body, from, to)).string("durability")
                : Optional.empty();
    }

    private static Outcome outcome(PublishResult result, Durability durability) {
        return switch (result) {
            case PublishResult.Accepted accepted -> new Published(accepted);
            case PublishResult.Scheduled scheduled -> new Scheduled(scheduled, durability);
            case PublishResult.Pending pending -> new Stored(pending, durability);
            case PublishResult.Refused refused -> new Refused(Problem.of(refused.exception()));
        };
    }

    private JsonBytes results(List<Outcome> outcomes) {
        JsonBytes out = new JsonBytes();
        out.raw("\"results\":[");
        String separator = "";
        for (Outcome outcome : outcomes) {
            out.raw(separator);
            separator = ",";
            switch (outcome) {
                case Published(var accepted) ->
                    out.raw("{\"message_id\":")
                            .string(accepted.messageId())
                            .raw(",\"epoch\":")
                            .string(accepted.epoch())
                            .raw(",\"offset\":")
                            .number(accepted.offset())
                            .raw(",\"durability\":")
                            .string(accepted.durability().label())
                            .raw("}");
                case Scheduled(var scheduled, var durability) ->
                    out.raw("{\"message_id\":")
                            .string(scheduled.messageId())
                            .raw(",\"epoch\":")
                            .string(scheduled.epoch())
                            .raw(",\"scheduled\":")
                            .timestamp(scheduled.dueMillis())
                            .raw(",\"durability\":")
                            .string(durability.label())
                            .raw("}");
                case Refused(var problem) -> {
                    server.refused(Dialect.STANDARD, problem);
                    out.raw("{\"error\":");
                    Problems.error(out, problem);
                    out.raw("}");
                }
                case Draft _, Stored _ -> throw new IllegalStateException("not published: " + outcome);
            }
        }
        return out.raw("]");
    }
}
