package dev.fanfare.server;

import dev.fanfare.Broker;
import dev.fanfare.server.alerts.Alerts;
import dev.fanfare.server.limits.Limits;
import dev.fanfare.server.limits.Pressure;
import dev.fanfare.server.metrics.ServerCounts;
import dev.fanfare.server.rest.Problem;
import dev.fanfare.server.security.Access;
import dev.fanfare.server.tracing.Tracing;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What everything that serves a peer needs to know of the server it is part of.
///
/// @param broker whose topics are served
/// @param configuration what the server runs with
/// @param connections who is connected now
/// @param access who may come in, and what they may do
/// @param limits how much each of them may take
/// @param counts what it has answered and refused
/// @param alerts compares figures with thresholds
/// @param tracing makes spans of messages; null: nothing does
public record ServerContext(
        Broker broker,
        Configuration configuration,
        Connections connections,
        Access access,
        Limits limits,
        ServerCounts counts,
        Alerts alerts,
        @Nullable Tracing tracing) {

    /// A server that begins, for a broker that the application has: nobody is connected.
    ///
    /// @throws SettingException when a file that says who may come in can't be used
    public static ServerContext of(Broker broker, ServerConfig config) {
        return of(broker, new Configuration(config, null), null);
    }

    /// The same for a server.
    ///
    /// @param configuration what it runs with
    static ServerContext of(Broker broker, Configuration configuration, @Nullable Tracing tracing) {
        Connections connections = new Connections();
        Access access = new Access(() -> configuration.now().security(), broker.timers(), connections::recheck);
        Supplier<ServerConfig.ClientLimits> clients =
                () -> configuration.now().limits().clients();
        Pressure pressure = new Pressure(() -> clients.get().bufferBytes(), broker.timers(), connections::shed);
        return new ServerContext(
                broker,
                configuration,
                connections,
                access,
                new Limits(clients, broker.timers(), pressure),
                new ServerCounts(),
                new Alerts(broker, () -> configuration.now().telemetry().alerts()),
                tracing);
    }

    /// What the server runs with now.
    public ServerConfig config() {
        return configuration.now();
    }

    /// Something was refused over HTTP: a request, or a part of one. Counts it by its code and, if one was reached, by
    /// the limit.
    public void refused(Dialect dialect, Problem problem) {
        counts.refused(new ServerCounts.Refused(dialect, "http", problem.code()));
        limits.count(problem.limit());
    }

    /// Nothing is watched any more.
    void close() {
        alerts.close();
        access.close();
        limits.pressure().close();
    }

    /// Whether the server is shutting down: nothing new is begun.
    public boolean draining() {
        return connections.draining();
    }
}
