package dev.fanfare.server.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.Dialect;
import io.netty.handler.codec.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The handshake: which are refused and how, and what is left behind by one that is not.
class WebSocketUpgradeTest {

    @ParameterizedTest
    @CsvSource(
            nullValues = "none",
            value = {
                "Connection, none, 400, 'Connection: Upgrade'",
                "Connection, keep-alive, 400, 'Connection: Upgrade'",
                "Connection, '', 400, 'Connection: Upgrade'",
                "Sec-WebSocket-Version, none, 426, 'Sec-WebSocket-Version: 13'",
                "Sec-WebSocket-Version, 8, 426, 'Sec-WebSocket-Version: 13'",
                "Sec-WebSocket-Version, 013, 426, 'Sec-WebSocket-Version: 13'",
                "Sec-WebSocket-Key, none, 400, Sec-WebSocket-Key",
                "Sec-WebSocket-Key, '', 400, Sec-WebSocket-Key",
                "Sec-WebSocket-Key, c2hvcnQ=, 400, Sec-WebSocket-Key",
                "Sec-WebSocket-Key, '!!!!!!!!!!!!!!!!!!!!!!==', 400, Sec-WebSocket-Key",
                "Sec-WebSocket-Key, dGhlIHNhbXBsZSBub25jZSEhIQ==, 400, Sec-WebSocket-Key",
            })
    void saysWhatIsWrongWithAHandshake(String header, String value, int status, String reason) {
        HttpRequest request = Wire.handshake("/ws");
        if (value == null) {
            request.headers().remove(header);
        } else {
            request.headers().set(header, value);
        }

        assertThat(WebSocketUpgrade.check(request)).isNotNull().satisfies(refusal -> {
            assertThat(refusal.status()).isEqualTo(status);
            assertThat(refusal.reason()).contains(reason);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "Connection, 'keep-alive, Upgrade'",
        "Connection, UPGRADE",
        "Upgrade, WebSocket",
    })
    void takesWhatTheStandardAllows(String header, String value) {
        assertThat(WebSocketUpgrade.check(Wire.handshake("/ws", header, value))).isNull();
    }

    @Test
    void aClientIdHasOneTo256Characters() {
        assertThat(WebSocketUpgrade.check(Wire.handshake("/ws?client_id=a"))).isNull();
        assertThat(WebSocketUpgrade.check(Wire.handshake("/ws?client_id=" + "%F0%9F%98%80".repeat(256))))
                .isNull();
        assertThat(WebSocketUpgrade.check(Wire.handshake("/ws?other=" + "x".repeat(300))))
                .isNull();
        assertThat(WebSocketUpgrade.check(Wire.handshake("/ws?client_id=a;b=" + "x".repeat(250))))
                .isNull();
        for (String id : new String[] {"", "x".repeat(257)}) {
            assertThat(WebSocketUpgrade.check(Wire.handshake("/ws?client_id=" + id)))
                    .isEqualTo(new WebSocketUpgrade.Refusal(400, "client_id must have 1 to 256 characters"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil%0aline", "%0d", "a%1b[31m", "%7f", "%c2%85"})
    void aClientIdHoldsNoControlCharacters(String id) {
        assertThat(WebSocketUpgrade.check(Wire.handshake("/ws?client_id=" + id)))
                .isEqualTo(new WebSocketUpgrade.Refusal(400, "client_id must not hold control characters"));
    }

    @Test
    void answersAndLeavesNothingOfHttpBehind() {
        try (Wire wire = new Wire(Map.of())) {
            Wire.Peer peer = wire.connect(Dialect.STANDARD, Wire.handshake("/ws"));

            assertThat(peer.takeHandshake()).isEqualTo("""
                            HTTP/1.1 101 Switching Protocols\r
                            Upgrade: websocket\r
                            Connection: Upgrade\r
                            Server: Fanfare/test\r
                            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
                            \r
                            """);
            assertThat(peer.pipeline().names()).startsWith("handshake").hasSize(2); // and Netty's own tail
        }
    }

    @Test
    void theFirstFrameFollowsTheAnswer() {
        try (Wire wire = new Wire(Map.of("flat-port", "0"))) {
            Wire.Peer peer = wire.connect(Dialect.FLAT, Wire.handshake("/ws"));

            String sent = new String(peer.taken(), StandardCharsets.UTF_8);
            assertThat(sent).startsWith("HTTP/1.1 101 ");
            assertThat(sent.substring(sent.indexOf("\r\n\r\n") + 6)).startsWith("{\"type\":\"info\"");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void deflateIsAgreedOnOnlyWhenBothWantIt(String setting) {
        try (Wire wire = new Wire(Map.of("permessage-deflate", setting))) {
            Wire.Peer offering = wire.connect(
                    Dialect.STANDARD,
                    Wire.handshake("/ws", "Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"));
            Wire.Peer silent = wire.connect(Dialect.STANDARD, Wire.handshake("/ws"));

            String agreed = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover;"
                    + " client_no_context_takeover\r\n";
            if (setting.equals("true")) {
                assertThat(offering.takeHandshake()).contains(agreed);
            } else {
                assertThat(offering.takeHandshake()).doesNotContain("Extensions");
            }
            assertThat(silent.takeHandshake()).doesNotContain("Extensions");
        }
    }
}
