package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.Expiry;
import dev.fanfare.Receiver;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// What a topic's `backlog`, `backlog_bytes` and `backlog_overflow` do, over real sockets.
@ExtendWith(NoLeaks.class)
class BacklogTest {

    private static final String ONE = ",\"ack\":\"manual\",\"max_in_flight\":1";

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = RunningServer.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static void topic(String name, String settings) {
        RestAnswer answer = server.rest("POST", "/topics", "{\"name\":\"" + name + "\"," + settings + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    }

    private static int figure(String topic, String figure) {
        for (JsonNode each : server.get("/subscriptions").json().path("subscriptions")) {
            if (each.path("topic").stringValue().equals(topic)) {
                return each.path(figure).intValue();
            }
        }
        throw new AssertionError("no subscription to " + topic);
    }

    private static void awaitLag(String topic, int lag) {
        RunningServer.await(() -> figure(topic, "lag") == lag, "a lag of " + lag);
    }

    private static void acknowledge(WireClient worker, String topic, long offset) {
        worker.send("{\"type\":\"ack\",\"topic\":\"" + topic + "\",\"client_id\":\"c\",\"offset\":" + offset
                + ",\"request_id\":\"a\"}");
    }

    /// Acknowledges what is in hand, and the next, until all are done.
    private static List<Long> workOff(WireClient worker, String topic, JsonNode inHand, int count) {
        List<Long> offsets = new ArrayList<>();
        JsonNode event = inHand;
        for (int left = count; left > 0; left--) {
            offsets.add(event.path("offset").longValue());
            acknowledge(worker, topic, offsets.getLast());
            JsonNode next = worker.json();
            JsonNode other = left == 1 ? next : worker.json();
            event = next.path("type").stringValue().equals("event") ? next : other;
        }
        return offsets;
    }

    private static void assertRefused(WireClient publisher, String topic, String payload, String name) {
        JsonNode refused = publisher.send(publish(topic, payload)).json();
        assertThat(refused.path("error").path("code").stringValue())
                .as("%s", refused)
                .isEqualTo("BACKPRESSURE");
        assertThat(refused.path("error").path("message").stringValue()).contains(name);
        JsonNode overRest = server.rest("POST", "/topics/" + topic + "/messages", "{\"payload\":" + payload + "}")
                .json();
        assertThat(overRest.toString()).contains("BACKPRESSURE");
    }

    @Test
    void atTheBoundPublishesAreRefusedUntilSomethingIsDone() {
        topic("refuse", "\"backlog\":3,\"backlog_overflow\":\"refuse\"");
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(worker, "refuse", "c", ONE + ",\"durable\":\"refusing\"");
            for (int i = 0; i < 3; i++) {
                publishAcked(publisher, "refuse", "1");
            }
            JsonNode first = worker.events(1).getFirst();
            awaitLag("refuse", 3);
            assertRefused(publisher, "refuse", "1", "refusing");

            acknowledge(worker, "refuse", 0);
            awaitLag("refuse", 2);
            assertThat(publishAcked(publisher, "refuse", "1").path("offset").intValue())
                    .isEqualTo(3);
            awaitLag("refuse", 3);
            assertRefused(publisher, "refuse", "1", "refusing");
            assertThat(first.path("offset").intValue()).isZero();
            assertThat(figure("refuse", "dropped")).isZero();
            assertThat(figure("refuse", "dead_lettered")).isZero();
        }
        assertThat(server.rest("DELETE", "/subscriptions/refusing", "").status())
                .isEqualTo(200);
        try (WireClient publisher = server.connect()) {
            // Nobody is full any more.
            publishAcked(publisher, "refuse", "1");
        }
    }

    @Test
    void whereThePolicyIsToBlockAPublishWaitsForTheBlockTimeout() throws Exception {
        try (RunningServer quick = RunningServer.start("block-timeout=50ms", "auto-create-topics=true");
                WireClient publisher = quick.connect();
                WireClient other = quick.connect()) {
            Receiver receiver = quick.server()
                    .broker()
                    .subscription("block")
                    .acknowledged()
                    .durable("blocking")
                    .queue(1)
                    .receive();
            publishAcked(publisher, "block", "1");
            publisher.send(publish("block", "2"));
            publisher.send("{\"type\":\"ping\",\"request_id\":\"p\"}");
            publishAcked(other, "elsewhere", "1");
            JsonNode refused = publisher.json();
            assertThat(refused.path("error").path("code").stringValue())
                    .as("%s", refused)
                    .isEqualTo("BACKPRESSURE");
            assertThat(refused.path("error").path("message").stringValue())
                    .contains("blocking", "blocks publishers (up to 50 ms)");
            assertThat(publisher.json().path("type").stringValue()).isEqualTo("pong");
            Objects.requireNonNull(receiver.receive()).ack();
            RunningServer.await(() -> receiver.figures().lag() == 0, "room");
            publishAcked(publisher, "block", "3");
        }
    }

