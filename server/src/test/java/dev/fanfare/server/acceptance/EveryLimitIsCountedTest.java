package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.BrokerLimit;
import dev.fanfare.server.Setting;
import dev.fanfare.server.limits.Limit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Whatever a setting limits is counted when somebody runs into it: a setting that this class does not know fails.
class EveryLimitIsCountedTest {

    /// Limits beyond which something is lost or forgotten, and the figure that tells so.
    private static final Map<String, String> BY_LOSS = Map.of(
            "subscriber-queue", "fanfare_topic_dropped_messages_total",
            "topic-queue", "fanfare_topic_dropped_messages_total",
            "history-memory", "fanfare_history_forgotten_messages_total",
            "metrics-topics", "fanfare_topics_left_out");

    /// What is kept, and for how long: to forget what is older is what they are for.
    private static final Set<String> RETENTION = Set.of(
            "history",
            "history-bytes",
            "durable-history",
            "durable-history-bytes",
            "dead-letter-history",
            "dead-letter-bytes",
            "dead-letter-age",
            "expiry",
            "durable-expiry",
            "audit-log-size");

    /// Publishers wait at it, and are refused after `block-timeout`; the machine ends beyond the other.
    private static final Set<String> WAITED_AT = Set.of("route-queue", "memory");

    /// Ways and places, of which there is no too much.
    private static final Set<String> NO_LIMITS = Set.of(
            "host",
            "port",
            "flat-port",
            "overflow",
            "data",
            "durable",
            "durability",
            "log-level",
            "batch-size",
            "batch-linger",
            "routes",
            "auto-create-topics",
            "message-ids",
            "shutdown-grace",
            "drain-jitter",
            "permessage-deflate",
            "event-loops",
            "allowed-origins",
            "keys",
            "token-keys",
            "token-issuer",
            "token-audience",
            "token-role",
            "rules",
            "tracing",
            "tracing-sample",
            "log-format",
            "tls-certificate",
            "tls-key",
            "tls-client-ca",
            "tls-client-auth",
            "tls-client-name",
            "tls-client-role",
            "audit-log",
            "alerts",
            "alerts-period",
            "alerts-webhook",
            "required-topics");

    @Test
    void everySettingIsKnownHere() {
        Set<String> known = Stream.of(
                        BY_LOSS.keySet(),
                        RETENTION,
                        WAITED_AT,
                        NO_LIMITS,
                        Stream.of(Limit.values()).map(Limit::setting).toList(),
                        Stream.of(BrokerLimit.values())
                                .map(BrokerLimit::setting)
                                .toList())
                .flatMap(Collection::stream)
                .filter(setting -> !setting.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> all = new TreeSet<>();
        Setting.all().forEach(setting -> all.add(setting.name()));
        assertThat(all).isEqualTo(known);
    }

    private static double count(RunningServer server, String name, String label) {
        return server.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name) && line.contains(label))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private static void assertRefused(JsonNode answer, String setting) {
        assertThat(answer.path("error").path("code").stringValue(""))
                .as("%s", answer)
                .isEqualTo("LIMIT_REACHED");
        assertThat(answer.path("error").path("message").stringValue()).contains(setting);
        assertThat(answer.path("error").has("retry_after_ms"))
                .as("waiting helps: %s", answer)
                .isEqualTo(!setting.equals("publish-burst"));
    }

