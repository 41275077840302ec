package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.server.security.KeyFile;
import dev.fanfare.time.VirtualTimers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// How much one client, one address and all together may take, and what is answered beyond.
class ClientLimitsTest {

    @TempDir
    private Path folder;

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final List<AutoCloseable> open = new ArrayList<>();

    private RunningServer start(String... settings) {
        List<String> all = new ArrayList<>(List.of("port=0", "flat-port=0", "heartbeat=1h"));
        all.addAll(List.of(settings));
        RunningServer server = RunningServer.with(broker, all.toArray(String[]::new));
        open.add(server);
        broker.createTopic("t");
        return server;
    }

    private String key(String name) {
        return "X-API-Key: " + new KeyFile(folder.resolve("keys")).create(name, "user", Instant.EPOCH);
    }

    private WireClient connect(RunningServer server, String... headers) {
        WireClient client = WireClient.tcp(server.port()).upgrade("/ws", headers);
        open.add(client);
        return client;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
        broker.close();
    }

    private static void assertRefused(JsonNode error, String code, String setting) {
        assertThat(error.path("error").path("code").stringValue(""))
                .as("%s", error)
                .isEqualTo(code);
        assertThat(error.path("error").path("message").stringValue()).contains("setting " + setting);
        assertThat(error.path("error").path("retry_after_ms").asLong(0))
                .as("%s", error)
                .isPositive();
    }

    private static void assertCounted(RunningServer server, String limit, int count) {
        assertThat(server.get("/metrics").body()).contains("fanfare_refused_total{limit=\"" + limit + "\"} " + count);
    }

    // ---- connections

    @Test
    void beyondAllConnectionsTheAnswerIs503() {
        RunningServer server = start("max-connections=2");
        connect(server);
        WireClient second = connect(server);
        try (WireClient third = WireClient.tcp(server.port())) {
            assertThat(third.handshake("/ws")).startsWith("HTTP/1.1 503 ");
            assertThat(third.header("Retry-After")).isEqualTo("1");
            assertThat(third.ended()).isTrue();
        }
        second.reset();
        RunningServer.await(
                () -> {
                    try (WireClient again = WireClient.tcp(server.port())) {
                        return again.handshake("/ws").startsWith("HTTP/1.1 101 ");
                    }
                },
                "room for another");
        RunningServer.await(
                () -> server.get("/metrics")
                        .body()
                        .matches("(?s).*fanfare_refused_total\\{limit=\"connections\"} [1-9].*"),
                "a connection for the figures");
    }

    /// A server that is full is not a server to be started anew.
    @Test
    void whoAsksWhetherItIsWellIsHeardBeyondAllConnections() {
        RunningServer server = start("max-connections=1");
        connect(server);
        for (String path : List.of("/health", "/health/live", "/health/ready")) {
            assertThat(request(server, "GET " + path)).as(path).startsWith("HTTP/1.1 200 ");
        }
        for (String line : List.of("GET /topics", "GET /", "GET /metrics", "POST /topics", "GET /healthy")) {
            assertThat(request(server, line)).as(line).startsWith("HTTP/1.1 503 ");
        }
    }

    /// Whoever comes to say nothing takes the place of whoever came before to say nothing.
    @Test
    void thosePlacesAreFewAndWhoAsksAtOnceHasOne() {
        RunningServer server = start("max-connections=1", "handshake-timeout=100ms");
        connect(server);
        List<WireClient> silent = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            WireClient one = WireClient.tcp(server.port());
            open.add(one);
            silent.add(one);
        }
        assertThat(request(server, "GET /health/live")).startsWith("HTTP/1.1 200 ");
        assertThat(silent.getFirst().readHead()).startsWith("HTTP/1.1 503 ");
        assertThat(silent.getFirst().header("Retry-After")).isEqualTo("1");
        WireClient half = silent.getLast();
        half.bytes("GET /health/live HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
        timers.advance(Duration.ofSeconds(1));
        assertThat(half.readHead()).startsWith("HTTP/1.1 503 ");
        assertThat(half.ended()).isTrue();
    }

