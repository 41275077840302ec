package dev.fanfare.server;

import dev.fanfare.Broker;

/// What everything that serves a peer needs to know of the server it is part of.
///
/// @param broker whose topics are served
/// @param config what the server was started with
/// @param connections who is connected now
public record ServerContext(Broker broker, ServerConfig config, Connections connections) {

    /// Whether the server is shutting down: nothing new is begun.
    public boolean draining() {
        return connections.draining();
    }
}
