package dev.fanfare.server.rest;

import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.Configuration;
import dev.fanfare.server.Reload;
import dev.fanfare.server.Setting;
import dev.fanfare.server.SettingException;
import dev.fanfare.server.Settings;
import java.util.List;

/// The settings a server runs with, and taking them anew, over REST, standard dialect.
final class ConfigCalls {

    private final Configuration configuration;

    ConfigCalls(Configuration configuration) {
        this.configuration = configuration;
    }

    List<Route> routes() {
        return List.of(
                Route.slow("GET", "/config", Need.EVERYTHING, this::show),
                Route.slow("POST", "/config/reload", Need.EVERYTHING, this::reload));
    }

    private Answer show(Call call) {
        Settings settings = configuration
                .settings()
                .orElseThrow(() -> Problem.badRequest(
                        404,
                        "this server was configured by the application it is part of: it has no settings to show"));
        return Answer.json(200, out -> {
            out.raw("{\"settings\":[");
            String separator = "";
            for (Setting<?> setting : Setting.all()) {
                Settings.Source source = settings.source(setting);
                out.raw(separator).raw("{\"name\":").string(setting.name());
                out.raw(",\"value\":").string(setting.shown(source.text()));
                out.raw(",\"origin\":").string(source.origin());
                out.raw(",\"live\":").raw(String.valueOf(setting.isLive())).raw("}");
                separator = ",";
            }
            out.raw("]}");
        });
    }

    private Answer reload(Call call) {
        Reload reload;
        try {
            reload = configuration.reload();
        } catch (SettingException wrong) {
            throw Problem.badRequest(400, "nothing has changed: " + wrong.getMessage());
        }
        return Answer.json(200, out -> {
            out.raw("{\"changed\":");
            changes(out, reload.taken());
            out.raw(",\"needs_restart\":");
            changes(out, reload.atRestart());
            out.raw("}");
        });
    }

    private static void changes(JsonBytes out, List<Settings.Change> changes) {
        out.raw("[");
        String separator = "";
        for (Settings.Change change : changes) {
            out.raw(separator).raw("{\"name\":").string(change.setting().name());
            out.raw(",\"before\":")
                    .string(change.setting().shown(change.before().text()));
            out.raw(",\"after\":").string(change.setting().shown(change.after().text()));
            out.raw(",\"origin\":").string(change.after().origin()).raw("}");
            separator = ",";
        }
        out.raw("]");
    }
}
