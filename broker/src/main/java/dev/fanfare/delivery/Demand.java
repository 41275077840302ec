package dev.fanfare.delivery;

import dev.fanfare.Start;
import java.time.Duration;

/// What somebody wants to work on.
///
/// @param name of the subscription, durable or group
/// @param start where it begins to read, if it has to be made
/// @param member what the one who works on it is called
/// @param window the most messages that it has at a time
public record Demand(Kind kind, String name, Terms terms, Start start, String member, int window) {

    /// The same with another expiry of its terms.
    Demand withExpiry(Duration time) {
        return new Demand(kind, name, terms.withExpiry(time), start, member, window);
    }

    /// The same with another window.
    Demand withWindow(int messages) {
        return new Demand(kind, name, terms, start, member, messages);
    }
}
