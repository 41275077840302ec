package dev.fanfare.cli;

import java.util.logging.LogManager;

/// The JDK's logging without its habit of ending when the JVM is told to: what a server says while it stops is logged
/// as well.
public final class LogKeeper extends LogManager {

    /// By the JDK, which is told of this class with the property `java.util.logging.manager`.
    public LogKeeper() {}

    /// Nothing is taken away: [LogLines] alone says where the log goes.
    @Override
    public void reset() {}
}
