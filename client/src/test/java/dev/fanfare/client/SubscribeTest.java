package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.client.ScriptedServer.Peer;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Subscribing and resuming, against a server that does what a test says.
class SubscribeTest {

    private static final String FLAT_GREETING =
            "{\"type\":\"info\",\"message\":\"Connected with client_id: 550e8400-e29b-41d4-a716-446655440000\"}";
    private static final Duration MOMENT = Duration.ofSeconds(2);

    private final ScriptedServer server = new ScriptedServer();
    private final ClientOptions options = ClientOptions.defaults()
            .withDelays(Duration.ofMillis(1), Duration.ofMillis(20))
            .withSilence(Duration.ofSeconds(3));
    private final FanfareClient client = FanfareClient.open(server.url(), options);
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();
    private final SubscriptionListener listener = new SubscriptionListener() {
        @Override
        public void onEvent(Event event) {
            events.add(event);
            if (event.text().equals("throw")) {
                throw new IllegalStateException("as the test asked for");
            }
            if (event.text().equals("error")) {
                throw new AssertionError("as the test asked for");
            }
        }

        @Override
        public void onNotice(Notice notice) {
            notices.add(notice);
            if (notice instanceof Notice.MessagesDropped) {
                throw new AssertionError("as the test asked for");
            }
        }
    };

    @AfterEach
    void close() throws Exception {
        server.close();
        client.close();
    }

    @Test
    void asksForWhatItWasTold() throws Exception {
        assertThat(requestFor("a", Start.latest())).matches(request("a", ""));
        assertThat(requestFor("a", Start.earliest())).matches(request("a", ",\"from\":\"earliest\""));
        assertThat(requestFor("a", Start.last(5))).matches(request("a", ",\"last_n\":5"));
        assertThat(requestFor("a.*", Start.at(Instant.parse("2026-01-01T00:00:00Z"))))
                .matches(request("a\\.\\*", ",\"from\":\\{\"time\":\"2026-01-01T00:00:00Z\"\\}"));
        assertThat(requestFor("a", Start.after(new Position("e", 3))))
                .matches(request("a", ",\"since\":\\{\"epoch\":\"e\",\"offset\":3\\}"));
    }

    @Test
    void hearsEventsWithTheirPayloadsAsWritten() throws Exception {
        Peer peer = subscribed("a", Start.latest(), 0);
        peer.send(event("a", 0, "\"caf\\u00e9\\n\""));
        peer.send(event("a", 1, "{\"n\" : 1.0e400, \"s\":\"}\"}"));
        peer.send(event("a", 2, "-0.10"));
        peer.send(event("a", 3, "null"));
        peer.sendInFragments(event("a", 4, "[1,2]"));
        Event first = next();
        assertThat(first.text()).isEqualTo("café\n");
        assertThat(first.position()).isEqualTo(new Position("e", 0));
        assertThat(first.timestamp()).isEqualTo(Instant.parse("2026-01-01T00:00:01Z"));
        assertThat(first.json()).isEqualTo(event("a", 0, "\"caf\\u00e9\\n\""));
        assertThat(next().payload()).isEqualTo("{\"n\" : 1.0e400, \"s\":\"}\"}");
        assertThat(next().text()).isEqualTo("-0.10");
        assertThat(next().text()).isEqualTo("null");
        assertThat(next().text()).isEqualTo("[1,2]");
    }

    @Test
    void hearsTypeKeyHeadersAndBytes() throws Exception {
        Peer peer = subscribed("a", Start.latest(), 0);
        peer.send("{\"type\":\"event\",\"topic\":\"a\",\"message\":{\"id\":\"i\",\"payload\":\"AAH/\",\"type\":\"t\","
                + "\"key\":\"k\",\"headers\":{\"h\":\"v\"},\"encoding\":\"base64\"},"
                + "\"ts\":\"2026-01-01T00:00:01.000Z\",\"epoch\":\"e\",\"offset\":0}");
        Event event = next();
        assertThat(event.type()).isEqualTo("t");
        assertThat(event.key()).isEqualTo("k");
        assertThat(event.headers()).containsExactly(java.util.Map.entry("h", "v"));
        assertThat(event.bytes()).containsExactly(0, 1, 255);
    }

    @Test
    void resumesAfterTheLastMessageItHeard() throws Exception {
        Peer peer = subscribed("a", Start.latest(), 5);
        peer.send(event("a", 5, "1"));
        next();
        peer.drop();
        Peer again = server.nextPeer();
        assertThat(again.take()).matches(request("a", ",\"since\":\\{\"epoch\":\"e\",\"offset\":5\\}"));
        again.send(ack(2, "e", 6, ",\"recovered\":true"));
        again.send(event("a", 6, "2"));
        assertThat(next().position().offset()).isEqualTo(6);
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isEqualTo(new Notice.Resumed(true, 0));
    }

