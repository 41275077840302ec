package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.client.ScriptedServer.Peer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Publishing, against a server that does what a test says.
class PublishTest {

    private final ScriptedServer server = new ScriptedServer();
    private final BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();
    private final ClientOptions options = ClientOptions.defaults()
            .withDelays(Duration.ofMillis(1), Duration.ofMillis(20))
            .withNotices(notices::add);
    private final FanfareClient client = FanfareClient.open(server.url(), options);

    @AfterEach
    void close() throws Exception {
        server.close();
        client.close();
    }

    @Test
    void saysWhereTheMessageIs() throws Exception {
        CompletableFuture<Published> answer =
                client.publish("a", Outgoing.text("x").withId("id-1"));
        Peer peer = server.nextPeer();
        assertThat(peer.take())
                .isEqualTo("{\"type\":\"publish\",\"request_id\":\"1\",\"topic\":\"a\","
                        + "\"message\":{\"id\":\"id-1\",\"payload\":\"x\"}}");
        acknowledge(peer, 1, 7);
        assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo(new Published("id-1", new Position("e", 7)));
    }

    @Test
    void carriesTypeKeyHeadersAndJsonAsWritten() throws Exception {
        var _ = client.publish(
                "a",
                Outgoing.json("{\"n\":1.0e400}")
                        .withId("i")
                        .withType("t")
                        .withKey("k")
                        .withHeaders(Map.of("h", "\"v\"")));
        assertThat(server.nextPeer().take())
                .endsWith("\"message\":{\"id\":\"i\",\"type\":\"t\",\"key\":\"k\",\"headers\":{\"h\":\"\\\"v\\\"\"},"
                        + "\"payload\":{\"n\":1.0e400}}}");
    }

    @Test
    void sendsUnansweredMessagesAgainInTheirOrder() throws Exception {
        CompletableFuture<Published> first = client.publish("a", "1");
        CompletableFuture<Published> second = client.publish("a", "2");
        CompletableFuture<Published> third = client.publish("a", "3");
        Peer peer = server.nextPeer();
        peer.take();
        String sentSecond = peer.take();
        String sentThird = peer.take();
        acknowledge(peer, 1, 0);
        assertThat(first.get(10, TimeUnit.SECONDS).position().offset()).isZero();
        peer.drop();

        Peer next = server.nextPeer();
        assertThat(next.take()).isEqualTo(sentSecond);
        assertThat(next.take()).isEqualTo(sentThird);
        acknowledge(next, 2, 1);
        acknowledge(next, 3, 2);
        assertThat(second.get(10, TimeUnit.SECONDS).position().offset()).isEqualTo(1);
        assertThat(third.get(10, TimeUnit.SECONDS).position().offset()).isEqualTo(2);
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isEqualTo(new Notice.Reconnected(2));
    }

    @Test
    void whatIsPublishedWhileDisconnectedGoesToTheNextConnection() throws Exception {
        var _ = client.publish("a", "1");
        Peer peer = server.nextPeer();
        peer.take();
        acknowledge(peer, 1, 0);
        peer.close(1001, "going away");
        assertThat(notices.poll(10, TimeUnit.SECONDS)).isEqualTo(new Notice.ConnectionLost("going away, code 1001"));
        CompletableFuture<Published> second = client.publish("a", "2");
        Peer next = server.nextPeer();
        assertThat(next.take()).contains("\"payload\":\"2\"");
        acknowledge(next, 2, 1);
        assertThat(second.get(10, TimeUnit.SECONDS).position().offset()).isEqualTo(1);
    }

    private static String refusal(int request, String code) {
        return "{\"type\":\"error\",\"request_id\":\"" + request + "\",\"error\":{\"code\":\"" + code
                + "\",\"message\":\"not now\",\"retry_after_ms\":2}}";
    }