    @Test
    void whoRunsIntoOneIsToldWhichAndItIsCounted() {
        try (RunningServer server = RunningServer.start(
                        "max-topics=2",
                        "max-subscriptions=2",
                        "max-subscribers-per-topic=1",
                        "max-delayed=0",
                        "max-routes=0",
                        "max-message-size=1KiB",
                        "publish-rate=1000",
                        "publish-burst=2");
                WireClient client = server.connect()) {
            String one = "{\"topic\":\"a\",\"message\":{\"payload\":1}}";
            server.topic("a");
            server.topic("b");
            assertRefused(server.rest("POST", "/topics", "{\"name\":\"c\"}").json(), "max-topics");
            try (WireClient raw = WireClient.tcp(server.port())) {
                raw.bytes("POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{\"name\":\"c\"}"
                        .getBytes(StandardCharsets.US_ASCII));
                assertThat(raw.readHead()).startsWith("HTTP/1.1 507 ");
                assertThat(raw.header("Retry-After")).isEqualTo("1");
            }
            subscribe(client, "a", "c");
            assertRefused(
                    client.send("{\"type\":\"subscribe\",\"topic\":\"a\",\"client_id\":\"d\"}")
                            .json(),
                    "max-subscribers-per-topic");
            subscribe(client, "b", "c");
            assertRefused(
                    client.send("{\"type\":\"subscribe\",\"topic\":\"b\",\"client_id\":\"d\"}")
                            .json(),
                    "max-subscriptions");
            assertRefused(
                    client.send("{\"type\":\"publish\",\"topic\":\"a\",\"message\":{\"payload\":1,\"delay_ms\":1000}}")
                            .json(),
                    "max-delayed");
            assertRefused(
                    server.rest("POST", "/routes", "{\"name\":\"r\",\"from\":\"a\",\"to\":\"b\"}")
                            .json(),
                    "max-routes");
            assertRefused(
                    server.rest("POST", "/transactions", "{\"publish\":[" + one + "," + one + "," + one + "]}")
                            .json(),
                    "publish-burst");
            double before = count(server, "fanfare_errors_total", "code=\"TOO_LARGE\"");
            assertThat(client.send(publish("a", "\"" + "x".repeat(2_000) + "\""))
                            .json()
                            .toString())
                    .contains("TOO_LARGE", "max-message-size");
            assertThat(count(server, "fanfare_errors_total", "code=\"TOO_LARGE\""))
                    .isEqualTo(before + 1);
            RestAnswer large = server.rest("POST", "/topics/a/messages", "{\"payload\":\"" + "x".repeat(2_000) + "\"}");
            assertThat(large.json().path("error").path("code").stringValue()).isEqualTo("TOO_LARGE");
            assertThat(count(server, "fanfare_errors_total", "code=\"TOO_LARGE\""))
                    .isEqualTo(before + 2);
            assertThat(count(server, "fanfare_refused_total", "limit=\"topics\""))
                    .isEqualTo(2);
            assertThat(count(server, "fanfare_refused_total", "limit=\"message_size\""))
                    .isEqualTo(2);
            for (String limit :
                    List.of("subscriptions", "subscribers_per_topic", "delayed", "routes", "publish_burst")) {
                assertThat(count(server, "fanfare_refused_total", "limit=\"" + limit + "\""))
                        .as(limit)
                        .isOne();
            }
            assertThat(count(server, "fanfare_errors_total", "code=\"LIMIT_REACHED\""))
                    .isEqualTo(7);
            for (String name : BY_LOSS.values()) {
                assertThat(server.get("/metrics").body()).contains(name);
            }
        }
    }

    /// What waits for its time or for somebody: over either door.
    @Test
    void whatWaitsIsCountedByItsLimitToo() {
        try (RunningServer server = RunningServer.start(
                        "max-requests=0", "delayed-memory=1MiB", "max-message-size=2MiB", "block-timeout=0");
                WireClient client = server.connect()) {
            server.topic("a");
            subscribe(client, "a", "c");
            server.rest("POST", "/topics", "{\"name\":\"q\",\"backlog\":1,\"backlog_overflow\":\"refuse\"}");
            subscribe(client, "q", "c", ",\"ack\":\"manual\",\"group\":\"g\"");
            String large = "{\"payload\":\"" + "x".repeat(1_100_000) + "\",\"delay_ms\":100000}";
            String request = "{\"message\":{\"payload\":1},\"timeout_ms\":1000}";
            assertThat(server.rest("POST", "/topics/a/messages", large).body()).contains("delayed-memory");
            assertThat(server.rest("POST", "/topics/a/requests", request).body())
                    .contains("max-requests");
            for (String limit : List.of("delayed_memory", "requests")) {
                assertThat(count(server, "fanfare_refused_total", "limit=\"" + limit + "\""))
                        .as(limit)
                        .isOne();
            }
            String many = "[{\"payload\":1},{\"payload\":1},{\"payload\":1}]";
            assertThat(server.rest("POST", "/topics/q/messages", many).body()).contains("BACKPRESSURE");
            assertThat(count(server, "fanfare_refused_total", "limit=\"queue\""))
                    .isPositive();
        }
    }

