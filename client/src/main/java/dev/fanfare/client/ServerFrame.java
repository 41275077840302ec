package dev.fanfare.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a server says.
sealed interface ServerFrame {

    /// A request was done.
    ///
    /// @param results what became of the messages of a transaction; empty for anything else
    record Ack(
            @Nullable String requestId,
            @Nullable String messageId,
            @Nullable String ts,
            @Nullable String epoch,
            long offset,
            @Nullable Boolean recovered,
            List<Published> results)
            implements ServerFrame {

        /// Where the message went, or -1 in an empty epoch when the server says no place.
        Position position() {
            return new Position(epoch == null ? "" : epoch, offset);
        }
    }

    /// Something was refused, or went wrong.
    ///
    /// @param clientId of the subscription that has ended with it; null when it is about something else
    record Failure(
            @Nullable String requestId, @Nullable String clientId, String code, String message, long retryAfterMillis)
            implements ServerFrame {

        ClientException exception() {
            return new ClientException(code, message);
        }
    }

    /// A message for a subscription.
    ///
    /// @param attempt 1 where nothing is acknowledged
    /// @param ttlMillis how long after its timestamp it is delivered again at most; 0: for ever
    record Message(Event event, int attempt, long ttlMillis) implements ServerFrame {}

    /// An answer to a request of this client's.
    record Replied(@Nullable String requestId, Reply reply) implements ServerFrame {}

    record Dropped(String pattern, long count) implements ServerFrame {}

    record TopicDeleted(String topic) implements ServerFrame {}

    /// A subscription is no more, though its topic is.
    ///
    /// @param why for people
    record Ended(String why) implements ServerFrame {}

    /// What a listener of the flat dialect says first; the standard dialect is silent until it is asked.
    record FlatGreeting() implements ServerFrame {}

    /// A heartbeat, a pong, or something a newer server says.
    record Other() implements ServerFrame {}
}
