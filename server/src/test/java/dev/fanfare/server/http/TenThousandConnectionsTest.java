package dev.fanfare.server.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.RawHttp;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Many peers come at once, ten thousand in the long form: with half a handshake, then with a whole one, then they are
/// gone.
class TenThousandConnectionsTest {

    private static final String HALF = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-Web";
    private static final String REST = """
            Socket-Version: 13\r
            Connection: Upgrade\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            \r
            """;
    private static final String SUBSCRIBE = "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\"}";

    private LimitedProcess server;
    private final List<SocketChannel> peers = new ArrayList<>();
    private final ByteBuffer in = ByteBuffer.allocate(16 * 1024);

    @BeforeEach
    void start() throws IOException {
        server = LimitedProcess.start("$(ulimit -Hn)");
        try (RawHttp http = new RawHttp(server.port())) {
            String topic = "{\"name\":\"t\"}";
            http.request(
                    "POST /topics HTTP/1.1",
                    "Host: x",
                    "Connection: close",
                    "Content-Length: " + topic.length(),
                    "",
                    topic);
            assertThat(http.read().status()).isEqualTo(201);
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (SocketChannel peer : peers) {
            peer.close();
        }
        server.close();
    }

    @Test
    void halfHandshakesThenWholeOnesThenAllGone() throws Exception {
        run(500);
    }

    @Test
    @Tag("stress")
    void halfHandshakesOfTenThousandThenWholeOnesThenAllGone() throws Exception {
        run(10_000);
    }

    private void run(int count) throws Exception {
        SocketChannel bystander = connect();
        say(bystander, HALF + REST);
        hear(bystander, "\r\n\r\n");
        say(bystander, frame(SUBSCRIBE));
        hear(bystander, "\"status\":\"ok\"");

        for (int i = 0; i < count; i++) {
            SocketChannel peer = connect();
            peers.add(peer);
            say(peer, HALF);
        }
        publish(bystander, "\"to those who are there\"");

        for (SocketChannel peer : peers) {
            say(peer, REST);
        }
        for (SocketChannel peer : peers) {
            assertThat(hear(peer, "\r\n\r\n")).startsWith("HTTP/1.1 101 ");
            say(peer, frame(SUBSCRIBE));
        }
        for (SocketChannel peer : peers) {
            hear(peer, "\"status\":\"ok\"");
        }
        publish(bystander, "\"to all\"");
        for (SocketChannel peer : peers) {
            assertThat(hear(peer, "\"offset\":1}")).contains("\"payload\":\"to all\"");
        }
        assertThat(subscribers()).isEqualTo(count + 1);

        // Half of them say goodbye to their system, the others do not.
        for (int i = 0; i < count; i++) {
            if (i % 2 == 0) {
                peers.get(i).setOption(StandardSocketOptions.SO_LINGER, 0);
            }
            peers.get(i).close();
        }
        awaitSubscribers(1);
        publish(bystander, "\"to the one who stayed\"");
        bystander.close();
        assertThat(server.end()).isZero();
    }

    private SocketChannel connect() throws IOException {
        return SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    }

    /// Publishes, and hears both the ack and the event.
    private void publish(SocketChannel subscriber, String payload) throws IOException {
        say(subscriber, frame("{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":" + payload + "}}"));
        String heard = hear(subscriber, "\"payload\":" + payload);
        if (!heard.contains("\"type\":\"ack\"")) {
            hear(subscriber, "\"type\":\"ack\"");
        }
    }

    private static void say(SocketChannel peer, String text) throws IOException {
        ByteBuffer out = ByteBuffer.wrap(text.getBytes(ISO_8859_1));
        while (out.hasRemaining()) {
            peer.write(out);
        }
    }

    /// A text frame whose mask is zero, so that it can be read.
    private static String frame(String text) {
        assertThat(text.length()).isLessThan(126);
        return "\u0081" + (char) (0x80 | text.length()) + "\0\0\0\0" + text;
    }

    /// Reads until this has come.
    private String hear(SocketChannel peer, String what) throws IOException {
        in.clear();
        while (true) {
            assertThat(peer.read(in)).as("the connection ended").isPositive();
            String heard = new String(in.array(), 0, in.position(), ISO_8859_1);
            if (heard.contains(what)) {
                return heard;
            }
        }
    }

    private int subscribers() throws IOException {
        try (RawHttp http = new RawHttp(server.port())) {
            String health = http.request("GET /health HTTP/1.1", "Host: x", "Connection: close")
                    .read()
                    .body();
            return Integer.parseInt(health.replaceFirst("(?s).*\"subscribers\":(\\d+).*", "$1"));
        }
    }

    private void awaitSubscribers(int count) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (subscribers() != count) {
            assertThat(System.nanoTime())
                    .as("waiting for subscribers to become " + count)
                    .isLessThan(deadline);
            LockSupport.parkNanos(5_000_000);
        }
    }
}
