package dev.fanfare.server.websocket;

import static dev.fanfare.server.websocket.ClientFrames.FIN;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A connection between its frames and its session, in virtual time.
class WebSocketConnectionTest {

    private final Wire wire = new Wire(Map.of());

    @AfterEach
    void nothingIsLeft() {
        wire.close();
        assertThat(wire.broker.feeds().subscriptions()).isZero();
        assertThat(wire.memory.metric().usedDirectMemory()).isZero();
        assertThat(wire.memory.metric().usedHeapMemory()).isZero();
    }

    private static String subscribe(String topic, String more) {
        return "{\"type\":\"subscribe\",\"topic\":\"" + topic + "\",\"client_id\":\"c\"" + more + "}";
    }

    private static String publish(String topic, String payload) {
        return "{\"type\":\"publish\",\"topic\":\"" + topic + "\",\"message\":{\"payload\":" + payload + "}}";
    }

    private static ClientFrames close(int code) {
        return new ClientFrames().frame(FIN | Opcode.CLOSE, new byte[] {(byte) (code >> 8), (byte) code});
    }

    @Test
    void aPingIsAnsweredInItsPlace() {
        Wire.Peer peer = wire.connect()
                .says(new ClientFrames()
                        .text("{\"type\":\"ping\",\"request_id\":\"1\"}")
                        .frame(FIN | Opcode.PING, "are you there?")
                        .frame(FIN | Opcode.PONG, "unasked")
                        .text("{\"type\":\"ping\",\"request_id\":\"2\"}"));

        List<String> heard = peer.hears();
        assertThat(heard).hasSize(3);
        assertThat(heard.get(0)).contains("\"request_id\":\"1\"");
        assertThat(heard.get(1)).isEqualTo("pong are you there?");
        assertThat(heard.get(2)).contains("\"request_id\":\"2\"");
    }

    @Test
    void aCloseIsAnsweredAndNothingBehindItIsDone() {
        wire.broker.createTopic("t");
        Wire.Peer peer = wire.connect().says(subscribe("t", ""));
        peer.hears();

        peer.says(close(4001).text(publish("t", "1")));

        assertThat(peer.hears()).containsExactly("close 4001 ");
        assertThat(peer.isOpen()).isFalse();
        assertThat(wire.broker.stats().topics().getFirst().published()).isZero();
        assertThat(wire.broker.feeds().subscriptions()).isZero();
    }

    @Test
    void aCloseWithoutACodeIsAnsweredWith1000() {
        assertThat(wire.connect()
                        .says(new ClientFrames().frame(FIN | Opcode.CLOSE, ""))
                        .hears())
                .containsExactly("close 1000 ");
    }

    @Test
    void aPeerThatDoesNotTakeTheAnswerToItsCloseIsCut() {
        Wire.Peer peer = wire.connect();
        peer.refuse();
        peer.says(close(1000));

        wire.pass(Duration.ofMillis(999));
        assertThat(peer.isOpen()).isTrue();
        wire.pass(Duration.ofMillis(1));
        assertThat(peer.isOpen()).isFalse();
    }

    @Test
    void aViolationEndsItsSubscriptionsAtOnceAndTheConnectionWhenItIsConfirmed() {
        wire.broker.createTopic("t");
        Wire.Peer confirming = wire.connect().says(subscribe("t", ""));
        Wire.Peer silent = wire.connect().says(subscribe("t", ""));
        for (Wire.Peer peer : List.of(confirming, silent)) {
            peer.hears();
            peer.says(new ClientFrames()
                    .frame(FIN | Opcode.TEXT, new byte[] {(byte) 0xFF})
                    .text(publish("t", "1")));
            assertThat(peer.hears()).singleElement().asString().startsWith("close 1007 ");
            assertThat(peer.isOpen()).isTrue();
        }
        assertThat(wire.broker.feeds().subscriptions()).isZero();
        assertThat(wire.broker.stats().topics().getFirst().published()).isZero();

        wire.pass(Duration.ofMillis(999));
        assertThat(silent.isOpen()).isTrue();
        wire.pass(Duration.ofMillis(1));
        assertThat(silent.isOpen()).isFalse();
    }

    @Test
    void theReasonOfACloseIsCutBetweenCharacters() {
        String topic = "a" + "é".repeat(255);
        wire.broker.createTopic(topic);
        Wire.Peer peer = wire.connect().says(subscribe(topic, ",\"overflow\":\"disconnect\",\"queue\":1"));
        peer.hears();
        peer.refuse();
        for (int i = 0; i < 5; i++) {
            wire.broker.publish(topic, "m" + i);
            peer.turn();
        }
        peer.take();

        List<String> heard = peer.hears();
        String goodbye = heard.getLast();
        assertThat(heard.get(heard.size() - 2)).contains("SLOW_CONSUMER");
        assertThat(goodbye).startsWith("close 1008 ").doesNotContain("\uFFFD");
        assertThat(goodbye.substring("close 1008 ".length()).getBytes(StandardCharsets.UTF_8))
                .hasSizeLessThanOrEqualTo(123);
    }

