package dev.fanfare.server.session;

import dev.fanfare.Delivery;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Topic;
import dev.fanfare.Transaction;
import dev.fanfare.feed.TopicName;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.PublishLimit;
import dev.fanfare.server.Refusal;
import dev.fanfare.server.security.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The transactions of one session. Nothing of one is done before all of it has been looked at, and what is wrong is
/// told with its place. Its answer has its place among the others while it waits to be stored. On the connection's
/// event
/// loop.
final class Transactions {

    /// About what the result of one message costs.
    private static final int RESULT_BYTES = 256;

    private final Session session;
    private final SessionContext context;
    private final Answers answers;
    private final Codec codec;
    private final Acknowledged acknowledged;
    private final PublishLimit limit;
    private final SessionLog log;
    private final Patience patience;
    private boolean closed;

    Transactions(
            Session session,
            SessionContext context,
            Answers answers,
            Codec codec,
            Acknowledged acknowledged,
            PublishLimit limit,
            SessionLog log,
            Patience patience) {
        this.session = session;
        this.context = context;
        this.answers = answers;
        this.codec = codec;
        this.acknowledged = acknowledged;
        this.limit = limit;
        this.log = log;
        this.patience = patience;
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
            this.error = error.in(part);
        }
    }

    /// What is acknowledged, and what has it in hand.
    private record Settled(AckedSubscription subscription, Request.Deliveries which, String epoch) {

        void done() {
            subscription.settle(which.topic(), epoch, which.offsets());
        }
    }

    /// Does it, or says why not.
    void run(Request.Transaction request, int bytes) {
        int publishes = request.publishes().size();
        WireError tooFast = publishes == 0 ? null : limit.take(publishes, bytes);
        if (tooFast != null) {
            session.refuse(request.requestId(), tooFast);
            return;
        }
        attempt(request);
    }

    private void attempt(Request.Transaction request) {
        List<Settled> settled = new ArrayList<>();
        List<Delivery> acks = new ArrayList<>();
        List<String> topics = new ArrayList<>();
        List<Message> messages = new ArrayList<>();
        try {
            checkTopics(request.publishes());
            collect(request.acks(), settled, acks);
            drafts(request.publishes(), messages);
            // Only now: what is refused makes no topic either.
            makeTopics(request.publishes());
        } catch (Refused refused) {
            session.refuse(request.requestId(), refused.error);
            return;
        }
        request.publishes().forEach(publish -> topics.add(publish.topic()));
        Running running = new Running(request, settled);
        context.deliveries()
                .commit(topics, messages, acks, result -> session.execute(() -> running.done(result), () -> {}));
        running.waits();
    }

    private void drafts(List<Request.Publish> publishes, List<Message> messages) throws Refused {
        for (int i = 0; i < publishes.size(); i++) {
            try {
                messages.add(context.draft(publishes.get(i)));
            } catch (FanfareException refused) {
                throw new Refused(publish(i), Refusal.error(refused));
            }
        }
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
                throw new Refused(publish(i), Refusal.error(refused));
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

    /// One that is on its way.
    private final class Running {

        private final Request.Transaction request;
        private final List<Settled> settled;
        private boolean over;

        /// Its place among the answers; null when it is answered at once.
        private @Nullable Consumer<Consumer<JsonBytes>> place;

        Running(Request.Transaction request, List<Settled> settled) {
            this.request = request;
            this.settled = settled;
        }

        /// It was handed over: if it is not over, those after it wait for its answer.
        void waits() {
            if (!over) {
                int weight = RESULT_BYTES * request.publishes().size();
                for (Request.Publish publish : request.publishes()) {
                    weight += publish.payload().length;
                }
                place = answers.reserve(weight);
            }
        }

        void done(Transaction.Result result) {
            over = true;
            if (closed) {
                return;
            }
            PublishResult.Refused refused = result.refused();
            if (refused == null) {
                settled.forEach(Settled::done);
                log.published(request.publishes().size());
                List<Codec.Placed> placed =
                        result.published().stream().map(Drafts::placed).toList();
                answer(out -> codec.transacted(out, request, context.millis(), placed));
            } else if (refused.full() != null && place == null) {
                patience.hold(request, refused, () -> attempt(request), () -> refuse(refused, result.topic()));
            } else {
                refuse(refused, result.topic());
            }
        }

        private void refuse(PublishResult.Refused refused, @Nullable String topic) {
            WireError error = Refusal.error(refused);
            String part = part(request, topic);
            WireError told = part == null ? error : error.in(part);
            log.refused(request.requestId(), told, context.nanos());
            answer(out -> codec.error(out, request.requestId(), told, context.millis()));
        }

        private void answer(Consumer<JsonBytes> writer) {
            if (place == null) {
                answers.say(writer);
            } else {
                place.accept(writer);
            }
        }
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
}
