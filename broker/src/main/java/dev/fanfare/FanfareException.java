package dev.fanfare;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// A request that can't be served, with the code that says why.
public class FanfareException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    private final ErrorCode code;
    private final String reason;
    private final @Nullable BrokerLimit limit;

    /// @param message what was wrong, where, and what to do
    public FanfareException(ErrorCode code, String message) {
        this(code, message, null);
    }

    /// What is refused because of a limit, with its code.
    ///
    /// @param message which limit it is, and who reached it
    public FanfareException(BrokerLimit limit, String message) {
        this(limit.code(), message, limit);
    }

    /// @param limit which the request ran into; null: none
    public FanfareException(ErrorCode code, String message, @Nullable BrokerLimit limit) {
        super(message);
        this.code = code;
        this.reason = message;
        this.limit = limit;
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

    /// The limit that the request ran into; null: none.
    public @Nullable BrokerLimit limit() {
        return limit;
    }
}