    @Test
    void aPeerThatDoesNotReadItsAnswersIsNotReadUntilItDoes() {
        Wire.Peer peer = wire.connect();
        peer.refuse();
        String ping = "{\"type\":\"ping\",\"request_id\":\"" + "r".repeat(200) + "\"}";
        int asked = 0;
        while (peer.config().isAutoRead()) {
            peer.says(ping);
            assertThat(++asked).isLessThan(10_000);
        }
        assertThat(asked).isGreaterThan(500);

        peer.take();

        assertThat(peer.config().isAutoRead()).isTrue();
        assertThat(peer.hears()).hasSize(asked);
    }

    @Test
    void whatCameWhileAPublisherHasToWaitIsDoneLaterAndInOrder() {
        wire.broker.createTopic("t");
        Wire.Peer reader = wire.connect().says(subscribe("t", ",\"queue\":10000"));
        Wire.Peer publisher = wire.connect();
        String text = "x".repeat(30_000);
        List<String> payloads =
                IntStream.range(0, 100).mapToObj(i -> "\"" + i + text + "\"").toList();

        // Three megabytes in reads of ten messages each, while the loop of the reader has no turn.
        for (int read = 0; read < 10; read++) {
            ClientFrames frames = new ClientFrames();
            payloads.subList(read * 10, read * 10 + 10).forEach(payload -> frames.text(publish("t", payload)));
            publisher.says(frames);
        }
        int acked = publisher.hears().size();
        assertThat(acked).isBetween(30, 40);
        assertThat(publisher.config().isAutoRead()).isFalse();
        assertThat(wire.memory.metric().usedDirectMemory()).isPositive();

        List<String> heard = new ArrayList<>();
        while (acked < payloads.size()) {
            reader.turn();
            heard.addAll(reader.hears());
            publisher.turn();
            int more = publisher.hears().size();
            assertThat(more).isPositive();
            acked += more;
        }
        reader.turn();
        heard.addAll(reader.hears());
        publisher.turn();
        assertThat(publisher.config().isAutoRead()).isTrue();
        assertThat(heard).hasSize(1 + payloads.size());
        for (int i = 0; i < payloads.size(); i++) {
            assertThat(heard.get(i + 1))
                    .contains("\"payload\":" + payloads.get(i))
                    .contains("\"offset\":" + i);
        }
        assertThat(wire.memory.metric().usedDirectMemory()).isZero();
    }

    @Test
    void whatWaitsToBeReadIsGivenBackWhenTheConnectionIsLost() {
        wire.broker.createTopic("t");
        wire.connect().says(subscribe("t", ",\"queue\":10000"));
        Wire.Peer publisher = wire.connect();
        for (int i = 0; i < 100; i++) {
            publisher.says(publish("t", "\"" + "x".repeat(30_000) + "\""));
        }
        assertThat(wire.memory.metric().usedDirectMemory()).isPositive();

        publisher.close();
        publisher.turn();

        assertThat(wire.memory.metric().usedDirectMemory()).isZero();
    }

    @Test
    void aSilentPeerIsPingedAndThenCut() {
        Wire.Peer silent = wire.connect();
        Wire.Peer alive = wire.connect();
        List<String> heardBySilent = new ArrayList<>();
        for (int second = 0; second < 70; second++) {
            wire.pass(Duration.ofSeconds(1));
            alive.says(new ClientFrames().frame(FIN | Opcode.PONG, ""));
            heardBySilent.addAll(silent.hears());
        }

        assertThat(silent.isOpen()).isFalse();
        assertThat(heardBySilent).filteredOn(frame -> frame.startsWith("ping")).hasSize(1);
        assertThat(alive.isOpen()).isTrue();
        assertThat(alive.hears()).noneMatch(frame -> frame.startsWith("ping"));
    }

    @Test
    void aConnectionThatIsLostLeavesNoSubscription() {
        wire.broker.createTopic("t");
        Wire.Peer peer = wire.connect().says(subscribe("t", "")).says(subscribe("*", ""));
        assertThat(wire.broker.feeds().subscriptions()).isEqualTo(2);

        peer.close();
        peer.turn();

        assertThat(wire.broker.feeds().subscriptions()).isZero();
    }
}
