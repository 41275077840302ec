package dev.fanfare.server.session;

import dev.fanfare.SubscriptionEnd;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.WireError;

/// What a session tells its peer of its subscriptions unasked. On the connection's event loop.
final class Notices {

    private final SessionContext context;
    private final Answers answers;
    private final Codec codec;
    private final SessionLog log;

    Notices(SessionContext context, Answers answers, Codec codec, SessionLog log) {
        this.context = context;
        this.answers = answers;
        this.codec = codec;
        this.log = log;
    }

    /// So many messages were lost for it.
    void dropped(Subscribed.Key key, long count) {
        answers.tell(out -> codec.messagesDropped(out, key.topic(), key.clientId(), count, context.millis()));
    }

    /// It is no more, since its topic is not.
    void topicDeleted(Subscribed.Key key) {
        answers.tell(out -> codec.topicDeleted(out, key.topic(), context.millis()));
    }

    /// An acknowledged one is no more.
    void ended(Subscribed.Key key, SubscriptionEnd why) {
        switch (why) {
            case TOPIC_DELETED -> topicDeleted(key);
            case SLOW_CONSUMER ->
                endedWith(
                        key,
                        WireError.Code.SLOW_CONSUMER,
                        "as many messages as it may have wait to be acknowledged (backlog or backlog_bytes of its topic)");
            case TAKEN_OVER -> ended(key, "subscription_taken_over");
            case ENDED, EXPIRED -> ended(key);
            case CLOSED, BROKER_CLOSED -> {}
        }
    }

    /// It is no more, because the one that was to replace it was refused.
    void ended(Subscribed.Key key) {
        ended(key, "subscription_ended");
    }

    /// It is no more, because its peer may not hear it any more, or not all of it.
    void forbidden(Subscribed.Key key) {
        endedWith(
                key,
                WireError.Code.FORBIDDEN,
                "what you may hear of it has changed; subscribe again to hear what you may");
    }

    private void endedWith(Subscribed.Key key, WireError.Code code, String why) {
        WireError error = new WireError(code, "the subscription to '" + key.topic() + "' was ended: " + why);
        log.refused(null, error, context.nanos());
        answers.tell(out -> codec.subscriptionEnded(out, key.topic(), key.clientId(), error, context.millis()));
    }

    private void ended(Subscribed.Key key, String what) {
        answers.tell(out -> codec.subscriptionNotice(out, key.topic(), key.clientId(), what, context.millis()));
    }
}