    /// One request on a connection that is closed with its answer.
    private static String request(RunningServer server, String line) {
        try (WireClient client = WireClient.tcp(server.port())) {
            client.bytes(
                    (line + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            String answer = client.readHead();
            assertThat(client.header("Connection")).isEqualTo("close");
            assertThat(client.header("Retry-After")).isEqualTo(answer.contains(" 503 ") ? "1" : null);
            return answer;
        }
    }

    @Test
    void anAddressHasSoManyConnectionsAndMakesThemSoFast() {
        RunningServer server = start("address-connections=3", "address-connection-rate=1");
        for (int i = 0; i < 3; i++) {
            connect(server);
        }
        try (WireClient more = WireClient.tcp(server.port())) {
            assertThat(more.handshake("/ws")).startsWith("HTTP/1.1 503 ");
        }
        open.removeIf(one -> {
            if (one instanceof WireClient client) {
                client.reset();
                return true;
            }
            return false;
        });
        RunningServer.await(() -> server.server().connections() == 0, "all to be gone");
        int made = 0;
        for (int i = 0; i < 20; i++) {
            try (WireClient next = WireClient.tcp(server.port())) {
                if (next.handshake("/ws").startsWith("HTTP/1.1 101 ")) {
                    made++;
                    next.sendClose(1000);
                    assertThat(next.ended()).isTrue();
                }
            }
        }
        assertThat(made).as("ten seconds' worth, less the three before").isBetween(1, 7);
        timers.advance(Duration.ofSeconds(5));
        try (WireClient later = WireClient.tcp(server.port())) {
            assertThat(later.handshake("/ws")).startsWith("HTTP/1.1 101 ");
        }
    }

    @Test
    void aClientHasSoManyConnectionsWhateverItsAddress() {
        String one = key("one");
        String other = key("other");
        RunningServer server = start("keys=" + folder.resolve("keys"), "client-connections=2");
        WireClient first = connect(server, one);
        connect(server, one);
        WireClient third = connect(server, one);
        assertRefused(third.json(), "LIMIT_REACHED", "client-connections");
        assertThat(third.closeCode()).isEqualTo(1008);
        subscribe(connect(server, other), "t", "me");
        first.reset();
        RunningServer.await(() -> server.server().connections() == 2, "one to be gone");
        subscribe(connect(server, one), "t", "me");
    }

    // ---- what they do

    @Test
    void aClientHasSoManySubscriptionsOnAllItsConnections() {
        RunningServer server = start("client-subscriptions=2");
        WireClient first = connect(server);
        WireClient second = connect(server);
        subscribe(first, "t", "a");
        subscribe(second, "t", "b");
        second.send("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\"}");
        assertRefused(second.json(), "LIMIT_REACHED", "client-subscriptions");
        subscribe(second, "t", "b");
        first.send("{\"type\":\"unsubscribe\",\"topic\":\"t\",\"client_id\":\"a\"}");
        assertThat(first.json().path("type").stringValue()).isEqualTo("ack");
        subscribe(second, "t", "c");
        assertCounted(server, "client_subscriptions", 1);
    }

    @Test
    void aClientPublishesSoMuchOnAllItsConnectionsAndOverRest() {
        RunningServer server = start("client-publish-rate=2");
        RunningServer.publishAcked(connect(server), "t", "1");
        RunningServer.publishAcked(connect(server), "t", "1");
        WireClient third = connect(server);
        third.send(publish("t", "1"));
        assertRefused(third.json(), "RATE_LIMITED", "client-publish-rate");
        RestAnswer rest = server.rest("POST", "/topics/t/messages", "{\"payload\":1}");
        assertThat(rest.status()).as(rest.body()).isEqualTo(429);
        timers.advance(Duration.ofMillis(500));
        RunningServer.publishAcked(third, "t", "1");
        assertCounted(server, "client_publish_rate", 2);
    }

    @Test
    void aClientPublishesSoManyBytes() {
        RunningServer server = start("client-publish-bytes=2KiB", "max-message-size=1KiB");
        WireClient client = connect(server);
        String large = "\"" + "x".repeat(800) + "\"";
        RunningServer.publishAcked(client, "t", large);
        RunningServer.publishAcked(client, "t", large);
        client.send(publish("t", large));
        assertRefused(client.json(), "RATE_LIMITED", "client-publish-bytes");
        timers.advance(Duration.ofSeconds(1));
        RunningServer.publishAcked(client, "t", large);
    }

    @Test
    void aClientMakesTopicsSoFast() {
        RunningServer server = start("client-topic-rate=0.05");
        for (int i = 0; i < 3; i++) {
            server.topic("made-" + i);
        }
        RestAnswer refused = server.rest("POST", "/topics", "{\"name\":\"more\"}");
        assertThat(refused.status()).isEqualTo(429);
        timers.advance(Duration.ofSeconds(20));
        server.topic("more");
    }

    /// By any door: over a WebSocket, with a message or a transaction over REST, and each is recorded.
    @Test
    void aClientMakesTopicsByUsingThemSoFast() throws IOException {
        Path audit = folder.resolve("audit");
        RunningServer server = start("client-topic-rate=0.05", "auto-create-topics=true", "audit-log=" + audit);
        WireClient client = connect(server);
        RunningServer.publishAcked(client, "made.1", "1");
        assertThat(server.rest("POST", "/topics/made.2/messages", "{\"payload\":1}")
                        .status())
                .isEqualTo(200);
        String transaction = "{\"publish\":[{\"topic\":\"made.3\",\"message\":{\"payload\":1}}]}";
        assertThat(server.rest("POST", "/transactions", transaction).status()).isEqualTo(200);

        assertRefused(client.send(publish("more", "1")).json(), "RATE_LIMITED", "client-topic-rate");
        client.send("{\"type\":\"subscribe\",\"topic\":\"more\",\"client_id\":\"c\"}");
        assertRefused(client.json(), "RATE_LIMITED", "client-topic-rate");
        for (RestAnswer refused : List.of(
                server.rest("POST", "/topics/more/messages", "{\"payload\":1}"),
                server.rest("POST", "/transactions", transaction.replace("made.3", "more")))) {
            assertThat(refused.status()).isEqualTo(429);
            assertRefused(refused.json(), "RATE_LIMITED", "client-topic-rate");
        }
        assertThat(broker.topic("more")).isEmpty();
        RunningServer.await(
                () -> IntStream.rangeClosed(1, 3).allMatch(i -> read(audit).contains("make topic made." + i)),
                "each to be recorded");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    // ---- memory

    /// Readers that stop hold what waits for them, until that is too much: then nothing new is taken, the slowest are
    /// let go, and everything is as before.
    @Test
    void whenTooMuchWaitsNothingNewIsTakenAndTheSlowestGo() {
        RunningServer server =
                start("buffer-memory=4MiB", "subscriber-queue=10000", "max-message-size=64KiB", "history=0");
        List<WireClient> stopped = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            WireClient reader = WireClient.tcp(server.port(), 4096).upgrade("/ws");
            open.add(reader);
            subscribe(reader, "t", "me");
            stopped.add(reader);
        }
        WireClient publisher = connect(server);
        assertThat(server.get("/health/ready").status()).isEqualTo(200); // and its connection stays
        String large = publish("t", "\"" + "x".repeat(60_000) + "\"");
        String refusal = "";
        for (int i = 0; i < 2_000 && refusal.isEmpty(); i++) {
            JsonNode answer = publisher.send(large).json();
            if (!answer.path("type").stringValue("").equals("ack")) {
                refusal = answer.toString();
                assertRefused(answer, "BACKPRESSURE", "buffer-memory");
            }
            timers.advance(Duration.ofMillis(50));
        }
        assertThat(refusal).as("something was refused").isNotEmpty();
        try (WireClient late = WireClient.tcp(server.port())) {
            assertThat(late.handshake("/ws")).startsWith("HTTP/1.1 503 ");
            assertThat(late.header("Retry-After")).isEqualTo("1");
        }
        assertThat(server.get("/health/ready").body()).contains("\"reasons\":[\"too much waits for clients");
        try (WireClient late = WireClient.tcp(server.port())) {
            late.bytes("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(late.readHead()).startsWith("HTTP/1.1 200 ");
        }
        stopped.forEach(WireClient::reset);
        RunningServer.await(
                () -> {
                    timers.advance(Duration.ofMillis(250));
                    return publisher
                            .send(large)
                            .json()
                            .path("type")
                            .stringValue("")
                            .equals("ack");
                },
                "everything to be taken again");
        server.checkServes();
    }

    @Test
    void atTheWholeOfItTheSlowestAreDisconnected() {
        RunningServer server =
                start("buffer-memory=2MiB", "subscriber-queue=10000", "max-message-size=64KiB", "history=0");
        WireClient stopped = WireClient.tcp(server.port(), 4096).upgrade("/ws");
        open.add(stopped);
        subscribe(stopped, "t", "me");
        byte[] large = "x".repeat(60_000).getBytes(StandardCharsets.US_ASCII);
        // In process nobody is refused, so that the whole of it is reached.
        for (int i = 0; i < 400; i++) {
            broker.publish("t", new String(large, StandardCharsets.US_ASCII));
        }
        RunningServer.await(
                () -> {
                    timers.advance(Duration.ofMillis(250));
                    RestAnswer health = server.get("/health");
                    return health.body().contains("\"subscribers\":0")
                            && server.get("/health/ready").status() == 200;
                },
                "the slow one to be let go");
        boolean told = false;
        while (!told) {
            JsonNode next = stopped.json();
            told = next.path("error").path("code").stringValue("").equals("SLOW_CONSUMER");
        }
        server.checkServes();
    }
}
