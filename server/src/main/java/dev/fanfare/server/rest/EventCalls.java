package dev.fanfare.server.rest;

import dev.fanfare.Broker;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.limits.Limit;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The broker's own life as server-sent events: topics made and deleted, subscriptions, losses, failures. Never
/// one per message published or delivered.
final class EventCalls {

    private static final int STREAMS_MAX = 1_000;

    /// Events on their way to the loop of one stream; those above are lost, and told as lost.
    private static final int PENDING_MAX = 1_000;

    private static final int SIGN_OF_LIFE_MILLIS = 15_000;

    private final Broker broker;
    private final AtomicInteger streams = new AtomicInteger();

    EventCalls(ServerContext server) {
        this.broker = server.broker();
    }

    Route route() {
        return new Route("GET", "/events", Need.FIGURES, (Endpoint.Streaming) call -> open());
    }

    private Endpoint.StreamSource open() {
        if (streams.incrementAndGet() > STREAMS_MAX) {
            streams.decrementAndGet();
            throw Problem.of(new WireError(
                            WireError.Code.LIMIT_REACHED,
                            "there are " + STREAMS_MAX + " event streams, the most there may be")
                    .by(Limit.EVENT_STREAMS.label()));
        }
        return new Stream();
    }

    private final class Stream implements Endpoint.StreamSource, BrokerListener {

        private final AtomicInteger pending = new AtomicInteger();
        private final AtomicLong lost = new AtomicLong();
        private BrokerListener.@Nullable Registration registration;
        private Endpoint.@Nullable StreamSink sink;
        private long lostByListener;

        @Override
        public String contentType() {
            return "text/event-stream";
        }

        @Override
        public boolean hearsEachMessage() {
            return false;
        }

        @Override
        public void begin(Endpoint.StreamSink to) {
            sink = to;
            registration = broker.listen(this);
            // At once, so that the client knows that it hears everything from here on.
            to.send(": the broker's events from here on\n\n".getBytes(StandardCharsets.US_ASCII));
            to.every(SIGN_OF_LIFE_MILLIS, () -> {
                tellLost(to);
                to.send(":\n\n".getBytes(StandardCharsets.US_ASCII));
            });
        }

        @Override
        public void onEvent(BrokerEvent event) {
            Endpoint.StreamSink to = sink;
            if (to == null || pending.incrementAndGet() > PENDING_MAX) {
                pending.decrementAndGet();
                lost.incrementAndGet();
                return;
            }
            byte[] bytes = bytes(event, broker.timers().currentTimeMillis());
            to.execute(() -> {
                pending.decrementAndGet();
                if (to.writable()) {
                    tellLost(to);
                    to.send(bytes);
                } else {
                    lost.incrementAndGet();
                }
            });
        }

        private void tellLost(Endpoint.StreamSink to) {
            BrokerListener.Registration known = registration;
            if (known != null) {
                lost.addAndGet(known.lost() - lostByListener);
                lostByListener = known.lost();
            }
            long count = lost.get();
            if (count > 0 && to.writable()) {
                lost.addAndGet(-count);
                to.send(("event: events_lost\ndata: {\"event\":\"events_lost\",\"events\":" + count + "}\n\n")
                        .getBytes(StandardCharsets.US_ASCII));
            }
        }

        @Override
        public void end() {
            BrokerListener.Registration known = registration;
            if (known != null) {
                known.close();
            }
            streams.decrementAndGet();
        }
    }

    private static byte[] bytes(BrokerEvent event, long millis) {
        JsonBytes out = new JsonBytes();
        out.raw("event: ").raw(event.name()).raw("\ndata: ");
        write(out, event, millis);
        out.raw("\n\n");
        return Arrays.copyOf(out.array(), out.length());
    }

    /// Writes an event as JSON.
    static void write(JsonBytes out, BrokerEvent event, long millis) {
        out.raw("{\"event\":").string(event.name());
        members(out, event);
        out.raw(",\"ts\":").timestamp(millis).raw("}");
    }

