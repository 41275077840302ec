package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// Subscriptions that hear only what they want to hear.
@ExtendWith(NoLeaks.class)
class FilterTest {

    private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = RunningServer.start("permessage-deflate=true", "history=2000", "history-bytes=32MB");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String filter(String expression) {
        return ",\"filter\":" + WireClient.JSON.writeValueAsString(expression);
    }

    private static List<Integer> payloads(List<JsonNode> events) {
        return events.stream()
                .map(event -> event.path("message").path("payload").path("n").asInt())
                .toList();
    }

    private static long failures(String topic) {
        return server.get("/topics/" + topic).json().path("filter_failures").asLong();
    }

    @Test
    void anExpressionRunsOncePerMessageHoweverManySubscribe() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        server.topic("counted");
        int messages = 50 + random.nextInt(100);
        // Each of them fails on every message, which is counted: so runs can be counted.
        List<String> expressions =
                List.of("message.payload.nope > 1", "message.payload.nope>1 // the same", "1/0 == 1");
        List<WireClient> clients = new ArrayList<>();
        try (WireClient all = server.connect()) {
            subscribe(all, "counted", "all");
            for (int i = 0; i < 6; i++) {
                WireClient client = server.connect();
                clients.add(client);
                for (int s = 0; s < 10; s++) {
                    subscribe(client, "counted", "c" + s, filter(expressions.get((i + s) % expressions.size())));
                }
            }
            for (int n = 0; n < messages; n++) {
                publishAcked(clients.getFirst(), "counted", "{\"n\":" + n + "}");
            }
            all.events(messages);
            // 60 subscriptions, two expressions that differ in what they say.
            RunningServer.await(() -> failures("counted") == 2L * messages, "two runs per message, seed " + seed);
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    @Test
    void everyoneHearsExactlyWhatMatchesWheneverTheyCome() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        server.topic("model.a");
        server.topic("model.b");
        List<List<Integer>> published = List.of(new ArrayList<>(), new ArrayList<>());
        List<WireClient> clients = new ArrayList<>();
        List<List<Integer>> expected = new ArrayList<>();
        List<Integer> moduli = new ArrayList<>();
        try (WireClient publisher = server.connect()) {
            for (int n = 0; n < 400; n++) {
                if (n % 20 == 0) {
                    WireClient client = random.nextBoolean()
                            ? server.connect()
                            : WireClient.tcp(server.port()).upgrade("/ws", DEFLATE);
                    clients.add(client);
                    int modulus = 1 + random.nextInt(3);
                    boolean past = random.nextBoolean();
                    String about = filter("message.payload.n % " + modulus + " == 0 && message.type == 'even'");
                    String types = random.nextBoolean() ? ",\"types\":[\"even\",\"none\"]" : "";
                    String from = past ? ",\"from\":\"earliest\"" : "";
                    subscribe(client, "model.a", "c", about + types + from);
                    moduli.add(modulus);
                    List<Integer> wanted = new ArrayList<>();
                    if (past) {
                        published.getFirst().stream()
                                .filter(each -> each % 2 == 0 && each % modulus == 0)
                                .forEach(wanted::add);
                    }
                    expected.add(wanted);
                }
                int topic = random.nextInt(3) == 0 ? 1 : 0;
                String type = n % 2 == 0 ? "even" : "odd";
                publisher.send("{\"type\":\"publish\",\"topic\":\"model." + (topic == 0 ? "a" : "b")
                        + "\",\"message\":{\"payload\":{\"n\":" + n + "},\"type\":\"" + type + "\"},\"no_ack\":true}");
                published.get(topic).add(n);
                for (int i = 0; topic == 0 && n % 2 == 0 && i < expected.size(); i++) {
                    if (n % moduli.get(i) == 0) {
                        expected.get(i).add(n);
                    }
                }
                if (random.nextInt(10) == 0) {
                    // What was sent is published before anybody else subscribes.
                    publisher.send("{\"type\":\"ping\"}").json();
                }
            }
            for (int i = 0; i < clients.size(); i++) {
                assertThat(payloads(clients.get(i).events(expected.get(i).size())))
                        .as("seed %d, client %d", seed, i)
                        .isEqualTo(expected.get(i));
            }
            clients.forEach(WireClient::closeWithNothingLeft);
        }
    }

    @Test
    void aPatternIsFilteredAndReplayedWithoutGapOrDuplicate() {
        server.topic("p.a");
        server.topic("p.b");
        try (WireClient publisher = server.connect();
                WireClient client = server.connect()) {
            for (int n = 0; n < 1_000; n++) {
                publisher.send(
                        publish(n % 2 == 0 ? "p.a" : "p.b", "{\"n\":" + n + "}").replace("}}}", "}},\"no_ack\":true}"));
            }
            publisher.send("{\"type\":\"ping\"}").json();
            client.send("{\"type\":\"subscribe\",\"topic\":\"p.*\",\"client_id\":\"c\",\"from\":\"earliest\""
                    + filter("message.payload.n % 10 == 3") + "}");
            for (int n = 1_000; n < 2_000; n++) {
                publisher.send(
                        publish(n % 2 == 0 ? "p.a" : "p.b", "{\"n\":" + n + "}").replace("}}}", "}},\"no_ack\":true}"));
            }
            assertThat(client.json().path("type").stringValue()).isEqualTo("ack");
            assertThat(payloads(client.events(200)))
                    .containsExactlyElementsOf(
                            IntStream.range(0, 200).mapToObj(i -> 10 * i + 3).toList());
            client.closeWithNothingLeft();
        }
    }

