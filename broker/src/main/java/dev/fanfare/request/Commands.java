package dev.fanfare.request;

import dev.fanfare.Broker;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Handler;
import dev.fanfare.Message;
import dev.fanfare.Responder;
import dev.fanfare.Subscription;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Who answers: responders are subscriptions whose answers are sent back; of the handlers of commands there is
/// one per topic. Any thread.
public final class Commands {

    private final Broker broker;
    private final Map<String, Boolean> handled = new ConcurrentHashMap<>();

    /// Nobody answers yet.
    public Commands(Broker broker) {
        this.broker = broker;
    }

    /// Begins to answer what is asked on a topic.
    public Subscription answer(String topic, Responder responder) {
        return broker.subscription(topic).name("responder-of-" + topic).handle(answering(responder));
    }

    /// The same, as the only one that handles commands there.
    ///
    /// @throws FanfareException `LIMIT_REACHED` when there is one
    public Subscription handle(String topic, Responder responder) {
        if (handled.putIfAbsent(topic, true) != null) {
            throw new FanfareException(
                    ErrorCode.LIMIT_REACHED,
                    "topic '" + topic + "' has its handler of commands already; close that one first");
        }
        try {
            return broker.subscription(topic)
                    .name("handler-of-" + topic)
                    .onEnd(why -> handled.remove(topic))
                    .handle(answering(responder));
        } catch (RuntimeException refused) {
            handled.remove(topic);
            throw refused;
        }
    }

    private Handler answering(Responder responder) {
        return request -> {
            if (request.isExpired(broker.timers().currentTimeMillis())) {
                // Nobody waits for the answer any more.
                broker.topic(request.topic())
                        .ifPresent(topic -> topic.counters().expired(1));
                return;
            }
            Message answer;
            try {
                answer = responder.answer(request);
            } catch (Exception e) {
                String why = e.getMessage();
                reply(request, Message.failure(why == null ? e.getClass().getName() : why));
                throw e;
            }
            reply(request, answer);
        };
    }

    private void reply(Message request, Message answer) {
        if (request.replyTo() != null) {
            var _ = broker.reply(request, answer);
        }
    }
}
