package dev.fanfare.store;

import java.io.Serial;

/// A store could not do what it was asked.
public final class StoreException extends RuntimeException {

    /// What is the matter.
    public enum Reason {
        /// The device is full.
        FULL,
        /// What was stored can't be read: its check sum is wrong, or part of it is missing.
        CORRUPT,
        /// The device or the file system refused.
        FAILED
    }

    @Serial
    private static final long serialVersionUID = 1;

    private final Reason reason;

    /// @param message what was tried, where, and what became of it, for people
    public StoreException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /// @param message what was tried, where, and what became of it, for people
    public StoreException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /// What is the matter.
    public Reason reason() {
        return reason;
    }
}
