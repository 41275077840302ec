package dev.fanfare;

/// Something that happened in the broker.
public sealed interface BrokerEvent {

    /// A topic was made.
    record TopicCreated(String topic) implements BrokerEvent {}

    /// A topic was deleted.
    record TopicDeleted(String topic) implements BrokerEvent {}

    /// A subscription began.
    ///
    /// @param pattern a topic or a pattern
    record SubscriberAdded(String pattern) implements BrokerEvent {}

    /// A subscription ended.
    ///
    /// @param pattern a topic or a pattern
    record SubscriberRemoved(String pattern) implements BrokerEvent {}
}
