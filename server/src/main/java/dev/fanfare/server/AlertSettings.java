package dev.fanfare.server;

import dev.fanfare.FanfareException;
import dev.fanfare.feed.TopicName;
import dev.fanfare.server.alerts.AlertRule;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The part of the table of settings that says when a server is not well, and who is told.
public final class AlertSettings {

    private static final List<Setting<?>> TABLE = new ArrayList<>();

    /// Thresholds on figures.
    public static final Setting<List<AlertRule>> ALERTS = setting("alerts", AlertList.type(), SettingType.EMPTY_LIST)
            .means("Thresholds on figures, at most 100: a list of `name`, `metric` (as `/metrics` shows it), `above` or"
                    + " `below`, and, if they are needed, `clear`, `for`, `labels`, `rate` and `sum`; see"
                    + " [alerts](alerts.md). In an environment variable or a flag, the same list in JSON.");

    /// How often the figures are compared.
    public static final Setting<Duration> ALERTS_PERIOD = setting(
                    "alerts-period", SettingType.duration(Duration.ofSeconds(1), Duration.ofHours(1)), "5s")
            .means("How often the figures are compared with the thresholds of `alerts`.");

    /// Who is told over HTTP.
    public static final Setting<Optional<URI>> ALERTS_WEBHOOK = setting(
                    "alerts-webhook", SettingType.address().or("none", "", Optional.<URI>empty(), Optional::of), "none")
            .means(
                    "The address to which each alert is sent by `POST`, as JSON, when it fires and when it is resolved. It"
                            + " may hold a secret: nothing shows more of it than the host.")
            .secret();

    /// Topics that must be there.
    public static final Setting<List<String>> REQUIRED_TOPICS = setting("required-topics", topics(), "none")
            .means("Topics without which the server is not ready (`/health/ready`).");

    private AlertSettings() {}

    static List<Setting<?>> all() {
        return TABLE;
    }

    private static SettingType<List<String>> topics() {
        return new SettingType<>("none, or a list of topics, separated by commas", text -> {
            if (text.equalsIgnoreCase("none")) {
                return Optional.of(List.of());
            }
            try {
                return Optional.of(Arrays.stream(text.split(",", -1))
                        .map(topic -> TopicName.check(topic.strip()))
                        .toList());
            } catch (FanfareException wrong) {
                throw new SettingException(String.valueOf(wrong.getMessage()));
            }
        });
    }

    private static <T> Setting<T> setting(String name, SettingType<T> type, String defaultText) {
        Setting<T> setting = Setting.of(name, type, defaultText);
        TABLE.add(setting);
        return setting;
    }
}
