package dev.fanfare.client;

import java.io.Serial;

/// Something the server refused, or a server that could not be reached.
public final class ClientException extends RuntimeException {

    /// The code when no server answered, or what answered is no Fanfare server.
    public static final String CONNECTION = "CONNECTION";

    /// The code of what was still unanswered when the client was closed.
    public static final String CLOSED = "CLOSED";

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
}
