package dev.fanfare.server.alerts;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Which figures are watched, and who is told.
///
/// @param rules no two of which have the same name
/// @param period between two looks
/// @param webhook told over HTTP; empty: nobody is
public record AlertConfig(List<AlertRule> rules, Duration period, Optional<URI> webhook) {

    /// Copies the list.
    public AlertConfig {
        rules = List.copyOf(rules);
    }
}