    private static void members(JsonBytes out, BrokerEvent event) {
        switch (event) {
            case BrokerEvent.TopicCreated(var topic) -> member(out, "topic", topic);
            case BrokerEvent.TopicDeleted(var topic) -> member(out, "topic", topic);
            case BrokerEvent.SubscriberAdded(var pattern) -> member(out, "topic", pattern);
            case BrokerEvent.SubscriberRemoved(var pattern) -> member(out, "topic", pattern);
            case BrokerEvent.MemberJoined(var pattern, var subscription, var member) -> {
                member(out, "topic", pattern);
                member(out, "subscription", subscription);
                member(out, "member", member);
            }
            case BrokerEvent.MemberLeft(var pattern, var subscription, var member, var why) -> {
                member(out, "topic", pattern);
                member(out, "subscription", subscription);
                member(out, "member", member);
                member(out, "reason", why.name().toLowerCase(Locale.ROOT));
            }
            case BrokerEvent.StrategySwapped(var pattern, var subscription, var strategy) -> {
                member(out, "topic", pattern);
                if (subscription != null) {
                    member(out, "subscription", subscription);
                }
                member(out, "strategy", String.valueOf(strategy));
            }
            case BrokerEvent.BatchFlush(var pattern, var subscription, var messages) ->
                counted(out, pattern, subscription, "messages", messages);
            case BrokerEvent.Backpressure(var pattern, var subscription, var publishes) ->
                counted(out, pattern, subscription, "publishes", publishes);
            case BrokerEvent.SlowConsumer(var pattern, var subscription, var lag) ->
                counted(out, pattern, subscription, "lag", lag);
            case BrokerEvent.MessagesDropped(var pattern, var subscription, var messages) ->
                counted(out, pattern, subscription, "messages", messages);
            case BrokerEvent.DelayedLost(var topic, var messages) -> {
                member(out, "topic", topic);
                out.raw(",\"messages\":").number(messages);
            }
            case BrokerEvent.Failed(var topic, var offset, var messageId, var subscription, var cause) -> {
                message(out, topic, offset, messageId);
                member(out, "subscription", subscription);
                member(out, "cause", String.valueOf(cause));
            }
            case BrokerEvent.RetryScheduled retry -> {
                message(out, retry.topic(), retry.offset(), retry.messageId());
                member(out, "subscription", retry.subscription());
                out.raw(",\"attempt\":").number(retry.attempt());
                out.raw(",\"delay_ms\":").number(retry.delay().toMillis());
            }
            case BrokerEvent.DeadLettered given -> {
                message(out, given.topic(), given.offset(), given.messageId());
                member(out, "subscription", given.subscription());
                out.raw(",\"attempts\":").number(given.attempts());
                member(out, "reason", given.reason().label());
                String target = given.target();
                if (target != null) {
                    member(out, "target", target);
                }
            }
            case BrokerEvent.RouteAdded(var route, var from, var to) -> {
                member(out, "route", route);
                member(out, "from", from);
                out.raw(",\"to\":");
                RouteCalls.names(out, to);
            }
            case BrokerEvent.CircuitOpened opened -> {
                member(out, "topic", opened.pattern());
                member(out, "subscription", opened.subscription());
                out.raw(",\"judged\":").number(opened.judged());
                out.raw(",\"failed\":").number(opened.failed());
                out.raw(",\"slow\":").number(opened.slow());
            }
            case BrokerEvent.CircuitHalfOpen(var pattern, var subscription) -> {
                member(out, "topic", pattern);
                member(out, "subscription", subscription);
            }
            case BrokerEvent.CircuitClosed(var pattern, var subscription) -> {
                member(out, "topic", pattern);
                member(out, "subscription", subscription);
            }
            case BrokerEvent.RouteRemoved(var route) -> member(out, "route", route);
            case BrokerEvent.RouteFailed(var route, var topic, var target, var code, var messages) -> {
                member(out, "route", route);
                member(out, "topic", topic);
                member(out, "target", target);
                member(out, "code", code);
                out.raw(",\"messages\":").number(messages);
            }
            case BrokerEvent.StorageFailed(var place, var reason) -> {
                member(out, "place", place);
                member(out, "reason", reason);
            }
            case BrokerEvent.StorageRecovered(var place) -> member(out, "place", place);
            case BrokerEvent.MessagesDamaged(var topic, var from, var to) -> {
                member(out, "topic", topic);
                out.raw(",\"from\":").number(from).raw(",\"to\":").number(to);
            }
            case BrokerEvent.StorageDamaged(var place, var what) -> {
                member(out, "place", place);
                member(out, "what", what);
            }
            case BrokerEvent.TransactionCommitted(var publishes, var acknowledgements) ->
                out.raw(",\"publishes\":").number(publishes).raw(",\"acks\":").number(acknowledgements);
            case BrokerEvent.TransactionRefused(var topic, var code, var reason) -> {
                if (topic != null) {
                    member(out, "topic", topic);
                }
                member(out, "code", code.name());
                member(out, "reason", reason);
            }
            case BrokerEvent.RequestUnanswered(var topic, var code) -> {
                member(out, "topic", topic);
                member(out, "code", code.name());
            }
            case BrokerEvent.MessageEnqueued(var topic, var offset, var messageId) ->
                message(out, topic, offset, messageId);
            case BrokerEvent.PublishRepeated(var topic, var offset, var messageId) ->
                message(out, topic, offset, messageId);
            case BrokerEvent.Delivering delivering -> {
                message(out, delivering.topic(), delivering.offset(), delivering.messageId());
                member(out, "subscription", delivering.subscription());
            }
            case BrokerEvent.Delivered(var topic, var offset, var messageId, var subscription) -> {
                message(out, topic, offset, messageId);
                member(out, "subscription", subscription);
            }
        }
    }

    private static void counted(JsonBytes out, String pattern, String subscription, String what, long count) {
        member(out, "topic", pattern);
        member(out, "subscription", subscription);
        out.raw(",\"").raw(what).raw("\":").number(count);
    }

    private static void message(JsonBytes out, String topic, long offset, String messageId) {
        member(out, "topic", topic);
        out.raw(",\"offset\":").number(offset);
        member(out, "message_id", messageId);
    }

    private static void member(JsonBytes out, String name, String value) {
        out.raw(",\"").raw(name).raw("\":").string(value);
    }
}
