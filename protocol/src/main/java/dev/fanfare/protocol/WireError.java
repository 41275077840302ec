package dev.fanfare.protocol;

import org.jspecify.annotations.Nullable;

/// Why a request was not served, as the peer is told.
///
/// @param code which rule or limit
/// @param message what was wrong, where, and what to do
/// @param retryAfterMillis when the same request may succeed; −1 when that is not known, or it never will
/// @param limit by what its refusal is counted, and no peer is told; null: by nothing but its code
public record WireError(
        Code code,
        String message,
        long retryAfterMillis,
        @Nullable String limit) {

    /// By what JSON that is nested too deep is counted.
    public static final String JSON_DEPTH = "json_depth";

    /// When to try again what others have to make room for.
    public static final long LATER_MILLIS = 1_000;

    /// The codes, by their names in the standard and in the flat dialect.
    public enum Code {
        /// Not JSON.
        INVALID_JSON("BAD_REQUEST", "INVALID_JSON"),
        /// JSON, but no message: not an object, no type, or binary.
        INVALID_MESSAGE("BAD_REQUEST", "INVALID_MESSAGE"),
        /// A type that does not exist.
        UNKNOWN_TYPE("BAD_REQUEST", "UNKNOWN_MESSAGE_TYPE"),
        /// A missing or wrong field.
        BAD_REQUEST("BAD_REQUEST", "VALIDATION_ERROR"),
        /// No topic of that name exists.
        TOPIC_NOT_FOUND("TOPIC_NOT_FOUND", "TOPIC_NOT_FOUND"),
        /// There is no such subscription.
        NOT_SUBSCRIBED("BAD_REQUEST", "NOT_SUBSCRIBED"),
        /// The peer takes its messages too slowly; the connection is closed.
        SLOW_CONSUMER("SLOW_CONSUMER", "SLOW_CONSUMER"),
        /// Nobody knows who the peer is, or it is nobody any more.
        UNAUTHORIZED("UNAUTHORIZED", "VALIDATION_ERROR"),
        /// The topic is not the peer's to use in this way.
        FORBIDDEN("FORBIDDEN", "VALIDATION_ERROR"),
        /// Too many publishes in too short a time.
        RATE_LIMITED("RATE_LIMITED", "RATE_LIMITED"),
        /// A message above the limit.
        TOO_LARGE("TOO_LARGE", "VALIDATION_ERROR"),
        /// A limit on a number of things is reached.
        LIMIT_REACHED("LIMIT_REACHED", "VALIDATION_ERROR", LATER_MILLIS),
        /// A subscription is full and its policy refuses.
        BACKPRESSURE("BACKPRESSURE", "INTERNAL", LATER_MILLIS),
        /// Nobody answers requests on the topic.
        NO_RESPONDERS("NO_RESPONDERS", "INTERNAL"),
        /// No reply, or no further one, in time.
        TIMEOUT("TIMEOUT", "INTERNAL"),
        /// The server ends.
        SHUTTING_DOWN("SHUTTING_DOWN", "INTERNAL"),
        /// A bug or a broken machine.
        INTERNAL("INTERNAL", "INTERNAL");

        private final String standard;
        private final String flat;
        private final long retryAfterMillis;

        Code(String standard, String flat) {
            this(standard, flat, -1);
        }

        Code(String standard, String flat, long retryAfterMillis) {
            this.standard = standard;
            this.flat = flat;
            this.retryAfterMillis = retryAfterMillis;
        }

        /// The name in the standard dialect.
        public String standard() {
            return standard;
        }

        /// The name in the flat dialect, which has fewer.
        public String flat() {
            return flat;
        }
    }

    /// An error of which is known what its code tells: whether there may be room later.
    public WireError(Code code, String message) {
        this(code, message, code.retryAfterMillis);
    }

    /// An error that is counted by its code alone.
    public WireError(Code code, String message, long retryAfterMillis) {
        this(code, message, retryAfterMillis, null);
    }

    /// The same, counted by a limit too.
    public WireError by(@Nullable String counted) {
        return new WireError(code, message, retryAfterMillis, counted);
    }

    /// The same of a part of a request.
    public WireError in(String part) {
        return new WireError(code, part + ": " + message, retryAfterMillis, limit);
    }

    /// Text that is not JSON, or too deep.
    static WireError notJson(JsonScanner.Malformed malformed) {
        return new WireError(Code.INVALID_JSON, String.valueOf(malformed.getMessage())).by(malformed.limit());
    }

    /// A missing or wrong field.
    public static WireError badRequest(String message) {
        return new WireError(Code.BAD_REQUEST, message);
    }

    /// A topic that does not exist.
    public static WireError topicNotFound(String topic) {
        return new WireError(Code.TOPIC_NOT_FOUND, "Topic '" + Excerpt.of(topic) + "' does not exist");
    }

    /// A topic that clients may not write to.
    public static WireError ofBroker(String topic) {
        return new WireError(
                Code.FORBIDDEN,
                "Topic '" + Excerpt.of(topic)
                        + "' belongs to the broker: names that start with '$' can't be used here");
    }

    /// No such subscription.
    public static WireError notSubscribed(String topic) {
        return new WireError(Code.NOT_SUBSCRIBED, "Not subscribed to topic '" + Excerpt.of(topic) + "'");
    }

    /// The error of that name, or [Code#INTERNAL] when there is none.
    public static WireError of(String code, String message) {
        for (Code known : Code.values()) {
            if (known.name().equals(code)) {
                return new WireError(known, message);
            }
        }
        return new WireError(Code.INTERNAL, message);
    }
}
