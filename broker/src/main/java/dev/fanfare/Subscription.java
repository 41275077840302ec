package dev.fanfare;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One live subscription in process. It serves at most once: its place moves when a handler returns, and it is
/// forgotten when it ends. Any thread.
public interface Subscription extends AutoCloseable {

    /// The topic name or pattern, as it was subscribed.
    String pattern();

    /// The name given by [SubscriptionBuilder#name], or one made up by the broker.
    String name();

    /// Messages that wait for the handler now, the one it is busy with included. While a replay runs, only what the
    /// feed holds behind it counts.
    long lag();

    /// Messages for which the handler returned.
    long delivered();

    /// Messages lost: dropped because the queue was full, forgotten by retention before they were replayed, or still
    /// waiting when the broker ended the subscription (too slow, or the broker's closing took too long). What waits
    /// when its user closes it is not lost but unwanted, and not counted.
    long dropped();

    /// Messages for which the handler threw.
    long failed();

    /// Whether nothing was lost since the position asked for; null when [SubscriptionBuilder#start] asked for none.
    @Nullable
    Boolean recovered();

    /// Its own delivery strategy; null when it follows its topic's.
    @Nullable
    DeliveryStrategy delivery();

    /// Changes how it is woken while messages flow: none is lost, repeated or reordered.
    ///
    /// @param strategy null to follow the topic's; a pattern follows none, and is served immediately
    void delivery(@Nullable DeliveryStrategy strategy);

    /// Why it ended; empty while it has not.
    Optional<SubscriptionEnd> ended();

    /// Ends it; idempotent. After this returns no handler call begins; one that is running is waited for, for at
    /// most a second. When the handler itself calls this, its call is the last.
    @Override
    void close();
}
