package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// permessage-deflate (RFC 7692), when it is switched on.
@ExtendWith(NoLeaks.class)
class DeflateTest {

    private static final String OFFER = "Sec-WebSocket-Extensions: permessage-deflate";
    private static final String TEXT = "\"" + "compressible ".repeat(100) + "\"";

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = RunningServer.start("permessage-deflate=true");
        server.topic("t");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static WireClient compressing(String offer) {
        WireClient client = WireClient.tcp(server.port()).upgrade("/ws", offer);
        assertThat(client.header("Sec-WebSocket-Extensions")).startsWith("permessage-deflate");
        return client;
    }

    private static byte[] compressed(String text) {
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        try {
            deflater.setInput(text.getBytes(StandardCharsets.UTF_8));
            byte[] buffer = new byte[text.length() + 100];
            int length = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH);
            return Frames.masked(0xc0 | Frame.TEXT, Arrays.copyOf(buffer, length - 4));
        } finally {
            deflater.end();
        }
    }

    @Test
    void isNotUsedUnlessSwitchedOnAndOffered() {
        try (RunningServer plain = RunningServer.start();
                WireClient client = WireClient.tcp(plain.port()).upgrade("/ws", OFFER)) {
            assertThat(client.header("Sec-WebSocket-Extensions")).isNull();
        }
        try (WireClient client = server.connect()) {
            assertThat(client.header("Sec-WebSocket-Extensions")).isNull();
        }
    }

    @Test
    void eventsAreCompressedWithoutContextAndTheSameForEverybody() {
        try (WireClient one = compressing(OFFER);
                WireClient two = compressing(OFFER + "; client_max_window_bits");
                WireClient plain = server.connect()) {
            subscribe(one, "t", "c");
            subscribe(two, "t", "c");
            subscribe(plain, "t", "c");
            assertThat(one.header("Sec-WebSocket-Extensions")).contains("server_no_context_takeover");
            for (int i = 0; i < 3; i++) {
                publishAcked(plain, "t", TEXT);
                String expected = plain.text();
                Frame frame = one.next();
                assertThat(frame.compressed()).isTrue();
                assertThat(frame.text()).isEqualTo(expected);
                assertThat(two.next().text()).isEqualTo(expected);
            }
        }
    }

    @Test
    void compressedRequestsAreUnderstood() {
        try (WireClient client = compressing(OFFER)) {
            client.bytes(compressed(publish("t", TEXT)));
            JsonNode ack = client.json();
            assertThat(ack.path("status").stringValue()).isEqualTo("ok");
            client.send("{\"type\":\"ping\"}");
            assertThat(client.json().path("type").stringValue()).isEqualTo("pong");
        }
    }

    @Test
    void aCompressedMessageIsMeasuredUncompressed() {
        try (WireClient client = compressing(OFFER)) {
            client.bytes(compressed(publish("t", "\"" + "0".repeat(100_000) + "\"")));
            assertThat(client.json().path("error").path("code").stringValue()).isEqualTo("TOO_LARGE");
            client.send("{\"type\":\"ping\"}");
            assertThat(client.json().path("type").stringValue()).isEqualTo("pong");
            // A bomb does not get to explode.
            client.bytes(compressed("\"" + "0".repeat(20_000_000) + "\""));
            JsonNode answer = client.json();
            assertThat(answer.path("error").path("code").stringValue()).isEqualTo("TOO_LARGE");
        }
        server.checkServes();
    }

    @Test
    void garbageInsteadOfCompressedDataClosesTheConnection() {
        try (WireClient client = compressing(OFFER)) {
            client.bytes(Frames.masked(0xc0 | Frame.TEXT, new byte[] {(byte) 0xff, 1, 2, 3, 4, 5}));
            assertThat(client.closeCode()).isIn(1002, 1007);
        }
        server.checkServes();
    }

    @Test
    void theCompressedBitWithoutNegotiationIsAViolation() {
        try (WireClient client = server.connect()) {
            client.bytes(compressed("{\"type\":\"ping\"}"));
            assertThat(client.closeCode()).isEqualTo(1002);
        }
    }
}
