package dev.fanfare;

/// Why a subscription ended.
public enum SubscriptionEnd {
    /// [Subscription#close] was called.
    CLOSED,
    /// Its topic was deleted, and all that was published before has been handled.
    TOPIC_DELETED,
    /// More messages waited than its queue holds, and its policy is [Overflow.Disconnect].
    SLOW_CONSUMER,
    /// The broker was closed.
    BROKER_CLOSED
}
