package dev.fanfare.server.session;

import dev.fanfare.CircuitBreaker;
import dev.fanfare.Commit;
import dev.fanfare.Delivery;
import dev.fanfare.Filter;
import dev.fanfare.Overflow;
import dev.fanfare.RetryPolicy;
import dev.fanfare.Topic;
import dev.fanfare.delivery.Terms;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.TopicName;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.security.Operation;
import java.io.Serial;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a session's peer says of its deliveries: done, or failed. On the connection's event loop.
final class Acknowledged {

    private final SessionContext context;
    private final Subscriptions subscriptions;
    private final Admission admission;
    private @Nullable Commit stored;

    Acknowledged(SessionContext context, Subscriptions subscriptions, Admission admission) {
        this.context = context;
        this.subscriptions = subscriptions;
        this.admission = admission;
    }

    /// What a peer asks for, in the broker's words.
    ///
    /// @throws dev.fanfare.FanfareException when it can't be had
    static Terms terms(Request.Manual manual, Pattern pattern, @Nullable Filter filter) {
        Request.Retry retry = manual.retry();
        String deadLetter = manual.deadLetter();
        return new Terms(
                pattern,
                manual.automatic() ? Duration.ZERO : manual.ackTimeout(),
                new RetryPolicy.Exponential(
                        retry.maxAttempts(), retry.backoff(), retry.multiplier(), retry.maxBackoff(), retry.jitter()),
                deadLetter == null ? null : TopicName.check(deadLetter),
                false,
                manual.buriesExpired(),
                manual.ordered(),
                0,
                0,
                manual.durable() == null && manual.group() == null ? Overflow.disconnect() : Overflow.refuse(),
                Duration.ZERO,
                filter,
                breaker(manual.breaker()));
    }

    private static @Nullable CircuitBreaker breaker(Request.@Nullable Breaker asked) {
        return asked == null
                ? null
                : new CircuitBreaker(
                        asked.failureRate(),
                        asked.slowCall(),
                        asked.slowCallRate(),
                        asked.minimumCalls(),
                        asked.window(),
                        asked.waitWhileOpen(),
                        asked.trialCalls());
    }

    /// Tells when what was acknowledged or rejected last is as safe as its topic promises; null when it is.
    @Nullable
    Commit stored() {
        return stored;
    }

    /// Why a message was not acknowledged, in the peer's words.
    @SuppressWarnings("OverrideThrowableToString") // listeners and dead letters show it as it was said
    private static final class Reason extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1;

        Reason(String text) {
            super(text, null, false, false);
        }

        @Override
        public String toString() {
            return String.valueOf(getMessage());
        }
    }

    /// Deliveries are done.
    ///
    /// @return why that can't be; null if it can
    @Nullable
    WireError ack(Request.Ack request) {
        Object found = find(request.which());
        if (found instanceof Settling settling) {
            settling.subscription.acknowledge(settling.deliveries);
            stored = settling.subscription.stored();
            return null;
        }
        return (WireError) found;
    }

    /// Deliveries have failed.
    ///
    /// @return why that can't be; null if it can
    @Nullable
    WireError nack(Request.Nack request) {
        Object found = find(request.which());
        if (!(found instanceof Settling settling)) {
            return (WireError) found;
        }
        String reason = request.reason();
        if (request.dead()) {
            stored = settling.subscription.reject(settling.deliveries, reason == null ? "rejected" : reason);
        } else {
            Duration delay = request.delayMillis() < 0 ? null : Duration.ofMillis(request.delayMillis());
            Reason cause = reason == null ? null : new Reason(reason);
            settling.subscription.fail(settling.deliveries, delay, cause);
            stored = null;
        }
        return null;
    }

    private record Settling(AckedSubscription subscription, List<Delivery> deliveries) {}

    /// Whose deliveries they are, and those that are not done already; or a [WireError].
    private Object find(Request.Deliveries which) {
        Object found = subscription(which);
        if (!(found instanceof AckedSubscription subscription)) {
            return found;
        }
        Topic topic = context.find(which.topic());
        if (topic == null) {
            return WireError.topicNotFound(which.topic());
        }
        long end = topic.visible();
        for (long offset : which.offsets()) {
            if (offset >= end) {
                return WireError.badRequest(
                        "there is no message with offset " + offset + " yet; nothing of this request was done");
            }
        }
        return new Settling(subscription, subscription.settle(topic.name(), topic.epoch(), which.offsets()));
    }

    /// Whose deliveries they are; or a [WireError], which says of topics that are not the peer's only that.
    Object subscription(Request.Deliveries which) {
        Object found = search(which);
        return found instanceof WireError && !admission.rights().sees(which.topic())
                ? admission.forbidden(Operation.SUBSCRIBE, which.topic())
                : found;
    }

    private Object search(Request.Deliveries which) {
        Topic topic = context.find(which.topic());
        if (topic == null) {
            return WireError.topicNotFound(which.topic());
        }
        String epoch = which.epoch();
        if (epoch != null && !epoch.equals(topic.epoch())) {
            return new WireError(
                    WireError.Code.TOPIC_NOT_FOUND,
                    "the topic of this name and epoch was deleted; the one there is now has epoch " + topic.epoch());
        }
        return which.subscription() == null ? only(which) : named(which, which.subscription());
    }

    private Object named(Request.Deliveries which, String name) {
        Subscribed found = subscriptions.find(new Subscribed.Key(which.clientId(), name));
        if (found instanceof AckedSubscription subscription && isMeant(subscription, which, name)) {
            return subscription;
        }
        for (Subscribed each : subscriptions.all()) {
            if (each instanceof AckedSubscription subscription && isMeant(subscription, which, name)) {
                return subscription;
            }
        }
        return notSubscribed(which);
    }

    private static boolean isMeant(AckedSubscription subscription, Request.Deliveries which, String name) {
        return subscription.label().equals(name)
                && subscription.key().clientId().equals(which.clientId())
                && subscription.hears(which.topic());
    }

    private Object only(Request.Deliveries which) {
        AckedSubscription only = null;
        if (subscriptions.size() == 1 || !subscriptions.acknowledgesPatterns()) {
            Subscribed exact = subscriptions.find(new Subscribed.Key(which.clientId(), which.topic()));
            if (exact instanceof AckedSubscription subscription) {
                return subscription;
            }
        }
        for (Subscribed each : subscriptions.all()) {
            if (each instanceof AckedSubscription subscription
                    && each.key().clientId().equals(which.clientId())
                    && subscription.hears(which.topic())) {
                if (only != null) {
                    return WireError.badRequest("subscription is required: several of this client_id hear the topic;"
                            + " its events say delivery.subscription");
                }
                only = subscription;
            }
        }
        return only == null ? notSubscribed(which) : only;
    }

    private static WireError notSubscribed(Request.Deliveries which) {
        return new WireError(
                WireError.Code.NOT_SUBSCRIBED,
                "this connection has no subscription with ack: \"manual\" of this client_id"
                        + (which.subscription() == null ? "" : " and name") + " that hears this topic");
    }
}
