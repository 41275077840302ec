package dev.fanfare.server.rest;

import dev.fanfare.BrokerStats.StorageStats;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.ServerContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

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
                Route.slow("GET", "/health/ready", Need.NOTHING, this::ready));
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
        List<Reason> reasons = reasons();
        if (reasons.isEmpty()) {
            return status("ready");
        }
        JsonBytes members = new JsonBytes();
        members.raw("\"reasons\":[");
        String separator = "";
        for (Reason reason : reasons) {
            members.raw(separator).string(reason.text);
            separator = ",";
        }
        members.raw("]");
        String texts = reasons.stream().map(Reason::text).collect(Collectors.joining("; "));
        return Problems.answer(
                Problem.of(503, reasons.getFirst().code.standard(), texts),
                Arrays.copyOf(members.array(), members.length()));
    }

    /// Why a server should get no work now.
    private record Reason(WireError.Code code, String text) {}

    private List<Reason> reasons() {
        if (server.draining() || server.broker().isClosed()) {
            return List.of(
                    new Reason(WireError.Code.SHUTTING_DOWN, shuttingDown().detail()));
        }
        List<Reason> reasons = new ArrayList<>();
        if (server.broker().storageStats().filter(StorageStats::failing).isPresent()) {
            reasons.add(new Reason(
                    WireError.Code.INTERNAL,
                    "nothing can be published to durable topics: a write has failed, or there is no room"));
        }
        if (server.limits().pressure().isHigh()) {
            reasons.add(new Reason(
                    WireError.Code.BACKPRESSURE,
                    "too much waits for clients that read slowly (setting buffer-memory)"));
        }
        List<String> missing = server.config().telemetry().requiredTopics().stream()
                .filter(topic -> server.broker().topic(topic).isEmpty())
                .toList();
        if (!missing.isEmpty()) {
            reasons.add(new Reason(
                    WireError.Code.TOPIC_NOT_FOUND,
                    server.access().isGuarded()
                            ? "a required topic is missing"
                            : "required topics are missing: " + String.join(", ", missing)));
        }
        return reasons;
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
