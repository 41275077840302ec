package dev.fanfare.server.rest;

import dev.fanfare.FanfareException;
import dev.fanfare.protocol.JsonScanner;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Refusal;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// Why a request is not served: thrown by an endpoint, told to the client in the words of its dialect.
public final class Problem extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final long retryAfterMillis;
    private final @Nullable String limit;

    private Problem(int status, String code, String detail, long retryAfterMillis, @Nullable String limit) {
        // Hostile requests are no reason to walk the stack.
        super(detail, null, false, false);
        this.status = status;
        this.code = code;
        this.retryAfterMillis = retryAfterMillis;
        this.limit = limit;
    }

    /// A problem with a status of its own.
    public static Problem of(int status, String code, String detail) {
        return new Problem(status, code, detail, -1, null);
    }

    /// A request that breaks a rule of HTTP or of this interface.
    public static Problem badRequest(int status, String detail) {
        return of(status, WireError.Code.BAD_REQUEST.standard(), detail);
    }

    /// A body that is not JSON, or too deep.
    static Problem notJson(JsonScanner.Malformed malformed) {
        return of(
                400,
                WireError.badRequest("the body is not JSON: " + malformed.getMessage())
                        .by(malformed.limit()));
    }

    /// What would be an error on a WebSocket.
    public static Problem of(WireError error) {
        return of(statusOf(error.code().standard()), error);
    }

    /// The same with a status of its own.
    public static Problem of(int status, WireError error) {
        return new Problem(status, error.code().standard(), error.message(), error.retryAfterMillis(), error.limit());
    }

    /// What the broker refused.
    public static Problem of(FanfareException refused) {
        String code = refused.code().name();
        WireError error = Refusal.error(refused);
        return new Problem(statusOf(code), code, error.message(), error.retryAfterMillis(), error.limit());
    }

    /// The same problem of a part of a request.
    Problem in(String part) {
        return new Problem(status, code, part + ": " + detail(), retryAfterMillis, limit);
    }

    /// The status that goes with a code.
    static int statusOf(String code) {
        return switch (code) {
            case "BAD_REQUEST" -> 400;
            case "UNAUTHORIZED" -> 401;
            case "FORBIDDEN" -> 403;
            case "TOPIC_NOT_FOUND" -> 404;
            case "TOPIC_EXISTS" -> 409;
            case "TOO_LARGE" -> 413;
            case "RATE_LIMITED" -> 429;
            case "BACKPRESSURE", "NO_RESPONDERS", "SHUTTING_DOWN" -> 503;
            case "TIMEOUT" -> 504;
            case "LIMIT_REACHED" -> 507;
            default -> 500;
        };
    }

    /// The status of the answer.
    public int status() {
        return status;
    }

    /// The code, as on a WebSocket of the standard dialect.
    public String code() {
        return code;
    }

    /// By what its refusal is counted; null: by nothing but its code.
    public @Nullable String limit() {
        return limit;
    }

    /// In how many milliseconds the same request may succeed; −1 when that is not known.
    long retryAfterMillis() {
        return retryAfterMillis;
    }

    /// What was wrong, where, and what to do.
    public String detail() {
        return String.valueOf(getMessage());
    }
}