    @Test
    void resumesAtTheBeginningWhenItHadHeardNothing() throws Exception {
        subscribed("a", Start.latest(), 0).drop();
        assertThat(server.nextPeer().take()).contains("\"since\":{\"epoch\":\"e\",\"offset\":-1}");
    }

    @Test
    void saysHowManyMessagesWereMissed() throws Exception {
        subscribed("a", Start.latest(), 5).drop();
        Peer again = server.nextPeer();
        again.send(ack(2, "e", 15, ",\"recovered\":false"));
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isInstanceOf(Notice.ConnectionLost.class);
        Notice resumed = notices.poll(10, TimeUnit.SECONDS);
        assertThat(resumed).isEqualTo(new Notice.Resumed(false, 10));
        assertThat(resumed)
                .hasToString(
                        "resumed, but up to 10 messages were missed: the gap was larger than the history that is kept");
    }

    @Test
    void saysThatTheTopicWasMadeAnewInAnotherEpoch() throws Exception {
        subscribed("a", Start.latest(), 5).drop();
        Peer again = server.nextPeer();
        again.send(ack(2, "f", 0, ",\"recovered\":false"));
        again.send(event("a", 0, "1").replace("\"epoch\":\"e\"", "\"epoch\":\"f\""));
        next();
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isInstanceOf(Notice.ConnectionLost.class);
        Notice anew = notices.poll(10, TimeUnit.SECONDS);
        assertThat(anew).isEqualTo(new Notice.MadeAnew("a"));
        assertThat(anew).asString().contains("topic a was made anew").doesNotContain("history");
    }

    @Test
    void doesNotKnowHowManyMessagesOfAPatternWereMissed() throws Exception {
        subscribed("*", Start.latest(), -1).drop();
        server.nextPeer().send(ack(2, "", -1, ",\"recovered\":false"));
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isEqualTo(new Notice.Resumed(false, -1));
    }

    @Test
    void resumesAPatternByTimeAndTopics() throws Exception {
        Peer peer = subscribed("*", Start.latest(), -1);
        peer.send(event("a", 3, "1"));
        peer.send(event("b", 9, "2"));
        peer.send(event("a", 4, "3"));
        next();
        next();
        next();
        peer.drop();
        Peer again = server.nextPeer();
        assertThat(again.take())
                .contains("\"since\":{\"time\":\"2026-01-01T00:00:00.000Z\",\"topics\":{"
                        + "\"a\":{\"epoch\":\"e\",\"offset\":4},\"b\":{\"epoch\":\"e\",\"offset\":9}}}");
    }

    @Test
    void aPatternThatBeganInThePastResumesUnheardTopicsFromThere() throws Exception {
        subscribed("*", Start.earliest(), -1).drop();
        assertThat(server.nextPeer().take()).contains("\"since\":{\"time\":\"1970-01-01T00:00:00Z\",\"topics\":{}}");
    }

    @Test
    void passesOverWhatAPatternHearsAgain() throws Exception {
        Peer peer = subscribed("*", Start.latest(), -1);
        peer.send(event("a", 3, "1"));
        peer.drop();
        Peer again = server.nextPeer();
        again.send(ack(2, "", -1, ",\"recovered\":true"));
        again.send(event("a", 3, "1"));
        again.send(event("a", 4, "2"));
        assertThat(next().position().offset()).isEqualTo(3);
        assertThat(next().position().offset()).isEqualTo(4);
    }

    @Test
    void namesOnlyAsManyTopicsAsFitIntoAMessage() throws Exception {
        Peer peer = subscribed("**", Start.latest(), -1);
        for (int i = 0; i < 2_000; i++) {
            peer.send(event("topic-" + i, 0, "1"));
        }
        for (int i = 0; i < 2_000; i++) {
            next();
        }
        peer.drop();
        String resume = server.nextPeer().take();
        assertThat(resume.length()).isBetween(10_000, 60_000);
        assertThat(resume).contains("topic-1999").doesNotContain("topic-0\"");
    }

    @Test
    void tellsWhatTheServerDropped() throws Exception {
        Peer peer = subscribed("a", Start.latest(), 0);
        peer.send(dropped(17));
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isEqualTo(new Notice.MessagesDropped("a", 17));
    }

