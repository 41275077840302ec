package dev.fanfare.server.session;

import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.feed.Asker;
import dev.fanfare.feed.Wakes;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Refusal;
import dev.fanfare.server.limits.Limit;
import dev.fanfare.server.security.Operation;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The requests of one connection that wait for replies. On its event loop.
final class Inquiries {

    /// The most requests of one connection that wait.
    static final int MAX = 1_000;

    /// The most replies to one request.
    static final int REPLIES_MAX = 1_000;

    /// The most bytes of answers that may wait for a peer that does not read them before it loses replies.
    static final int UNREAD_MAX_BYTES = 1024 * 1024;

    private final Session session;
    private final SessionContext context;
    private final Answers answers;
    private final Connection connection;
    private final Codec codec;
    private final Wakes wakes;
    private final Patience patience;

    /// What ends each of those that wait.
    private final Map<Inquiry, Runnable> waiting = new HashMap<>();

    Inquiries(
            Session session,
            SessionContext context,
            Answers answers,
            Connection connection,
            Codec codec,
            Wakes wakes,
            Patience patience) {
        this.session = session;
        this.context = context;
        this.answers = answers;
        this.connection = connection;
        this.codec = codec;
        this.wakes = wakes;
        this.patience = patience;
    }

    void ask(Request.Ask request) {
        String topic = request.message().topic();
        if (topic.startsWith("$")) {
            session.refuse(request.requestId(), WireError.ofBroker(topic));
            return;
        }
        WireError forbidden = session.admission().refusal(Operation.PUBLISH, topic);
        if (forbidden != null) {
            session.refuse(request.requestId(), forbidden);
            return;
        }
        if (waiting.size() >= MAX) {
            session.refuse(
                    request.requestId(),
                    new WireError(
                                    WireError.Code.LIMIT_REACHED,
                                    "this connection has " + MAX
                                            + " requests that wait for replies; more are not allowed")
                            .by(Limit.OPEN_REQUESTS.label()));
            return;
        }
        Message draft;
        try {
            draft = context.draft(request.message());
        } catch (FanfareException refused) {
            session.refuse(request.requestId(), Refusal.error(refused));
            return;
        }
        ask(request, draft);
    }

    private void ask(Request.Ask request, Message draft) {
        Inquiry inquiry = new Inquiry(request.requestId());
        waiting.put(inquiry, () -> {});
        Runnable cancel = context.feeds()
                .ask(
                        request.message().topic(),
                        draft,
                        Duration.ofMillis(request.timeoutMillis()),
                        request.all() ? REPLIES_MAX : 1,
                        inquiry,
                        wakes);
        PublishResult.Refused refused = inquiry.refused;
        if (refused != null && refused.full() != null) {
            waiting.remove(inquiry);
            patience.hold(request, refused, () -> ask(request, draft), () -> inquiry.tell(refused));
            return;
        }
        // What it was told meanwhile waits for its turn on this loop.
        waiting.replace(inquiry, cancel);
    }

    /// Ends all of them.
    void refuse(WireError why) {
        List<Inquiry> refused = List.copyOf(waiting.keySet());
        close();
        refused.forEach(inquiry -> session.refuseNow(inquiry.requestId, why));
    }

    /// The connection is gone.
    void close() {
        List<Runnable> left = List.copyOf(waiting.values());
        waiting.clear();
        left.forEach(Runnable::run);
    }

    /// One request. Told by any thread, it speaks on the loop, in the order in which it was told.
    private final class Inquiry implements Asker {

        private final String requestId;
        private volatile PublishResult.@Nullable Refused refused;

        Inquiry(String requestId) {
            this.requestId = requestId;
        }

        @Override
        public void reply(Message reply, boolean last) {
            session.later(() -> say(reply, last));
        }

        private void say(Message reply, boolean last) {
            if (!waiting.containsKey(this)) {
                return;
            }
            if (connection.outbox().controlBytes() > UNREAD_MAX_BYTES) {
                Runnable cancel = waiting.remove(this);
                if (cancel != null) {
                    cancel.run();
                }
                session.refuseNow(
                        requestId,
                        new WireError(
                                WireError.Code.BACKPRESSURE,
                                "a reply was dropped: this connection has not read the " + UNREAD_MAX_BYTES
                                        + " bytes of answers before it"));
                return;
            }
            answers.tell(out -> {
                codec.replyBegin(out, requestId, reply.id());
                context.kinds().body(out, reply);
                codec.replyEnd(out, reply.timestampMillis());
            });
            if (last) {
                waiting.remove(this);
            }
        }

        @Override
        public void end(PublishResult.Refused why) {
            refused = why;
            session.later(() -> {
                if (waiting.remove(this) != null) {
                    tell(why);
                }
            });
        }

        private void tell(PublishResult.Refused why) {
            session.refuseNow(requestId, Refusal.error(why));
        }
    }
}
