package dev.fanfare;

/// What a broker is opened with.
public record BrokerConfig() {
    /// The defaults.
    public static BrokerConfig defaults() {
        return new BrokerConfig();
    }
}
