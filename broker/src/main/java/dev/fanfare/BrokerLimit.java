package dev.fanfare;

import java.util.Locale;

/// What a broker has a limit on. Whatever it refuses because of one names it ([FanfareException#limit],
/// [PublishResult.Refused#limit]), so that a server can count refusals by their limits.
public enum BrokerLimit {
    /// Topics.
    TOPICS("max-topics", ErrorCode.LIMIT_REACHED),
    /// Subscriptions of one topic.
    SUBSCRIBERS_PER_TOPIC("max-subscribers-per-topic", ErrorCode.LIMIT_REACHED),
    /// Patterns and filters that differ.
    PATTERNS("", ErrorCode.LIMIT_REACHED),
    /// Patterns and encodings that differ, of one topic.
    FEEDS_PER_TOPIC("", ErrorCode.LIMIT_REACHED),
    /// Acknowledged subscriptions and groups.
    NAMES("", ErrorCode.LIMIT_REACHED),
    /// Routes.
    ROUTES("max-routes", ErrorCode.LIMIT_REACHED),
    /// Requests that wait for replies.
    REQUESTS("max-requests", ErrorCode.LIMIT_REACHED),
    /// Messages that wait for their time.
    DELAYED("max-delayed", ErrorCode.LIMIT_REACHED),
    /// Bytes of them.
    DELAYED_MEMORY("delayed-memory", ErrorCode.BACKPRESSURE),
    /// Messages that wait for a group, a durable name, a route or a subscription in the process that does not let more
    /// wait.
    QUEUE("block-timeout", ErrorCode.BACKPRESSURE),
    /// Room on the device.
    STORAGE("", ErrorCode.BACKPRESSURE),
    /// Bytes that wait to be written to the device.
    STORAGE_PENDING("", ErrorCode.BACKPRESSURE),
    /// Publishes and acknowledgements of one transaction.
    TRANSACTION("", ErrorCode.LIMIT_REACHED),
    /// Bytes of a message.
    MESSAGE_SIZE("max-message-size", ErrorCode.TOO_LARGE);

    private final String setting;
    private final ErrorCode code;

    BrokerLimit(String setting, ErrorCode code) {
        this.setting = setting;
        this.code = code;
    }

    /// The name of the server's setting; empty when there is none.
    public String setting() {
        return setting;
    }

    /// With which code it refuses.
    public ErrorCode code() {
        return code;
    }

    /// Its name in metrics.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
