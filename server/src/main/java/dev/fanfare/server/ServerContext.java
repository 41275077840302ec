package dev.fanfare.server;

import dev.fanfare.Broker;
import dev.fanfare.server.security.Access;

/// What everything that serves a peer needs to know of the server it is part of.
///
/// @param broker whose topics are served
/// @param config what the server was started with
/// @param connections who is connected now
/// @param access who may come in, and what they may do
public record ServerContext(Broker broker, ServerConfig config, Connections connections, Access access) {

    /// A server that begins: nobody is connected.
    ///
    /// @throws SettingException when a file that says who may come in can't be used
    public static ServerContext of(Broker broker, ServerConfig config) {
        Connections connections = new Connections();
        return new ServerContext(
                broker, config, connections, new Access(config.security(), broker.timers(), connections::recheck));
    }

    /// Whether the server is shutting down: nothing new is begun.
    public boolean draining() {
        return connections.draining();
    }
}
