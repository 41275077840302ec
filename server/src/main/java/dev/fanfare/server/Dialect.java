package dev.fanfare.server;

/// The two ways to speak to the server; each has a listener of its own, both show the same topics.
public enum Dialect {
    /// Answers only what it is asked; the default.
    STANDARD,
    /// Greets first, has no request ids, and delivers in batches; off unless `flat-port` is set.
    FLAT
}
