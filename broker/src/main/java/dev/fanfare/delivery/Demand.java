package dev.fanfare.delivery;

import dev.fanfare.Start;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What somebody wants to work on.
///
/// @param name of the subscription, durable or group
/// @param start where it begins to read, if it has to be made
/// @param member what the one who works on it is called
/// @param window the most messages that it has at a time
/// @param claim whose a durable name is; null: nobody asked who it is
public record Demand(
        Kind kind,
        String name,
        Terms terms,
        Start start,
        String member,
        int window,
        @Nullable Claim claim) {

    /// The same with another expiry of its terms.
    Demand withExpiry(Duration time) {
        return new Demand(kind, name, terms.withExpiry(time), start, member, window, claim);
    }

    /// The same with another window.
    Demand withWindow(int messages) {
        return new Demand(kind, name, terms, start, member, messages, claim);
    }

    /// Whose a durable name is that is made for this; null: nobody's.
    @Nullable
    String owner() {
        return kind == Kind.DURABLE && claim != null ? claim.who() : null;
    }
}
