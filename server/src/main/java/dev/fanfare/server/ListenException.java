package dev.fanfare.server;

import java.io.Serial;

/// An address can't be listened on: the message says which, why, and what to do, in one line.
public final class ListenException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    /// @param message what was wrong, where, and what to do
    public ListenException(String message, Throwable cause) {
        super(message, cause);
    }
}
