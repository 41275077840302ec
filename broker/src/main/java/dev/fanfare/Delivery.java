package dev.fanfare;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One attempt to have a message done: it is to be acknowledged once, or not. Any thread.
///
/// Each of the methods that end it answers whether that counted. It does not when it was ended before, when it was
/// taken back (its time was over, or its subscription ended) and given to somebody else since, or when the message is
/// done.
public interface Delivery {

    /// The message.
    Message message();

    /// Which attempt this is, from 1.
    int attempt();

    /// The message is done: it never comes again to this subscription or group.
    boolean ack();

    /// The attempt failed: the retry policy says whether and when there is another.
    default boolean nack() {
        return nack(null, null);
    }

    /// The attempt failed; if there is another, it comes after this delay.
    default boolean nack(Duration delay) {
        return nack(delay, null);
    }

    /// The attempt failed because of this.
    default boolean nack(Throwable cause) {
        return nack(null, cause);
    }

    /// The attempt failed.
    ///
    /// @param delay until the next one, if there is one, 0 to [RetryPolicy#MAX_DELAY]; null: as the policy says
    /// @param cause what the retry policy is asked about and the dead letter tells; null for nothing known
    boolean nack(@Nullable Duration delay, @Nullable Throwable cause);

    /// The message will never be done: it becomes a dead letter without further attempts.
    ///
    /// @param reason what the dead letter tells
    boolean reject(String reason);
}
