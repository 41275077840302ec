package dev.fanfare.server;

import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/// Whom a line of the log concerns: in the logging context (`MDC`) while it is written, where any logging library finds
/// it.
///
/// @param connection its id
/// @param request what the peer calls its request; null when it has no name, or none is concerned
public record LogSubject(String connection, @Nullable String request) {

    /// The key of the connection's id.
    public static final String CONNECTION = "connection";

    /// The key of the request's id.
    public static final String REQUEST = "request";

    /// A connection, and no request of it.
    public static LogSubject of(String connection) {
        return new LogSubject(connection, null);
    }

    /// Writes a line that concerns it.
    public void during(Runnable line) {
        MDC.put(CONNECTION, LogLimit.printable(connection));
        if (request != null) {
            MDC.put(REQUEST, LogLimit.printable(request));
        }
        try {
            line.run();
        } finally {
            MDC.remove(CONNECTION);
            MDC.remove(REQUEST);
        }
    }
}
