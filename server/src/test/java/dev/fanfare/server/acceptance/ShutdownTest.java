package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// The end of a server, quiet and under load.
@ExtendWith(NoLeaks.class)
class ShutdownTest {

    @Test
    void everyConnectionIsClosedWith1001AndNewOnesAreRefused() {
        RunningServer server = RunningServer.start();
        int port = server.port();
        server.topic("t");
        try (WireClient standard = server.connect();
                WireClient flat = server.connectFlat()) {
            subscribe(standard, "t", "c");
            CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
            assertThat(standard.closeCode()).isEqualTo(1001);
            assertThat(standard.ended()).isTrue();
            assertThat(flat.closeCode()).isEqualTo(1001);
            assertThat(flat.ended()).isTrue();
            closing.join();
        }
        assertThatThrownBy(() -> WireClient.open(port)).isInstanceOf(UncheckedIOException.class);
        // Closing again is nothing.
        server.close();
    }

    @Test
    void aPeerThatIsClosedLaterIsToldUntilThenAndTheEndComesWhenTheLastHasLeft() {
        RunningServer server = RunningServer.start("drain-jitter=1h");
        server.topic("t");
        try (WireClient client = server.connect()) {
            subscribe(client, "t", "c");
            CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
            JsonNode answer = client.send(publish("t", "1")).json();
            while (!answer.path("type").stringValue().equals("error")) {
                // Before the drain has begun: the ack, and the event.
                assertThat(client.events(1)).hasSize(1);
                answer = client.send(publish("t", "1")).json();
            }
            assertThat(answer.path("error").path("code").stringValue()).isEqualTo("SHUTTING_DOWN");
            assertThat(closing).isNotDone();
            client.closeWithNothingLeft();
            closing.join();
        }
    }

    @Test
    void everyPeerIsSaidGoodbyeWhenTheClosingIsSpread() {
        RunningServer server = RunningServer.start("drain-jitter=300ms");
        List<WireClient> clients = Stream.generate(server::connect).limit(20).toList();
        CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
        for (WireClient client : clients) {
            assertThat(client.closeCode()).isEqualTo(1001);
            assertThat(client.ended()).isTrue();
            client.close();
        }
        closing.join();
    }

    @Test
    void whatWasAckedIsDeliveredAndWhatComesLaterIsRefusedUnderLoad() throws InterruptedException {
        RunningServer server = RunningServer.start("history=10000");
        server.topic("t");
        CountDownLatch flowing = new CountDownLatch(1);
        List<CompletableFuture<Long>> lastHeard = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            WireClient subscriber = server.connect();
            subscribe(subscriber, "t", "c");
            lastHeard.add(inBackground(() -> hearToTheEnd(subscriber)));
        }
        WireClient publisher = server.connect();
        CompletableFuture<Long> lastAcked = inBackground(() -> publishToTheEnd(publisher, flowing));
        assertThat(flowing.await(20, TimeUnit.SECONDS)).isTrue();
        server.close();
        long acked = lastAcked.join();
        for (CompletableFuture<Long> heard : lastHeard) {
            assertThat(heard.join()).isEqualTo(acked);
        }
    }

    private interface Work {
        long run();
    }

    private static CompletableFuture<Long> inBackground(Work work) {
        CompletableFuture<Long> result = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                result.complete(work.run());
            } catch (RuntimeException | AssertionError failed) {
                result.completeExceptionally(failed);
            }
        });
        return result;
    }

    /// Publishes one message after the other; the offset of the last that was acked when the server said goodbye.
    private static long publishToTheEnd(WireClient client, CountDownLatch flowing) {
        long acked = -1;
        try (client) {
            while (true) {
                client.bytesOrHungUp(Frames.text(publish("t", "\"" + "z".repeat(500) + "\"")));
                Frame frame = client.next();
                if (frame.opcode() == Frame.CLOSE) {
                    assertThat(frame.closeCode()).isEqualTo(1001);
                    client.bytesOrHungUp(Frames.close(1001));
                    return acked;
                }
                JsonNode answer = WireClient.JSON.readTree(frame.text());
                if (answer.path("type").stringValue().equals("ack")) {
                    acked = answer.path("offset").longValue();
                    if (acked == 500) {
                        flowing.countDown();
                    }
                } else {
                    assertThat(answer.path("error").path("code").stringValue()).isEqualTo("SHUTTING_DOWN");
                }
            }
        }
    }

    /// Reads events without a gap; the offset of the last before the close frame.
    private static long hearToTheEnd(WireClient client) {
        long heard = -1;
        try (client) {
            while (true) {
                Frame frame = client.next();
                if (frame.opcode() == Frame.CLOSE) {
                    assertThat(frame.closeCode()).isEqualTo(1001);
                    client.bytesOrHungUp(Frames.close(1001));
                    return heard;
                }
                long offset =
                        WireClient.JSON.readTree(frame.text()).path("offset").longValue(-1);
                assertThat(offset).isEqualTo(++heard);
            }
        }
    }

    @Test
    void peersThatDoNotAnswerDoNotHoldItUpForLongerThanTheGrace() {
        RunningServer server = RunningServer.start("shutdown-grace=200ms");
        server.topic("t");
        try (WireClient publisher = server.connect();
                WireClient stuck = WireClient.tcp(server.port(), 8 * 1024).upgrade("/ws")) {
            subscribe(stuck, "t", "c", ",\"queue\":10000");
            for (int i = 0; i < 300; i++) {
                RunningServer.publishAcked(publisher, "t", "\"" + "z".repeat(32 * 1024) + "\"");
            }
            CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
            assertThat(closing).succeedsWithin(WireClient.PATIENCE);
        }
    }

    @Test
    void theBrokerOfTheApplicationOutlivesItsServer() {
        try (Broker broker = Broker.open()) {
            broker.createTopic("t");
            RunningServer.with(broker).close();
            assertThat(broker.topic("t")).isPresent();
            try (RunningServer again = RunningServer.with(broker)) {
                assertThat(again.get("/topics").body()).contains("\"t\"");
            }
        }
    }
}
