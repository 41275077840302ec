package dev.fanfare.server.rest;

import dev.fanfare.Broker;
import dev.fanfare.BrokerLimit;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Topic;
import dev.fanfare.Transaction;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.JsonScanner;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.StandardCodec;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.session.Drafts;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Transactions over REST, standard dialect: messages to several topics, all or none. They are read and answered as on
/// a
/// WebSocket.
final class TransactionCalls {

    private static final Set<String> KNOWN = new TreeSet<>(Set.of("publish", "ack"));

    private final Broker broker;
    private final ServerContext server;

    TransactionCalls(ServerContext server) {
        this.broker = server.broker();
        this.server = server;
    }

    List<Route> routes() {
        return List.of(Route.later("POST", "/transactions", Need.ENTRY, this::commit));
    }

    private Endpoint.Answering commit(Call call) {
        Request.Transaction request = read(call);
        WireError tooFast = call.takePublishes(request.publishes().size());
        if (tooFast != null) {
            throw Problem.of(tooFast);
        }
        List<String> topics = new ArrayList<>();
        List<Message> messages = new ArrayList<>();
        each(request, publish -> check(call, publish.topic()));
        each(request, publish -> messages.add(draft(publish)));
        // Only now: what is refused makes no topic.
        each(request, publish -> topics.add(existing(call, publish.topic()).name()));
        Running running = new Running(call, request, topics, messages);
        running.attempt();
        return new Endpoint.Answering(running.done, running::answer);
    }

    private Request.Transaction read(Call call) {
        JsonObject body = JsonObject.parse(call.body());
        body.only(KNOWN);
        if (body.has("ack")) {
            throw Problem.badRequest(
                    400,
                    "ack: what was delivered over a WebSocket can only be acknowledged there; send the transaction over it");
        }
        byte[] text = ("{\"type\":\"transaction\",\"publish\":" + body.written("publish") + "}")
                .getBytes(StandardCharsets.UTF_8);
        StandardCodec codec = new StandardCodec(
                StandardCodec.MessageIds.valueOf(server.config().messageIds().name()), JsonScanner.DEPTH_MAX);
        return switch (codec.decode(text, 0, text.length)) {
            case Request.Transaction transaction -> transaction;
            case Request.Malformed malformed -> throw Problem.of(malformed.error());
            default -> throw new IllegalStateException("a transaction was read as something else");
        };
    }

    private interface Step {
        void on(Request.Publish publish);
    }

    /// Does something with each message; what is wrong with one is told with its place.
    private static void each(Request.Transaction request, Step step) {
        for (int i = 0; i < request.publishes().size(); i++) {
            try {
                step.on(request.publishes().get(i));
            } catch (Problem wrong) {
                throw wrong.in("publish[" + i + "]");
            } catch (FanfareException wrong) {
                throw Problem.of(wrong).in("publish[" + i + "]");
            }
        }
    }

    private void check(Call call, String topic) {
        TopicCalls.ownByClients(topic);
        call.caller().check(Operation.PUBLISH, topic);
        if (!server.config().autoCreateTopics()) {
            TopicCalls.existing(broker, topic);
        }
    }

    private Message draft(Request.Publish publish) {
        int most = server.config().limits().maxMessageSize();
        if (publish.payload().length > most) {
            throw Problem.of(new WireError(
                            WireError.Code.TOO_LARGE,
                            "the payload has " + publish.payload().length + " bytes, at most " + most
                                    + " are allowed (setting max-message-size)")
                    .by(BrokerLimit.MESSAGE_SIZE.label()));
        }
        return Drafts.of(publish, most);
    }

    private Topic existing(Call call, String topic) {
        return server.config().autoCreateTopics()
                ? MessageCalls.made(call, broker, topic)
                : TopicCalls.existing(broker, topic);
    }

    /// One that is on its way. On the connection's event loop, but for what a commit tells.
    private final class Running {

        private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        private final Room room;
        private final Request.Transaction request;
        private final List<String> topics;
        private final List<Message> messages;
        private Transaction.@Nullable Result result;

        Running(Call call, Request.Transaction request, List<String> topics, List<Message> messages) {
            this.room = new Room(call.line());
            this.request = request;
            this.topics = topics;
            this.messages = messages;
        }

        void attempt() {
            var _ = broker.deliveries().commit(topics, messages, List.of(), this::over);
        }

        private void over(Transaction.Result outcome) {
            PublishResult.Refused refused = outcome.refused();
            // For lack of room it is refused at once, on the loop.
            if (refused == null || !room.await(refused, this::attempt)) {
                result = outcome;
                done.complete(null);
            }
        }

        Answer answer() {
            room.close();
            Transaction.Result outcome = result;
            if (outcome == null) {
                throw new IllegalStateException("it is not over");
            }
            PublishResult.Refused refused = outcome.refused();
            if (refused != null) {
                int part = topics.indexOf(String.valueOf(outcome.topic()));
                throw new FanfareException(
                        refused.code(), (part < 0 ? "" : "publish[" + part + "]: ") + refused.reason());
            }
            List<Codec.Placed> placed =
                    outcome.published().stream().map(Drafts::placed).toList();
            return Answer.json(
                    200,
                    out -> new StandardCodec(StandardCodec.MessageIds.ANY, JsonScanner.DEPTH_MAX)
                            .transacted(out, request, broker.timers().currentTimeMillis(), placed));
        }
    }
}
