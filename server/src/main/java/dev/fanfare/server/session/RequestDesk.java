package dev.fanfare.server.session;

import dev.fanfare.Commit;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.PublishLimit;
import dev.fanfare.server.feed.TextFrame;
import org.jspecify.annotations.Nullable;

/// Hands each request of a peer to the part of its session that serves it, unless its time, its sender or its rate
/// forbids it. On the connection's event loop.
final class RequestDesk {

    private final Session session;
    private final Codec codec;
    private final Answers answers;
    private final PublishLimit limit;
    private final Subscriptions subscriptions;
    private final Publishing publishing;
    private final Inquiries inquiries;
    private final Acknowledged acknowledged;
    private final Transactions transactions;
    private boolean draining;

    RequestDesk(
            Session session,
            Codec codec,
            Answers answers,
            PublishLimit limit,
            Subscriptions subscriptions,
            Publishing publishing,
            Inquiries inquiries,
            Acknowledged acknowledged,
            Transactions transactions) {
        this.session = session;
        this.codec = codec;
        this.answers = answers;
        this.limit = limit;
        this.subscriptions = subscriptions;
        this.publishing = publishing;
        this.inquiries = inquiries;
        this.acknowledged = acknowledged;
        this.transactions = transactions;
    }

    /// From now on only what was begun is finished.
    void drain() {
        draining = true;
    }

    /// @param bytes how many the request has
    void serve(Request request, int bytes) {
        if (request instanceof Request.Publish publish) {
            publish(publish, bytes);
        } else {
            rare(request, bytes);
        }
    }

    /// Everything but publishing: a switch over types costs more than a test for one.
    private void rare(Request request, int bytes) {
        switch (request) {
            case Request.Publish publish -> publish(publish, bytes);
            case Request.Subscribe subscribe -> {
                if (!refusesOperations(subscribe.requestId())) {
                    subscriptions.subscribe(subscribe);
                }
            }
            case Request.Unsubscribe unsubscribe -> {
                if (!refusesOperations(unsubscribe.requestId())) {
                    subscriptions.unsubscribe(unsubscribe);
                }
            }
            case Request.Ask ask -> {
                if (!refusesMessage(ask.requestId(), bytes)) {
                    inquiries.ask(ask);
                }
            }
            case Request.Ack ack -> {
                if (!refusesStranger(ack.requestId())) {
                    settled(ack.requestId(), ack.which().topic(), acknowledged.ack(ack));
                }
            }
            case Request.Nack nack -> {
                if (!refusesStranger(nack.requestId())) {
                    settled(nack.requestId(), nack.which().topic(), acknowledged.nack(nack));
                }
            }
            case Request.Transaction transaction -> {
                if (!refusesOperations(transaction.requestId())) {
                    transactions.run(transaction, bytes);
                }
            }
            case Request.Auth auth -> session.admission().auth(auth);
            case Request.Ping(var requestId) -> {
                if (!refusesStranger(requestId)) {
                    answers.say(
                            out -> codec.pong(out, requestId, session.context().millis()));
                }
            }
            case Request.Malformed(var requestId, var error) -> session.refuse(requestId, error);
        }
    }

    private void publish(Request.Publish request, int bytes) {
        if (!refusesMessage(request.requestId(), bytes)) {
            publishing.publish(request);
        }
    }

    private void settled(@Nullable String requestId, String topic, @Nullable WireError wrong) {
        if (wrong != null) {
            session.refuse(requestId, wrong);
        } else if (requestId != null) {
            TextFrame frame = answers.begin();
            codec.settled(frame.begin(), requestId, topic, session.context().millis());
            Commit commit = acknowledged.stored();
            if (commit == null) {
                answers.send(frame);
            } else {
                // An answered acknowledgement is as safe as its topic promises.
                answers.sendWhen(commit, frame, requestId, null, -1);
            }
        }
    }

    private boolean refusesMessage(@Nullable String requestId, int bytes) {
        if (refusesOperations(requestId)) {
            return true;
        }
        WireError tooFast = limit.take(1, bytes);
        if (tooFast != null) {
            session.refuse(requestId, tooFast);
        }
        return tooFast != null;
    }

    private boolean refusesOperations(@Nullable String requestId) {
        if (draining) {
            session.refuse(
                    requestId,
                    new WireError(WireError.Code.SHUTTING_DOWN, "the server is shutting down; connect again later"));
        }
        return draining || refusesStranger(requestId);
    }

    private boolean refusesStranger(@Nullable String requestId) {
        WireError refusal = session.admission().refusal();
        if (refusal != null) {
            session.refuse(requestId, refusal);
        }
        return refusal != null;
    }
}
