package dev.fanfare.server;

/// How the lines of the log look.
public enum LogFormat {
    /// For people: the time, the level, who says it, and what.
    TEXT,
    /// For machines: an object in JSON per line.
    JSON
}
