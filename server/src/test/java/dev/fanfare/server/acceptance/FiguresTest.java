package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.await;
import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.Message;
import dev.fanfare.RetryPolicy;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// What the server says of its last two minutes, of one topic's, and of who hears it.
class FiguresTest {

    private final VirtualTimers timers = new VirtualTimers();
    private Broker broker;
    private RunningServer server;

    /// How many timers there are while the next look is among them.
    private int waiting;

    @BeforeEach
    void start() {
        broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
        server = RunningServer.with(broker);
        waiting = timers.pending();
    }

    @AfterEach
    void stop() {
        server.close();
        broker.close();
    }

    private JsonNode get(String path) {
        RestAnswer answer = server.get(path);
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.json();
    }

    /// A second goes by, and is looked at.
    private void second(String path) {
        int before = get(path).path("newest").intValue();
        await(() -> timers.pending() >= waiting, "the next look to be due");
        timers.advance(Duration.ofSeconds(1));
        await(() -> get(path).path("newest").intValue() > before, "a sample");
    }

    @Test
    void ratesAreThoseOfEachSecondAndTotalsNeverFall() {
        broker.createTopic("a");
        broker.createTopic("b");
        second("/figures"); // a clock at 0 measures nothing
        try (WireClient client = server.connect()) {
            subscribe(client, "a", "c");
            for (int i = 0; i < 30; i++) {
                broker.publish("a", "x");
                broker.publish("b", "x");
            }
            for (int i = 0; i < 30; i++) {
                client.json();
            }
            second("/figures");
            broker.deleteTopic("b");
            broker.publish("a", "x");
            second("/figures");
        }
        JsonNode figures = get("/figures");

        assertThat(figures.path("published").longValue()).isEqualTo(61);
        for (JsonNode each : figures.path("usage")) {
            assertThat(each.path("max").longValue())
                    .as("%s", each)
                    .isGreaterThan(each.path("used").longValue());
            if (each.path("setting").stringValue().equals("max-connections")) {
                assertThat(each.path("used").longValue())
                        .as("the one that asks")
                        .isPositive();
            }
        }
        assertThat(figures.path("usage").findValuesAsString("setting"))
                .containsExactly(
                        "max-topics", "history-memory", "max-requests", "max-connections", "buffer-memory", "memory");
        assertThat(figures.path("samples").size()).isEqualTo(3);
        JsonNode first = figures.path("samples").get(1);
        assertThat(first.path("published_per_sec").doubleValue()).isEqualTo(60);
        assertThat(first.path("delivered_per_sec").doubleValue()).isEqualTo(30);
        assertThat(first.path("topics").intValue()).isEqualTo(2);
        assertThat(first.path("subscribers").intValue()).isEqualTo(1);
        assertThat(first.path("latency_ms").path("samples").longValue()).isPositive();
        JsonNode second = figures.path("samples").get(2);
        assertThat(second.path("published_per_sec").doubleValue()).isEqualTo(1);
        assertThat(second.path("topics").intValue()).isEqualTo(1);
        assertThat(get("/figures?after=2").path("samples").size()).isEqualTo(1);
        assertThat(get("/figures?after=3").path("samples").size()).isZero();
    }

    @Test
    void twoMinutesAreKept() {
        for (int i = 0; i < 123; i++) {
            second("/figures");
        }
        JsonNode samples = get("/figures").path("samples");

        assertThat(samples.size()).isEqualTo(120);
        assertThat(samples.get(0).path("n").longValue()).isEqualTo(4);
        assertThat(samples.get(119).path("n").longValue()).isEqualTo(123);
    }

    @Test
    void aTopicIsWatchedWhileSomebodyAsks() {
        broker.createTopic("a");
        get("/topics/a/figures");
        broker.publish("a", "x");
        second("/topics/a/figures");
        JsonNode watched = get("/topics/a/figures");
        assertThat(watched.path("samples").get(0).path("published_per_sec").doubleValue())
                .isEqualTo(1);
        assertThat(watched.path("messages").longValue()).isEqualTo(1);

        for (int i = 1; i < 32; i++) {
            broker.createTopic("other" + i);
            get("/topics/other" + i + "/figures");
        }
        broker.createTopic("late");
        RestAnswer refused = server.get("/topics/late/figures");
        assertThat(refused.status()).isEqualTo(507);
        assertThat(refused.body()).contains("32 topics are watched");

        // Asking about the server goes on; about the topics nobody does.
        for (int i = 0; i < 31; i++) {
            second("/figures");
        }
        assertThat(get("/topics/late/figures").path("newest").intValue()).isZero();
        assertThat(get("/topics/a/figures").path("newest").intValue()).isZero();
    }

