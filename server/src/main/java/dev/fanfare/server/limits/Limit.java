package dev.fanfare.server.limits;

import java.util.Locale;

/// What a client may run into. Each is counted, in `/metrics` as `fanfare_refused_total`.
public enum Limit {
    /// All connections together: `max-connections`.
    CONNECTIONS,
    /// Connections from one address: `address-connections`.
    ADDRESS_CONNECTIONS,
    /// New connections from one address: `address-connection-rate`.
    ADDRESS_CONNECTION_RATE,
    /// Sessions of one client: `client-connections`.
    CLIENT_CONNECTIONS,
    /// Subscriptions of one client: `client-subscriptions`.
    CLIENT_SUBSCRIPTIONS,
    /// Topics that a client makes: `client-topic-rate`.
    CLIENT_TOPIC_RATE,
    /// What a connection publishes: `publish-rate`.
    PUBLISH_RATE,
    /// What a client publishes: `client-publish-rate`.
    CLIENT_PUBLISH_RATE,
    /// How many bytes a client publishes: `client-publish-bytes`.
    CLIENT_PUBLISH_BYTES,
    /// What waits for all clients together: `buffer-memory`.
    BUFFER_MEMORY;

    /// Its name in metrics.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
