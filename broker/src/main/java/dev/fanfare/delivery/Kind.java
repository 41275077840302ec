package dev.fanfare.delivery;

/// Whose a backlog is.
public enum Kind {
    /// One subscription's: it ends with it.
    OWN,
    /// A name's: it stays when its subscription goes, until the next one of that name takes over, or its expiry.
    DURABLE,
    /// A group's: its members share it, and it stays when all have gone, until its expiry.
    GROUP;

    /// What it is called in errors.
    String label() {
        return switch (this) {
            case OWN -> "a subscription's own";
            case DURABLE -> "a durable subscription";
            case GROUP -> "a group";
        };
    }
}