    @Test
    void saysWhyASlowConsumerWasCutOff() throws Exception {
        Peer peer = subscribed("a", Start.latest(), 0);
        peer.send("{\"type\":\"error\",\"error\":{\"code\":\"SLOW_CONSUMER\",\"message\":\"too slow\"}}");
        peer.close(1008, "slow consumer");
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isEqualTo(new Notice.ConnectionLost("SLOW_CONSUMER: too slow"));
        server.nextPeer().take();
    }

    @Test
    void endsWhenItsTopicIsDeleted() throws Exception {
        Peer peer = subscribed("a", Start.latest(), 0);
        peer.take();
        peer.send("{\"type\":\"info\",\"topic\":\"a\",\"msg\":\"topic_deleted\",\"ts\":\"2026-01-01T00:00:00.000Z\"}");
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isEqualTo(new Notice.TopicDeleted("a"));
        assertThat(peer.take()).isEqualTo("CLOSE");
    }

    @Test
    void waitsForATopicThatIsGoneAfterAReconnect() throws Exception {
        subscribed("a", Start.latest(), 0).drop();
        Peer forgetful = server.nextPeer();
        forgetful.take();
        forgetful.send(notFound(2));
        Peer second = server.nextPeer();
        second.take();
        second.send(notFound(3));
        Peer third = server.nextPeer();
        third.take();
        third.send(ack(4, "f", 0, ",\"recovered\":false"));
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isEqualTo(new Notice.TopicMissing("a"));
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isEqualTo(new Notice.MadeAnew("a"));
    }

    @Test
    void aRefusedSubscriptionThrows() throws Exception {
        CompletableFuture<Subscription> subscribing = subscribing("a", Start.latest());
        server.nextPeer().send(notFound(1));
        assertThatThrownBy(subscribing::join)
                .cause()
                .isInstanceOf(ClientException.class)
                .extracting("code")
                .isEqualTo("TOPIC_NOT_FOUND");
    }

    @Test
    void aListenerThatThrowsHearsTheNextMessage() throws Exception {
        Peer peer = subscribed("a", Start.latest(), 0);
        peer.send(event("a", 0, "\"throw\""));
        peer.send(event("a", 1, "\"go on\""));
        assertThat(next().text()).isEqualTo("throw");
        assertThat(next().text()).isEqualTo("go on");
    }

    @Test
    void aListenerWithAnErrorHearsTheNextMessageAndIsKeptConnected() throws Exception {
        Peer peer = subscribed("a", Start.latest(), 0);
        peer.send(event("a", 0, "\"error\""));
        peer.send(dropped(17));
        peer.send(event("a", 1, "\"go on\""));
        assertThat(next().text()).isEqualTo("error");
        assertThat(next().text()).isEqualTo("go on");
        peer.drop();
        assertThat(server.nextPeer().take()).contains("\"offset\":1");
    }

    @Test
    void aSilentConnectionIsReplaced() throws Exception {
        server.ignorePings();
        try (FanfareClient impatient = FanfareClient.open(server.url(), options.withSilence(Duration.ofMillis(200)))) {
            CompletableFuture<Subscription> subscribing =
                    CompletableFuture.supplyAsync(() -> impatient.subscribe("a", Start.latest(), listener));
            server.nextPeer().send(ack(1, "e", 0, ""));
            subscribing.get(10, TimeUnit.SECONDS);
            assertThat(server.nextPeer().take()).contains("\"since\"");
            Notice lost = notices.poll(10, TimeUnit.SECONDS);
            assertThat(lost).asString().contains("nothing heard");
        }
    }

    @Test
    void aPortOfTheFlatDialectIsRecognised() throws Exception {
        CompletableFuture<Subscription> subscribing = subscribing("a", Start.latest());
        Peer peer = server.nextPeer();
        peer.send(FLAT_GREETING);
        peer.send("{\"type\":\"ack\",\"request_type\":\"subscribe\",\"topic\":\"a\",\"message\":\"Subscribed\"}");
        assertThatThrownBy(subscribing::join)
                .cause()
                .isInstanceOf(ClientException.class)
                .hasMessageContainingAll(server.url(), "flat dialect", "standard dialect");
    }

