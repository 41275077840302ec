package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.client.ScriptedServer.Peer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What an acknowledged subscription says, against a server that does what a test says.
class AcknowledgingTest {

    private final ScriptedServer server = new ScriptedServer();
    private final FanfareClient client = FanfareClient.open(
            server.url(), ClientOptions.defaults().withDelays(Duration.ofMillis(1), Duration.ofMillis(20)));
    private final BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
    private final BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();
    private final CountDownLatch released = new CountDownLatch(1);
    private final DeliveryListener listener = new DeliveryListener() {
        @Override
        public void onDelivery(Delivery delivery) throws Exception {
            deliveries.add(delivery);
            switch (delivery.event().text()) {
                case "throw" -> throw new Exception("half a pair: \ud800 " + "long ".repeat(300));
                case "error" -> throw new AssertionError("as the test asked for");
                case "wait" -> released.await();
                case "wait and throw" -> {
                    released.await();
                    throw new IllegalStateException("closed meanwhile");
                }
                default -> {}
            }
        }

        @Override
        public void onNotice(Notice notice) {
            notices.add(notice);
        }
    };

    @SuppressWarnings("NullAway.Init") // set by subscribed()
    private Subscription subscription;

    private String clientId = "";

    @AfterEach
    void close() throws Exception {
        released.countDown();
        server.close();
        client.close();
    }

    private Peer subscribed(String pattern, Acknowledging how) throws Exception {
        CompletableFuture<Subscription> subscribing =
                CompletableFuture.supplyAsync(() -> client.subscribe(pattern, how, listener));
        Peer peer = server.nextPeer();
        clientId = peer.take().replaceFirst(".*\"client_id\":\"([^\"]+)\".*", "$1");
        peer.send(ack(1, "e", 0, ""));
        subscription = subscribing.get(10, TimeUnit.SECONDS);
        return peer;
    }

    private static String ack(int request, String epoch, long offset, String more) {
        return "{\"type\":\"ack\",\"request_id\":\"" + request + "\",\"topic\":\"a\",\"status\":\"ok\",\"epoch\":\""
                + epoch + "\",\"offset\":" + offset + more + "}";
    }

    private static String event(long offset, String text, int attempt) {
        return "{\"type\":\"event\",\"topic\":\"a\",\"message\":{\"id\":\"i\",\"payload\":\"" + text
                + "\"},\"epoch\":\"e\",\"offset\":" + offset
                + ",\"delivery\":{\"client_id\":\"c\",\"subscription\":\"g\",\"attempt\":" + attempt + "}}";
    }

    private String said(String what, long offset, String more) {
        return "{\"type\":\"" + what + "\",\"topic\":\"a\",\"client_id\":\"" + clientId
                + "\",\"epoch\":\"e\",\"offset\":" + offset + more + "}";
    }

    private Delivery next() throws InterruptedException {
        Delivery delivery = deliveries.poll(10, TimeUnit.SECONDS);
        assertThat(delivery).as("a delivery within 10 s").isNotNull();
        return delivery;
    }

    private Notice notice() throws InterruptedException {
        Notice notice = notices.poll(10, TimeUnit.SECONDS);
        assertThat(notice).as("a notice within 10 s").isNotNull();
        return notice;
    }

    @Test
    void asksForWhatItWasTold() throws Exception {
        CompletableFuture.runAsync(() -> client.subscribe("a", Acknowledging.group("g"), listener));
        assertThat(server.nextPeer().take())
                .endsWith("\"ack\":\"manual\",\"group\":\"g\",\"max_in_flight\":100,\"ack_timeout_ms\":30000,"
                        + "\"retry\":{\"max_attempts\":5,\"backoff_ms\":1000,\"max_backoff_ms\":60000}}");
        CompletableFuture.runAsync(() -> client.subscribe(
                "a",
                Acknowledging.durable("d")
                        .withWindow(7)
                        .withTimeout(Duration.ofSeconds(2))
                        .withRetry(3, Duration.ZERO, Duration.ofMillis(5))
                        .withDeadLetter("lost"),
                Start.earliest(),
                Selection.types("t"),
                listener));
        assertThat(server.nextPeer().take())
                .contains("\"types\":[\"t\"]")
                .endsWith("\"ack\":\"manual\",\"durable\":\"d\",\"max_in_flight\":7,\"ack_timeout_ms\":2000,"
                        + "\"retry\":{\"max_attempts\":3,\"backoff_ms\":0,\"max_backoff_ms\":5},"
                        + "\"dead_letter\":\"lost\",\"from\":\"earliest\"}");
    }