    @Test
    void anAcknowledgedSubscriptionHearsOfNothingElse() {
        server.topic("acked");
        try (WireClient client = server.connect()) {
            publishAcked(client, "acked", "{\"n\":1}");
            publishAcked(client, "acked", "{\"n\":20}");
            subscribe(
                    client,
                    "acked",
                    "w",
                    ",\"ack\":\"manual\",\"max_in_flight\":1,\"from\":\"earliest\"" + filter("message.payload.n > 10"));
            assertThat(payloads(client.events(1))).containsExactly(20);
            publishAcked(client, "acked", "{\"n\":2}");
            publishAcked(client, "acked", "{\"n\":30}");
            client.send("{\"type\":\"ack\",\"topic\":\"acked\",\"client_id\":\"w\",\"offset\":1}");
            assertThat(payloads(client.events(1))).containsExactly(30);
            client.send("{\"type\":\"ack\",\"topic\":\"acked\",\"client_id\":\"w\",\"offset\":3}");
            client.closeWithNothingLeft();
        }
    }

    @Test
    void aHostileExpressionHoldsNobodyUp() {
        server.topic("hostile");
        String numbers = IntStream.range(0, 15_000).mapToObj(i -> "1").collect(Collectors.joining(","));
        String large = "{\"n\":1,\"l\":[" + numbers + "],\"s\":\"" + "a".repeat(20_000) + "\"}";
        List<String> expressions = List.of(
                "message.payload.l.all(x, message.payload.l.all(y, x == y))",
                "message.payload.l.all(x, !message.payload.s.matches('(a+a+)+b'))",
                "message.payload.l.map(x, message.payload.l) == message.payload.l.map(x, message.payload.l)",
                "[message.payload.s].all(a, [a+a+a+a+a+a].all(b, [b+b+b+b+b+b].all(c, [c+c+c+c+c+c].all(d, size(d) > 1))))");
        try (WireClient attacker = server.connect();
                WireClient publisher = server.connect();
                WireClient honest = server.connect()) {
            for (int i = 0; i < 60; i++) {
                publisher.send(publish("hostile", large)).json();
            }
            // Over what is kept, and over what comes.
            for (int i = 0; i < 20; i++) {
                String expression = expressions.get(i % 4) + " && " + i + " == " + i;
                subscribe(attacker, "hostile", "c" + i, ",\"from\":\"earliest\"" + filter(expression));
            }
            subscribe(honest, "hostile", "c", filter("message.payload.n == 1"));
            for (int i = 0; i < 5; i++) {
                long began = System.nanoTime();
                publisher.send(publish("hostile", large)).json();
                honest.events(1);
                publisher.send("{\"type\":\"ping\"}").json();
                assertThat(System.nanoTime() - began).as("round %d", i).isLessThan(5_000_000_000L);
            }
        }
        server.checkServes();
    }

    @Test
    void whatCannotBeUnderstoodMakesNoTopic() {
        try (RunningServer making = RunningServer.start("auto-create-topics=true");
                WireClient client = making.connect()) {
            JsonNode refused = client.send(
                            "{\"type\":\"subscribe\",\"topic\":\"made\",\"client_id\":\"c\",\"filter\":\"nope\"}")
                    .json();
            assertThat(refused.path("error").path("code").stringValue()).isEqualTo("BAD_REQUEST");
            assertThat(making.get("/health").json().path("topics").asInt()).isZero();
            subscribe(client, "made", "c", filter("true"));
            assertThat(making.get("/health").json().path("topics").asInt()).isEqualTo(1);
        }
    }

    @Test
    void answersKeepTheirOrderWhileAFilterIsUnderstood() {
        server.topic("order");
        try (WireClient client = server.connect()) {
            StringBuilder ids = new StringBuilder();
            for (int i = 0; i < 50; i++) {
                client.send(
                        "{\"type\":\"subscribe\",\"topic\":\"order\",\"client_id\":\"c" + i + "\",\"request_id\":\"s"
                                + i + "\"" + filter(i % 3 == 0 ? "broken(" : "message.payload.n == " + i) + "}");
                client.send("{\"type\":\"ping\",\"request_id\":\"p" + i + "\"}");
                ids.append('s').append(i).append('p').append(i);
            }
            StringBuilder heard = new StringBuilder();
            for (int i = 0; i < 100; i++) {
                heard.append(client.json().path("request_id").stringValue());
            }
            assertThat(heard).hasToString(ids.toString());
        }
    }
}