    @Test
    void soItDoesOverRestAndTheRestOfItsCallBehindIt() throws Exception {
        try (RunningServer patient = RunningServer.start("block-timeout=1m", "auto-create-topics=true")) {
            Receiver receiver = patient.server()
                    .broker()
                    .subscription("block")
                    .acknowledged()
                    .durable("blocking")
                    .queue(1)
                    .receive();
            CompletableFuture<RestAnswer> answer = CompletableFuture.supplyAsync(() -> patient.rest(
                    "POST",
                    "/topics/block/messages",
                    "[{\"payload\":1},{\"payload\":2},{\"payload\":3,\"id\":7},{\"payload\":4}]"));
            for (String payload : List.of("1", "2", "4")) {
                Delivery delivery = Objects.requireNonNull(receiver.receive());
                assertThat(delivery.message().text()).isEqualTo(payload);
                // The last one fits as soon as the one before it is done.
                assertThat(answer.isDone() && !payload.equals("4"))
                        .as("answered while %s is not done", payload)
                        .isFalse();
                delivery.ack();
            }
            JsonNode results = answer.get().json().path("results");
            assertThat(results.get(0).path("offset").intValue()).isZero();
            assertThat(results.get(1).path("offset").intValue()).isEqualTo(1);
            assertThat(results.get(2).path("error").path("code").stringValue()).isEqualTo("BAD_REQUEST");
            assertThat(results.get(3).path("offset").intValue()).isEqualTo(2);
        }
    }

    @Test
    void noCallOverRestWaitsLongerThanTheBlockTimeoutAllInAll() {
        try (RunningServer quick = RunningServer.start("block-timeout=200ms", "auto-create-topics=true")) {
            quick.server()
                    .broker()
                    .subscription("block")
                    .acknowledged()
                    .durable("blocking")
                    .queue(1)
                    .receive();
            RestAnswer answer = quick.rest(
                    "POST", "/topics/block/messages", "[" + "{\"payload\":1},".repeat(199) + "{\"payload\":1}]");
            assertThat(answer.json().path("results").get(0).path("offset").intValue())
                    .isZero();
            for (int i = 1; i < 200; i++) {
                assertThat(answer.json().path("results").get(i).toString())
                        .contains("BACKPRESSURE", "blocks publishers (up to 200 ms)");
            }
        }
    }

    @Test
    void anAbandonedNameEndsAfterItsExpiry() {
        VirtualTimers timers = new VirtualTimers();
        BrokerConfig config = BrokerConfig.defaults()
                .withTimers(timers)
                .withExpiry(new Expiry(Duration.ofSeconds(1), Duration.ofDays(7)));
        try (Broker broker = Broker.open(config);
                RunningServer quick = RunningServer.with(broker)) {
            broker.createTopic("short");
            try (WireClient worker = quick.connect()) {
                subscribe(worker, "short", "c", ONE + ",\"durable\":\"lived\"");
                assertThat(quick.get("/subscriptions").body()).contains("lived");
            }
            RunningServer.await(
                    () -> {
                        timers.advance(Duration.ofMillis(500));
                        return !quick.get("/subscriptions").body().contains("lived");
                    },
                    "the durable name to expire");
        }
    }