    @Test
    void acknowledgesWhatIsHandledAndSaysWhatFailed() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send(event(0, "x", 1));
        assertThat(peer.take()).isEqualTo(said("ack", 0, ""));
        peer.send(event(1, "throw", 1));
        assertThat(peer.take())
                .startsWith(said("nack", 1, ",\"reason\":\"java.lang.Exception: half a pair: ? long")
                        .replaceFirst("}$", ""))
                .hasSizeLessThan(1_200);
        peer.send(event(2, "error", 1));
        assertThat(peer.take())
                .isEqualTo(said("nack", 2, ",\"reason\":\"java.lang.AssertionError: as the test asked for\""));
        // An attempt that comes after later messages is handled, too.
        peer.send(event(1, "y", 2));
        assertThat(peer.take()).isEqualTo(said("ack", 1, ""));
        assertThat(deliveries).extracting(Delivery::attempt).containsExactly(1, 1, 1, 2);
    }

    @Test
    void whatComesAgainAfterAReconnectIsHandledAgain() throws Exception {
        Peer peer = subscribed("a", Acknowledging.durable("d"));
        peer.send(event(5, "wait", 1));
        next();
        peer.drop();
        released.countDown();
        Peer again = server.nextPeer();
        assertThat(again.take()).contains("\"durable\":\"d\"", "\"since\":{\"epoch\":\"e\",\"offset\":5}");
        again.send(ack(2, "e", 0, ""));
        again.send(event(5, "x", 2));
        // The first acknowledgement went down with its connection, and not out on the new one.
        assertThat(again.take()).isEqualTo(said("ack", 5, ""));
        assertThat(again.hasHeardNothing()).isTrue();
        assertThat(notice()).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notice()).isEqualTo(new Notice.Resumed(true, 0));
    }

    @Test
    void saysWhatWasLostWhenItsNameWas() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.drop();
        Peer again = server.nextPeer();
        again.send(ack(2, "e", 9, ",\"recovered\":false"));
        assertThat(notice()).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notice()).isEqualTo(new Notice.Resumed(false, -1));
        again.drop();
        server.nextPeer().send(ack(3, "f", 0, ""));
        assertThat(notice()).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notice()).isEqualTo(new Notice.MadeAnew("a"));
    }

    @Test
    void anAcknowledgementThatIsRefusedDoesNotExplainTheEndOfTheConnection() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send("{\"type\":\"error\",\"error\":{\"code\":\"NOT_SUBSCRIBED\",\"message\":\"too late\"}}");
        peer.send(event(0, "x", 1));
        peer.take();
        peer.drop();
        assertThat(notice()).asString().doesNotContain("too late");
    }

    @Test
    void endsWhenSomebodyElseTakesItOverOrTheServerEndsIt() throws Exception {
        Peer peer = subscribed("a", Acknowledging.durable("d"));
        peer.send("{\"type\":\"info\",\"topic\":\"a\",\"client_id\":\"c\",\"msg\":\"subscription_taken_over\"}");
        assertThat(notice()).isEqualTo(new Notice.Ended("somebody else has taken the subscription over"));
        assertThat(peer.take()).isEqualTo("CLOSE");
        peer = subscribed("a", Acknowledging.durable("d"));
        peer.send("{\"type\":\"info\",\"topic\":\"a\",\"client_id\":\"c\",\"msg\":\"subscription_ended\"}");
        assertThat(notice()).isEqualTo(new Notice.Ended("the subscription was ended"));
        peer = subscribed("a", Acknowledging.group("g"));
        peer.send("{\"type\":\"error\",\"topic\":\"a\",\"client_id\":\"c\","
                + "\"error\":{\"code\":\"FORBIDDEN\",\"message\":\"not any more\"}}");
        assertThat(notice()).isEqualTo(new Notice.Ended("FORBIDDEN: not any more"));
        assertThat(peer.take()).isEqualTo("CLOSE");
    }

    @Test
    void closingAcknowledgesWhatIsBeingHandledAndNothingElse() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.sendBoth(event(0, "wait", 1), event(1, "x", 1));
        next();
        subscription.close();
        released.countDown();
        assertThat(peer.take()).isEqualTo(said("ack", 0, ""));
        assertThat(peer.take()).isEqualTo("CLOSE");
        assertThat(deliveries).isEmpty();
    }

    @Test
    void whatFailsBecauseItIsClosedHasNotFailed() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send(event(0, "wait and throw", 1));
        next();
        subscription.close();
        released.countDown();
        assertThat(peer.take()).isEqualTo("CLOSE");
    }

    @Test
    void boundsAreChecked() {
        assertThatThrownBy(() -> Acknowledging.group("")).hasMessageContaining("needs a name");
        Acknowledging good = Acknowledging.durable("d");
        assertThatThrownBy(() -> good.withWindow(0)).hasMessageContaining("window must be 1 to 10000, but is 0");
        assertThatThrownBy(() -> good.withTimeout(Duration.ZERO)).hasMessageContaining("timeout");
        assertThatThrownBy(() -> good.withTimeout(Duration.ofDays(8))).hasMessageContaining("seven days");
        assertThatThrownBy(() -> good.withRetry(0, Duration.ZERO, Duration.ZERO))
                .hasMessageContaining("attempts must be 1 to 1000, but are 0");
        assertThatThrownBy(() -> good.withRetry(1, Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessageContaining("mostDelay");
    }
}
