package dev.fanfare;

/// Something that happened in the broker.
public sealed interface BrokerEvent {

    /// A topic was made.
    record TopicCreated(String topic) implements BrokerEvent {}
}
