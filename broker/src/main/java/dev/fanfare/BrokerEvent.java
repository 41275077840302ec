package dev.fanfare;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Something that happened in the broker, for [Broker#listen]. Events are made only when somebody listens. Those
/// that tell of losses and pressure come at most once per second for each subscription or topic, and say how many
/// there were.
public sealed interface BrokerEvent {

    /// The event's name, in logs and on the wire: lower case with underscores.
    default String name() {
        return switch (this) {
            case MessageEnqueued _ -> "message_enqueued";
            case PublishRepeated _ -> "publish_repeated";
            case Delivering _ -> "delivering";
            case Delivered _ -> "delivered";
            case Failed _ -> "failed";
            case RetryScheduled _ -> "retry_scheduled";
            case DeadLettered _ -> "dead_letter";
            case SubscriberAdded _ -> "subscriber_added";
            case SubscriberRemoved _ -> "subscriber_removed";
            case MemberJoined _ -> "member_joined";
            case MemberLeft _ -> "member_left";
            case StrategySwapped _ -> "strategy_swapped";
            case BatchFlush _ -> "batch_flush";
            case Backpressure _ -> "backpressure";
            case TopicCreated _ -> "topic_created";
            case TopicDeleted _ -> "topic_deleted";
            case SlowConsumer _ -> "slow_consumer";
            case DelayedLost _ -> "delayed_lost";
            case MessagesDropped _ -> "messages_dropped";
            case RouteAdded _ -> "route_added";
            case RouteRemoved _ -> "route_removed";
            case RouteFailed _ -> "route_failed";
            case CircuitOpened _ -> "circuit_opened";
            case CircuitHalfOpen _ -> "circuit_half_open";
            case CircuitClosed _ -> "circuit_closed";
            case StorageFailed _ -> "storage_failed";
            case StorageRecovered _ -> "storage_recovered";
            case MessagesDamaged _ -> "messages_damaged";
            case StorageDamaged _ -> "storage_damaged";
            case TransactionCommitted _ -> "transaction_committed";
            case TransactionRefused _ -> "transaction_refused";
            case RequestUnanswered _ -> "request_unanswered";
        };
    }

    /// A message was appended to its topic.
    record MessageEnqueued(String topic, long offset, String messageId) implements BrokerEvent {}

    /// A publish repeated an earlier one, and was not appended again.
    ///
    /// @param offset of the first one; -1 when that waits for its time
    record PublishRepeated(String topic, long offset, String messageId) implements BrokerEvent {}

    /// A subscription's handler is about to get a message.
    ///
    /// @param attempt of an acknowledged subscription or group, from 1; 0 for a live subscription
    /// @param appendedMillis when it was appended, in milliseconds since 1970
    /// @param headers the message's
    record Delivering(
            String topic,
            long offset,
            String messageId,
            String subscription,
            int attempt,
            long appendedMillis,
            Map<String, String> headers)
            implements BrokerEvent {

        /// Of this message.
        public static Delivering of(Message message, String subscription, int attempt) {
            return new Delivering(
                    message.topic(),
                    message.offset(),
                    message.id(),
                    subscription,
                    attempt,
                    message.timestampMillis(),
                    message.headers());
        }
    }

    /// A subscription's handler has returned from a message.
    record Delivered(String topic, long offset, String messageId, String subscription) implements BrokerEvent {}

    /// A subscription's handler threw.
    record Failed(String topic, long offset, String messageId, String subscription, Throwable cause)
            implements BrokerEvent {}

    /// An attempt failed, and another one will follow.
    ///
    /// @param subscription of the subscription or group
    /// @param attempt which one failed, from 1
    /// @param delay until the next one
    record RetryScheduled(String topic, long offset, String messageId, String subscription, int attempt, Duration delay)
            implements BrokerEvent {}

    /// A subscription or group has given a message up.
    ///
    /// @param target the topic that keeps it as a dead letter; null when none does
    record DeadLettered(
            String topic,
            long offset,
            String messageId,
            String subscription,
            int attempts,
            DeadLetter.Reason reason,
            @Nullable String target)
            implements BrokerEvent {}

    /// Somebody subscribed to a topic or pattern.
    record SubscriberAdded(String pattern) implements BrokerEvent {}

    /// A subscription ended.
    record SubscriberRemoved(String pattern) implements BrokerEvent {}

    /// Somebody works on a group or durable name, which may have been there before.
    ///
    /// @param member what it is called: its own name, or its connection and client_id
    record MemberJoined(String pattern, String subscription, String member) implements BrokerEvent {}

    /// Somebody works on a group or durable name no more. What it had in hand is for others now.
    record MemberLeft(String pattern, String subscription, String member, SubscriptionEnd why) implements BrokerEvent {}

    /// The delivery strategy of a subscription, or of a topic if `subscription` is null, was changed.
    ///
    /// @param strategy null: that of the topic, or of the one who delivers, applies
    record StrategySwapped(
            String pattern,
            @Nullable String subscription,
            @Nullable DeliveryStrategy strategy) implements BrokerEvent {}

    /// Batched delivery handed on what waited.
    ///
    /// @param messages how many waited
    record BatchFlush(String pattern, String subscription, long messages) implements BrokerEvent {}

    /// Publishers were refused or told to wait, because this subscription is full.
    ///
    /// @param publishes how many since the last such event
    record Backpressure(String pattern, String subscription, long publishes) implements BrokerEvent {}

    /// A topic was made.
    record TopicCreated(String topic) implements BrokerEvent {}

    /// A topic was deleted.
    record TopicDeleted(String topic) implements BrokerEvent {}

    /// A subscription was ended because it took its messages too slowly.
    ///
    /// @param lag how many waited for it
    record SlowConsumer(String pattern, String subscription, long lag) implements BrokerEvent {}

    /// Messages that waited for their time are lost, because their topic was deleted or the broker closed.
    record DelayedLost(String topic, long messages) implements BrokerEvent {}

    /// A subscription lost messages.
    ///
    /// @param messages how many since the last such event
    record MessagesDropped(String pattern, String subscription, long messages) implements BrokerEvent {}

    /// A rule for messages to go from topic to topic was added.
    record RouteAdded(String route, String from, List<String> to) implements BrokerEvent {}

    /// Such a rule was taken away.
    record RouteRemoved(String route) implements BrokerEvent {}

    /// A route could not publish to a target.
    ///
    /// @param topic where the last one came from
    /// @param target what refused the last one
    /// @param code why it did, one of [ErrorCode]
    /// @param messages how many since the last such event of this route
    record RouteFailed(String route, String topic, String target, String code, long messages) implements BrokerEvent {}

    /// An acknowledged subscription or group failed too often, or was too slow: it is left alone for a while.
    ///
    /// @param judged attempts that were looked at
    /// @param failed how many of them failed
    /// @param slow how many of them were slow
    record CircuitOpened(String pattern, String subscription, int judged, int failed, int slow)
            implements BrokerEvent {}

    /// A few messages are delivered to a subscription or group, to see whether it does better.
    record CircuitHalfOpen(String pattern, String subscription) implements BrokerEvent {}

    /// A subscription or group that was left alone does well again.
    record CircuitClosed(String pattern, String subscription) implements BrokerEvent {}

    /// A store could not be written to: publishes to durable topics are refused until [StorageRecovered].
    ///
    /// @param place where it is
    /// @param reason what is the matter, for people
    record StorageFailed(String place, String reason) implements BrokerEvent {}

    /// A store can be written to again.
    record StorageRecovered(String place) implements BrokerEvent {}

    /// Stored messages can't be read: whoever replays them finds the next readable one.
    ///
    /// @param from the first offset
    /// @param to after the last one
    record MessagesDamaged(String topic, long from, long to) implements BrokerEvent {}

    /// Something else that is stored can't be read, or was lost with a damaged file; everything else is served.
    ///
    /// @param place where the store is
    /// @param what it is, and what became of it, for people
    record StorageDamaged(String place, String what) implements BrokerEvent {}

    /// A transaction was done.
    ///
    /// @param publishes how many messages it published
    /// @param acknowledgements how many it acknowledged
    record TransactionCommitted(int publishes, int acknowledgements) implements BrokerEvent {}

    /// Nothing of a transaction was done.
    ///
    /// @param topic on which it failed; null when it was none
    record TransactionRefused(@Nullable String topic, ErrorCode code, String reason) implements BrokerEvent {}

    /// A request got no reply.
    ///
    /// @param code `TIMEOUT`, or `NO_RESPONDERS` when nobody was there to answer
    record RequestUnanswered(String topic, ErrorCode code) implements BrokerEvent {}
}
