package dev.fanfare.server.rest;

import dev.fanfare.protocol.WireError;
import dev.fanfare.server.ServerContext;
import java.util.List;

/// Whether the server is well, standard dialect.
final class HealthCalls {

    private final ServerContext server;
    private final Uptime uptime;

    HealthCalls(ServerContext server, Uptime uptime) {
        this.server = server;
        this.uptime = uptime;
    }

    List<Route> routes() {
        return List.of(
                Route.quick("GET", "/health", Need.NOTHING, this::health),
                Route.quick("GET", "/health/live", Need.NOTHING, call -> status("live")),
                Route.quick("GET", "/health/ready", Need.NOTHING, this::ready));
    }

    /// It is open to everybody: where somebody has to show who it is to see anything, it carries no figures.
    private Answer health(Call call) {
        return Answer.json(200, out -> {
            out.raw("{\"uptime_sec\":").number(uptime.seconds());
            if (!server.access().isGuarded()) {
                out.raw(",\"topics\":").number(server.broker().feeds().topics());
                out.raw(",\"subscribers\":").number(server.broker().feeds().subscriptions());
            }
            out.raw("}");
        });
    }

    private Answer ready(Call call) {
        if (server.draining() || server.broker().isClosed()) {
            throw shuttingDown();
        }
        return status("ready");
    }

    /// What every call is answered while the server ends.
    static Problem shuttingDown() {
        return Problem.of(new WireError(
                WireError.Code.SHUTTING_DOWN, "the server is shutting down; try again later or elsewhere"));
    }

    private static Answer status(String status) {
        return Answer.json(200, out -> out.raw("{\"status\":").string(status).raw("}"));
    }
}