    @Test
    void whatIsRefusedForNowIsSentAgainWithTheSameId() throws Exception {
        try (FanfareClient retrying = FanfareClient.open(
                server.url(),
                options.withWindow(1).withRetry(new PublishRetry(3, Duration.ofMillis(1), Duration.ofMillis(2))))) {
            CompletableFuture<Published> answer =
                    retrying.publish("a", Outgoing.text("x").withId("id-1"));
            Peer peer = server.nextPeer();
            peer.take();
            peer.send(refusal(1, "RATE_LIMITED"));
            assertThat(peer.take()).contains("\"request_id\":\"2\"", "\"id\":\"id-1\"");
            peer.send(refusal(2, "BACKPRESSURE"));
            assertThat(peer.take()).contains("\"request_id\":\"3\"", "\"id\":\"id-1\"");
            acknowledge(peer, 3, 7);
            assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo(new Published("id-1", new Position("e", 7)));

            CompletableFuture<Published> second = retrying.publish("a", "y");
            for (int request = 4; request <= 6; request++) {
                peer.take();
                peer.send(refusal(request, "BACKPRESSURE"));
            }
            assertThatThrownBy(() -> second.get(10, TimeUnit.SECONDS)).hasMessageContaining("not now");

            // The place in the window is free again; what no attempt can change is not tried again.
            CompletableFuture<Published> third = retrying.publish("a", "z");
            peer.take();
            peer.send(refusal(7, "TOPIC_NOT_FOUND"));
            assertThatThrownBy(() -> third.get(10, TimeUnit.SECONDS)).hasMessageContaining("not now");
        }
    }

    @Test
    void closingFailsWhatWaitsToBeSentAgain() throws Exception {
        CompletableFuture<Published> answer;
        try (FanfareClient retrying = FanfareClient.open(
                server.url(), options.withRetry(new PublishRetry(3, Duration.ofDays(1), Duration.ofDays(1))))) {
            answer = retrying.publish("a", "x");
            CompletableFuture<Published> marker = retrying.publish("a", "y");
            Peer peer = server.nextPeer();
            peer.take();
            peer.take();
            peer.send(refusal(1, "BACKPRESSURE"));
            acknowledge(peer, 2, 0);
            marker.get(10, TimeUnit.SECONDS);
            assertThat(answer).isNotDone();
        }
        assertThatThrownBy(answer::join).cause().extracting("code").isEqualTo(ClientException.CLOSED);
    }

    @Test
    void theBoundsOfARetryAreChecked() {
        assertThatThrownBy(() -> PublishRetry.attempts(0)).hasMessageContaining("1000");
        assertThatThrownBy(() -> PublishRetry.attempts(1_001)).hasMessageContaining("1000");
        assertThatThrownBy(() -> new PublishRetry(2, Duration.ZERO, Duration.ZERO))
                .hasMessageContaining("delays");
        assertThatThrownBy(() -> new PublishRetry(2, Duration.ofMillis(2), Duration.ofMillis(1)))
                .hasMessageContaining("delays");
    }

