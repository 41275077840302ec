package dev.fanfare;

/// What a subscription does with each message.
@FunctionalInterface
public interface Handler {

    /// Called with one message at a time, on the thread that the subscription's [Dispatch] names. What it throws is
    /// counted and told ([BrokerEvent.Failed]), and the next message comes.
    void handle(Message message) throws Exception;
}
