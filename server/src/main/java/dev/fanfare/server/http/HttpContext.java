package dev.fanfare.server.http;

import dev.fanfare.server.Dialect;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.rest.Routes;

/// What all HTTP connections of one listener share.
///
/// @param slowCalls where endpoints run that take their time
/// @param serverName value of the header `Server`
public record HttpContext(
        ServerContext server,
        Dialect dialect,
        Routes routes,
        WebSocketDoor webSockets,
        SlowCalls slowCalls,
        String serverName) {

    private static final int BODY_FACTOR = 16;
    private static final int BODY_ROOM = 64 * 1024;
    private static final int BODY_MAX = 16 * 1024 * 1024;

    /// The largest body of a request, in bytes: room for several messages, and for one of the largest always.
    int bodyMax() {
        int message = server.config().limits().maxMessageSize();
        return (int) Math.max(message + BODY_ROOM, Math.min((long) message * BODY_FACTOR, BODY_MAX));
    }
}
