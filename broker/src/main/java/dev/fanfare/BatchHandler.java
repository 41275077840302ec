package dev.fanfare;

import java.util.List;

/// What a subscription does with its messages when it takes them several at a time: all that wait, up to 256 or the
/// size of its [DeliveryStrategy.Batched], whichever is more.
@FunctionalInterface
public interface BatchHandler {

    /// Called with one immutable, never empty list at a time, in the order of the feed, on the thread that the
    /// subscription's [Dispatch] names. If it throws, every message of the list counts as failed.
    void handle(List<Message> messages) throws Exception;
}
