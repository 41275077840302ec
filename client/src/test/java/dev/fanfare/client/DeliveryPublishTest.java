package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.client.ScriptedServer.Peer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// What is published for a message goes with its acknowledgement, or not at all.
class DeliveryPublishTest extends ScriptedDeliveries {

    @Test
    void whatIsPublishedForAMessageGoesWithItsAcknowledgement() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send(event(0, "publish", 1));
        String transaction = peer.take();
        assertThat(transaction)
                .startsWith("{\"type\":\"transaction\",\"request_id\":\"t1\",\"publish\":[{\"topic\":\"out\",")
                .endsWith("{\"topic\":\"out\",\"message\":{\"id\":\"two\",\"payload\":2}}],\"ack\":[{\"topic\":\"a\","
                        + "\"client_id\":\"" + clientId + "\",\"epoch\":\"e\",\"offset\":0}]}");
        peer.send("{\"type\":\"ack\",\"request_id\":\"t1\",\"status\":\"ok\",\"results\":[]}");
        // A refusal is a failed attempt, unless the server goes away.
        peer.send(event(1, "publish", 1));
        assertThat(peer.take()).contains("\"request_id\":\"t2\"");
        peer.send(
                "{\"type\":\"error\",\"request_id\":\"t2\",\"error\":{\"code\":\"BACKPRESSURE\",\"message\":\"full\"}}");
        assertThat(peer.take()).isEqualTo(said("nack", 1, ",\"reason\":\"BACKPRESSURE: full\""));
        peer.send(event(2, "publish", 1));
        assertThat(peer.take()).contains("\"request_id\":\"t3\"");
        peer.send("{\"type\":\"error\",\"request_id\":\"t3\",\"error\":{\"code\":\"SHUTTING_DOWN\",\"message\":\"\"}}");
        // What is refused for now is not tried again before it may be.
        peer.send(event(4, "publish", 1));
        assertThat(peer.take()).contains("\"request_id\":\"t4\"");
        peer.send("{\"type\":\"error\",\"request_id\":\"t4\",\"error\":{\"code\":\"RATE_LIMITED\","
                + "\"message\":\"much\",\"retry_after_ms\":1500}}");
        assertThat(peer.take()).isEqualTo(said("nack", 4, ",\"delay_ms\":1500,\"reason\":\"RATE_LIMITED: much\""));
        // What fails publishes nothing.
        peer.send(event(3, "publish and throw", 1));
        assertThat(peer.take()).isEqualTo(said("nack", 3, ",\"reason\":\"java.lang.IllegalStateException: no\""));
        Delivery over = deliveries.stream().toList().getFirst();
        assertThatThrownBy(() -> over.publish("out", "late")).hasMessageContaining("ended already");
        assertThat(notices).isEmpty();
        assertThat(peer.hasHeardNothing()).isTrue();
    }

    private static String refusal(String requestId, String code, int retryAfterMillis) {
        return "{\"type\":\"error\",\"request_id\":\"" + requestId + "\",\"error\":{\"code\":\"" + code
                + "\",\"message\":\"not now\",\"retry_after_ms\":" + retryAfterMillis + "}}";
    }

    @Test
    void aTransactionThatIsRefusedForNowIsTriedAgainBeforeTheAttemptHasFailed() throws Exception {
        PublishRetry thrice = new PublishRetry(3, Duration.ofMillis(1), Duration.ofMillis(2));
        try (FanfareClient retrying =
                FanfareClient.open(server.url(), ClientOptions.defaults().withRetry(thrice))) {
            Peer peer = subscribed(retrying, "a", Acknowledging.group("g"));
            peer.send(event(0, "publish", 1));
            String first = peer.take();
            peer.send(refusal("t1", "BACKPRESSURE", 1));
            // The same messages with the same ids.
            assertThat(peer.take()).isEqualTo(first.replace("\"t1\"", "\"t2\""));
            peer.send("{\"type\":\"ack\",\"request_id\":\"t2\",\"status\":\"ok\",\"results\":[]}");
            // As often as the retry allows,
            peer.send(event(1, "publish", 1));
            for (int i = 3; i <= 5; i++) {
                assertThat(peer.take()).contains("\"request_id\":\"t" + i + "\"");
                peer.send(refusal("t" + i, "RATE_LIMITED", 1));
            }
            assertThat(peer.take()).isEqualTo(said("nack", 1, ",\"delay_ms\":1,\"reason\":\"RATE_LIMITED: not now\""));
            // while there is time to acknowledge,
            peer.send(event(2, "publish", 1));
            peer.take();
            peer.send(refusal("t6", "LIMIT_REACHED", 30_000));
            assertThat(peer.take()).contains("\"type\":\"nack\"", "\"delay_ms\":30000");
            // and where it may help.
            peer.send(event(3, "publish", 1));
            peer.take();
            peer.send(refusal("t7", "TOPIC_NOT_FOUND", 0));
            assertThat(peer.take()).contains("\"type\":\"nack\"", "TOPIC_NOT_FOUND");
            // What waits for that when the connection breaks is not done on the next one: the message comes again.
            peer.send(event(4, "publish", 1));
            peer.take();
            peer.send(refusal("t8", "BACKPRESSURE", 20));
            peer.send(event(5, "x", 1));
            assertThat(peer.take()).isEqualTo(said("ack", 5, ""));
            peer.drop();
            Peer again = server.nextPeer();
            again.take();
            again.send(ack(2, "e", 0, ""));
            again.send(event(4, "publish", 2));
            assertThat(again.take()).contains("\"request_id\":\"t9\"");
        }
    }

    @Test
    void anAttemptThatPublishesWhatCantBeSentHasFailed() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        List<String> wrong = List.of("no JSON", "two", "nothing", "half", "half a key");
        for (int i = 0; i < wrong.size(); i++) {
            peer.send(event(i, "publish " + wrong.get(i), 1));
            assertThat(peer.take())
                    .startsWith(said("nack", i, ",\"reason\":\"java.lang.IllegalArgumentException: ")
                            .replaceFirst("}$", ""))
                    .contains(i < 3 ? "is not JSON" : "half a pair");
        }
    }

    @Test
    void aMessageForWhichTooMuchIsPublishedIsGivenUp() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send(event(0, "publish long", 1));
        peer.send(event(1, "publish wide", 1));
        peer.send(event(2, "publish", 1));
        for (int i = 0; i < 3; i++) {
            assertThat(peer.take()).contains("\"type\":\"transaction\"");
        }
        // The server has not read whose it is; it counts bytes.
        peer.send("{\"type\":\"error\",\"error\":{\"code\":\"TOO_LARGE\",\"message\":\"larger\"}}");
        assertThat(peer.take()).isEqualTo(said("nack", 1, ",\"dead\":true,\"reason\":\"TOO_LARGE: larger\""));
        // Compressed, it may have been read.
        peer.send("{\"type\":\"error\",\"request_id\":\"t3\",\"error\":{\"code\":\"TOO_LARGE\",\"message\":\"\"}}");
        assertThat(peer.take()).isEqualTo(said("nack", 2, ",\"dead\":true,\"reason\":\"TOO_LARGE: \""));
        peer.drop();
        assertThat(notice()).asString().doesNotContain("TOO_LARGE");
    }

    @Test
    void aMessageForWhichSoMuchIsPublishedThatItBreaksTheConnectionBreaksOne() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send(event(0, "publish", 1));
        peer.send(event(1, "publish long", 1));
        peer.send(event(2, "publish", 1));
        for (int i = 0; i < 3; i++) {
            assertThat(peer.take()).contains("\"type\":\"transaction\"");
        }
        peer.close(1009, "too big");
        Peer again = server.nextPeer();
        again.take();
        again.send(ack(2, "e", 0, ""));
        again.send(event(0, "publish", 2));
        assertThat(again.take()).contains("\"request_id\":\"t4\"");
        again.send(event(1, "publish long", 2));
        assertThat(again.take())
                .isEqualTo(said(
                        "nack",
                        1,
                        ",\"dead\":true,\"reason\":\"TOO_LARGE: the server closed the connection"
                                + " over what was published for it: too big, code 1009\""));
        assertThat(deliveries).hasSize(4);
        // Somebody has redriven it.
        again.send(event(1, "x", 1));
        assertThat(again.take()).isEqualTo(said("ack", 1, ""));
    }

    @Test
    void aMessageForWhichWhatIsPublishedBreaksOneConnectionAfterTheOtherIsGivenUp() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        for (int i = 0; i < 3; i++) {
            for (int offset = 0; offset < 3; offset++) {
                peer.send(event(offset, "publish", 1));
                assertThat(peer.take()).contains("\"type\":\"transaction\"", "\"offset\":" + offset);
            }
            peer = broken(peer, i + 2);
        }
        // From now on one at a time,
        for (int offset = 0; offset < 3; offset++) {
            peer.send(event(offset, "publish", 1));
        }
        String transaction = peer.take();
        assertThat(transaction).contains("\"offset\":0");
        answer(peer, transaction);
        for (int i = 0; i < 7; i++) {
            assertThat(peer.take()).contains("\"offset\":1");
            assertThat(peer.hasHeardNothing()).isTrue();
            peer = broken(peer, i + 5);
            peer.send(event(1, "publish", 1));
            peer.send(event(2, "publish", 1));
        }
        assertThat(peer.take())
                .startsWith(said("nack", 1, ",\"dead\":true,\"reason\":\"CONNECTION: 10 connections in a row broke")
                        .replaceFirst("}$", ""))
                .contains(" bytes ");
        // of which nothing is left when they are answered.
        peer.send(event(3, "publish", 1));
        transaction = peer.take();
        assertThat(transaction).contains("\"offset\":2");
        answer(peer, transaction);
        assertThat(peer.take()).contains("\"offset\":3");
        peer.send(event(4, "publish", 1));
        assertThat(peer.take()).contains("\"offset\":4");
    }

    /// The next connection, of which everything comes anew.
    private Peer broken(Peer peer, int subscribe) throws Exception {
        peer.drop();
        Peer next = server.nextPeer();
        assertThat(next.take()).contains("\"type\":\"subscribe\"");
        next.send(ack(subscribe, "e", 0, ""));
        return next;
    }

    /// It is done.
    private static void answer(Peer peer, String transaction) {
        String id = transaction.replaceFirst(".*\"request_id\":\"(t[0-9]+)\".*", "$1");
        peer.send("{\"type\":\"ack\",\"request_id\":\"" + id + "\",\"status\":\"ok\",\"results\":[]}");
    }

    @Test
    void theTimeThatAMessageWaitedForItsListenerCountsWhenItsTransactionIsTriedAgain() throws Exception {
        PublishRetry thrice = new PublishRetry(3, Duration.ofMillis(1), Duration.ofMillis(2));
        try (FanfareClient retrying =
                FanfareClient.open(server.url(), ClientOptions.defaults().withRetry(thrice))) {
            Peer peer = subscribed(retrying, "a", Acknowledging.group("g").withTimeout(Duration.ofMillis(150)));
            peer.sendBoth(event(0, "wait", 1), event(1, "publish", 1));
            next();
            CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS).execute(released::countDown);
            assertThat(peer.take()).isEqualTo(said("ack", 0, ""));
            peer.take();
            peer.send(refusal("t1", "BACKPRESSURE", 100));
            assertThat(peer.take()).contains("\"type\":\"nack\"", "BACKPRESSURE");
        }
    }

    @Test
    void aTransactionWhoseAnswerWentDownWithItsConnectionIsForgotten() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send(event(0, "publish", 1));
        assertThat(peer.take()).contains("\"request_id\":\"t1\"");
        peer.drop();
        Peer again = server.nextPeer();
        again.take();
        again.send(ack(2, "e", 0, ""));
        again.send("{\"type\":\"error\",\"request_id\":\"t1\",\"error\":{\"code\":\"BAD_REQUEST\",\"message\":\"?\"}}");
        again.send(event(0, "x", 2));
        assertThat(again.take()).isEqualTo(said("ack", 0, ""));
        assertThat(again.hasHeardNothing()).isTrue();
    }
}
