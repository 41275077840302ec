package dev.fanfare.server;

import dev.fanfare.Broker;
import dev.fanfare.server.security.Access;

/// What everything that serves a peer needs to know of the server it is part of.
///
/// @param broker whose topics are served
/// @param configuration what the server runs with
/// @param connections who is connected now
/// @param access who may come in, and what they may do
public record ServerContext(Broker broker, Configuration configuration, Connections connections, Access access) {

    /// A server that begins, for a broker that the application has: nobody is connected.
    ///
    /// @throws SettingException when a file that says who may come in can't be used
    public static ServerContext of(Broker broker, ServerConfig config) {
        return of(broker, new Configuration(config, null));
    }

    /// The same with a broker that is configured with the server.
    static ServerContext owning(Broker broker, ServerConfig config) {
        return of(broker, new Configuration(config, broker));
    }

    private static ServerContext of(Broker broker, Configuration configuration) {
        Connections connections = new Connections();
        Access access = new Access(configuration.now().security(), broker.timers(), connections::recheck);
        return new ServerContext(broker, configuration, connections, access);
    }

    /// What the server runs with now.
    public ServerConfig config() {
        return configuration.now();
    }

    /// Whether the server is shutting down: nothing new is begun.
    public boolean draining() {
        return connections.draining();
    }
}
