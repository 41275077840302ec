package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.store.Store;
import io.opentelemetry.api.OpenTelemetry;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;

/// A server with both listeners on free ports, and what tests do with it most.
final class RunningServer implements AutoCloseable {

    private final FanfareServer server;

    private RunningServer(FanfareServer server) {
        this.server = server;
    }

    /// With these settings, as `heartbeat=1s`.
    static RunningServer start(String... settings) {
        return new RunningServer(FanfareServer.start(ServerConfig.of(all(settings))));
    }

    /// With these settings, and a store for durable topics.
    static RunningServer start(Store store, String... settings) {
        return new RunningServer(FanfareServer.start(ServerConfig.of(all(settings)), store));
    }

    /// With these settings by their names.
    static RunningServer start(Map<String, String> settings) {
        return start(settings.entrySet().stream()
                .map(setting -> setting.getKey() + "=" + setting.getValue())
                .toArray(String[]::new));
    }

    private static Map<String, String> all(String... settings) {
        Map<String, String> all = new HashMap<>(Map.of("port", "0", "flat-port", "0", "shutdown-grace", "2s"));
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            all.put(parts[0], parts[1]);
        }
        return all;
    }

    /// For a broker that is the test's own.
    static RunningServer with(Broker broker, String... settings) {
        return new RunningServer(FanfareServer.start(broker, ServerConfig.of(all(settings))));
    }

    /// The same, with spans that go there.
    static RunningServer traced(Broker broker, OpenTelemetry spans) {
        return new RunningServer(FanfareServer.start(broker, ServerConfig.of(all()), spans));
    }

    FanfareServer server() {
        return server;
    }

    int port() {
        return server.port();
    }

    int flatPort() {
        return server.flatPort().orElseThrow();
    }

    /// A connection of the standard dialect.
    WireClient connect() {
        return WireClient.open(port());
    }

    /// A connection of the flat dialect, greeted.
    WireClient connectFlat() {
        WireClient client = WireClient.open(flatPort());
        assertThat(client.json().path("type").stringValue()).isEqualTo("info");
        return client;
    }

    RestAnswer rest(String method, String path, String body) {
        return RestAnswer.of(port(), method, path, body);
    }

    RestAnswer get(String path) {
        return rest("GET", path, "");
    }

    /// Makes a topic.
    void topic(String name) {
        RestAnswer answer = rest("POST", "/topics", WireClient.JSON.writeValueAsString(Map.of("name", name)));
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    }

    /// Subscribes and reads up to the ack, which must be the next answer.
    static JsonNode subscribe(WireClient client, String topic, String clientId, String further) {
        client.send("{\"type\":\"subscribe\",\"topic\":\"" + topic + "\",\"client_id\":\"" + clientId + "\"" + further
                + ",\"request_id\":\"sub-" + clientId + "\"}");
        JsonNode ack = client.json();
        assertThat(ack.path("type").stringValue()).as("%s", ack).isEqualTo("ack");
        assertThat(ack.path("request_id").stringValue()).isEqualTo("sub-" + clientId);
        return ack;
    }

    static JsonNode subscribe(WireClient client, String topic, String clientId) {
        return subscribe(client, topic, clientId, "");
    }

    /// A publish with a new id.
    static String publish(String topic, String payload) {
        return "{\"type\":\"publish\",\"topic\":\"" + topic + "\",\"message\":{\"id\":\"" + UUID.randomUUID()
                + "\",\"payload\":" + payload + "}}";
    }

    /// Publishes and reads the ack, which must be the next message.
    static JsonNode publishAcked(WireClient client, String topic, String payload) {
        JsonNode ack = client.send(publish(topic, payload)).json();
        assertThat(ack.path("type").stringValue()).as("%s", ack).isEqualTo("ack");
        return ack;
    }

    /// Subscriptions counted by `/health`.
    int subscribers() {
        return get("/health").json().path("subscribers").asInt();
    }

    /// Waits until `/health` counts that many subscriptions.
    void awaitSubscribers(int count) {
        await(() -> subscribers() == count, "subscribers to become " + count);
    }

    /// Waits until something is so.
    static void await(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + WireClient.PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waiting for " + what).isLessThan(deadline);
            LockSupport.parkNanos(2_000_000);
        }
    }

    /// Speaks to the server as a new client would: it still serves others.
    void checkServes() {
        String topic = "check-" + UUID.randomUUID();
        topic(topic);
        try (WireClient client = connect()) {
            subscribe(client, topic, "check");
            publishAcked(client, topic, "1");
            assertThat(client.events(1)).hasSize(1);
        }
        assertThat(rest("DELETE", "/topics/" + topic, "").status()).isEqualTo(200);
    }

    @Override
    public void close() {
        server.close();
    }
}
