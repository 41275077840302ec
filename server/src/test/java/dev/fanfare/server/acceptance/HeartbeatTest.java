package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.time.VirtualTimers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Signs of life, in both directions. One event loop, so that what another connection is answered says that everything
/// before it was seen.
@ExtendWith(NoLeaks.class)
class HeartbeatTest {

    private static final Duration HEARTBEAT = Duration.ofSeconds(30);

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final RunningServer server =
            RunningServer.with(broker, "heartbeat=30s", "handshake-timeout=100ms", "event-loops=1");
    private final WireClient other = server.connect();

    @AfterEach
    void stop() {
        other.close();
        server.close();
        broker.close();
    }

    /// Everything that was sent so far has been read by the server.
    private void seen() {
        other.send("{\"type\":\"ping\",\"request_id\":\"seen\"}").until("pong");
    }

    private void assertCounted(String limit, int count) {
        RunningServer.await(
                () -> server.get("/metrics").body().contains("fanfare_refused_total{limit=\"" + limit + "\"} " + count),
                limit + " to be counted");
    }

    private static void readUntilPinged(WireClient client) {
        Frame frame = client.frame();
        while (frame.opcode() != Frame.PING) {
            assertThat(frame.text()).contains("\"msg\":\"ping\"");
            frame = client.frame();
        }
    }

    @Test
    void aSilentPeerIsPingedAndThenDisconnected() {
        try (WireClient silent = server.connect().muted()) {
            server.topic("silent");
            subscribe(silent, "silent", "c");
            timers.advance(HEARTBEAT);
            readUntilPinged(silent);
            seen();
            timers.advance(HEARTBEAT);
            assertThat(silent.ended()).isTrue();
            server.awaitSubscribers(0);
            assertCounted("heartbeat", 1);
        }
    }

    @Test
    void aPeerThatAnswersPingsStays() {
        try (WireClient client = server.connect().muted()) {
            // Pongs are all it says; several times the limit of silence passes meanwhile.
            for (int i = 0; i < 5; i++) {
                timers.advance(HEARTBEAT);
                List<Frame> signs = List.of(client.frame(), client.frame());
                assertThat(signs).extracting(Frame::opcode).containsExactlyInAnyOrder(Frame.TEXT, Frame.PING);
                // In the same instant, as far as the clock can tell.
                client.bytes(Frames.whole(Frame.PONG, new byte[0]));
                seen();
            }
            client.send("{\"type\":\"ping\",\"request_id\":\"alive\"}");
            assertThat(client.until("pong").getLast().path("request_id").stringValue())
                    .isEqualTo("alive");
        }
    }

    @Test
    void flatPeersArePingedByWebSocketPingsOnly() {
        try (WireClient flat = server.connectFlat().muted()) {
            timers.advance(HEARTBEAT);
            assertThat(flat.frame().opcode()).isEqualTo(Frame.PING);
            seen();
            timers.advance(HEARTBEAT);
            assertThat(flat.ended()).isTrue();
        }
    }

    @Test
    void aHandshakeThatNeverEndsIsCut() {
        try (WireClient half = WireClient.tcp(server.port());
                WireClient mute = WireClient.tcp(server.port())) {
            half.bytes("GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
            server.connect().close(); // who came before it is known
            seen();
            timers.advance(Duration.ofSeconds(1));
            assertThat(half.readHead()).startsWith("HTTP/1.1 408 ");
            assertThat(half.ended()).isTrue();
            assertThat(mute.ended()).isTrue();
            assertCounted("handshake_timeout", 2);
        }
    }

    @Test
    void aPeerWhoseFrameNeverEndsCountsAsSilentOnlyWhileNothingComes() {
        try (WireClient client = server.connect().muted()) {
            timers.advance(HEARTBEAT.minusSeconds(1));
            client.bytes(Frames.headerOnly(0x80 | Frame.TEXT, 100));
            seen();
            timers.advance(HEARTBEAT.minusSeconds(1));
            seen();
            timers.advance(Duration.ofSeconds(1));
            readUntilPinged(client);
            seen();
            timers.advance(HEARTBEAT);
            assertThat(client.ended()).isTrue();
        }
    }
}
