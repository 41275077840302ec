package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// Messages and acknowledgements, all or nothing, over real sockets.
@ExtendWith(NoLeaks.class)
class TransactionTest {

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = RunningServer.start("history=5000", "history-bytes=32MB");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String transaction(String id, List<String> publishes, List<String> acks) {
        return "{\"type\":\"transaction\",\"request_id\":\"" + id + "\",\"publish\":[" + String.join(",", publishes)
                + "],\"ack\":[" + String.join(",", acks) + "]}";
    }

    private static String message(String topic, String payload) {
        return "{\"topic\":\"" + topic + "\",\"message\":{\"payload\":" + payload + "}}";
    }

    private static String ack(String topic, long offset) {
        return "{\"topic\":\"" + topic + "\",\"client_id\":\"w\",\"offset\":" + offset + "}";
    }

    /// Consume, transform, produce, by workers whose connections are cut at any moment.
    @Test
    @Timeout(120)
    void eachInputHasOneOutputHoweverOftenWorkersVanish() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        server.topic("in");
        server.topic("out");
        int inputs = 300;
        try (WireClient publisher = server.connect()) {
            for (int i = 0; i < inputs; i++) {
                publishAcked(publisher, "in", String.valueOf(i));
            }
            Set<Integer> done = new HashSet<>();
            int cuts = 0;
            while (done.size() < inputs) {
                WireClient worker = server.connect();
                subscribe(
                        worker,
                        "in",
                        "w",
                        ",\"group\":\"g\",\"ack\":\"manual\",\"max_in_flight\":10,\"from\":\"earliest\"");
                int life = random.nextInt(40);
                try {
                    work(worker, life, done, random);
                    if (done.size() < inputs) {
                        cuts++;
                    }
                } finally {
                    worker.reset();
                }
                JsonNode stats = server.get("/stats").json().path("topics");
                int published = stats.path("out").path("messages").asInt();
                if (published >= inputs) {
                    break;
                }
            }
            assertThat(cuts).as("seed %d", seed).isPositive();
            JsonNode messages = server.get("/topics/out/messages?from=earliest&limit=1000")
                    .json()
                    .path("messages");
            List<Integer> outputs = new ArrayList<>();
            messages.forEach(
                    event -> outputs.add(event.path("message").path("payload").asInt()));
            assertThat(outputs)
                    .as("seed %d", seed)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, inputs).boxed().toList());
        }
    }

    /// Works until so many transactions were sent, not all of whose answers are awaited.
    private static void work(WireClient worker, int life, Set<Integer> done, Random random) {
        try {
            for (int i = 0; i < life; i++) {
                JsonNode event = worker.json();
                if (!event.path("type").stringValue().equals("event")) {
                    i--;
                    continue;
                }
                int input = event.path("message").path("payload").asInt();
                worker.send(transaction(
                        "t" + input,
                        List.of(message("out", String.valueOf(input))),
                        List.of(ack("in", event.path("offset").asLong()))));
                done.add(input);
                if (done.size() == 300 || random.nextInt(20) == 0) {
                    // The cut may come before the answer.
                    break;
                }
            }
            if (random.nextBoolean()) {
                worker.send("{\"type\":\"ping\",\"request_id\":\"last\"}").until("pong");
            }
        } catch (UncheckedIOException | AssertionError nothingMore) {
            // Other members have what is left, or all is done.
        }
    }

    @Test
    void nobodySeesAPart() {
        server.topic("both.a");
        server.topic("both.b");
        try (WireClient writer = server.connect();
                WireClient reader = server.connect()) {
            reader.send("{\"type\":\"subscribe\",\"topic\":\"both.*\",\"client_id\":\"c\"}")
                    .json();
            for (int i = 0; i < 200; i++) {
                writer.send(transaction(
                        "t" + i,
                        List.of(message("both.a", String.valueOf(i)), message("both.b", String.valueOf(i))),
                        List.of()));
            }
            for (int i = 0; i < 200; i++) {
                List<JsonNode> pair = reader.events(2);
                assertThat(pair)
                        .allSatisfy(event -> assertThat(event.path("offset").asInt())
                                .isEqualTo(pair.getFirst()
                                        .path("message")
                                        .path("payload")
                                        .asInt()));
                JsonNode answer = writer.json();
                assertThat(answer.path("request_id").stringValue()).isEqualTo("t" + i);
                assertThat(answer.path("results").size()).isEqualTo(2);
            }
        }
    }

    @Test
    void answersKeepTheOrderOfTheRequests() {
        server.topic("order");
        try (WireClient client = server.connect()) {
            for (int i = 0; i < 100; i++) {
                client.send(transaction("t" + i, List.of(message(i % 3 == 0 ? "nowhere" : "order", "1")), List.of()));
                client.send("{\"type\":\"ping\",\"request_id\":\"p" + i + "\"}");
            }
            String heard = IntStream.range(0, 200)
                    .mapToObj(i -> client.json().path("request_id").stringValue())
                    .collect(Collectors.joining(","));
            assertThat(heard)
                    .isEqualTo(IntStream.range(0, 100)
                            .mapToObj(i -> "t" + i + ",p" + i)
                            .collect(Collectors.joining(",")));
        }
    }

    @Test
    void aRefusedOneMakesNoTopicAndTakesNothingOutOfHand() {
        try (RunningServer making = RunningServer.start("auto-create-topics=true");
                WireClient client = making.connect()) {
            subscribe(client, "in", "w", ",\"ack\":\"manual\"");
            publishAcked(client, "in", "1");
            client.events(1);
            JsonNode refused = client.send(
                            transaction("t", List.of(message("new", "1")), List.of(ack("in", 0), ack("in", 5))))
                    .json();
            assertThat(refused.path("error").path("message").stringValue()).startsWith("ack[1]: ");
            assertThat(making.get("/health").json().path("topics").asInt()).isEqualTo(1);
            JsonNode twice = client.send(
                            transaction("t", List.of(message("in", "2")), List.of(ack("in", 0), ack("in", 0))))
                    .json();
            assertThat(twice.path("error").path("message").stringValue()).contains("twice");
            JsonNode done = client.send(transaction("t", List.of(message("new", "1")), List.of(ack("in", 0))))
                    .json();
            assertThat(done.path("status").stringValue()).as("%s", done).isEqualTo("ok");
            assertThat(making.get("/health").json().path("topics").asInt()).isEqualTo(2);
        }
    }

    @Test
    void theFlatDialectHasNone() {
        try (WireClient flat = server.connectFlat()) {
            JsonNode refused =
                    flat.send("{\"type\":\"transaction\",\"publish\":[]}").json();
            assertThat(refused.path("code").stringValue()).isEqualTo("UNKNOWN_MESSAGE_TYPE");
        }
    }
}
