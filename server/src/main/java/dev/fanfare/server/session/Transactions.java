package dev.fanfare.server.session;

import dev.fanfare.Delivery;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Topic;
import dev.fanfare.Transaction;
import dev.fanfare.feed.TopicName;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.PublishLimit;
import dev.fanfare.server.security.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The transactions of one session. Nothing of one is done before all of it has been looked at, and what is wrong is
/// told
/// with its place. While one waits to be stored, nothing further is read, so that answers keep their order. On the
/// connection's event loop.
final class Transactions {

    private final Session session;
    private final SessionContext context;
    private final Connection connection;
    private final Answers answers;
    private final Codec codec;
    private final Acknowledged acknowledged;
    private final @Nullable PublishLimit limit;
    private final SessionLog log;
    private boolean waiting;
    private boolean closed;

    Transactions(
            Session session,
            SessionContext context,
            Connection connection,
            Answers answers,
            Codec codec,
            Acknowledged acknowledged,
            @Nullable PublishLimit limit,
            SessionLog log) {
        this.session = session;
        this.context = context;
        this.connection = connection;
        this.answers = answers;
        this.codec = codec;
        this.acknowledged = acknowledged;
        this.limit = limit;
        this.log = log;
    }

    /// Whether one waits to be stored.
    boolean waits() {
        return waiting;
    }

    /// The connection is gone: nobody is answered any more.
    void close() {
        closed = true;
    }

    /// A part of the transaction can't be done, and with it nothing.
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        private final transient WireError error;

        Refused(String part, WireError error) {
            super(error.message(), null, false, false);
            this.error = new WireError(error.code(), part + ": " + error.message(), error.retryAfterMillis());
        }
    }

    /// What is acknowledged, and what has it in hand.
    private record Settled(AckedSubscription subscription, Request.Deliveries which, String epoch) {

        void done() {
            subscription.settle(which.topic(), epoch, which.offsets());
        }
    }

    /// Does it, or says why not.
    void run(Request.Transaction request) {
        int publishes = request.publishes().size();
        WireError tooFast = limit == null || publishes == 0 ? null : limit.take(publishes);
        if (tooFast != null) {
            session.refuse(request.requestId(), tooFast);
            return;
        }
        List<Settled> settled = new ArrayList<>();
        List<Delivery> acks = new ArrayList<>();
        List<String> topics = new ArrayList<>();
        List<Message> messages = new ArrayList<>();
        try {
            checkTopics(request.publishes());
            collect(request.acks(), settled, acks);
            // Only now: what is refused makes no topic either.
            makeTopics(request.publishes());
        } catch (Refused refused) {
            session.refuse(request.requestId(), refused.error);
            return;
        }
        for (Request.Publish publish : request.publishes()) {
            topics.add(publish.topic());
            messages.add(Drafts.of(publish));
        }
        waiting = true;
        context.deliveries()
                .commit(
                        topics,
                        messages,
                        acks,
                        result -> session.execute(() -> done(request, result, settled), () -> {}));
    }

    private void checkTopics(List<Request.Publish> publishes) throws Refused {
        for (int i = 0; i < publishes.size(); i++) {
            String name = publishes.get(i).topic();
            if (TopicName.isReserved(name)) {
                throw new Refused(publish(i), WireError.ofBroker(name));
            }
            WireError forbidden = session.admission().refusal(Operation.PUBLISH, name);
            if (forbidden != null) {
                throw new Refused(publish(i), forbidden);
            }
            if (context.find(name) == null && !context.config().autoCreateTopics()) {
                throw new Refused(publish(i), WireError.topicNotFound(name));
            }
        }
    }

    private void makeTopics(List<Request.Publish> publishes) throws Refused {
        for (int i = 0; i < publishes.size(); i++) {
            try {
                if (session.topic(publishes.get(i).topic()) == null) {
                    throw new Refused(
                            publish(i), WireError.topicNotFound(publishes.get(i).topic()));
                }
            } catch (FanfareException refused) {
                throw new Refused(
                        publish(i), WireError.of(refused.code().name(), String.valueOf(refused.getMessage())));
            }
        }
    }

    private void collect(List<Request.Deliveries> wanted, List<Settled> settled, List<Delivery> acks) throws Refused {
        for (int i = 0; i < wanted.size(); i++) {
            Request.Deliveries which = wanted.get(i);
            Object found = acknowledged.subscription(which);
            Topic topic = context.find(which.topic());
            if (!(found instanceof AckedSubscription subscription) || topic == null) {
                throw new Refused(
                        "ack[" + i + "]",
                        found instanceof WireError error ? error : WireError.topicNotFound(which.topic()));
            }
            for (long offset : which.offsets()) {
                Delivery delivery = subscription.inHand(which.topic(), topic.epoch(), offset);
                if (delivery == null) {
                    throw new Refused(
                            "ack[" + i + "]",
                            WireError.badRequest("the message with offset " + offset
                                    + " is not in hand: it was not delivered here, or it is done already"));
                }
                acks.add(delivery);
            }
            settled.add(new Settled(subscription, which, topic.epoch()));
        }
    }

    private static String publish(int index) {
        return "publish[" + index + "]";
    }

    private void done(Request.Transaction request, Transaction.Result result, List<Settled> settled) {
        waiting = false;
        if (closed) {
            return;
        }
        PublishResult.Refused refused = result.refused();
        if (refused == null) {
            settled.forEach(Settled::done);
            log.published(request.publishes().size());
            List<Codec.Placed> placed =
                    result.published().stream().map(Transactions::placed).toList();
            answers.say(out -> codec.transacted(out, request, context.millis(), placed));
        } else {
            WireError error = WireError.of(refused.code().name(), refused.reason());
            String part = part(request, result.topic());
            session.refuse(
                    request.requestId(),
                    part == null ? error : new WireError(error.code(), part + ": " + error.message()));
        }
        connection.readAgain();
    }

    /// The first message for that topic.
    private static @Nullable String part(Request.Transaction request, @Nullable String topic) {
        for (int i = 0; i < request.publishes().size(); i++) {
            if (request.publishes().get(i).topic().equals(topic)) {
                return publish(i);
            }
        }
        return null;
    }

    private static Codec.Placed placed(PublishResult result) {
        if (result instanceof PublishResult.Accepted accepted) {
            return new Codec.Placed(
                    accepted.messageId(),
                    accepted.epoch(),
                    accepted.offset(),
                    accepted.durability().name().toLowerCase(Locale.ROOT));
        }
        throw new IllegalStateException("a message of a transaction has its place at once: " + result);
    }
}
