package dev.fanfare;

import dev.fanfare.delivery.Terms;
import java.time.Duration;

/// How long a group or durable name stays when nobody is attached and whoever made it did not say
/// ([AcknowledgedBuilder#expiry]). Each more than 0 and at most 365 days. Immutable.
///
/// @param memory of a topic in memory, and of a pattern
/// @param durable of a durable topic, subscribed to by its name
public record Expiry(Duration memory, Duration durable) {

    private static final Expiry DEFAULTS = new Expiry(Duration.ofHours(1), Duration.ofDays(7));

    /// Checks the bounds.
    public Expiry {
        Terms.checkExpiry(memory);
        Terms.checkExpiry(durable);
    }

    /// One hour; seven days of a durable topic.
    public static Expiry defaults() {
        return DEFAULTS;
    }

    /// What a name stays on a topic with that configuration.
    public Duration of(TopicConfig topic) {
        return topic.isDurable() ? durable : memory;
    }
}
