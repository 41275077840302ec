package dev.fanfare.server;

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
    ERROR
}
