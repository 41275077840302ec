package dev.fanfare.server.rest;

import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.alerts.Alert;
import dev.fanfare.server.alerts.AlertRule;
import dev.fanfare.server.alerts.Alerts;
import java.util.List;
import java.util.Map;

/// Which figures are beyond their thresholds, standard dialect.
final class AlertCalls {

    /// The most alerts of one answer.
    private static final int MOST = 1_000;

    private final Alerts alerts;

    AlertCalls(ServerContext server) {
        this.alerts = server.alerts();
    }

    Route route() {
        return Route.slow("GET", "/alerts", Need.FIGURES, this::list);
    }

    private Answer list(Call call) {
        Alerts.Look look = alerts.last().orElse(null);
        List<Alert> found = look == null ? List.of() : look.alerts();
        Map<String, Integer> leftOut = look == null ? Map.of() : look.leftOut();
        return Answer.json(200, out -> {
            out.raw("{\"evaluated\":");
            if (look == null) {
                out.raw("null");
            } else {
                out.timestamp(look.atMillis());
            }
            out.raw(",\"rules\":[");
            String separator = "";
            for (AlertRule rule : alerts.rules()) {
                out.raw(separator);
                rule(out, rule, leftOut.getOrDefault(rule.name(), 0));
                separator = ",";
            }
            out.raw("],\"alerts\":[");
            separator = "";
            for (Alert alert : found.subList(0, Math.min(MOST, found.size()))) {
                out.raw(separator);
                alert.write(out);
                separator = ",";
            }
            out.raw("],\"more\":").number(Math.max(0, found.size() - MOST)).raw("}");
        });
    }

    private static void rule(JsonBytes out, AlertRule rule, int leftOut) {
        out.raw("{\"alert\":").string(rule.name());
        out.raw(",\"metric\":").string(rule.metric());
        out.raw(rule.above() ? ",\"above\":" : ",\"below\":").raw(Alert.number(rule.threshold()));
        out.raw(",\"clear\":").raw(Alert.number(rule.clear()));
        out.raw(",\"for_ms\":").number(rule.hold().toMillis());
        out.raw(",\"series_left_out\":").number(leftOut).raw("}");
    }
}
