package dev.fanfare;

import java.io.Serial;

/// A request that can't be served, with the code that says why.
public class FanfareException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    private final ErrorCode code;
    private final String reason;

    /// @param message what was wrong, where, and what to do
    public FanfareException(ErrorCode code, String message) {
        super(message);
        this.code = code;
        this.reason = message;
    }

    /// What was wrong, where, and what to do.
    @Override
    public String getMessage() {
        return reason;
    }

    /// Why.
    public ErrorCode code() {
        return code;
    }
}
