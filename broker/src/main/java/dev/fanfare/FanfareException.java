package dev.fanfare;

import java.io.Serial;

/// A request that can't be served, with the code that says why.
public class FanfareException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    private final ErrorCode code;

    /// @param message what was wrong, where, and what to do
    public FanfareException(ErrorCode code, String message) {
        super(message);
        this.code = code;
    }

    /// Why.
    public ErrorCode code() {
        return code;
    }
}
