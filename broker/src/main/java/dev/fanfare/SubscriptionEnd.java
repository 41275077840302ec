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
    BROKER_CLOSED,
    /// Another one attached to the same durable name.
    TAKEN_OVER,
    /// A group or durable name had nobody attached for as long as its expiry.
    EXPIRED,
    /// The group or durable name was ended: [Broker#endSubscription].
    ENDED
}
