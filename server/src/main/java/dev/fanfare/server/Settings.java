package dev.fanfare.server;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.DurableTopics;
import dev.fanfare.Expiry;
import dev.fanfare.FanfareException;
import dev.fanfare.RoutingConfig;
import dev.fanfare.TopicConfig;
import dev.fanfare.server.alerts.AlertConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The value of every setting and where it came from. A flag counts more than the environment, the environment
/// more than the file, and all of them more than the default; a `FANFARE_` name counts more than a name of an
/// earlier server. A variable that is set but empty counts as not set. Immutable.
public final class Settings {

    /// Where a value came from: `default`, or how a person would find it.
    ///
    /// @param text as it was written
    /// @param origin such as `flag --port`, `environment variable PORT`, `fanfare.yaml, line 3`
    public record Source(String text, String origin) {}

    /// A setting that is another one than before.
    ///
    /// @param before what it was, and where that came from
    /// @param after what it is
    public record Change(Setting<?> setting, Source before, Source after) {

        /// It for people, in a line, without what may be secret.
        @Override
        public String toString() {
            return setting + ": " + setting.shown(before.text) + " -> " + setting.shown(after.text) + " ("
                    + after.origin + ")";
        }
    }

    private static final String PREFIX = "FANFARE_";

    /// Set by the launcher and by tools around it; not settings.
    private static final Set<String> OTHER_VARIABLES = Set.of(
            "FANFARE_HOME",
            "FANFARE_URL",
            "FANFARE_API_KEY",
            "FANFARE_TOKEN",
            "FANFARE_CA",
            "FANFARE_CERT",
            "FANFARE_CERT_KEY",
            "FANFARE_JAVA",
            "FANFARE_JAVA_OPTS",
            "FANFARE_CONFIG");

    private final Map<Setting<?>, Source> sources;
    private final Map<Setting<?>, Object> values;
    private final List<String> warnings;

    private Settings(Map<Setting<?>, Source> sources, List<String> warnings) {
        this.sources = sources;
        this.warnings = List.copyOf(warnings);
        this.values = new HashMap<>();
        for (Setting<?> setting : Setting.all()) {
            values.put(setting, read(setting));
        }
    }

    /// Reads all sources.
    ///
    /// @param file the YAML file, if there is one
    /// @param environment names and values of the environment
    /// @param flags what followed `--name`, by name
    /// @throws SettingException for an unknown name in the file or among the flags, and for a value not allowed
    public static Settings resolve(@Nullable Path file, Map<String, String> environment, Map<String, String> flags) {
        Map<Setting<?>, Source> sources = new LinkedHashMap<>();
        if (file != null) {
            SettingsFile.read(file).forEach(sources::put);
        }
        for (Setting<?> setting : Setting.all()) {
            Source found = fromEnvironment(setting, environment);
            if (found != null) {
                sources.put(setting, found);
            }
        }
        flags.forEach((name, text) -> sources.put(known(name, "flag --" + name), new Source(text, "flag --" + name)));
        return new Settings(sources, unknownVariables(environment));
    }

    /// Some settings by their names.
    ///
    /// @throws SettingException for an unknown name and for a value not allowed
    public static Settings of(Map<String, String> settings) {
        Map<Setting<?>, Source> sources = new LinkedHashMap<>();
        settings.forEach((name, text) -> sources.put(known(name, "program"), new Source(text, "program")));
        return new Settings(sources, List.of());
    }

    /// The setting of that name.
    ///
    /// @param where it was found, for the error
    static Setting<?> known(String name, String where) {
        return Setting.named(name)
                .orElseThrow(() -> new SettingException("unknown setting '" + name + "' (" + where
                        + "): settings are "
                        + Setting.all().stream().map(Setting::name).collect(Collectors.joining(", "))));
    }

    private static @Nullable Source fromEnvironment(Setting<?> setting, Map<String, String> environment) {
        String text = environment.getOrDefault(setting.variable(), "");
        if (!text.isBlank()) {
            return new Source(text, "environment variable " + setting.variable());
        }
        for (Setting.OldName old : setting.oldNames()) {
            String oldText = environment.getOrDefault(old.variable(), "").strip();
            if (!oldText.isEmpty()) {
                boolean plain = Character.isDigit(oldText.charAt(oldText.length() - 1));
                return new Source(plain ? oldText + old.unit() : oldText, "environment variable " + old.variable());
            }
        }
        return null;
    }

