package dev.fanfare.server.limits;

import java.util.Locale;

/// What a client may run into. Each is counted, in `/metrics` as `fanfare_refused_total`.
public enum Limit {
    /// All connections together: `max-connections`.
    CONNECTIONS("max-connections"),
    /// Connections from one address: `address-connections`.
    ADDRESS_CONNECTIONS("address-connections"),
    /// New connections from one address: `address-connection-rate`.
    ADDRESS_CONNECTION_RATE("address-connection-rate"),
    /// Sessions of one client: `client-connections`.
    CLIENT_CONNECTIONS("client-connections"),
    /// Subscriptions of one client: `client-subscriptions`.
    CLIENT_SUBSCRIPTIONS("client-subscriptions"),
    /// Topics that a client makes: `client-topic-rate`.
    CLIENT_TOPIC_RATE("client-topic-rate"),
    /// What a connection publishes: `publish-rate`.
    PUBLISH_RATE("publish-rate"),
    /// What a connection publishes at once: `publish-burst`.
    PUBLISH_BURST("publish-burst"),
    /// What a client publishes: `client-publish-rate`.
    CLIENT_PUBLISH_RATE("client-publish-rate"),
    /// How many bytes a client publishes: `client-publish-bytes`.
    CLIENT_PUBLISH_BYTES("client-publish-bytes"),
    /// What waits for all clients together: `buffer-memory`.
    BUFFER_MEMORY("buffer-memory"),
    /// Subscriptions of one connection: `max-subscriptions`.
    SUBSCRIPTIONS("max-subscriptions"),
    /// Requests that did not come whole in time: `handshake-timeout`.
    HANDSHAKE_TIMEOUT("handshake-timeout"),
    /// Connections that gave no sign of life, or did not end what they had begun to say: `heartbeat`.
    HEARTBEAT("heartbeat"),
    /// Subscribers of the flat dialect that took no byte for too long: `slow-send-timeout`.
    SLOW_SEND_TIMEOUT("slow-send-timeout"),
    /// A request line that is too long.
    REQUEST_LINE(""),
    /// Headers of a request that are too large.
    REQUEST_HEADERS(""),
    /// A body of a request that is too large.
    REQUEST_BODY(""),
    /// Messages of one request.
    REQUEST_MESSAGES(""),
    /// Fragments of a message.
    FRAGMENTS(""),
    /// JSON that is nested too deep: see [WireError#JSON_DEPTH].
    JSON_DEPTH(""),
    /// Requests for replies of one connection that wait.
    OPEN_REQUESTS(""),
    /// Streams of events at a time.
    EVENT_STREAMS(""),
    /// Topics that are watched at a time.
    WATCHED_TOPICS(""),
    /// Tokens that wait to be checked.
    WAITING_TOKENS("");

    private final String setting;

    Limit(String setting) {
        this.setting = setting;
    }

    /// The name of the setting; empty for what is the same for every server.
    public String setting() {
        return setting;
    }

    /// Its name in metrics.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
