package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.client.ScriptedServer.Peer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/// A client that acknowledges, its server a script, and what its listener does with each message.
abstract class ScriptedDeliveries {

    final ScriptedServer server = new ScriptedServer();
    final FanfareClient client = FanfareClient.open(
            server.url(), ClientOptions.defaults().withDelays(Duration.ofMillis(1), Duration.ofMillis(20)));
    final BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
    final BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();
    final List<Boolean> counted = new CopyOnWriteArrayList<>();
    final CountDownLatch released = new CountDownLatch(1);
    final DeliveryListener listener = new DeliveryListener() {
        @Override
        public void onDelivery(Delivery delivery) throws Exception {
            deliveries.add(delivery);
            switch (delivery.event().text()) {
                case "throw" -> throw new Exception("half a pair: \ud800 " + "long ".repeat(300));
                case "error" -> throw new AssertionError("as the test asked for");
                case "later" -> counted.add(delivery.nack(Duration.ofSeconds(3)));
                case "nack" -> counted.add(delivery.nack());
                case "never" -> {
                    counted.add(delivery.reject("no such customer"));
                    counted.add(delivery.nack());
                    throw new IllegalStateException("what was said first stands");
                }
                case "publish" -> {
                    delivery.publish("out", "one");
                    delivery.publish("out", Outgoing.json("2").withId("two"));
                }
                case "publish long" -> delivery.publish("out", "x".repeat(500));
                case "publish wide" -> delivery.publish("out", "\u20ac".repeat(300));
                case "publish no JSON" -> delivery.publish("out", Outgoing.json("no JSON"));
                case "publish two" -> delivery.publish("out", Outgoing.json("1,\"type\":\"x\""));
                case "publish nothing" -> delivery.publish("out", Outgoing.json(" "));
                case "publish half" -> delivery.publish("out", Outgoing.json("\"\ud800\""));
                case "publish half a key" ->
                    delivery.publish("out", Outgoing.text("x").withKey("\udc00"));
                case "publish and throw" -> {
                    delivery.publish("out", "never");
                    throw new IllegalStateException("no");
                }
                case "busy" -> delivery.nack(Duration.ZERO, new IllegalStateException("busy"));
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
    Subscription subscription;

    String clientId = "";

    @AfterEach
    void close() throws Exception {
        released.countDown();
        server.close();
        client.close();
    }

    Peer subscribed(String pattern, Acknowledging how) throws Exception {
        return subscribed(client, pattern, how);
    }

    Peer subscribed(FanfareClient by, String pattern, Acknowledging how) throws Exception {
        CompletableFuture<Subscription> subscribing =
                CompletableFuture.supplyAsync(() -> by.subscribe(pattern, how, listener));
        Peer peer = server.nextPeer();
        clientId = peer.take().replaceFirst(".*\"client_id\":\"([^\"]+)\".*", "$1");
        peer.send(ack(1, "e", 0, ""));
        subscription = subscribing.get(10, TimeUnit.SECONDS);
        return peer;
    }

    static String ack(int request, String epoch, long offset, String more) {
        return "{\"type\":\"ack\",\"request_id\":\"" + request + "\",\"topic\":\"a\",\"status\":\"ok\",\"epoch\":\""
                + epoch + "\",\"offset\":" + offset + more + "}";
    }

    static String event(long offset, String text, int attempt) {
        return event(offset, text, attempt, "");
    }

    /// @param more of the message
    static String event(long offset, String text, int attempt, String more) {
        return "{\"type\":\"event\",\"topic\":\"a\",\"message\":{\"id\":\"i\",\"payload\":\"" + text
                + "\"" + more + "},\"epoch\":\"e\",\"offset\":" + offset
                + ",\"delivery\":{\"client_id\":\"c\",\"subscription\":\"g\",\"attempt\":" + attempt + "}}";
    }

    String said(String what, long offset, String more) {
        return "{\"type\":\"" + what + "\",\"topic\":\"a\",\"client_id\":\"" + clientId
                + "\",\"epoch\":\"e\",\"offset\":" + offset + more + "}";
    }

    Delivery next() throws InterruptedException {
        Delivery delivery = deliveries.poll(10, TimeUnit.SECONDS);
        assertThat(delivery).as("a delivery within 10 s").isNotNull();
        return delivery;
    }

    Notice notice() throws InterruptedException {
        Notice notice = notices.poll(10, TimeUnit.SECONDS);
        assertThat(notice).as("a notice within 10 s").isNotNull();
        return notice;
    }
}
