package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Durability;
import dev.fanfare.Expiry;
import dev.fanfare.Filter;
import dev.fanfare.Route;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Pattern;
import dev.fanfare.server.filter.Expressions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

    @TempDir
    private Path folder;

    @Test
    void defaultsAreThoseOfTheDocumentation() {
        ServerConfig config = ServerConfig.defaults();

        assertThat(config.network().host()).isEqualTo("127.0.0.1");
        assertThat(config.network().port()).isEqualTo(8080);
        assertThat(config.network().flatPort()).isEmpty();
        assertThat(config.network().handshakeTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.limits().maxTopics()).isEqualTo(100_000);
        assertThat(config.limits().maxSubscribersPerTopic()).isEqualTo(100_000);
        assertThat(config.limits().maxMessageSize()).isEqualTo(65_536);
        assertThat(config.limits().publishRate(Dialect.STANDARD)).isNull();
        assertThat(config.limits().publishRate(Dialect.FLAT)).isEqualTo(new ServerConfig.Rate(1_000, 500));
        assertThat(config.history().messages()).isEqualTo(100);
        assertThat(config.history().bytes()).isEqualTo(1 << 20);
        assertThat(config.history().totalBytes()).isEqualTo(config.memoryBytes() / 100 * 40);
        assertThat(config.delivery())
                .isEqualTo(new ServerConfig.Delivery(
                        100,
                        ServerConfig.Overflow.DROP_OLDEST,
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(10),
                        new Expiry(Duration.ofHours(1), Duration.ofDays(7)),
                        TopicConfig.defaults()
                                .withHistory(10_000)
                                .withHistoryBytes(16 << 20)
                                .withHistoryAge(Duration.ofDays(7))));
        assertThat(config.flat())
                .isEqualTo(new ServerConfig.Flat(
                        10_000, DeliveryStrategy.batched(10, Duration.ofMillis(20)), Duration.ofMillis(500)));
        assertThat(config.shutdown()).isEqualTo(new ServerConfig.Shutdown(Duration.ofSeconds(5), Duration.ZERO));
        assertThat(config.memoryBytes()).isBetween(64L << 20, 1L << 30);
        assertThat(config.logLevel()).isEqualTo(LogLevel.INFO);
        assertThat(config.autoCreateTopics()).isFalse();
        assertThat(config.messageIds()).isEqualTo(ServerConfig.MessageIds.UUID);
    }

    @Test
    void durableTopicsNeedAFolderAndTakePatterns() throws IOException {
        ServerConfig config = Settings.resolve(
                        file("data: /var/lib/fanfare\ndurable: [orders.**, audit]\ndurability: synced\n"),
                        Map.of(),
                        Map.of())
                .config();

        assertThat(config.durable().data()).contains(Path.of("/var/lib/fanfare"));
        assertThat(config.durable().topics().patterns())
                .extracting(Pattern::text)
                .containsExactly("orders.**", "audit");
        assertThat(config.durable().topics().config().durability()).isEqualTo(Durability.SYNCED);
        assertThat(ServerConfig.defaults().durable().data()).isEmpty();
        assertThatThrownBy(() -> ServerConfig.of(Map.of("durable", "orders.**")))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("set data to a folder");
        assertThatThrownBy(() -> ServerConfig.of(Map.of("data", "x", "durable", "a.**.b")))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("setting durable");
        assertThatThrownBy(() -> ServerConfig.of(Map.of("durability", "memory")))
                .isInstanceOf(SettingException.class);
    }

    @Test
    void aFlagCountsMoreThanTheEnvironmentAndThatMoreThanTheFile() throws IOException {
        Path file = file("# ours\nport: 1001\nhistory: 7\n\nmax-topics: 11\n");

        Settings settings =
                Settings.resolve(file, Map.of("FANFARE_PORT", "1002", "FANFARE_HISTORY", "8"), Map.of("port", "1003"));

        assertThat(settings.value(Setting.PORT)).isEqualTo(1003);
        assertThat(settings.source(Setting.PORT)).isEqualTo(new Settings.Source("1003", "flag --port"));
        assertThat(settings.value(Setting.HISTORY)).isEqualTo(8);
        assertThat(settings.source(Setting.HISTORY).origin()).isEqualTo("environment variable FANFARE_HISTORY");
        assertThat(settings.value(Setting.MAX_TOPICS)).isEqualTo(11);
        assertThat(settings.source(Setting.MAX_TOPICS).origin()).isEqualTo(file + ", line 5");
        assertThat(settings.source(Setting.HOST).origin()).isEqualTo("default");
    }

    @ParameterizedTest
    @CsvSource({
        "PUBSUB_HOST, 0.0.0.0, host",
        "HOST, ::1, host",
        "PUBSUB_PORT, 90, port",
        "PORT, 91, port",
        "PUBSUB_MAX_QUEUE_SIZE, 5, subscriber-queue",
        "SUBSCRIBER_QUEUE_SIZE, 5, subscriber-queue",
        "PUBSUB_HISTORY_SIZE, 5, history",
        "TOPIC_HISTORY_SIZE, 5, history",
        "PUBSUB_LOG_LEVEL, debug, log-level",
        "LOG_LEVEL, Warn, log-level",
        "MAX_TOPICS, 5, max-topics",
        "MAX_SUBSCRIBERS_PER_TOPIC, 5, max-subscribers-per-topic",
        "TOPIC_QUEUE_MAX_SIZE, 5, topic-queue",
        "DEFAULT_BATCH_SIZE, 5, batch-size",
        "DEFAULT_BATCH_TIMEOUT_MS, 50, batch-linger",
        "DEFAULT_SEND_TIMEOUT_MS, 600, slow-send-timeout",
        "RATE_LIMIT_REQUESTS_PER_SECOND, 10.5, publish-rate",
        "RATE_LIMIT_BURST, 5, publish-burst",
        "MAX_MESSAGE_SIZE_BYTES, 2048, max-message-size",
    })
    void namesOfEarlierServersStillWork(String variable, String text, String name) {
        Setting<?> setting = Setting.named(name).orElseThrow();

        Settings settings = Settings.resolve(null, Map.of(variable, text), Map.of());

        assertThat(settings.source(setting).origin()).isEqualTo("environment variable " + variable);
        assertThat(settings.<Object>value(cast(setting)))
                .isNotEqualTo(Settings.of(Map.of()).<Object>value(cast(setting)));
        assertThat(Settings.resolve(null, Map.of(variable, text, setting.variable(), setting.defaultText()), Map.of())
                        .source(setting)
                        .origin())
                .isEqualTo("environment variable " + setting.variable());
    }

    @SuppressWarnings("unchecked")
    private static Setting<Object> cast(Setting<?> setting) {
        return (Setting<Object>) setting;
    }

    @Test
    void plainNumbersUnderAnOldNameInMillisecondsAreMilliseconds() {
        Settings settings = Settings.resolve(null, Map.of("DEFAULT_BATCH_TIMEOUT_MS", "50"), Map.of());

        assertThat(settings.value(Setting.BATCH_LINGER)).isEqualTo(Duration.ofMillis(50));
    }

    @ParameterizedTest
    @CsvSource({
        "65536, 65536",
        "64KiB, 65536",
        "64k, 65536",
        "'1 MiB', 1048576",
        "2 mb, 2097152",
        "1024B, 1024",
    })
    void sizesTakeUnitsOf1024(String text, int bytes) {
        assertThat(ServerConfig.of(Map.of("max-message-size", text)).limits().maxMessageSize())
                .isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"30s, PT30S", "500ms, PT0.5S", "5m, PT5M", "PT2M3S, PT2M3S", "0, PT0S", "1.5 s, PT1.5S", "1h, PT1H"})
    void durationsTakeUnitsOrAreIso(String text, Duration duration) {
        assertThat(ServerConfig.of(Map.of("drain-jitter", text)).shutdown().drainJitter())
                .isEqualTo(duration);
    }

    @Test
    void durationsTakeDays() {
        Expiry expiry = ServerConfig.of(Map.of("expiry", "2d", "durable-expiry", "P30D"))
                .delivery()
                .expiry();
        assertThat(expiry).isEqualTo(new Expiry(Duration.ofDays(2), Duration.ofDays(30)));
    }

    @Test
    void historyMemoryIsAShareOfMemoryOrASize() {
        assertThat(ServerConfig.of(Map.of("memory", "1000MiB", "history-memory", "25%"))
                        .history()
                        .totalBytes())
                .isEqualTo(250L << 20);
        assertThat(ServerConfig.of(Map.of("memory", "1GiB", "history-memory", "100MiB"))
                        .history()
                        .totalBytes())
                .isEqualTo(100L << 20);
        assertThatThrownBy(() -> ServerConfig.of(Map.of("memory", "64MiB", "history-memory", "65MiB")))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("history-memory")
                .hasMessageContaining("memory");
    }

    @ParameterizedTest
    @CsvSource({
        "port, 65536",
        "port, -1",
        "port, 80x",
        "port, ''",
        "flat-port, none",
        "subscriber-queue, 0",
        "overflow, block",
        "max-message-size, 64KiBs",
        "max-message-size, 1TiB",
        "max-message-size, 99999999999999999TiB",
        "heartbeat, 30",
        "heartbeat, PT",
        "heartbeat, 999999999999h",
        "history-memory, 140%",
        "log-level, loud",
        "message-ids, ulid",
        "auto-create-topics, maybe",
        "allowed-origins, app.example",
        "allowed-origins, https://app.example/path",
        "publish-rate, 0",
        "host, not a host",
    })
    void aWrongValueIsRefusedWithSettingValueSourceAndWhatIsAllowed(String name, String text) {
        assertThatThrownBy(() -> Settings.resolve(null, Map.of(), Map.of(name, text)))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("setting " + name)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("flag --" + name)
                .hasMessageContaining(
                        "allowed is " + Setting.named(name).orElseThrow().allowed());
    }

    @ParameterizedTest
    @CsvSource({
        "WARNING, WARN",
        "Critical, ERROR",
        "fatal, ERROR",
        "debug, DEBUG",
        "Error, ERROR",
    })
    void levelsHaveTheNamesOfEarlierServersToo(String text, LogLevel level) {
        Settings settings = Settings.resolve(null, Map.of("LOG_LEVEL", text), Map.of());
        assertThat(settings.value(Setting.LOG_LEVEL)).isEqualTo(level);
    }

    @Test
    void aWrongValueInTheFileIsRefusedWithItsLine() throws IOException {
        Path file = file("port: 80\n\nheartbeat: soon\n");

        assertThatThrownBy(() -> Settings.resolve(file, Map.of(), Map.of()))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("heartbeat")
                .hasMessageContaining("'soon'")
                .hasMessageContaining(file + ", line 3");
    }

    @ParameterizedTest
    @CsvSource({
        "'portt: 80', unknown setting 'portt'",
        "'port: 80\nport: 81', twice",
        "'port:', has no value",
        "'port: {a: 1}', has no value",
        "'- port', setting: value",
        "'just text', setting: value",
        "'port: [1', is not YAML",
        "'port: 80\n---\nport: 81', one document",
    })
    void aFileThatSaysSomethingElseIsRefused(String yaml, String complaint) throws IOException {
        Path file = file(yaml);

        assertThatThrownBy(() -> Settings.resolve(file, Map.of(), Map.of()))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining(complaint)
                .hasMessageContaining(file.toString());
    }

    @Test
    void aMissingFileIsRefusedWithItsName() {
        assertThatThrownBy(() -> Settings.resolve(folder.resolve("none.yaml"), Map.of(), Map.of()))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("none.yaml does not exist");
    }

    @Test
    void valuesInTheFileAreTakenAsWritten() throws IOException {
        Path file = file("""
                flat-port: off
                history-memory: 10%
                auto-create-topics: on
                allowed-origins: [local, 'https://app.example']
                port: "81"
                """);

        ServerConfig config = Settings.resolve(file, Map.of(), Map.of()).config();

        assertThat(config.network().flatPort()).isEmpty();
        assertThat(config.autoCreateTopics()).isTrue();
        assertThat(config.network().port()).isEqualTo(81);
        assertThat(config.network().allowedOrigins().allows("https://app.example"))
                .isTrue();
        assertThat(config.network().allowedOrigins().allows("http://localhost:3000"))
                .isTrue();
    }

    @Test
    void anEmptyFileSetsNothing() throws IOException {
        assertThat(Settings.resolve(file("# nothing\n"), Map.of(), Map.of()).config())
                .usingRecursiveComparison()
                .isEqualTo(ServerConfig.defaults());
    }

    @Test
    void anUnknownFlagIsRefused() {
        assertThatThrownBy(() -> Settings.resolve(null, Map.of(), Map.of("speed", "9")))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("'speed'")
                .hasMessageContaining("subscriber-queue");
    }

    @Test
    void anUnknownVariableOfOursIsWarnedAbout() {
        Settings settings =
                Settings.resolve(null, Map.of("FANFARE_PROT", "80", "FANFARE_PORT", "80", "PATH", "/bin"), Map.of());

        assertThat(settings.warnings()).singleElement().asString().contains("FANFARE_PROT");
    }

    @Test
    void anEmptyVariableCountsAsNotSet() {
        assertThat(Settings.resolve(null, Map.of("FANFARE_PORT", " ", "PORT", ""), Map.of())
                        .source(Setting.PORT)
                        .origin())
                .isEqualTo("default");
    }

    @Test
    void thePortsOfTheDialectsMustDiffer() {
        assertThatThrownBy(() -> ServerConfig.of(Map.of("port", "81", "flat-port", "81")))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("81");
        assertThat(ServerConfig.of(Map.of("port", "0", "flat-port", "0"))
                        .network()
                        .flatPort())
                .contains(0);
    }

    @Test
    void ratesFollowTheDialectUnlessSet() {
        ServerConfig.Limits slow =
                ServerConfig.of(Map.of("publish-rate", "2.5/s")).limits();
        assertThat(slow.publishRate(Dialect.STANDARD)).isEqualTo(new ServerConfig.Rate(2.5, 2));
        assertThat(slow.publishRate(Dialect.FLAT)).isEqualTo(new ServerConfig.Rate(2.5, 500));
        assertThat(ServerConfig.of(Map.of("publish-rate", "off")).limits().publishRate(Dialect.FLAT))
                .isNull();
    }

    @Test
    void routesAreReadFromTheFileAndFromTheEnvironment() throws IOException {
        Path file = file("""
                routes:
                  - name: audit
                    from: orders.*
                    to: [audit, 0800]
                  - {name: moved, from: old, to: new, mode: redirect, types: [a, b]}
                  - name: dear
                    from: orders.*
                    to: dear
                    filter: message.payload.amount > 100
                  - {name: both, from: old, to: both, types: a, filter: "topic == 'old'"}
                """);

        assertThat(Settings.resolve(file, Map.of(), Map.of()).config().routing().routes())
                .containsExactly(
                        Route.copy("audit", "orders.*", "audit", "0800"),
                        Route.redirect("moved", "old", "new").when(Filter.types("a", "b")),
                        Route.copy("dear", "orders.*", "dear").when(Expressions.filter("message.payload.amount > 100")),
                        Route.copy("both", "old", "both")
                                .when(Filter.types("a").and(Expressions.filter("topic == 'old'"))));
        assertThat(Settings.resolve(
                                null,
                                Map.of("FANFARE_ROUTES", "[{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\"}]"),
                                Map.of())
                        .config()
                        .routing()
                        .routes())
                .containsExactly(Route.copy("r", "a", "b"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "routes: x | list",
                "routes: {name: a} | list",
                "routes: [x] | route 1",
                "routes: [{name: a, from: b}] | route 1: to is missing",
                "routes: [{name: a, from: [b, c], to: d}] | from must be one text",
                "routes: [{name: a, from: b, to: {c: d}}] | to must be a text or a list",
                "routes: [{name: a, from: b, to: c, way: copy}] | 'way'",
                "routes: [{name: a, from: b, to: c, mode: move}] | mode",
                "routes: [{name: a, from: b*, to: c}] | b*",
                "routes: [{name: a, from: b, to: c, filter: 'topic =='}] | route 1: filter, line 1, column 9: ",
                "routes: [{name: a, from: b, to: c, filter: [a, b]}] | route 1: filter must be one text",
                "routes: [{name: a, from: b, to: c, filter: message.id}] | route 1: filter must be true or false",
                "routes: [{name: a, from: b, to: [[[[[[c]]]]]]}] | too deep",
                "routes: [{name: a, from: b, to: c}, {name: d, from: c, to: b}] | circle: d (c -> b), then a (b -> c)",
            })
    void routesThatAreWrongAreRefused(String yaml, String complaint) throws IOException {
        Path file = file(yaml);
        assertThatThrownBy(() -> Settings.resolve(file, Map.of(), Map.of()).config())
                .isInstanceOf(SettingException.class)
                .hasMessageContainingAll("routes", "fanfare.yaml", complaint);
    }

    private Path file(String yaml) throws IOException {
        return Files.writeString(folder.resolve("fanfare.yaml"), yaml);
    }
}
