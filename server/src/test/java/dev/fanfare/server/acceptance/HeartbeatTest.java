package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Signs of life, in both directions.
@ExtendWith(NoLeaks.class)
class HeartbeatTest {

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = RunningServer.start("heartbeat=1s", "handshake-timeout=1s");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void aSilentPeerIsPingedAndThenDisconnected() {
        try (WireClient silent = server.connect().muted()) {
            server.topic("silent");
            subscribe(silent, "silent", "c");
            Frame frame = silent.frame();
            while (frame.opcode() != Frame.PING) {
                assertThat(frame.text()).contains("\"msg\":\"ping\"");
                frame = silent.frame();
            }
            assertThat(silent.ended()).isTrue();
            server.awaitSubscribers(0);
        }
    }

    @Test
    void aPeerThatAnswersPingsStays() {
        try (WireClient client = server.connect()) {
            List<String> heard = new ArrayList<>();
            // Pongs are all it says; several times the limit of silence passes meanwhile.
            for (int i = 0; i < 4; i++) {
                heard.add(client.text());
            }
            assertThat(heard).allMatch(text -> text.contains("\"msg\":\"ping\""));
            client.send("{\"type\":\"ping\",\"request_id\":\"alive\"}");
            assertThat(client.until("pong").getLast().path("request_id").stringValue())
                    .isEqualTo("alive");
        }
    }

    @Test
    void flatPeersArePingedByWebSocketPingsOnly() {
        try (WireClient flat = server.connectFlat().muted()) {
            assertThat(flat.frame().opcode()).isEqualTo(Frame.PING);
            assertThat(flat.ended()).isTrue();
        }
    }

    @Test
    void aHandshakeThatNeverEndsIsCut() {
        try (WireClient half = WireClient.tcp(server.port());
                WireClient mute = WireClient.tcp(server.port())) {
            half.bytes("GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(half.ended()).isTrue();
            assertThat(mute.ended()).isTrue();
        }
    }

    @Test
    void aPeerWhoseFrameNeverEndsCountsAsSilentOnlyWhileNothingComes() {
        try (WireClient client = server.connect().muted()) {
            client.bytes(Frames.headerOnly(0x80 | Frame.TEXT, 100));
            Frame frame = client.frame();
            while (frame.opcode() != Frame.PING) {
                frame = client.frame();
            }
            assertThat(client.ended()).isTrue();
        }
    }
}
