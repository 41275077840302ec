package dev.fanfare.server;

import dev.fanfare.Durability;
import dev.fanfare.Route;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One thing that can be set: the table of all of them is [#all], and every way to set one (the file, the
/// environment, a flag) reads it from there.
///
/// @param <T> what the setting's text means
public final class Setting<T> {

    private static final List<Setting<?>> TABLE = new ArrayList<>();
    private static final long KIB = 1024;
    private static final long MIB = 1024 * KIB;
    private static final long GIB = 1024 * MIB;
    private static final long TIB = 1024 * GIB;
    private static final int MILLION = 1_000_000;

    /// Where to listen.
    public static final Setting<String> HOST = setting(
                    "host",
                    SettingType.text("a host name or an IP address", Pattern.compile("[A-Za-z0-9_.:%\\[\\]-]{1,255}")),
                    "127.0.0.1")
            .means("The address to listen on; `0.0.0.0` or `::` for every one of the machine.")
            .once("PUBSUB_HOST", "HOST")
            .atStart("what listens is opened once");

    /// The port of the standard dialect.
    public static final Setting<Integer> PORT = setting("port", SettingType.integer(0, 65_535), "8080")
            .means("The port of the standard dialect; 0 takes any free one.")
            .once("PUBSUB_PORT", "PORT")
            .atStart("what listens is opened once");

    /// The port of the flat dialect.
    public static final Setting<Optional<Integer>> FLAT_PORT = setting(
                    "flat-port",
                    SettingType.integer(0, 65_535).or("off", "", Optional.<Integer>empty(), Optional::of),
                    "off")
            .means("The port of the flat dialect, on the same host; 0 takes any free one.")
            .atStart("what listens is opened once");

    /// Messages that may wait for a slow subscriber.
    public static final Setting<Integer> SUBSCRIBER_QUEUE = setting(
                    "subscriber-queue", SettingType.integer(1, 10_000), "100")
            .means("How many messages may wait for a subscription while its connection takes no bytes.")
            .once("PUBSUB_MAX_QUEUE_SIZE", "SUBSCRIBER_QUEUE_SIZE");

    /// What happens at [#SUBSCRIBER_QUEUE].
    public static final Setting<ServerConfig.Overflow> OVERFLOW = setting(
                    "overflow", SettingType.choice(ServerConfig.Overflow.class), "drop_oldest")
            .means("What happens to a subscription above `subscriber-queue`, unless it asked for something else.");

    /// Messages kept per topic.
    public static final Setting<Integer> HISTORY = setting("history", SettingType.integer(0, 10 * MILLION), "100")
            .means("How many messages a topic keeps for replay.")
            .once("PUBSUB_HISTORY_SIZE", "TOPIC_HISTORY_SIZE");

    /// Bytes kept per topic.
    public static final Setting<Long> HISTORY_BYTES = setting("history-bytes", SettingType.size(0, TIB), "1 MiB")
            .means("How many bytes of messages a topic keeps for replay.");

    /// Bytes kept by all topics together.
    public static final Setting<MemoryShare> HISTORY_MEMORY = setting(
                    "history-memory",
                    SettingType.percent(1, 90).or(SettingType.size(MIB, TIB), MemoryShare::percent, MemoryShare::bytes),
                    "40%")
            .means("How much all histories together may hold, as a share of `memory` or in bytes; beyond it the largest"
                    + " histories shrink first, and what they lose is counted.");

    /// Where durable topics are kept.
    public static final Setting<Optional<Path>> DATA = setting(
                    "data", SettingType.folder().or("none", "", Optional.<Path>empty(), Optional::of), "none")
            .means("The folder in which durable topics are kept; without one there are no durable topics. One process"
                    + " at a time uses it.")
            .atStart("the store is opened once, and holds what is there");

    /// Which topics are durable by their names.
    public static final Setting<List<dev.fanfare.feed.Pattern>> DURABLE = setting("durable", DurableList.type(), "none")
            .means("Topics that are durable without having to be made so, by name or by pattern: whoever makes them,"
                    + " they outlive the process. Needs `data`.");

    /// How safe durable topics are.
    public static final Setting<Durability> DURABILITY = setting("durability", DurableList.level(), "written")
            .means(
                    "How safe a message of a durable topic is before it is acknowledged and delivered, unless the topic was"
                            + " made otherwise: `written` survives the process, `synced` the power.");

    /// Messages kept per durable topic.
    public static final Setting<Integer> DURABLE_HISTORY = setting(
                    "durable-history", SettingType.integer(0, 10 * MILLION), "1000000")
            .means("How many messages a durable topic keeps, unless it was made otherwise.");

    /// Bytes kept per durable topic.
    public static final Setting<Long> DURABLE_HISTORY_BYTES = setting(
                    "durable-history-bytes", SettingType.size(0, TIB), "1 GiB")
            .means("How many bytes of messages a durable topic keeps, unless it was made otherwise.");

    /// Dead letters kept per topic.
    public static final Setting<Integer> DEAD_LETTER_HISTORY = setting(
                    "dead-letter-history", SettingType.integer(1, 10 * MILLION), "10000")
            .means("How many dead letters a topic that the server makes for them keeps; the oldest go first.");

    /// Bytes of dead letters kept per topic.
    public static final Setting<Long> DEAD_LETTER_BYTES = setting(
                    "dead-letter-bytes", SettingType.size(1, TIB), "16 MiB")
            .means("How many bytes of dead letters such a topic keeps.");

    /// How long dead letters are kept.
    public static final Setting<Duration> DEAD_LETTER_AGE = setting(
                    "dead-letter-age", SettingType.duration(Duration.ofSeconds(1), Duration.ofDays(3_650)), "7d")
            .means("How long such a topic keeps a dead letter.");

    /// How long names stay on topics in memory.
    public static final Setting<Duration> EXPIRY = setting(
                    "expiry", SettingType.duration(Duration.ofSeconds(1), Duration.ofDays(365)), "1h")
            .means("How long a group or durable name stays when nobody is attached, of a topic in memory or of a"
                    + " pattern; then it ends, and what it had not done is counted as lost.");

    /// How long names stay on durable topics.
    public static final Setting<Duration> DURABLE_EXPIRY = setting(
                    "durable-expiry", SettingType.duration(Duration.ofSeconds(1), Duration.ofDays(365)), "7d")
            .means("The same of a durable topic, subscribed to by its name.");

    /// How long a publisher waits for room.
    public static final Setting<Duration> BLOCK_TIMEOUT = setting(
                    "block-timeout", SettingType.duration(Duration.ZERO, Duration.ofHours(1)), "10s")
            .means(
                    "How long a publish waits at most for a group, a durable name or a route that is full and lets publishers"
                            + " wait; then it is refused with `BACKPRESSURE`. Its connection is not read meanwhile. A call over REST waits this long all in all.");

    /// Messages that wait for their time.
    public static final Setting<Integer> MAX_DELAYED = setting(
                    "max-delayed", SettingType.integer(0, 100 * MILLION), "1000000")
            .means("How many messages may wait for their time (`delay_ms`, `deliver_at`), in all topics together.");

    /// Bytes of messages that wait for their time.
    public static final Setting<MemoryShare> DELAYED_MEMORY = setting(
                    "delayed-memory",
                    SettingType.percent(1, 90).or(SettingType.size(MIB, TIB), MemoryShare::percent, MemoryShare::bytes),
                    "10%")
            .means(
                    "How much the messages that wait for their time may hold together, as a share of `memory` or in bytes;"
                            + " beyond it a delayed message is refused with `BACKPRESSURE`.");

    /// Requests that wait for replies.
    public static final Setting<Integer> MAX_REQUESTS = setting(
                    "max-requests", SettingType.integer(0, 10 * MILLION), "100000")
            .means("How many requests may wait for replies, of all connections and of the server itself.");

    /// Heap and direct memory together.
    public static final Setting<Long> MEMORY = setting(
                    "memory",
                    SettingType.size(64 * MIB, TIB)
                            .or(
                                    "auto",
                                    "the smaller of 1 GiB and a quarter of the machine",
                                    MemoryShare.ofMachine(),
                                    Function.identity()),
                    "auto")
            .means("What the process may use, heap and direct memory together; the launcher derives the JVM's flags"
                    + " from it.")
            .atStart("a JVM gets its bounds when it starts");

    /// How much the log says.
    public static final Setting<LogLevel> LOG_LEVEL = setting(
                    "log-level", new SettingType<>(LogLevel.names(), LogLevel::named), "INFO")
            .means("How much the log says.")
            .once("PUBSUB_LOG_LEVEL", "LOG_LEVEL");

    /// How many topics there may be.
    public static final Setting<Integer> MAX_TOPICS = setting(
                    "max-topics", SettingType.integer(1, 10 * MILLION), "100000")
            .means("How many topics there may be.")
            .once("MAX_TOPICS");

    /// How many subscriptions a topic may have.
    public static final Setting<Integer> MAX_SUBSCRIBERS_PER_TOPIC = setting(
                    "max-subscribers-per-topic", SettingType.integer(1, 10 * MILLION), "100000")
            .means(
                    "How many subscriptions a topic may have, those of the patterns that match it included; a subscription,"
                            + " by name or by a pattern, that would be one more for any topic is refused. A topic made later is"
                            + " heard by every pattern that matches it, however many subscriptions those have.")
            .once("MAX_SUBSCRIBERS_PER_TOPIC");

    /// Messages that may wait for a slow subscriber of the flat dialect.
    public static final Setting<Integer> TOPIC_QUEUE = setting("topic-queue", SettingType.integer(1, MILLION), "10000")
            .means("Flat dialect: how many messages may wait for a subscription while its connection takes no bytes.")
            .once("TOPIC_QUEUE_MAX_SIZE");

    /// Messages of a batch of the flat dialect.
    public static final Setting<Integer> BATCH_SIZE = setting("batch-size", SettingType.integer(1, 100_000), "10")
            .means("Flat dialect: subscribers are served as soon as this many messages wait.")
            .once("DEFAULT_BATCH_SIZE");

    /// How long a batch of the flat dialect may wait.
    public static final Setting<Duration> BATCH_LINGER = setting(
                    "batch-linger", SettingType.duration(Duration.ZERO, Duration.ofMinutes(1)), "20ms")
            .means("Flat dialect: subscribers are served at the latest this long after the first message.")
            .onceInMillis("DEFAULT_BATCH_TIMEOUT_MS");

    /// How long a subscriber of the flat dialect may take no byte.
    public static final Setting<Duration> SLOW_SEND_TIMEOUT = setting(
                    "slow-send-timeout", SettingType.duration(Duration.ofMillis(10), Duration.ofHours(1)), "500ms")
            .means("Flat dialect: a subscriber that took no byte of what was sent to it for this long is disconnected.")
            .onceInMillis("DEFAULT_SEND_TIMEOUT_MS");

    /// Publishes per second and connection.
    public static final Setting<RateChoice> PUBLISH_RATE = setting(
                    "publish-rate",
                    SettingType.rate(0.001, 10 * MILLION)
                            .or("off", "", RateChoice.off(), RateChoice::of)
                            .or("auto", "off; in the flat dialect 1000", RateChoice.auto(), Function.identity()),
                    "auto")
            .means("How many messages a connection may publish per second, over WebSocket or REST.")
            .once("RATE_LIMIT_REQUESTS_PER_SECOND");

    /// Publishes at once.
    public static final Setting<Optional<Integer>> PUBLISH_BURST = setting(
                    "publish-burst",
                    SettingType.integer(1, 10 * MILLION)
                            .or(
                                    "auto",
                                    "one second of `publish-rate`; in the flat dialect 500",
                                    Optional.<Integer>empty(),
                                    Optional::of),
                    "auto")
            .means("How many messages a connection that was quiet may publish at once, above `publish-rate`.")
            .once("RATE_LIMIT_BURST");

    /// The largest message.
    public static final Setting<Long> MAX_MESSAGE_SIZE = setting(
                    "max-message-size", SettingType.size(KIB, 64 * MIB), "64 KiB")
            .means("The largest message that is taken, in bytes as sent; sixteen times as much closes the connection.")
            .once("MAX_MESSAGE_SIZE_BYTES");

    /// Rules for messages to go from topic to topic.
    public static final Setting<List<Route>> ROUTES = setting("routes", RouteList.type(), "[]")
            .means("Rules by which messages go from topic to topic, as `POST /routes` takes them: a list of `name`,"
                    + " `from` (a topic or a pattern), `to` (a topic or a list), `mode` (`copy`, which is the"
                    + " default, or `redirect`), `types` (only messages of these) and `filter` (only messages for which this"
                    + " expression in CEL is true). In an environment variable or a flag, the same list in JSON.");

    /// How many rules there may be.
    public static final Setting<Integer> MAX_ROUTES =
            setting("max-routes", SettingType.integer(0, 10_000), "1000").means("How many routes there may be.");

    /// Messages that may wait to be copied by one rule.
    public static final Setting<Integer> ROUTE_QUEUE = setting("route-queue", SettingType.integer(1, MILLION), "10000")
            .means("How many messages may wait for one route to copy them; above it, publishers to its source wait,"
                    + " `block-timeout` at most, and are refused then.");

    /// Whether topics make themselves.
    public static final Setting<Boolean> AUTO_CREATE_TOPICS = setting("auto-create-topics", SettingType.flag(), "false")
            .means("Whether publishing or subscribing to a topic that does not exist makes it.");

    /// What a message id may be.
    public static final Setting<ServerConfig.MessageIds> MESSAGE_IDS = setting(
                    "message-ids", SettingType.choice(ServerConfig.MessageIds.class), "uuid")
            .means("What clients may give as the id of a message: a UUID, or any text up to 128 characters.");

    /// How long a connection may be silent.
    public static final Setting<Duration> HEARTBEAT = setting(
                    "heartbeat", SettingType.duration(Duration.ofSeconds(1), Duration.ofHours(1)), "30s")
            .means("After this long without sending, a client gets a sign of life; after this long without hearing from"
                    + " it, it is asked for one; after twice as long it is disconnected.");

    /// How long a handshake or a request may take to arrive.
    public static final Setting<Duration> HANDSHAKE_TIMEOUT = setting(
                    "handshake-timeout", SettingType.duration(Duration.ofMillis(100), Duration.ofMinutes(10)), "10s")
            .means("A request, WebSocket handshakes included, that is not complete after this long is cut.");

    /// How long a shutdown may take.
    public static final Setting<Duration> SHUTDOWN_GRACE = setting(
                    "shutdown-grace", SettingType.duration(Duration.ZERO, Duration.ofHours(1)), "5s")
            .means("How long clients may take to receive what waits for them when the server shuts down.");

    /// How long connections are closed over.
    public static final Setting<Duration> DRAIN_JITTER = setting(
                    "drain-jitter", SettingType.duration(Duration.ZERO, Duration.ofHours(1)), "0")
            .means("Over how long the closing of connections is spread when the server shuts down, so that not all"
                    + " clients come back at once.");

    /// Whether WebSocket messages may be compressed.
    public static final Setting<Boolean> PERMESSAGE_DEFLATE = setting("permessage-deflate", SettingType.flag(), "false")
            .means("Whether compression (RFC 7692) is offered to WebSocket clients: fewer bytes for more CPU.");

    /// Threads that serve connections.
    public static final Setting<Optional<Integer>> EVENT_LOOPS = setting(
                    "event-loops",
                    SettingType.integer(1, 1024).or("auto", "", Optional.<Integer>empty(), Optional::of),
                    "auto")
            .means("How many threads serve the connections; `auto` is half as many as the machine has cores. The other"
                    + " half is for the kernel's part of the network, handlers and the collector.")
            .atStart("a connection stays with the thread that began to serve it");

    /// Subscriptions of one connection.
    public static final Setting<Integer> MAX_SUBSCRIPTIONS = setting(
                    "max-subscriptions", SettingType.integer(1, MILLION), "10000")
            .means("How many subscriptions one connection may have.");

    /// The pages that may speak to the server.
    public static final Setting<AllowedOrigins> ALLOWED_ORIGINS = setting(
                    "allowed-origins",
                    new SettingType<>(
                            "a list, separated by commas, of origins such as https://app.example, local"
                                    + " (localhost, 127.0.0.1 and [::1], any port) or * (all)",
                            AllowedOrigins::parse),
                    "local")
            .means("The web pages whose scripts may use this server, over WebSocket and REST.");

    /// Topics with figures of their own.
    public static final Setting<Integer> METRICS_TOPICS = setting(
                    "metrics-topics", SettingType.integer(0, 100_000), "1000")
            .means("How many topics, those with the most traffic, and how many subscriptions, those with the largest"
                    + " lag, have figures of their own at `/metrics`; the others are summed up as `$other`.");

    /// Where spans are sent.
    public static final Setting<Optional<URI>> TRACING = setting(
                    "tracing", SettingType.address().or("off", "", Optional.<URI>empty(), Optional::of), "off")
            .means("Where spans of messages are sent by OTLP over HTTP, such as `http://localhost:4318/v1/traces`.")
            .atStart("spans that have begun end where they were to be sent");

    /// How many messages begin a trace.
    public static final Setting<Integer> TRACING_SAMPLE = setting("tracing-sample", SettingType.integer(0, 100), "100")
            .means("Of a hundred messages that come without `traceparent`, how many begin a trace; of the others, the"
                    + " publisher has decided.");

    /// How the lines of the log look.
    public static final Setting<LogFormat> LOG_FORMAT = setting(
                    "log-format", SettingType.choice(LogFormat.class), "text")
            .means("How `serve` writes its log: lines for people, or an object in JSON per line.");

    /// A name by which a setting was known to an earlier server.
    ///
    /// @param variable the environment variable
    /// @param unit what is added to a plain number, such as `ms`; may be empty
    public record OldName(String variable, String unit) {}

    private final String name;
    private final SettingType<T> type;
    private final String defaultText;
    private List<OldName> oldNames = List.of();
    private String description = "";
    private @Nullable String whyAtStart;
    private boolean secret;

    private Setting(String name, SettingType<T> type, String defaultText) {
        this.name = name;
        this.type = type;
        this.defaultText = defaultText;
    }

    private static <T> Setting<T> setting(String name, SettingType<T> type, String defaultText) {
        Setting<T> setting = of(name, type, defaultText);
        TABLE.add(setting);
        return setting;
    }

    /// One that another part of the table holds.
    static <T> Setting<T> of(String name, SettingType<T> type, String defaultText) {
        return new Setting<>(name, type, defaultText);
    }

    /// Says what it does.
    Setting<T> means(String meaning) {
        description = meaning;
        return this;
    }

    private Setting<T> once(String... variables) {
        oldNames = List.of(variables).stream().map(v -> new OldName(v, "")).toList();
        return this;
    }

    /// Says that a server that runs keeps its value, and why it can't take another.
    Setting<T> atStart(String why) {
        whyAtStart = why;
        return this;
    }

    /// Says that its text may hold a secret.
    Setting<T> secret() {
        secret = true;
        return this;
    }

    private Setting<T> onceInMillis(String variable) {
        oldNames = List.of(new OldName(variable, "ms"));
        return this;
    }

    /// Every setting, in the order in which they are documented.
    public static List<Setting<?>> all() {
        List<Setting<?>> all = new ArrayList<>(TABLE);
        all.addAll(SafetySettings.all());
        all.addAll(AlertSettings.all());
        return List.copyOf(all);
    }

    /// The setting of that name.
    public static Optional<Setting<?>> named(String name) {
        return all().stream().filter(setting -> setting.name.equals(name)).findFirst();
    }

    /// The name in the file, and behind `--` on the command line.
    public String name() {
        return name;
    }

    /// The name in the environment: `FANFARE_` and the name in capitals with underscores.
    public String variable() {
        return "FANFARE_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    /// Names of earlier servers, in the order in which they count.
    public List<OldName> oldNames() {
        return oldNames;
    }

    /// The text that is read when nobody sets it.
    public String defaultText() {
        return defaultText;
    }

    /// What texts there are; completes the sentence "allowed is ...".
    public String allowed() {
        return type.allowed();
    }

    /// What it does, in one or two sentences of Markdown.
    public String description() {
        return description;
    }

    /// A text of it as it may be told to others: of an address that may hold a secret, only where it leads.
    public String shown(String text) {
        return secret ? SettingType.withoutSecrets(text) : text;
    }

    /// Whether a server that runs takes another value of it ([FanfareServer#reload]).
    public boolean isLive() {
        return whyAtStart == null;
    }

    /// Why a server that runs can't take another value of it; empty when it can.
    public Optional<String> whyAtStart() {
        return Optional.ofNullable(whyAtStart);
    }

    /// Whether it is either on or off, so that its name alone says which.
    public boolean isSwitch() {
        return type.allowed().equals(SettingType.flag().allowed());
    }

    /// The value of a text; empty if the text is not [#allowed].
    public Optional<T> read(String text) {
        return type.read(text);
    }

    @Override
    public String toString() {
        return name;
    }
}
