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

    record Failure(@Nullable String requestId, String code, String message, long retryAfterMillis)
            implements ServerFrame {

        ClientException exception() {
            return new ClientException(code, message);
        }
    }

    record Message(Event event) implements ServerFrame {}

    record Dropped(String pattern, long count) implements ServerFrame {}

    record TopicDeleted(String topic) implements ServerFrame {}

    /// What a listener of the flat dialect says first; the standard dialect is silent until it is asked.
    record FlatGreeting() implements ServerFrame {}

    /// A heartbeat, a pong, or something a newer server says.
    record Other() implements ServerFrame {}
}
