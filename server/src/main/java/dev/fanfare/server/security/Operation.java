package dev.fanfare.server.security;

import java.util.Locale;

/// What a right allows.
public enum Operation {
    /// Hear a topic, live or from its history.
    SUBSCRIBE,
    /// Publish to it, and answer what it asks.
    PUBLISH,
    /// Make and delete it, and do with its dead letters and subscriptions what can be done.
    MANAGE,
    /// See the server's own figures and events. It needs no topics.
    OBSERVE;

    /// As it is written in a file of rules.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