    @Test
    void endsWhenAfterAReconnectThePortIsOneOfTheFlatDialect() throws Exception {
        subscribed("a", Start.latest(), 0).drop();
        Peer again = server.nextPeer();
        again.send(FLAT_GREETING);
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notices.poll(10, TimeUnit.SECONDS))
                .isInstanceOf(Notice.Ended.class)
                .asString()
                .contains("flat dialect");
    }

    @Test
    void aServerThatTalksButDoesNotAnswerIsGivenUp() throws Exception {
        try (FanfareClient impatient = FanfareClient.open(server.url(), options.withConnectTimeout(MOMENT))) {
            CompletableFuture<Subscription> subscribing =
                    CompletableFuture.supplyAsync(() -> impatient.subscribe("a", Start.latest(), listener));
            // The answer to something else is none.
            server.nextPeer().send(ack(7, "e", 0, ""));
            assertThatThrownBy(subscribing::join)
                    .cause()
                    .isInstanceOf(ClientException.class)
                    .hasMessageContaining("did not answer the subscription to a within");
        }
    }

    @Test
    void aServerThatDoesNotAnswerTheResumingIsAskedAgain() throws Exception {
        try (FanfareClient impatient = FanfareClient.open(server.url(), options.withConnectTimeout(MOMENT))) {
            CompletableFuture<Subscription> subscribing =
                    CompletableFuture.supplyAsync(() -> impatient.subscribe("a", Start.latest(), listener));
            Peer peer = server.nextPeer();
            peer.send(ack(1, "e", 0, ""));
            subscribing.get(10, TimeUnit.SECONDS);
            peer.drop();
            server.nextPeer().take();
            assertThat(server.nextPeer().take()).contains("\"since\"");
            assertThat(notices.poll(10, TimeUnit.SECONDS)).isInstanceOf(Notice.ConnectionLost.class);
            assertThat(notices.poll(10, TimeUnit.SECONDS)).asString().contains("no answer to the subscription to a");
        }
    }

    @Test
    void closingSaysGoodbye() throws Exception {
        CompletableFuture<Subscription> subscribing = subscribing("a", Start.latest());
        Peer peer = server.nextPeer();
        peer.take();
        peer.send(ack(1, "e", 0, ""));
        subscribing.get(10, TimeUnit.SECONDS).close();
        assertThat(peer.take()).isEqualTo("CLOSE");
    }

    private String requestFor(String pattern, Start start) throws Exception {
        CompletableFuture<Subscription> subscribing = subscribing(pattern, start);
        Peer peer = server.nextPeer();
        String request = peer.take();
        peer.send(ack(1, "e", 0, ""));
        subscribing.get(10, TimeUnit.SECONDS).close();
        return request;
    }

    private Peer subscribed(String pattern, Start start, long offset) throws Exception {
        CompletableFuture<Subscription> subscribing = subscribing(pattern, start);
        Peer peer = server.nextPeer();
        peer.send(ack(1, "e", offset, ""));
        subscribing.get(10, TimeUnit.SECONDS);
        return peer;
    }

    private CompletableFuture<Subscription> subscribing(String pattern, Start start) {
        return CompletableFuture.supplyAsync(() -> client.subscribe(pattern, start, listener));
    }

    private Event next() throws InterruptedException {
        Event event = events.poll(10, TimeUnit.SECONDS);
        assertThat(event).as("an event within 10 s").isNotNull();
        return event;
    }

    private static String request(String pattern, String more) {
        return "\\{\"type\":\"subscribe\",\"request_id\":\"\\d+\",\"topic\":\"" + pattern
                + "\",\"client_id\":\"[-0-9a-f]{36}\"" + more + "\\}";
    }

    private static String ack(int request, String epoch, long offset, String more) {
        String place = offset < 0 ? "" : ",\"epoch\":\"" + epoch + "\",\"offset\":" + offset;
        return "{\"type\":\"ack\",\"request_id\":\"" + request + "\",\"topic\":\"a\",\"status\":\"ok\","
                + "\"ts\":\"2026-01-01T00:00:00.000Z\"" + place + more + "}";
    }

    private static String event(String topic, long offset, String payload) {
        return "{\"type\":\"event\",\"topic\":\"" + topic + "\",\"message\":{\"id\":\"i\",\"payload\":" + payload
                + "},\"ts\":\"2026-01-01T00:00:01.000Z\",\"epoch\":\"e\",\"offset\":" + offset + "}";
    }

    private static String dropped(int count) {
        return "{\"type\":\"info\",\"topic\":\"a\",\"client_id\":\"c\",\"msg\":\"messages_dropped\",\"dropped\":"
                + count + ",\"ts\":\"2026-01-01T00:00:00.000Z\"}";
    }

    private static String notFound(int request) {
        return "{\"type\":\"error\",\"request_id\":\"" + request
                + "\",\"error\":{\"code\":\"TOPIC_NOT_FOUND\",\"message\":\"no topic a\"}}";
    }
}