    @Test
    void aRefusalCarriesTheServersCode() throws Exception {
        CompletableFuture<Published> answer = client.publish("a", "x");
        server.nextPeer()
                .send("{\"type\":\"error\",\"request_id\":\"1\","
                        + "\"error\":{\"code\":\"TOPIC_NOT_FOUND\",\"message\":\"no topic a\"}}");
        assertThatThrownBy(answer::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOf(ClientException.class)
                .hasMessage("no topic a")
                .extracting("code")
                .isEqualTo("TOPIC_NOT_FOUND");
    }

    @Test
    void aRefusalWithoutIdIsTheOldestMessages() throws Exception {
        CompletableFuture<Published> first = client.publish("a", "1");
        CompletableFuture<Published> second = client.publish("a", "2");
        Peer peer = server.nextPeer();
        peer.send("{\"type\":\"error\",\"error\":{\"code\":\"TOO_LARGE\",\"message\":\"too large\"}}");
        acknowledge(peer, 2, 0);
        assertThat(second.get(10, TimeUnit.SECONDS).position().offset()).isZero();
        assertThat(first).isCompletedExceptionally();
    }

    @Test
    void aMessageThatBreaksTheConnectionIsNotSentAgain() throws Exception {
        CompletableFuture<Published> first = client.publish("a", "small");
        CompletableFuture<Published> second = client.publish("a", "huge, larger than the one before it");
        Peer peer = server.nextPeer();
        peer.take();
        peer.take();
        peer.close(1009, "too big");
        Peer next = server.nextPeer();
        assertThat(next.take()).contains("small");
        acknowledge(next, 1, 0);
        assertThat(first.get(10, TimeUnit.SECONDS).position().offset()).isZero();
        assertThat(second).isCompletedExceptionally();
    }

    @Test
    void halfAPairOfSurrogatesIsRefusedAndTakesNoRoomInTheWindow() throws Exception {
        try (FanfareClient narrow = FanfareClient.open(server.url(), options.withWindow(1))) {
            for (String half : List.of("\ud83d", "\ud83dx", "\ude00\ud83d")) {
                assertThatThrownBy(() -> narrow.publish("a", Outgoing.json("1").withKey(half)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("half a pair of surrogates");
            }
            CompletableFuture<Published> answer = narrow.publish("a", Outgoing.text("\ud83d\ude00"));
            Peer peer = server.nextPeer();
            assertThat(peer.take()).contains("\ud83d\ude00");
            acknowledge(peer, 4, 0);
            assertThat(answer.get(10, TimeUnit.SECONDS).position().offset()).isZero();
        }
    }

    @Test
    void whatFollowsAnAnswerMayWaitForTheNextOne() throws Exception {
        CompletableFuture<Published> second = new CompletableFuture<>();
        CompletableFuture<Published> both = client.publish("a", "1").thenApply(first -> second.join());
        CompletableFuture<Published> refused = client.publish("a", "2").exceptionally(refusal -> second.join());
        client.publish("a", "3").thenAccept(second::complete);
        Peer peer = server.nextPeer();
        acknowledge(peer, 1, 0);
        peer.send(refusal(2, "TOPIC_NOT_FOUND"));
        acknowledge(peer, 3, 7);
        assertThat(both.get(10, TimeUnit.SECONDS).position().offset()).isEqualTo(7);
        assertThat(refused.get(10, TimeUnit.SECONDS).position().offset()).isEqualTo(7);
    }

    @Test
    void aMessageThatBreaksOneConnectionAfterTheOtherIsFoundAndFails() throws Exception {
        CompletableFuture<Published> before = client.publish("a", "1");
        CompletableFuture<Published> breaking = client.publish("a", "2");
        CompletableFuture<Published> behind = client.publish("a", "3");
        for (int i = 0; i < 3; i++) {
            Peer peer = server.nextPeer();
            for (int id = 1; id <= 3; id++) {
                assertThat(peer.take()).contains("\"request_id\":\"" + id + "\"");
            }
            peer.drop();
        }
        // From now on one at a time.
        Peer peer = server.nextPeer();
        assertThat(peer.take()).contains("\"request_id\":\"1\"");
        acknowledge(peer, 1, 0);
        assertThat(before.get(10, TimeUnit.SECONDS).position().offset()).isZero();
        CompletableFuture<Published> later = client.publish("a", "4");
        for (int i = 0; i < 7; i++) {
            assertThat(peer.take()).contains("\"request_id\":\"2\"");
            assertThat(breaking).isNotDone();
            peer.drop();
            peer = server.nextPeer();
        }
        assertThatThrownBy(() -> breaking.get(10, TimeUnit.SECONDS))
                .cause()
                .hasMessageContainingAll("10 connections in a row broke", " bytes ", "larger than the server takes")
                .extracting("code")
                .isEqualTo(ClientException.CONNECTION);
        assertThat(peer.take()).contains("\"request_id\":\"3\"");
        acknowledge(peer, 3, 1);
        assertThat(behind.get(10, TimeUnit.SECONDS).position().offset()).isEqualTo(1);
        // And together again.
        assertThat(peer.take()).contains("\"request_id\":\"4\"");
        var _ = client.publish("a", "5");
        assertThat(peer.take()).contains("\"request_id\":\"5\"");
        acknowledge(peer, 4, 2);
        assertThat(later.get(10, TimeUnit.SECONDS).position().offset()).isEqualTo(2);
        peer.drop();
        Peer next = server.nextPeer();
        assertThat(next.take()).contains("\"request_id\":\"5\"");
    }

    @Test
    void aServerThatShutsDownHasNotTakenTheMessage() throws Exception {
        CompletableFuture<Published> answer = client.publish("a", "1");
        Peer peer = server.nextPeer();
        peer.take();
        peer.send("{\"type\":\"error\",\"request_id\":\"1\","
                + "\"error\":{\"code\":\"SHUTTING_DOWN\",\"message\":\"going\"}}");
        peer.close(1001, "");
        Peer next = server.nextPeer();
        next.take();
        acknowledge(next, 1, 0);
        assertThat(answer.get(10, TimeUnit.SECONDS).position().offset()).isZero();
    }

    @Test
    void waitsWhileTheWindowIsFull() throws Exception {
        try (FanfareClient narrow = FanfareClient.open(server.url(), options.withWindow(1))) {
            var _ = narrow.publish("a", "1");
            Peer peer = server.nextPeer();
            peer.take();
            CompletableFuture<Published> second = new CompletableFuture<>();
            Thread.ofVirtual()
                    .start(() -> second.complete(narrow.publish("a", "2").join()));
            assertThat(peer.hasHeardNothing()).isTrue();
            acknowledge(peer, 1, 0);
            assertThat(peer.take()).contains("\"payload\":\"2\"");
            acknowledge(peer, 2, 1);
            assertThat(second.get(10, TimeUnit.SECONDS).position().offset()).isEqualTo(1);
        }
    }

    @Test
    void aListenerOfNoticesWithAnErrorDoesNotKeepItFromReconnecting() throws Exception {
        ClientOptions careless = options.withNotices(notice -> {
            throw new AssertionError("as the test asked for");
        });
        try (FanfareClient other = FanfareClient.open(server.url(), careless)) {
            CompletableFuture<Published> answer = other.publish("a", "1");
            server.nextPeer().drop();
            Peer next = server.nextPeer();
            next.take();
            acknowledge(next, 1, 0);
            assertThat(answer.get(10, TimeUnit.SECONDS).position().offset()).isZero();
        }
    }

    @Test
    void aPortOfTheFlatDialectIsRecognised() throws Exception {
        CompletableFuture<Published> first = client.publish("a", "1");
        Peer peer = server.nextPeer();
        peer.sendBoth(
                "{\"type\":\"info\",\"message\":\"Connected with client_id: 550e8400-e29b-41d4-a716-446655440000\"}",
                "{\"type\":\"error\",\"code\":\"VALIDATION_ERROR\",\"message\":\"data is missing\"}");
        assertThatThrownBy(first::join)
                .cause()
                .isInstanceOf(ClientException.class)
                .hasMessageContainingAll(server.url(), "flat dialect", "standard dialect")
                .extracting("code")
                .isEqualTo(ClientException.CONNECTION);
        assertThatThrownBy(() -> client.publish("a", "2").join()).hasMessageContaining("flat dialect");
    }

    @Test
    void aServerThatDoesNotAnswerIsAskedAgain() throws Exception {
        try (FanfareClient impatient = FanfareClient.open(server.url(), options.withSilence(Duration.ofSeconds(1)))) {
            var _ = impatient.publish("a", "1");
            String request = server.nextPeer().take();
            assertThat(server.nextPeer().take()).isEqualTo(request);
            assertThat(notices.poll(10, TimeUnit.SECONDS)).asString().contains("no answer to a publish within 1000 ms");
        }
    }

    @Test
    void closingFailsWhatIsUnansweredAndClosesTheConnection() throws Exception {
        CompletableFuture<Published> answer = client.publish("a", "1");
        Peer peer = server.nextPeer();
        peer.take();
        CompletableFuture<Void> closing = CompletableFuture.runAsync(client::close);
        assertThat(peer.take()).isEqualTo("CLOSE");
        closing.get(10, TimeUnit.SECONDS);
        assertThatThrownBy(answer::join).cause().extracting("code").isEqualTo(ClientException.CLOSED);
        assertThatThrownBy(() -> client.publish("a", "2")).isInstanceOf(ClientException.class);
    }

    @Test
    void aServerThatIsNotThereIsSaidAtOnce() throws Exception {
        server.close();
        assertThatThrownBy(() -> client.publish("a", "1"))
                .isInstanceOf(ClientException.class)
                .hasMessageContaining(server.url())
                .hasMessageContaining("does a server run there?")
                .extracting("code")
                .isEqualTo(ClientException.CONNECTION);
    }

    private static void acknowledge(Peer peer, int request, long offset) {
        peer.send("{\"type\":\"ack\",\"request_id\":\"" + request + "\",\"topic\":\"a\",\"status\":\"ok\","
                + "\"ts\":\"2026-01-01T00:00:00.000Z\",\"epoch\":\"e\",\"offset\":" + offset
                + ",\"durability\":\"memory\"}");
    }
}
