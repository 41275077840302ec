package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.LogLevel;
import dev.fanfare.server.Reload;
import dev.fanfare.server.Setting;
import dev.fanfare.server.SettingException;
import dev.fanfare.server.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Settings taken anew while a server runs: what can change does, all or nothing, and nobody is disturbed.
class ReloadTest {

    @TempDir
    private Path folder;

    private Path file;
    private FanfareServer server;
    private @Nullable LogLevel level;

    @BeforeEach
    void start() throws IOException {
        file = folder.resolve("fanfare.yaml");
        begin("history: 2", "max-topics: 3");
    }

    private void begin(String... lines) throws IOException {
        write(lines);
        Settings begun = read();
        server = FanfareServer.start(begun.config());
        server.readSettingsFrom(begun, this::read, settings -> level = settings.value(Setting.LOG_LEVEL));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Settings read() {
        return Settings.resolve(file, Map.of(), Map.of("port", "0", "flat-port", "0", "shutdown-grace", "1s"));
    }

    private void write(String... lines) throws IOException {
        Files.write(file, List.of(lines));
    }

    private static List<String> names(List<Settings.Change> changes) {
        return changes.stream().map(change -> change.setting().name()).toList();
    }

    private RestAnswer rest(String method, String path, String body) {
        return RestAnswer.of(server.port(), method, path, body);
    }

    private RestAnswer make(String topic) {
        return rest("POST", "/topics", "{\"name\":\"" + topic + "\"}");
    }

    /// Those that are connected go on, and count for what begins from then on.
    @Test
    void limitsForClientsCountAtOnce() throws Exception {
        make("t");
        write("max-topics: 3", "client-publish-rate: 1");
        assertThat(names(server.reload().taken())).contains("client-publish-rate");
        try (WireClient client = WireClient.open(server.port())) {
            RunningServer.publishAcked(client, "t", "1");
            assertThat(client.send(RunningServer.publish("t", "1")).json().toString())
                    .contains("RATE_LIMITED");
            write("max-topics: 3", "client-publish-rate: 1000", "address-connections: 1", "max-connections: 100");
            assertThat(names(server.reload().taken()))
                    .containsExactly("max-connections", "address-connections", "client-publish-rate");
            RunningServer.publishAcked(client, "t", "1");
            RunningServer.publishAcked(client, "t", "1");
            write("max-topics: 3", "max-connections: 1");
            server.reload();
            try (WireClient more = WireClient.tcp(server.port())) {
                assertThat(more.handshake("/ws")).startsWith("HTTP/1.1 503 ");
            }
            write("max-topics: 3");
            server.reload();
            try (WireClient more = WireClient.open(server.port())) {
                RunningServer.publishAcked(more, "t", "1");
            }
            RunningServer.publishAcked(client, "t", "1");
        }
    }

    private static String code(JsonNode answer) {
        return answer.path("error").path("code").stringValue("");
    }

    private static JsonNode subscribe(WireClient client, String id) {
        return client.send("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"" + id + "\"}")
                .json();
    }

    /// Nothing was limited when they came.
    @Test
    void limitsHoldForThoseWhoCameBeforeThereWereAny() throws Exception {
        make("t");
        try (WireClient client = WireClient.open(server.port())) {
            subscribe(client, "a");
            write("client-connections: 1", "client-subscriptions: 1", "client-publish-rate: 1");
            server.reload();
            assertThat(code(subscribe(client, "b"))).isEqualTo("LIMIT_REACHED");
            client.send(RunningServer.publish("t", "1"));
            client.send(RunningServer.publish("t", "1"));
            assertThat(client.until("error").getLast().toString()).contains("RATE_LIMITED", "client-publish-rate");
            try (WireClient more = WireClient.open(server.port())) {
                assertThat(more.json().toString()).contains("setting client-connections");
            }
            write("address-connections: 1");
            server.reload();
            try (WireClient more = WireClient.tcp(server.port())) {
                assertThat(more.handshake("/ws")).startsWith("HTTP/1.1 503 ");
            }
            write("publish-rate: 1", "publish-burst: 1");
            server.reload();
            client.send(RunningServer.publish("t", "1"));
            client.send(RunningServer.publish("t", "1"));
            assertThat(client.until("error").getLast().toString()).contains("setting publish-rate");
        }
    }

    @Test
    void whatMayWaitAndWhatIsTold() throws Exception {
        make("t");
        make("u");
        String delayed = "{\"payload\":1,\"delay_ms\":100000}";
        String request = "{\"message\":{\"payload\":1},\"timeout_ms\":1}";
        assertThat(rest("POST", "/topics/t/messages", delayed).status()).isLessThan(300);
        assertThat(rest("GET", "/metrics", "").body()).doesNotContain("topic=\"$other\"");
        write(
                "history-memory: 64 MiB",
                "max-delayed: 1",
                "delayed-memory: 32 MiB",
                "max-requests: 0",
                "max-routes: 1",
                "route-queue: 5",
                "slow-send-timeout: 1s",
                "heartbeat: 1s",
                "metrics-topics: 1",
                "routes: [{name: r, from: t, to: u}]");
        Reload reload = server.reload();
        assertThat(names(reload.taken()))
                .contains("history-memory", "max-delayed", "delayed-memory", "max-requests", "routes", "max-routes")
                .contains("route-queue", "slow-send-timeout", "heartbeat", "metrics-topics");
        assertThat(reload.atRestart()).isEmpty();
        assertThat(rest("POST", "/topics/t/messages", delayed).body()).contains("max-delayed (1)");
        try (WireClient client = WireClient.open(server.port())) {
            subscribe(client, "c");
            assertThat(rest("POST", "/topics/t/requests", request).body()).contains("as many as max-requests allows");
            assertThat(client.until("info").getLast().path("msg").stringValue()).isEqualTo("ping");
        }
        assertThat(rest("POST", "/routes", "{\"name\":\"s\",\"from\":\"a\",\"to\":\"b\"}")
                        .body())
                .contains("max-routes");
        assertThat(rest("GET", "/routes", "").body()).contains("\"r\"");
        assertThat(rest("GET", "/metrics", "").body()).contains("topic=\"$other\"");
        write("routes: [{name: r, from: t, to: u}, {name: s, from: u, to: t}]", "history: 9");
        assertThatThrownBy(server::reload).isInstanceOf(SettingException.class).hasMessageContaining("circle");
        write("history: 2");
        server.reload();
        assertThat(rest("GET", "/routes", "").body()).doesNotContain("\"r\"");
    }

    @Test
    void whatCanChangeDoesForWhatBeginsThen() throws Exception {
        make("before");
        write("history: 5", "max-topics: 2", "max-message-size: 2 KiB", "auto-create-topics: true", "log-level: debug");
        Reload reload = server.reload();
        assertThat(names(reload.taken()))
                .containsExactly("history", "log-level", "max-topics", "max-message-size", "auto-create-topics");
        assertThat(level).isEqualTo(LogLevel.DEBUG);
        assertThat(reload.atRestart()).isEmpty();
        make("after");
        assertThat(rest("GET", "/topics/before", "").json().path("history").intValue(-1))
                .isEqualTo(2);
        assertThat(rest("GET", "/topics/after", "").json().path("history").intValue(-1))
                .isEqualTo(5);
        assertThat(make("third").body()).contains("max-topics (2)");
        String large = "{\"payload\":\"" + "x".repeat(3_000) + "\"}";
        assertThat(rest("POST", "/topics/after/messages", large).body()).contains("setting max-message-size");
    }

    private void beginAnew(String... lines) throws IOException {
        server.close();
        begin(lines);
    }

    private List<String> take(String... lines) throws IOException {
        write(lines);
        Reload reload = server.reload();
        assertThat(reload.atRestart()).isEmpty();
        return names(reload.taken());
    }

    private static JsonNode publish(WireClient client, String id) {
        return client.send("{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"id\":\"" + id + "\",\"payload\":1}}")
                .json();
    }

    @Test
    void whatIdsMayBeChangesForThoseWhoAreConnected() throws Exception {
        make("t");
        try (WireClient client = WireClient.open(server.port())) {
            assertThat(code(publish(client, "one"))).isEqualTo("BAD_REQUEST");
            assertThat(take("history: 2", "max-topics: 3", "message-ids: any")).containsExactly("message-ids");
            assertThat(publish(client, "one").path("type").stringValue()).isEqualTo("ack");
            take("history: 2", "max-topics: 3");
            assertThat(code(publish(client, "two"))).isEqualTo("BAD_REQUEST");
        }
    }

    /// With what they begin with, nobody would hear anything for a minute.
    @Test
    void batchesChangeForThoseWhoAreSubscribed() throws Exception {
        beginAnew("batch-size: 100", "batch-linger: 1m");
        make("t");
        make("u");
        try (WireClient client = WireClient.open(server.flatPort().orElseThrow())) {
            client.json();
            subscribe(client, "c");
            client.send("{\"type\":\"subscribe\",\"topic\":\"u\",\"client_id\":\"c\"}")
                    .json();
            assertThat(take("batch-size: 100", "batch-linger: 0")).containsExactly("batch-linger");
            rest("POST", "/topics/t/messages", "{\"payload\":1}");
            assertThat(client.events(1)).hasSize(1);
            assertThat(take("batch-size: 1", "batch-linger: 1m")).containsExactly("batch-size", "batch-linger");
            rest("POST", "/topics/u/messages", "{\"payload\":2}");
            assertThat(client.events(1)).hasSize(1);
        }
    }

    /// With what they were published under, nobody would hear them for a minute.
    @Test
    void whatIsGatheredComesWhenBatchesBecomeSmallerOrShorter() throws Exception {
        beginAnew("batch-size: 100", "batch-linger: 1m");
        make("t");
        try (WireClient client = WireClient.open(server.flatPort().orElseThrow())) {
            client.json();
            subscribe(client, "c");
            rest("POST", "/topics/t/messages", "{\"payload\":1}");
            take("batch-size: 100", "batch-linger: 1ms");
            assertThat(client.events(1)).hasSize(1);
            take("batch-size: 100", "batch-linger: 1m");
            rest("POST", "/topics/t/messages", "{\"payload\":2}");
            take("batch-size: 1", "batch-linger: 1m");
            assertThat(client.events(1)).hasSize(1);
        }
    }

    /// A message says whether its trace is sampled.
    @Test
    void howManyTracesBeginChanges() throws Exception {
        HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        String tracing = "tracing: 'http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces'";
        beginAnew(tracing, "tracing-sample: 0");
        make("t");
        try (WireClient client = WireClient.open(server.port())) {
            RunningServer.subscribe(client, "t", "c");
            for (int sample : List.of(0, 100, 0)) {
                take(tracing, "tracing-sample: " + sample);
                rest("POST", "/topics/t/messages", "{\"payload\":1}");
                JsonNode headers = client.events(1).getFirst().path("message").path("headers");
                String flags = headers.path("traceparent").stringValue("").replaceFirst(".*-", "");
                assertThat(Integer.parseInt(flags, 16) & 1).isEqualTo(sample / 100);
            }
        } finally {
            server.close();
            collector.stop(0);
        }
    }

    @Test
    void howLargeTheRecordBecomesChanges() throws Exception {
        String audit = "audit-log: " + folder.resolve("audit");
        beginAnew(audit);
        assertThat(take(audit, "audit-log-size: 1 KiB")).containsExactly("audit-log-size");
        for (int i = 0; i < 10; i++) {
            make("topic-" + i);
        }
        server.close();
        assertThat(folder.resolve("audit.1")).exists();
    }

    @Test
    void whatNeedsARestartIsToldAndStaysAsItWas() throws Exception {
        write(
                "history: 2",
                "max-topics: 3",
                "event-loops: 3",
                "audit-log: " + folder.resolve("audit"),
                "history-bytes: 2 MiB");
        Reload reload = server.reload();
        assertThat(names(reload.taken())).containsExactly("history-bytes");
        assertThat(names(reload.atRestart())).containsExactly("event-loops", "audit-log");
        assertThat(server.config().network().eventLoops()).isEmpty();
        assertThat(server.reload().taken()).isEmpty();
        assertThat(names(server.reload().atRestart())).containsExactly("event-loops", "audit-log");
    }

    @Test
    void oneMistakeAndNothingChanges() throws Exception {
        for (String wrong : List.of("overflow: never", "history: many", "nonsense: 1", "history: [")) {
            write("max-topics: 1", wrong);
            assertThatThrownBy(server::reload).as(wrong).isInstanceOf(SettingException.class);
            assertThat(server.config().limits().maxTopics()).as(wrong).isEqualTo(3);
        }
        write("max-topics: 1", "history-memory: 2 TiB");
        assertThatThrownBy(server::reload).isInstanceOf(SettingException.class).hasMessageContaining("history");
        Files.delete(file);
        assertThatThrownBy(server::reload).isInstanceOf(SettingException.class).hasMessageContaining("fanfare.yaml");
        assertThat(server.config().limits().maxTopics()).isEqualTo(3);
        assertThat(server.broker().config().maxTopics()).isEqualTo(3);
    }

    @Test
    void aConnectionThatIsThereGoesOn() throws Exception {
        make("news");
        try (WireClient client = WireClient.open(server.port())) {
            client.send("{\"type\":\"subscribe\",\"topic\":\"news\",\"client_id\":\"c\"}");
            client.json();
            write("max-subscriptions: 1", "subscriber-queue: 7");
            server.reload();
            rest("POST", "/topics/news/messages", "{\"payload\":1}");
            assertThat(client.json().path("type").stringValue()).isEqualTo("event");
            client.send("{\"type\":\"subscribe\",\"topic\":\"news\",\"client_id\":\"d\"}");
            assertThat(client.json().path("error").path("code").stringValue()).isEqualTo("LIMIT_REACHED");
        }
    }

    @Test
    void overRestItTellsTheDifferenceAndWhatIsWrong() throws Exception {
        write("history: 9", "event-loops: 3");
        RestAnswer answer = rest("POST", "/config/reload", "");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().path("changed").get(0).toString())
                .isEqualTo(
                        "{\"name\":\"history\",\"before\":\"2\",\"after\":\"9\",\"origin\":\"" + file + ", line 1\"}");
        assertThat(answer.json().path("changed").get(1).path("name").stringValue())
                .isEqualTo("max-topics");
        assertThat(answer.json().path("needs_restart").get(0).path("name").stringValue())
                .isEqualTo("event-loops");
        write("history: nine");
        RestAnswer refused = rest("POST", "/config/reload", "");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body()).contains("nothing has changed", "'nine'", "line 1");
        String shown = rest("GET", "/config", "").body();
        assertThat(shown).contains("{\"name\":\"history\",\"value\":\"9\",\"origin\":\"" + file);
        assertThat(shown).contains("{\"name\":\"port\",\"value\":\"0\",\"origin\":\"flag --port\",\"live\":false}");
    }

    @Test
    void everySettingSaysWhetherItIsLive() {
        assertThat(Setting.PORT.isLive()).isFalse();
        assertThat(Setting.HISTORY.isLive()).isTrue();
        assertThat(Setting.all().stream().filter(setting -> !setting.isLive()))
                .hasSizeLessThan(22)
                .allMatch(setting -> setting.whyAtStart().isPresent());
    }

    @Test
    void aServerOfAnApplicationHasNothingToReadAnew() {
        try (FanfareServer other =
                FanfareServer.start(Settings.of(Map.of("port", "0")).config())) {
            assertThatThrownBy(other::reload).hasMessageContaining("the application");
            assertThat(RestAnswer.of(other.port(), "GET", "/config", "").status())
                    .isEqualTo(404);
            assertThat(RestAnswer.of(other.port(), "POST", "/config/reload", "").status())
                    .isEqualTo(400);
        }
    }
}
