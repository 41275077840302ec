package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.PrometheusText;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// Subscriptions that acknowledge, over real sockets.
@ExtendWith(NoLeaks.class)
class AcknowledgedTest {

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = RunningServer.start("history=100000", "history-bytes=64MiB");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String settle(String type, String topic, String more) {
        return "{\"type\":\"" + type + "\",\"topic\":\"" + topic + "\",\"client_id\":\"c\"," + more + "}";
    }

    private static long offset(JsonNode event) {
        return event.path("offset").longValue();
    }

    private static int attempt(JsonNode event) {
        return event.path("delivery").path("attempt").intValue();
    }

    private JsonNode figures(String topic) {
        for (JsonNode each : server.get("/subscriptions").json().path("subscriptions")) {
            if (each.path("topic").stringValue().equals(topic)) {
                return each;
            }
        }
        throw new AssertionError("no subscription to " + topic);
    }

    @Test
    void theWindowBoundsWhatIsUnacknowledged() {
        server.topic("window");
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(worker, "window", "c", ",\"ack\":\"manual\",\"max_in_flight\":3");
            for (int i = 0; i < 10; i++) {
                publishAcked(publisher, "window", String.valueOf(i));
            }
            assertThat(worker.events(3)).extracting(AcknowledgedTest::offset).containsExactly(0L, 1L, 2L);
            assertThat(figures("window").path("in_flight").intValue()).isEqualTo(3);
            worker.send(settle("ack", "window", "\"offsets\":[1,2]"));
            assertThat(worker.events(2)).extracting(AcknowledgedTest::offset).containsExactly(3L, 4L);
            worker.send(settle("ack", "window", "\"offsets\":[0,3,4]"));
            assertThat(worker.events(3)).extracting(AcknowledgedTest::offset).containsExactly(5L, 6L, 7L);
        }
        server.awaitSubscribers(0);
        assertThat(server.get("/subscriptions").json().path("subscriptions")).isEmpty();
    }

    @Test
    void whatIsNotAcknowledgedInTimeComesAgainAndIsADeadLetterInTheEnd() {
        server.topic("late");
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(
                    worker,
                    "late",
                    "c",
                    ",\"ack\":\"manual\",\"ack_timeout_ms\":50,\"dead_letter\":\"late.dead\""
                            + ",\"retry\":{\"max_attempts\":3,\"backoff_ms\":1,\"multiplier\":1.5}");
            publishAcked(publisher, "late", "1");
            assertThat(worker.events(3)).extracting(AcknowledgedTest::attempt).containsExactly(1, 2, 3);
            RunningServer.await(
                    () -> server.get("/topics/late.dead/dead-letters")
                                    .json()
                                    .path("count")
                                    .asInt(0)
                            == 1,
                    "a dead letter");
            JsonNode letter = server.get("/topics/late.dead/dead-letters")
                    .json()
                    .path("dead_letters")
                    .path(0);
            assertThat(letter.path("attempts").intValue()).isEqualTo(3);
            assertThat(letter.path("reason").stringValue()).isEqualTo("attempts");
            assertThat(letter.path("event").path("topic").stringValue()).isEqualTo("late");
            worker.send(settle("ack", "late", "\"offset\":0,\"request_id\":\"late\""));
            assertThat(worker.json().path("status").stringValue()).isEqualTo("ok");
        }
    }

    @Test
    void twoOfOneClientIdAreToldApart() {
        server.topic("twice.a");
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(worker, "twice.a", "c", ",\"ack\":\"manual\"");
            subscribe(worker, "twice.*", "c", ",\"ack\":\"manual\"");
            publishAcked(publisher, "twice.a", "1");
            assertThat(worker.events(2))
                    .extracting(
                            event -> event.path("delivery").path("subscription").stringValue())
                    .containsExactlyInAnyOrder("twice.a", "twice.*");
            worker.send(settle("ack", "twice.a", "\"offset\":0"));
            assertThat(worker.json().path("error").path("message").stringValue())
                    .startsWith("subscription is required");
            for (String subscription : List.of("twice.a", "twice.*")) {
                worker.send(settle(
                        "ack",
                        "twice.a",
                        "\"offset\":0,\"request_id\":\"r\",\"subscription\":\"" + subscription + "\""));
                assertThat(worker.json().path("status").stringValue()).isEqualTo("ok");
                assertThat(figures(subscription).path("delivered").intValue()).isEqualTo(1);
            }
        }
    }

    @Test
    void aSubscriptionThatDoesNotAcknowledgeIsEndedAtTheBoundAndTheConnectionLivesOn() {
        RestAnswer made = server.rest("POST", "/topics", "{\"name\":\"full\",\"backlog\":1000}");
        assertThat(made.status()).as(made.body()).isEqualTo(201);
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(worker, "full", "c", ",\"ack\":\"manual\",\"max_in_flight\":1");
            String burst = publish("full", "1").replace("}}", "},\"no_ack\":true}");
            for (int i = 0; i < 1_200; i++) {
                publisher.send(burst);
            }
            publisher.send("{\"type\":\"ping\"}");
            publisher.until("pong");
            JsonNode told = worker.until("error").getLast();
            assertThat(told.path("error").path("code").stringValue()).isEqualTo("SLOW_CONSUMER");
            assertThat(told.path("client_id").stringValue()).isEqualTo("c");
            assertThat(worker.send("{\"type\":\"ping\"}").until("pong")).hasSize(1);
        }
        server.rest("DELETE", "/topics/full", "");
    }

    @Test
    void aDurableNameOutlivesItsConnectionAndIsTakenOver() {
        server.topic("kept");
        String how = ",\"ack\":\"manual\",\"durable\":\"audit\"";
        try (WireClient publisher = server.connect();
                WireClient second = server.connect()) {
            try (WireClient first = server.connect()) {
                subscribe(first, "kept", "c", how);
                publishAcked(publisher, "kept", "1");
                JsonNode event = first.events(1).getFirst();
                assertThat(event.path("delivery").path("subscription").stringValue())
                        .isEqualTo("audit");
                subscribe(second, "kept", "c", how);
                assertThat(first.json().path("msg").stringValue()).isEqualTo("subscription_taken_over");
                assertThat(attempt(second.events(1).getFirst())).isEqualTo(2);
            }
            second.send(settle("ack", "kept", "\"offset\":0,\"request_id\":\"r\""))
                    .until("ack");
            assertThat(server.rest("DELETE", "/subscriptions/audit", "").status())
                    .isEqualTo(200);
            assertThat(second.json().path("msg").stringValue()).isEqualTo("subscription_ended");
            assertThat(server.rest("DELETE", "/subscriptions/audit", "").status())
                    .isEqualTo(404);
        }
    }

    @Test
    void membersOfAGroupShareItsMessagesAndTakeOverWhatALostOneHad() {
        server.topic("shared");
        String how = ",\"ack\":\"manual\",\"group\":\"workers\",\"max_in_flight\":2";
        try (WireClient publisher = server.connect();
                WireClient stays = server.connect()) {
            WireClient leaves = server.connect();
            subscribe(stays, "shared", "c", how);
            subscribe(leaves, "shared", "c", how);
            for (int i = 0; i < 4; i++) {
                publishAcked(publisher, "shared", String.valueOf(i));
            }
            List<Long> heard = new ArrayList<>();
            stays.events(2).forEach(event -> heard.add(offset(event)));
            leaves.events(2);
            leaves.reset();
            stays.send(settle("ack", "shared", "\"offsets\":" + heard));
            stays.events(2).forEach(event -> {
                heard.add(offset(event));
                assertThat(attempt(event)).isEqualTo(2);
            });
            assertThat(heard).containsExactlyInAnyOrder(0L, 1L, 2L, 3L);
        }
        assertThat(server.rest("DELETE", "/subscriptions/workers", "").status()).isEqualTo(200);
    }

    @Test
    void aGroupThatDoesNotAcknowledgeIsDoneWhenItIsSent() {
        server.topic("sent");
        try (WireClient publisher = server.connect();
                WireClient member = server.connect()) {
            subscribe(member, "sent", "c", ",\"group\":\"senders\"");
            for (int i = 0; i < 300; i++) {
                publishAcked(publisher, "sent", String.valueOf(i));
            }
            assertThat(member.events(300)).noneMatch(event -> event.has("delivery"));
            RunningServer.await(() -> figures("sent").path("delivered").asInt(0) == 300, "300 to be done");
        }
        assertThat(server.rest("DELETE", "/subscriptions/senders", "").status()).isEqualTo(200);
    }

    @Test
    void aSubscriptionThatKeepsFailingIsLeftAlone() {
        server.topic("down");
        String breaker = ",\"circuit_breaker\":{\"minimum_calls\":2,\"window\":2,\"wait_ms\":300,\"trial_calls\":1}";
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(
                    worker,
                    "down",
                    "c",
                    ",\"ack\":\"manual\",\"max_in_flight\":1,\"retry\":{\"backoff_ms\":0}" + breaker);
            for (int i = 0; i < 5; i++) {
                publishAcked(publisher, "down", String.valueOf(i));
            }
            assertThat(figures("down").path("circuit").stringValue()).isEqualTo("closed");
            for (int i = 0; i < 2; i++) {
                worker.events(1);
                worker.send(settle("nack", "down", "\"offset\":0"));
            }
            RunningServer.await(() -> figures("down").path("circuit_opened").asInt(0) == 1, "the circuit to open");
            List<Long> heard = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                heard.add(offset(worker.events(1).getFirst()));
                worker.send(settle("ack", "down", "\"offset\":" + heard.getLast()));
            }
            assertThat(heard).containsExactly(0L, 1L, 2L, 3L, 4L);
            RunningServer.await(
                    () -> figures("down").path("circuit").stringValue().equals("closed"), "the circuit to close");
            assertThat(figures("down").path("failed").intValue()).isEqualTo(2);
            String name = figures("down").path("name").stringValue();
            PrometheusText page =
                    PrometheusText.read(server.rest("GET", "/metrics", "").body());
            assertThat(page.value("fanfare_circuit_state", "subscription", name, "topic", "down"))
                    .isZero();
            assertThat(page.value("fanfare_circuit_opened_total", "subscription", name, "topic", "down"))
                    .isOne();
        }
    }

    @Test
    void whereOrderIsWantedNothingOvertakesWhatWaitsToBeRetried() {
        server.topic("ordered");
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(
                    worker,
                    "ordered",
                    "c",
                    ",\"ack\":\"manual\",\"ordered\":true,\"retry\":{\"backoff_ms\":50,\"jitter\":1}");
            for (int i = 0; i < 3; i++) {
                publishAcked(publisher, "ordered", String.valueOf(i));
            }
            List<String> heard = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                JsonNode event = worker.events(1).getFirst();
                heard.add(offset(event) + "/" + attempt(event));
                worker.send(settle(i == 0 ? "nack" : "ack", "ordered", "\"offset\":" + offset(event)));
            }
            assertThat(heard).containsExactly("0/1", "0/2", "1/1", "2/1");
        }
    }

    @Test
    void whatWasNotDoneWithinItsTimeIsADeadLetterWhereThatIsWanted() {
        server.topic("timely");
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(worker, "timely", "c", ",\"ack\":\"manual\",\"expired\":\"dead_letter\",\"max_in_flight\":1");
            publishAcked(publisher, "timely", "1");
            worker.events(1);
            publisher.send(publish("timely", "2,\"ttl_ms\":1")).json();
            RunningServer.await(
                    () -> server.get("/topics/timely/messages")
                                    .json()
                                    .path("messages")
                                    .size()
                            == 1,
                    "it to expire");
            worker.send(settle("ack", "timely", "\"offset\":0"));
            RunningServer.await(
                    () -> server.get("/topics/timely/dead-letters")
                                    .json()
                                    .path("count")
                                    .asInt(0)
                            == 1,
                    "a dead letter");
            JsonNode letter = server.get("/topics/timely/dead-letters")
                    .json()
                    .path("dead_letters")
                    .path(0);
            assertThat(letter.path("reason").stringValue()).isEqualTo("expired");
            assertThat(letter.path("event").path("offset").intValue()).isEqualTo(1);
            worker.send("{\"type\":\"subscribe\",\"topic\":\"timely\",\"client_id\":\"d\",\"ack\":\"manual\","
                    + "\"group\":\"g\",\"ordered\":true,\"request_id\":\"1\"}");
            assertThat(worker.json().path("type").stringValue()).isEqualTo("ack");
            worker.send("{\"type\":\"subscribe\",\"topic\":\"timely\",\"client_id\":\"e\",\"ack\":\"manual\","
                    + "\"group\":\"g\",\"expired\":\"dead_letter\",\"request_id\":\"2\"}");
            assertThat(worker.json().path("error").path("message").stringValue())
                    .contains("order is true, not false", "making dead letters of what has expired is false, not true");
        }
        assertThat(server.rest("DELETE", "/subscriptions/g", "").status()).isEqualTo(200);
    }

    @Test
    void nothingIsLostOrRepeatedWhenConnectionsAreCut() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        server.topic("cut");
        int total = 1_000;
        BitSet done = new BitSet();
        List<String> wrong = new ArrayList<>();
        try (WireClient publisher = server.connect()) {
            for (int i = 0; i < total; i++) {
                publisher.send(publish("cut", "{\"n\":" + i + "}").replace("}}}", "}},\"no_ack\":true}"));
            }
            publisher.send("{\"type\":\"ping\"}").until("pong");
        }
        for (int round = 0; done.cardinality() < total; round++) {
            int from = done.nextClearBit(0);
            BitSet acknowledgedHere = new BitSet();
            WireClient worker = server.connect();
            subscribe(
                    worker,
                    "cut",
                    "c",
                    ",\"ack\":\"manual\",\"max_in_flight\":" + (1 + random.nextInt(300)) + ",\"from\":{\"offset\":"
                            + from + "},\"retry\":{\"max_attempts\":1000,\"backoff_ms\":0}");
            int budget = round > 30 ? total : 1 + random.nextInt(400);
            for (int i = 0; i < budget && acknowledgedHere.cardinality() < total - from; i++) {
                JsonNode event = worker.events(1).getFirst();
                int offset = (int) offset(event);
                if (acknowledgedHere.get(offset)) {
                    wrong.add("round " + round + ": " + offset + " came after its acknowledgement");
                }
                if (random.nextInt(10) == 0) {
                    worker.send(settle("nack", "cut", "\"offset\":" + offset));
                    budget++;
                } else {
                    worker.send(settle("ack", "cut", "\"offset\":" + offset));
                    acknowledgedHere.set(offset);
                    done.set(offset);
                }
            }
            if (random.nextBoolean()) {
                worker.reset();
            } else {
                worker.close();
            }
        }
        assertThat(wrong).as("seed %d", seed).isEmpty();
        assertThat(done.cardinality()).as("seed %d", seed).isEqualTo(total);
        server.awaitSubscribers(0);
        server.checkServes();
    }
}
