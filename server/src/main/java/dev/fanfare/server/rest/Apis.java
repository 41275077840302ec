package dev.fanfare.server.rest;

import dev.fanfare.Message;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.metrics.Metrics;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/// Which calls each dialect has.
public final class Apis {

    private Apis() {}

    /// The calls of a dialect.
    ///
    /// @param event writes a message as it appears on a WebSocket of the standard dialect
    /// @param reply writes the members of a reply as it appears there
    public static List<Route> of(
            Dialect dialect,
            ServerContext server,
            Uptime uptime,
            Metrics metrics,
            BiConsumer<JsonBytes, Message> event,
            BiConsumer<JsonBytes, Message> reply) {
        List<Route> routes = new ArrayList<>();
        switch (dialect) {
            case STANDARD -> {
                TopicList list = new TopicList(server);
                routes.addAll(new TopicCalls(server.broker(), list).routes());
                routes.addAll(new MessageCalls(server, event).routes());
                routes.addAll(new RequestCalls(server, reply).routes());
                routes.addAll(new TransactionCalls(server).routes());
                routes.addAll(new DeadLetterCalls(server, event).routes());
                routes.addAll(new RouteCalls(server.broker()).routes());
                routes.addAll(new ConfigCalls(server.configuration()).routes());
                routes.addAll(new HealthCalls(server, uptime).routes());
                routes.add(new MetricsCalls(server, uptime, metrics).standard());
                routes.add(new EventCalls(server).route());
                routes.add(new TraceCalls(server.broker()).route());
                routes.addAll(new FigureCalls(server, uptime, list).routes());
                routes.add(new SubscriberCalls(server).route());
                routes.add(new AlertCalls(server).route());
                routes.add(new WhoCalls(server).route());
            }
            case FLAT -> {
                routes.addAll(new FlatCalls(server, uptime).routes());
                routes.add(new MetricsCalls(server, uptime, metrics).flat());
            }
        }
        return routes;
    }
}