    @Test
    void whoIsSlowIsNamedWithTheReason() {
        broker.createTopic("a");
        try (WireClient publisher = server.connect();
                WireClient acknowledging = server.connect();
                WireClient slow = WireClient.tcp(server.port(), 8 * 1024).upgrade("/ws")) {
            subscribe(slow, "*", "slow", ",\"queue\":7");
            subscribe(acknowledging, "a", "worker", ",\"group\":\"g\",\"ack\":\"manual\"");
            String big = "\"" + "x".repeat(32 * 1024) + "\"";
            await(
                    () -> {
                        publishAcked(publisher, "a", big);
                        return state("slow").equals("connection_full");
                    },
                    "the slow one to be slow");
            JsonNode slowest = subscriber("slow");
            assertThat(slowest.path("topic").stringValue()).isEqualTo("*");
            assertThat(slowest.path("queue").intValue()).isEqualTo(7);
            assertThat(slowest.path("why").stringValue()).contains("takes no more bytes");
            assertThat(slowest.path("untaken_bytes").longValue()).isPositive();
            // What is lost is known before the subscriber can be told.
            await(
                    () -> {
                        publishAcked(publisher, "a", big);
                        return subscriber("slow").path("dropped").longValue() > 0;
                    },
                    "messages to be lost");
            assertThat(subscriber("slow").path("lag").longValue()).isLessThanOrEqualTo(8);
            assertThat(state("g")).isEqualTo("unacknowledged");
            assertThat(subscriber("g").path("in_flight").longValue()).isPositive();
        }
        await(() -> get("/topics/a/subscribers").path("count").intValue() == 1, "the slow one to be gone");
        assertThat(state("g")).isEqualTo("nobody_attached");
    }

    @Test
    void everyReasonHasAName() {
        broker.createTopic("a");
        CountDownLatch busy = new CountDownLatch(1);
        broker.subscription("a").name("busy").handle(_ -> busy.await());
        RetryPolicy inAnHour = RetryPolicy.fixed(5, Duration.ofHours(1));
        broker.subscription("a").acknowledged().group("failing").retry(inAnHour).handle(FiguresTest::fail);
        broker.subscription("a")
                .acknowledged()
                .group("broken")
                .retry(inAnHour)
                .circuitBreaker(CircuitBreaker.defaults().withWindow(1, 1))
                .handle(FiguresTest::fail);
        broker.subscription("a").acknowledged().group("idle").receive();
        broker.publish("a", "1");
        broker.publish("a", "2");
        Map<String, String> reasons =
                Map.of("busy", "handler_busy", "failing", "retrying", "broken", "circuit_open", "idle", "ready");
        reasons.forEach((name, state) -> await(() -> state(name).equals(state), name + " to be " + state));
        busy.countDown();
        await(() -> state("busy").equals("keeps_up"), "it to keep up");
    }

    private static void fail(Message message) {
        throw new IllegalStateException("it is to fail: " + message.text());
    }

    private String state(String name) {
        return subscriber(name).path("state").asString();
    }

    private JsonNode subscriber(String name) {
        for (JsonNode each : get("/topics/a/subscribers").path("subscribers")) {
            if (each.path("name").stringValue().equals(name)) {
                return each;
            }
        }
        throw new AssertionError("nobody is called " + name);
    }

    @Test
    void topicsAreSearchedAndOrdered() {
        for (String name : new String[] {"Orders.paid", "orders.sent", "news"}) {
            broker.createTopic(name);
        }
        broker.publish("news", "x");
        broker.publish("news", "x");
        broker.publish("orders.sent", "x");

        assertThat(names("/topics?contains=ORD")).isEqualTo("Orders.paid orders.sent ");
        assertThat(names("/topics?contains=ord&limit=1&after=Orders.paid&figures=true"))
                .isEqualTo("orders.sent ");
        assertThat(names("/topics?order=published")).isEqualTo("news orders.sent Orders.paid ");
        assertThat(names("/topics?order=published&limit=1")).isEqualTo("news ");
        JsonNode first = get("/topics?figures=true").path("topics").get(1);
        assertThat(first.path("messages").longValue()).isEqualTo(2);
        assertThat(first.path("queue_max_size").intValue()).isEqualTo(100);
        assertThat(server.get("/topics?order=published&after=a").body()).contains("leave order out");
        assertThat(server.get("/topics?figures=yes").body()).contains("true or false");
        assertThat(server.get("/topics?order=size").body()).contains("queue_depth");
    }

    private String names(String path) {
        StringBuilder names = new StringBuilder();
        get(path)
                .path("topics")
                .forEach(topic -> names.append(topic.path("name").stringValue()).append(' '));
        return names.toString();
    }
}
