package dev.fanfare.client;

import java.io.Serial;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import java.net.http.WebSocketHandshakeException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;

/// Something the server refused, or a server that could not be reached.
public final class ClientException extends RuntimeException {

    /// The code when no server answered, or what answered is no Fanfare server.
    public static final String CONNECTION = "CONNECTION";

    /// The code when the server does not know who the client is, or does not let it in.
    public static final String UNAUTHORIZED = "UNAUTHORIZED";

    /// The code of what was still unanswered when the client was closed.
    public static final String CLOSED = "CLOSED";

    /// The code of a message above what the server takes.
    static final String TOO_LARGE = "TOO_LARGE";

    @Serial
    private static final long serialVersionUID = 1L;

    private final String code;

    /// An error with the server's code, [#CONNECTION] or [#CLOSED].
    public ClientException(String code, String message) {
        super(message);
        this.code = code;
    }

    /// An error that has a cause.
    public ClientException(String code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /// What went wrong, as one of the codes of the protocol (such as `TOPIC_NOT_FOUND`), [#CONNECTION] or [#CLOSED].
    public String code() {
        return code;
    }

    /// No connection came about.
    static ClientException notConnected(URI uri, Throwable error) {
        return error.getCause() instanceof WebSocketHandshakeException refused
                        && refused.getResponse().statusCode() == 401
                ? new ClientException(
                        UNAUTHORIZED, uri + " does not let this client in: its credentials are missing or wrong", error)
                : new ClientException(CONNECTION, "can't connect to " + uri + ": " + reason(error), error);
    }

    /// Why no connection came about, or why one broke, in the words of a user.
    static String reason(Throwable error) {
        Throwable cause = error;
        while (cause.getCause() != null && !(cause instanceof WebSocketHandshakeException)) {
            cause = cause.getCause();
        }
        if (cause instanceof WebSocketHandshakeException refused) {
            return "the server answered " + refused.getResponse().statusCode() + " instead of opening a WebSocket";
        }
        return switch (cause) {
            case UnresolvedAddressException _ -> "no such host";
            case HttpTimeoutException _ -> "no answer in time";
            case ClosedChannelException _ -> "refused, or closed at once; does a server run there?";
            case ConnectException _ -> "connection refused; does a server run there?";
            default -> cause.getMessage() == null ? cause.toString() : cause.getMessage();
        };
    }
}