    /// Not refused: Kubernetes and others set variables after the name of a service, which may well be
    /// `fanfare`.
    private static List<String> unknownVariables(Map<String, String> environment) {
        Set<String> unknown = new TreeSet<>();
        for (String variable : environment.keySet()) {
            if (variable.startsWith(PREFIX)) {
                unknown.add(variable);
            }
        }
        unknown.removeAll(OTHER_VARIABLES);
        Setting.all().forEach(setting -> unknown.remove(setting.variable()));
        List<String> warnings = new ArrayList<>();
        unknown.forEach(variable -> warnings.add("environment variable " + variable + " is not a setting and ignored"));
        return warnings;
    }

    private Object read(Setting<?> setting) {
        Source source = source(setting);
        Optional<?> value;
        try {
            value = setting.read(source.text);
        } catch (SettingException wrong) {
            throw new SettingException("setting " + setting.name() + " (" + source.origin + "): " + wrong.getMessage());
        }
        return value.orElseThrow(
                () -> new SettingException("setting " + setting.name() + ": '" + setting.shown(source.text) + "' ("
                        + source.origin + ") is not allowed; allowed is " + setting.allowed()));
    }

    /// The text of a setting and where it came from.
    public Source source(Setting<?> setting) {
        Source source = sources.get(setting);
        return source == null ? new Source(setting.defaultText(), "default") : source;
    }

    /// The value of a setting.
    @SuppressWarnings("unchecked") // put there by the same setting's reader
    public <T> T value(Setting<T> setting) {
        Object value = values.get(setting);
        if (value == null) {
            throw new IllegalStateException("no value for " + setting);
        }
        return (T) value;
    }

    /// What others say otherwise: the settings whose texts differ, in the order of the table.
    public List<Change> changes(Settings next) {
        return Setting.all().stream()
                .map(setting -> new Change(setting, source(setting), next.source(setting)))
                .filter(change -> !change.before.text.equals(change.after.text))
                .toList();
    }

    /// These, but for what others say of settings that are [Setting#isLive].
    Settings withLive(Settings next) {
        Map<Setting<?>, Source> mixed = new LinkedHashMap<>();
        for (Setting<?> setting : Setting.all()) {
            mixed.put(setting, (setting.isLive() ? next : this).source(setting));
        }
        return new Settings(mixed, next.warnings);
    }

    /// What looks like a mistake but does not keep the server from starting.
    public List<String> warnings() {
        return warnings;
    }

    /// What a server is started with.
    ///
    /// @throws SettingException when settings contradict each other
    public ServerConfig config() {
        long memory = value(Setting.MEMORY);
        return new ServerConfig(
                new ServerConfig.Network(
                        value(Setting.HOST),
                        value(Setting.PORT),
                        value(Setting.FLAT_PORT),
                        value(Setting.ALLOWED_ORIGINS),
                        value(Setting.HANDSHAKE_TIMEOUT),
                        value(Setting.PERMESSAGE_DEFLATE),
                        value(Setting.EVENT_LOOPS)),
                new ServerConfig.Limits(
                        value(Setting.MAX_TOPICS),
                        value(Setting.MAX_SUBSCRIBERS_PER_TOPIC),
                        value(Setting.MAX_SUBSCRIPTIONS),
                        Math.toIntExact(value(Setting.MAX_MESSAGE_SIZE)),
                        value(Setting.PUBLISH_RATE),
                        value(Setting.PUBLISH_BURST),
                        clients(memory)),
                new ServerConfig.History(
                        value(Setting.HISTORY),
                        value(Setting.HISTORY_BYTES),
                        value(Setting.HISTORY_MEMORY).of(memory)),
                new ServerConfig.Durable(
                        value(Setting.DATA),
                        new DurableTopics(
                                value(Setting.DURABLE),
                                TopicConfig.defaults()
                                        .withDurability(value(Setting.DURABILITY))
                                        .withHistory(value(Setting.DURABLE_HISTORY))
                                        .withHistoryBytes(value(Setting.DURABLE_HISTORY_BYTES)))),
                new ServerConfig.Waiting(
                        value(Setting.MAX_DELAYED),
                        value(Setting.DELAYED_MEMORY).of(memory),
                        value(Setting.MAX_REQUESTS)),
                new ServerConfig.Delivery(
                        value(Setting.SUBSCRIBER_QUEUE),
                        value(Setting.OVERFLOW),
                        value(Setting.HEARTBEAT),
                        value(Setting.BLOCK_TIMEOUT),
                        new Expiry(value(Setting.EXPIRY), value(Setting.DURABLE_EXPIRY)),
                        TopicConfig.defaults()
                                .withHistory(value(Setting.DEAD_LETTER_HISTORY))
                                .withHistoryBytes(value(Setting.DEAD_LETTER_BYTES))
                                .withHistoryAge(value(Setting.DEAD_LETTER_AGE))),
                new ServerConfig.Flat(
                        value(Setting.TOPIC_QUEUE),
                        DeliveryStrategy.batched(value(Setting.BATCH_SIZE), value(Setting.BATCH_LINGER)),
                        value(Setting.SLOW_SEND_TIMEOUT)),
                new ServerConfig.Shutdown(value(Setting.SHUTDOWN_GRACE), value(Setting.DRAIN_JITTER)),
                new ServerConfig.Security(
                        value(SafetySettings.KEYS),
                        value(SafetySettings.TOKEN_KEYS),
                        value(SafetySettings.TOKEN_ISSUER),
                        value(SafetySettings.TOKEN_AUDIENCE),
                        value(SafetySettings.TOKEN_ROLE),
                        value(SafetySettings.RULES),
                        tls(),
                        value(SafetySettings.AUDIT_LOG),
                        value(SafetySettings.AUDIT_LOG_SIZE)),
                new ServerConfig.Telemetry(
                        value(Setting.METRICS_TOPICS),
                        value(Setting.TRACING),
                        value(Setting.TRACING_SAMPLE) / 100.0,
                        value(Setting.LOG_FORMAT),
                        new AlertConfig(
                                value(AlertSettings.ALERTS),
                                value(AlertSettings.ALERTS_PERIOD),
                                value(AlertSettings.ALERTS_WEBHOOK)),
                        value(AlertSettings.REQUIRED_TOPICS)),
                routing(),
                memory,
                value(Setting.LOG_LEVEL),
                value(Setting.AUTO_CREATE_TOPICS),
                value(Setting.MESSAGE_IDS));
    }

