package dev.fanfare.server.rest;

import dev.fanfare.Broker;
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
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.session.Drafts;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;

/// Messages over REST, standard dialect: reading what is kept and publishing. A message is read by the same rules
/// as on a WebSocket and shown as the same event.
final class MessageCalls {

    private static final int PAGE_DEFAULT = 100;
    private static final int PAGE_MAX = 1_000;
    private static final int PAGE_BYTES = 4 << 20;
    private static final int BATCH_MAX = 1_000;

    private final Broker broker;
    private final ServerConfig config;
    private final BiConsumer<JsonBytes, Message> event;

    /// @param event writes a message as it appears on a WebSocket
    MessageCalls(ServerContext server, BiConsumer<JsonBytes, Message> event) {
        this.broker = server.broker();
        this.config = server.config();
        this.event = event;
    }

    List<Route> routes() {
        return List.of(
                Route.slow("GET", "/topics/{name}/messages", this::read),
                Route.quick("POST", "/topics/{name}/messages", this::publish));
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

    private Answer publish(Call call) {
        String name = call.variable("name");
        TopicCalls.ownByClients(name);
        if (!config.autoCreateTopics()) {
            TopicCalls.existing(broker, name);
        }
        byte[] body = call.body();
        JsonScanner scanner = JsonObject.scan(body);
        boolean array = scanner.peek() == '[';
        List<Outcome> read = read(body, scanner, array);
        if (!array && read.getFirst() instanceof Refused refused) {
            return refused(refused);
        }
        Topic topic = config.autoCreateTopics() ? made(name) : TopicCalls.existing(broker, name);
        Wakes wakes = new Wakes();
        List<Outcome> outcomes = read.stream()
                .map(outcome -> published(call, topic, outcome, wakes))
                .toList();
        call.holdFor(wakes.flush());
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

    private static Answer refused(Refused refused) {
        JsonBytes results = results(List.of(refused));
        return Problems.answer(refused.problem, Arrays.copyOf(results.array(), results.length()));
    }

    private Topic made(String name) {
        try {
            return broker.topic(name).orElseGet(() -> broker.createTopic(name));
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

    private record Scheduled(PublishResult.Scheduled scheduled) implements Outcome {}

    private record Refused(Problem problem) implements Outcome {}

    /// Reads every message before the first is published: when the body is no JSON, nothing is.
    private List<Outcome> read(byte[] body, JsonScanner scanner, boolean array) {
        StandardCodec codec = new StandardCodec(
                StandardCodec.MessageIds.valueOf(config.messageIds().name()), JsonScanner.DEPTH_MAX);
        List<Outcome> outcomes = new ArrayList<>();
        try {
            boolean more = !array || scanner.enterArray();
            while (more) {
                int from = scanner.position();
                scanner.skipValue(array ? 1 : 0);
                outcomes.add(read(codec, body, from, scanner.position()));
                if (outcomes.size() > BATCH_MAX) {
                    throw Problem.of(new WireError(
                            WireError.Code.TOO_LARGE, "at most " + BATCH_MAX + " messages at once may be published"));
                }
                more = array && scanner.nextElement();
            }
            scanner.end();
        } catch (JsonScanner.Malformed malformed) {
            throw Problem.badRequest(400, "the body is not JSON: " + malformed.getMessage());
        }
        return outcomes;
    }

    private Outcome read(StandardCodec codec, byte[] body, int from, int to) {
        if (to - from > config.limits().maxMessageSize()) {
            return new Refused(Problem.of(new WireError(
                    WireError.Code.TOO_LARGE,
                    "the message has " + (to - from) + " bytes, at most "
                            + config.limits().maxMessageSize() + " are allowed (setting max-message-size)")));
        }
        // The same as the request of a WebSocket, so that the same rules apply.
        JsonBytes request = new JsonBytes();
        request.raw("{\"type\":\"publish\",\"topic\":\"t\",\"message\":");
        request.put(body, from, to - from);
        request.raw("}");
        return switch (codec.decode(request.array(), 0, request.length())) {
            case Request.Publish publish -> new Draft(Drafts.of(publish));
            case Request.Malformed malformed -> new Refused(Problem.of(malformed.error()));
            default -> throw new IllegalStateException("a publish was read as something else");
        };
    }

    private Outcome published(Call call, Topic topic, Outcome outcome, Wakes wakes) {
        if (!(outcome instanceof Draft(Message message))) {
            return outcome;
        }
        WireError tooFast = call.takePublish();
        if (tooFast != null) {
            return new Refused(Problem.of(tooFast));
        }
        return switch (broker.feeds().publish(topic, message, wakes)) {
            case PublishResult.Accepted accepted -> new Published(accepted);
            case PublishResult.Scheduled scheduled -> new Scheduled(scheduled);
            case PublishResult.Pending pending -> throw new IllegalStateException("durable: " + pending);
            case PublishResult.Refused refused ->
                new Refused(Problem.of(new FanfareException(refused.code(), refused.reason())));
        };
    }

    private static JsonBytes results(List<Outcome> outcomes) {
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
                            .raw("}");
                case Scheduled(var scheduled) ->
                    out.raw("{\"message_id\":")
                            .string(scheduled.messageId())
                            .raw(",\"epoch\":")
                            .string(scheduled.epoch())
                            .raw(",\"scheduled\":")
                            .timestamp(scheduled.dueMillis())
                            .raw("}");
                case Refused(var problem) -> {
                    out.raw("{\"error\":");
                    Problems.error(out, problem);
                    out.raw("}");
                }
                case Draft draft -> throw new IllegalStateException("not published: " + draft);
            }
        }
        return out.raw("]");
    }
}