    @Test
    void orTheOldestThatNobodyHasBecomesADeadLetter() {
        topic("aside", "\"backlog\":3,\"backlog_overflow\":\"dead_letter\",\"dead_letter\":\"aside.dead\"");
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(worker, "aside", "c", ONE + ",\"group\":\"moving\"");
            publishAcked(publisher, "aside", "0");
            JsonNode inHand = worker.events(1).getFirst();
            for (int i = 1; i < 7; i++) {
                publishAcked(publisher, "aside", String.valueOf(i));
            }
            RunningServer.await(() -> figure("aside", "dead_lettered") == 4, "four dead letters");
            awaitLag("aside", 3);
            List<String> letters = new ArrayList<>();
            for (JsonNode letter :
                    server.get("/topics/aside/dead-letters").json().path("dead_letters")) {
                letters.add(letter.path("event").path("offset").intValue() + " "
                        + letter.path("reason").stringValue() + " "
                        + letter.path("subscription").stringValue());
            }
            assertThat(letters)
                    .containsExactly(
                            "1 overflow moving", "2 overflow moving", "3 overflow moving", "4 overflow moving");
            assertThat(workOff(worker, "aside", inHand, 3)).containsExactly(0L, 5L, 6L);

            // They can come back when there is room.
            assertThat(server.rest("POST", "/topics/aside/dead-letters/redrive", "{\"offsets\":[0]}")
                            .json()
                            .path("redriven")
                            .intValue())
                    .isEqualTo(1);
            assertThat(worker.events(1).getFirst().path("offset").intValue()).isEqualTo(1);
        }
        assertThat(server.rest("DELETE", "/subscriptions/moving", "").status()).isEqualTo(200);
    }

    @Test
    void bytesAreBoundedToo() {
        topic("bytes", "\"backlog_bytes\":50000,\"backlog_overflow\":\"refuse\"");
        String large = "\"" + "x".repeat(20_000) + "\"";
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(worker, "bytes", "c", ONE + ",\"durable\":\"weighing\"");
            for (int i = 1; i <= 3; i++) {
                publishAcked(publisher, "bytes", large);
                awaitLag("bytes", i);
            }
            JsonNode inHand = worker.events(1).getFirst();
            RunningServer.await(
                    () -> publisher
                            .send(publish("bytes", large))
                            .json()
                            .path("error")
                            .path("code")
                            .stringValue("")
                            .equals("BACKPRESSURE"),
                    "a publish to be refused");
            assertRefused(publisher, "bytes", "1", "weighing");
            int lag = figure("bytes", "lag");
            assertThat(lag).isBetween(3, 4);
            workOff(worker, "bytes", inHand, lag);
            awaitLag("bytes", 0);
            publishAcked(publisher, "bytes", large);
        }
        assertThat(server.rest("DELETE", "/subscriptions/weighing", "").status())
                .isEqualTo(200);
    }

    @Test
    void aSubscriptionOfAConnectionIsEndedAtTheTopicsBoundAndPublishersGoOn() {
        topic("own", "\"backlog\":3,\"backlog_overflow\":\"dead_letter\"");
        try (WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(worker, "own", "c", ONE);
            for (int i = 0; i < 10; i++) {
                publishAcked(publisher, "own", "1");
            }
            JsonNode told = worker.until("error").getLast();
            assertThat(told.path("error").path("code").stringValue()).isEqualTo("SLOW_CONSUMER");
            assertThat(told.path("topic").stringValue()).isEqualTo("own");
            assertThat(told.path("error").path("message").stringValue())
                    .contains("backlog")
                    .doesNotContain("100000");
            assertThat(worker.send("{\"type\":\"ping\"}").until("pong")).hasSize(1);
            assertThat(server.get("/topics/own/dead-letters")
                            .json()
                            .path("count")
                            .intValue())
                    .isZero();
        }
    }

    @Test
    void theSettingsAreShown() {
        topic("shown", "\"backlog\":7,\"backlog_bytes\":1234,\"backlog_overflow\":\"dead_letter\"");
        JsonNode shown = server.get("/topics/shown").json();
        assertThat(shown.toString())
                .contains("\"backlog\":7", "\"backlog_bytes\":1234", "\"backlog_overflow\":\"dead_letter\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"backlog\":0",
                "\"backlog\":-1",
                "\"backlog\":1.5",
                "\"backlog\":NaN",
                "\"backlog\":\"5\"",
                "\"backlog\":10000001",
                "\"backlog\":1e400",
                "\"backlog\":9223372036854775808",
                "\"backlog_bytes\":0",
                "\"backlog_bytes\":-1",
                "\"backlog_bytes\":[]",
                "\"backlog_bytes\":9223372036854775808",
                "\"backlog_overflow\":\"drop\"",
                "\"backlog_overflow\":5",
                "\"backlog_overflow\":\"\"",
                "\"dead_letter\":\"a*\"",
                "\"dead_letter\":7"
            })
    void whatCantBeMeantIsRefused(String setting) {
        RestAnswer answer = server.rest("POST", "/topics", "{\"name\":\"wrong\"," + setting + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(server.get("/topics/wrong").status()).isEqualTo(404);
    }
}