    private ServerConfig.ClientLimits clients(long memory) {
        return new ServerConfig.ClientLimits(
                value(SafetySettings.MAX_CONNECTIONS),
                value(SafetySettings.ADDRESS_CONNECTIONS),
                rate(SafetySettings.ADDRESS_CONNECTION_RATE, 10),
                value(SafetySettings.CLIENT_CONNECTIONS),
                value(SafetySettings.CLIENT_SUBSCRIPTIONS),
                rate(SafetySettings.CLIENT_TOPIC_RATE, 60),
                rate(SafetySettings.CLIENT_PUBLISH_RATE, 1),
                // A burst has room for the largest message.
                value(SafetySettings.CLIENT_PUBLISH_BYTES)
                        .map(bytes -> new ServerConfig.Rate(
                                bytes, Math.toIntExact(Math.max(bytes, 2 * value(Setting.MAX_MESSAGE_SIZE))))),
                value(SafetySettings.BUFFER_MEMORY).of(memory));
    }

    /// A rate with a burst of so many seconds.
    private Optional<ServerConfig.Rate> rate(Setting<Optional<Double>> setting, int seconds) {
        return value(setting)
                .map(perSecond ->
                        new ServerConfig.Rate(perSecond, (int) Math.max(1, Math.min(1e9, perSecond * seconds))));
    }

    private Optional<ServerConfig.Tls> tls() {
        Path certificate = value(SafetySettings.TLS_CERTIFICATE).orElse(null);
        Path key = value(SafetySettings.TLS_KEY).orElse(null);
        Optional<Path> clientCa = value(SafetySettings.TLS_CLIENT_CA);
        if (certificate == null && key == null && clientCa.isEmpty()) {
            return Optional.empty();
        }
        if (certificate == null || key == null) {
            String set = certificate != null ? "tls-certificate" : key != null ? "tls-key" : "tls-client-ca";
            throw new SettingException("TLS needs both tls-certificate and tls-key: " + set + " is set, and "
                    + (certificate == null ? "tls-certificate" : "tls-key") + " is not");
        }
        return Optional.of(new ServerConfig.Tls(
                certificate,
                key,
                clientCa,
                value(SafetySettings.TLS_CLIENT_AUTH),
                value(SafetySettings.TLS_CLIENT_NAME),
                value(SafetySettings.TLS_CLIENT_ROLE)));
    }

    private RoutingConfig routing() {
        try {
            return RoutingConfig.defaults()
                    .withMaxRoutes(value(Setting.MAX_ROUTES))
                    .withQueue(value(Setting.ROUTE_QUEUE))
                    .withRoutes(value(Setting.ROUTES));
        } catch (FanfareException wrong) {
            throw new SettingException(
                    "setting " + Setting.ROUTES + " (" + source(Setting.ROUTES).origin + "): " + wrong.getMessage());
        }
    }
}
