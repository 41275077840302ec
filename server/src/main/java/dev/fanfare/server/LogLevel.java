package dev.fanfare.server;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// How much the log says; each level includes those after it.
public enum LogLevel {
    /// Everything.
    TRACE,
    /// What helps to find a mistake.
    DEBUG,
    /// Connections opened and closed, requests refused.
    INFO,
    /// What somebody should look at.
    WARN,
    /// What is broken.
    ERROR;

    /// The level of that name in any case, or of the name that earlier servers had for it.
    static Optional<LogLevel> named(String text) {
        String upper = text.toUpperCase(Locale.ROOT);
        String name = switch (upper) {
            case "WARNING" -> "WARN";
            case "CRITICAL", "FATAL" -> "ERROR";
            default -> upper;
        };
        return Arrays.stream(values())
                .filter(level -> level.name().equals(name))
                .findFirst();
    }

    /// What [#named] takes; completes the sentence "allowed is ...".
    static String names() {
        return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", ", "one of ", ""))
                + " (also WARNING for WARN, CRITICAL and FATAL for ERROR)";
    }
}
