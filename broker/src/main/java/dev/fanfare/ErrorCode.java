package dev.fanfare;

/// Every reason for which Fanfare refuses something, and what the one refused should do.
public enum ErrorCode {
    /// The request is malformed or breaks a rule.
    BAD_REQUEST(Advice.FIX_REQUEST),
    /// No topic of that name exists.
    TOPIC_NOT_FOUND(Advice.FIX_REQUEST),
    /// The topic exists already.
    TOPIC_EXISTS(Advice.FIX_REQUEST),
    /// A subscription took its messages too slowly.
    SLOW_CONSUMER(Advice.RECONNECT),
    /// No valid credentials.
    UNAUTHORIZED(Advice.FIX_REQUEST),
    /// The credentials do not allow it.
    FORBIDDEN(Advice.FIX_REQUEST),
    /// Too many requests in too short a time.
    RATE_LIMITED(Advice.RETRY_LATER),
    /// A message is larger than allowed.
    TOO_LARGE(Advice.FIX_REQUEST),
    /// A limit on a number of things is reached.
    LIMIT_REACHED(Advice.RETRY_LATER),
    /// A subscription or topic is full and its policy refuses.
    BACKPRESSURE(Advice.RETRY_LATER),
    /// Nobody answers requests on the topic.
    NO_RESPONDERS(Advice.RETRY_LATER),
    /// No reply came in time.
    TIMEOUT(Advice.RETRY_LATER),
    /// Whoever was asked could not do it.
    FAILED(Advice.FIX_REQUEST),
    /// The broker is closing.
    SHUTTING_DOWN(Advice.RECONNECT),
    /// A bug or a broken machine.
    INTERNAL(Advice.RETRY_LATER);

    /// What the one refused should do.
    public enum Advice {
        /// Sending the same again will fail again.
        FIX_REQUEST,
        /// The same request may succeed later.
        RETRY_LATER,
        /// Connect again, then try.
        RECONNECT
    }

    private final Advice advice;

    ErrorCode(Advice advice) {
        this.advice = advice;
    }

    /// What the one refused should do.
    public Advice advice() {
        return advice;
    }
}
