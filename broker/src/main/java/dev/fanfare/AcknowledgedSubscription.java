package dev.fanfare;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A subscription that gets each message at least once: until it is acknowledged or given up. Any thread.
public interface AcknowledgedSubscription extends AutoCloseable {

    /// The topic name or pattern, as it was subscribed.
    String pattern();

    /// What it is called; for a group's member the group's name.
    String name();

    /// Its figures now.
    Figures figures();

    /// Whether nothing was lost since the position asked for; null when none was asked for.
    @Nullable
    Boolean recovered();

    /// Why it ended; empty while it has not.
    Optional<SubscriptionEnd> ended();

    /// Ends it; idempotent. What it had in hand and did not acknowledge is forgotten with it, or goes back to its
    /// group at once. A handler call that is running is waited for, for at most a second.
    @Override
    void close();

    /// What a subscription or group has done and has still to do.
    ///
    /// @param pattern what it hears
    /// @param name what it is called
    /// @param members how many work on it
    /// @param lag messages not done: those below, those that wait for them, and those that are still to be read
    ///     or replayed, at most, since a filter or retention may pass over some of these
    /// @param inFlight messages that members have
    /// @param waiting messages that wait for their next attempt
    /// @param delivered acknowledged
    /// @param failed attempts that failed
    /// @param retried attempts that were scheduled after a failure
    /// @param redelivered attempts after the first
    /// @param deadLettered given up
    /// @param dropped lost with their topic, or when the subscription was ended
    /// @param circuit how its circuit breaker stands; null when it has none
    /// @param circuitOpened how often that opened
    record Figures(
            String pattern,
            String name,
            int members,
            long lag,
            int inFlight,
            int waiting,
            long delivered,
            long failed,
            long retried,
            long redelivered,
            long deadLettered,
            long dropped,
            CircuitBreaker.@Nullable State circuit,
            long circuitOpened) {}
}
