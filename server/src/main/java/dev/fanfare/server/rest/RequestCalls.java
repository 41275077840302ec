package dev.fanfare.server.rest;

import dev.fanfare.Broker;
import dev.fanfare.BrokerLimit;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.feed.Asker;
import dev.fanfare.feed.Wakes;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.JsonScanner;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.StandardCodec;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.session.Drafts;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Requests and their replies over REST, standard dialect: a call that is answered by whoever hears the topic. No
/// thread waits for it.
final class RequestCalls {

    private static final Set<String> KNOWN = new TreeSet<>(Set.of("message", "timeout_ms", "replies", "durability"));
    private static final int REPLIES_MAX = 1_000;
    private static final int REPLIES_MAX_BYTES = 4 << 20;
    private static final long LOOK_MILLIS = 1_000;

    private final Broker broker;
    private final ServerContext server;
    private final BiConsumer<JsonBytes, Message> reply;

    /// @param reply writes the members of a reply as it appears on a WebSocket
    RequestCalls(ServerContext server, BiConsumer<JsonBytes, Message> reply) {
        this.broker = server.broker();
        this.server = server;
        this.reply = reply;
    }

    List<Route> routes() {
        return List.of(Route.later("POST", "/topics/{name}/requests", Need.topic(Operation.PUBLISH), this::ask));
    }

    private Endpoint.Answering ask(Call call) {
        String topic = call.variable("name");
        TopicCalls.ownByClients(topic);
        Request.Ask request = read(call);
        WireError tooFast = call.takePublish();
        if (tooFast != null) {
            throw Problem.of(tooFast);
        }
        Message draft = Drafts.of(request.message(), server.config().limits().maxMessageSize());
        Inquiry inquiry = new Inquiry(call, topic, request, draft);
        inquiry.ask();
        return new Endpoint.Answering(inquiry.done, inquiry::answer);
    }

    private Request.Ask read(Call call) {
        JsonObject body = JsonObject.parse(call.body());
        body.only(KNOWN);
        StringBuilder text = new StringBuilder("{\"type\":\"request\",\"topic\":\"t\",\"request_id\":\"r\"");
        KNOWN.forEach(name -> text.append(",\"").append(name).append("\":").append(body.written(name)));
        byte[] bytes = text.append('}').toString().getBytes(StandardCharsets.UTF_8);
        StandardCodec codec = new StandardCodec(
                StandardCodec.MessageIds.valueOf(server.config().messageIds().name()), JsonScanner.DEPTH_MAX);
        return switch (codec.decode(bytes, 0, bytes.length)) {
            case Request.Ask ask -> checked(ask);
            case Request.Malformed malformed -> throw Problem.of(malformed.error());
            default -> throw new IllegalStateException("a request was read as something else");
        };
    }

    private Request.Ask checked(Request.Ask ask) {
        int most = server.config().limits().maxMessageSize();
        int size = ask.message().payload().length;
        if (size > most) {
            throw Problem.of(new WireError(
                            WireError.Code.TOO_LARGE,
                            "the payload has " + size + " bytes, at most " + most
                                    + " are allowed (setting max-message-size)")
                    .by(BrokerLimit.MESSAGE_SIZE.label()));
        }
        return ask;
    }

    /// One request. Replies come by any thread; the rest is on the connection's event loop.
    private final class Inquiry implements Asker {

        private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        private final Call call;
        private final String topic;
        private final Request.Ask request;
        private final Message draft;
        private final Room room;

        // Guarded by this.
        private final List<Message> replies = new ArrayList<>();
        private PublishResult.@Nullable Refused refused;
        private long bytes;

        private Runnable cancel = () -> {};
        private @Nullable Future<?> looking;

        Inquiry(Call call, String topic, Request.Ask request, Message draft) {
            this.call = call;
            this.topic = topic;
            this.request = request;
            this.draft = draft;
            this.room = new Room(call.line());
        }

        void ask() {
            begin();
            Wakes wakes = new Wakes();
            cancel = broker.feeds()
                    .ask(
                            topic,
                            draft,
                            Duration.ofMillis(request.timeoutMillis()),
                            request.all() ? REPLIES_MAX : 1,
                            this,
                            wakes);
            call.holdFor(wakes.flush());
            PublishResult.Refused why = refused();
            if (why != null && why.full() != null) {
                if (!room.await(why, this::ask)) {
                    done.complete(null);
                }
            } else if (!done.isDone() && looking == null) {
                // Who has gone waits for nothing.
                looking = call.line()
                        .loop()
                        .scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
            }
        }

        private synchronized void begin() {
            refused = null;
        }

        private void look() {
            if (!call.line().open().getAsBoolean()) {
                end(new PublishResult.Refused(ErrorCode.TIMEOUT, "nobody waits any more"));
            }
        }

        private synchronized PublishResult.@Nullable Refused refused() {
            return refused;
        }

        @Override
        public synchronized void reply(Message one, boolean last) {
            bytes += one.payload().size();
            if (bytes > REPLIES_MAX_BYTES) {
                end(new PublishResult.Refused(
                        ErrorCode.TOO_LARGE,
                        "the replies have more than " + REPLIES_MAX_BYTES + " bytes together; ask over a WebSocket"));
                return;
            }
            replies.add(one);
            if (last) {
                done.complete(null);
            }
        }

        @Override
        public synchronized void end(PublishResult.Refused why) {
            refused = why;
            if (why.full() == null) {
                done.complete(null);
            }
        }

        synchronized Answer answer() {
            cancel.run();
            room.close();
            if (looking != null) {
                looking.cancel(false);
            }
            PublishResult.Refused why = refused;
            boolean enough = why == null || why.code() == ErrorCode.TIMEOUT && !replies.isEmpty();
            if (why != null && !enough) {
                throw why.exception();
            }
            return Answer.json(200, request.all() ? this::all : out -> one(out, replies.getFirst()));
        }

        private void one(JsonBytes out, Message message) {
            out.raw("{");
            reply.accept(out, message);
            out.raw("}");
        }

        private void all(JsonBytes out) {
            String separator = "{\"replies\":[";
            for (Message each : replies) {
                out.raw(separator);
                one(out, each);
                separator = ",";
            }
            out.raw("]}");
        }
    }
}