    /// What no setting changes: one request each that goes beyond.
    @Test
    void whatIsTheSameForEveryServerIsCountedToo() {
        try (RunningServer server = RunningServer.start("max-message-size=1KiB")) {
            server.topic("a");
            String deep = "[".repeat(100) + "]".repeat(100);
            assertThat(server.get("/" + "x".repeat(10_000)).status()).isEqualTo(414);
            try (WireClient raw = WireClient.tcp(server.port())) {
                raw.bytes(("GET / HTTP/1.1\r\nHost: x\r\nA: " + "x".repeat(20_000) + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
                assertThat(raw.readHead()).startsWith("HTTP/1.1 431 ");
            }
            try (WireClient raw = WireClient.tcp(server.port())) {
                raw.bytes("POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
                assertThat(raw.readHead()).startsWith("HTTP/1.1 413 ");
            }
            assertThat(server.rest("POST", "/topics/a/messages", "[" + "{},".repeat(1_000) + "{}]")
                            .status())
                    .isEqualTo(413);
            assertThat(server.rest("POST", "/topics", deep).status()).isEqualTo(400);
            try (WireClient client = server.connect()) {
                assertThat(client.send(deep).json().toString()).contains("deeper");
                for (int i = 0; i < 4_097; i++) {
                    client.bytesOrHungUp(Frames.unfinished(i == 0 ? Frame.TEXT : Frame.CONTINUATION, new byte[0]));
                }
                assertThat(client.closeCode()).isEqualTo(1009);
            }
            try (WireClient client = server.connect()) {
                client.bytesOrHungUp(Frames.headerOnly(0x80 | Frame.TEXT, 20_000));
                assertThat(client.closeCode()).isEqualTo(1009);
            }
            for (String limit : List.of(
                    "request_line",
                    "request_headers",
                    "request_body",
                    "request_messages",
                    "fragments",
                    "message_size")) {
                assertThat(count(server, "fanfare_refused_total", "limit=\"" + limit + "\""))
                        .as(limit)
                        .isOne();
            }
            assertThat(count(server, "fanfare_refused_total", "limit=\"json_depth\""))
                    .isEqualTo(2);
        }
    }

    /// Though the request as a whole is not refused.
    @Test
    void whatIsRefusedOfARequestCountsByItsLimitAndItsCodeAlike() {
        try (RunningServer server = RunningServer.start("max-message-size=1KiB", "block-timeout=0");
                WireClient client = server.connect()) {
            server.topic("a");
            String large = "{\"payload\":\"" + "x".repeat(2_000) + "\"}";
            String many = "[" + large + ",{\"payload\":1}," + large + ",{\"none\":1}]";
            RestAnswer answer = server.rest("POST", "/topics/a/messages", many);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(count(server, "fanfare_refused_total", "limit=\"message_size\""))
                    .isEqualTo(2);
            assertThat(count(server, "fanfare_errors_total", "code=\"TOO_LARGE\""))
                    .isEqualTo(2);
            assertThat(count(server, "fanfare_errors_total", "code=\"BAD_REQUEST\""))
                    .isEqualTo(1);

            for (String overflow : List.of("dead_letter", "refuse")) {
                server.rest(
                        "POST",
                        "/topics",
                        "{\"name\":\"" + overflow + "\",\"backlog\":1,\"backlog_overflow\":\"" + overflow + "\"}");
                subscribe(
                        client,
                        overflow,
                        "c",
                        ",\"ack\":\"manual\",\"max_in_flight\":1,\"group\":\"" + overflow + "\"");
            }
            for (int i = 0; i < 4; i++) {
                server.rest("POST", "/topics/dead_letter/messages", "{\"payload\":1}");
            }
            String letters = "/topics/dead_letter/dead-letters";
            RunningServer.await(() -> server.get(letters).json().path("count").intValue() >= 2, "two dead letters");
            RestAnswer cutShort = server.rest("POST", letters + "/redrive", "{\"to\":\"refuse\"}");
            assertThat(cutShort.status()).isEqualTo(200);
            assertThat(cutShort.json().path("redriven").intValue()).isEqualTo(1);
            assertThat(cutShort.json().path("error").path("code").stringValue()).isEqualTo("BACKPRESSURE");
            assertThat(count(server, "fanfare_errors_total", "code=\"BACKPRESSURE\""))
                    .isEqualTo(1);
            assertThat(count(server, "fanfare_refused_total", "limit=\"queue\""))
                    .isEqualTo(1);
        }
    }

    @Test
    void thePageSaysWhatEachLimitIs() throws IOException {
        String page = Files.readString(Path.of("../docs/metrics.md"));
        try (RunningServer server = RunningServer.start()) {
            List<String> labels = server.get("/metrics")
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("fanfare_refused_total{"))
                    .map(line -> line.replaceFirst(".*limit=\"(.*)\".*", "$1"))
                    .toList();
            assertThat(labels)
                    .hasSize(Limit.values().length + BrokerLimit.values().length)
                    .doesNotHaveDuplicates();
            assertThat(labels).allMatch(label -> page.contains("\n| `limit=\"" + label + "\"` |"));
        }
    }
}
