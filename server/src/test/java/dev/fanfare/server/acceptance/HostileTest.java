package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Peers that break every rule: the connection ends where RFC 6455 says so, lives where it does not, and nobody else
/// notices. A subscriber stays connected through each test and must still be served.
@ExtendWith(NoLeaks.class)
class HostileTest {

    private static final String NOISE = "{}[]\",:\\0e-+ntf \u0001é";

    private static RunningServer server;
    private WireClient bystander;

    @BeforeAll
    static void start() {
        server = RunningServer.start("handshake-timeout=2s");
        server.topic("t");
        server.topic("quiet");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void connectBystander() {
        bystander = server.connect();
        subscribe(bystander, "quiet", "bystander");
    }

    @AfterEach
    void othersAreStillServedAndNoSubscriberIsLeft() {
        server.checkServes();
        server.awaitSubscribers(1);
        bystander.send(RunningServer.publish("quiet", "1"));
        assertThat(bystander.json().path("status").stringValue()).isEqualTo("ok");
        assertThat(bystander.events(1)).hasSize(1);
        bystander.close();
        server.awaitSubscribers(0);
    }

    private static void assertAlive(WireClient client) {
        client.send("{\"type\":\"ping\",\"request_id\":\"alive\"}");
        assertThat(client.json().path("request_id").stringValue()).isEqualTo("alive");
    }

    private static void assertClosed(int code, byte[]... frames) {
        try (WireClient client = server.connect()) {
            subscribe(client, "t", "c");
            for (byte[] frame : frames) {
                client.bytesOrHungUp(frame);
            }
            assertThat(client.closeCode()).isEqualTo(code);
        }
    }

    @Test
    void binaryMessagesAreRefusedAndTheConnectionLives() {
        try (WireClient client = server.connect()) {
            client.bytes(Frames.whole(Frame.BINARY, "{\"type\":\"ping\"}".getBytes(StandardCharsets.UTF_8)));
            JsonNode error = client.json();
            assertThat(error.path("error").path("code").stringValue()).isEqualTo("BAD_REQUEST");
            assertAlive(client);
            client.bytes(Frames.unfinished(Frame.BINARY, new byte[] {1}));
            client.bytes(Frames.whole(Frame.CONTINUATION, new byte[] {(byte) 0xff}));
            assertThat(client.json().path("error").path("code").stringValue()).isEqualTo("BAD_REQUEST");
            assertAlive(client);
        }
    }

    @Test
    void fragmentsMayBeInterleavedWithPingsAndSplitAnywhere() {
        try (WireClient client = server.connect().muted()) {
            byte[] text = "{\"type\":\"ping\",\"request_id\":\"é😀\"}".getBytes(StandardCharsets.UTF_8);
            for (int split = 0; split <= text.length; split++) {
                client.bytes(Frames.unfinished(Frame.TEXT, Arrays.copyOfRange(text, 0, split)));
                client.bytes(Frames.whole(Frame.PING, new byte[] {(byte) split}));
                client.bytes(Frames.unfinished(Frame.CONTINUATION, new byte[0]));
                client.bytes(Frames.whole(Frame.CONTINUATION, Arrays.copyOfRange(text, split, text.length)));
                Frame pong = client.frame();
                assertThat(pong.opcode()).isEqualTo(Frame.PONG);
                assertThat(pong.payload()).containsExactly(split);
                assertThat(client.text()).as("split at %s", split).contains("\"request_id\":\"é😀\"");
            }
        }
    }

    @Test
    void framesMayArriveByteByByte() {
        try (WireClient client = server.connect()) {
            for (byte b : Frames.text("{\"type\":\"ping\",\"request_id\":\"slowly\"}")) {
                client.bytes(new byte[] {b});
            }
            assertThat(client.json().path("request_id").stringValue()).isEqualTo("slowly");
        }
    }

    @Test
    void manyFramesMayArriveInOneSegment() {
        try (WireClient client = server.connect()) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int i = 0; i < 1000; i++) {
                all.writeBytes(Frames.text("{\"type\":\"ping\",\"request_id\":\"" + i + "\"}"));
            }
            client.bytes(all.toByteArray());
            for (int i = 0; i < 1000; i++) {
                assertThat(client.json().path("request_id").stringValue()).isEqualTo(String.valueOf(i));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    void unknownOpcodesCloseWith1002(int opcode) {
        assertClosed(1002, Frames.whole(opcode, new byte[] {1}));
    }

    @ParameterizedTest
    @ValueSource(ints = {0x40, 0x20, 0x10, 0x70})
    void reservedBitsCloseWith1002(int bits) {
        assertClosed(1002, Frames.masked(0x80 | bits | Frame.TEXT, new byte[] {'1'}));
    }

    @Test
    void framesWithoutAMaskCloseWith1002() {
        assertClosed(1002, Frames.unmasked(0x80 | Frame.TEXT, "{\"type\":\"ping\"}".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void brokenFragmentationClosesWith1002() {
        assertClosed(1002, Frames.whole(Frame.CONTINUATION, new byte[] {'1'}));
        assertClosed(1002, Frames.unfinished(Frame.TEXT, new byte[] {'1'}), Frames.whole(Frame.TEXT, new byte[] {'1'}));
        assertClosed(1002, Frames.unfinished(Frame.PING, new byte[] {'1'}));
        assertClosed(1002, Frames.whole(Frame.PING, new byte[126]));
    }

    @Test
    void lengthsThatNobodyCanMeanCloseTheConnection() {
        assertClosed(1009, Frames.headerOnly(0x80 | Frame.TEXT, 1L << 40));
        assertClosed(1002, Frames.headerOnly(0x80 | Frame.TEXT, Long.MIN_VALUE));
    }

    @Test
    void malformedUtf8ClosesWith1007() {
        for (byte[] malformed : List.of(
                new byte[] {(byte) 0xff},
                new byte[] {(byte) 0xc0, (byte) 0xaf},
                new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
                new byte[] {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
                new byte[] {'"', (byte) 0xe2, (byte) 0x82, '"'},
                new byte[] {(byte) 0xe2, (byte) 0x82})) {
            assertClosed(1007, Frames.whole(Frame.TEXT, malformed));
        }
        // In the middle of what would otherwise be a fine request.
        byte[] ping = "{\"type\":\"ping\",\"x\":\"#\"}".getBytes(StandardCharsets.UTF_8);
        ping[20] = (byte) 0x80;
        assertClosed(1007, Frames.whole(Frame.TEXT, ping));
        // A character split over two fragments that the second does not end.
        assertClosed(
                1007,
                Frames.unfinished(Frame.TEXT, new byte[] {'"', (byte) 0xe2}),
                Frames.whole(Frame.CONTINUATION, new byte[] {'"'}));
    }

    @Test
    void closeFramesAreAnsweredAndBadOnesCloseWith1002Or1007() {
        try (WireClient client = server.connect()) {
            client.sendClose(1000);
            assertThat(client.next()).hasToString("close 1000");
            assertThat(client.ended()).isTrue();
        }
        try (WireClient client = server.connect()) {
            client.bytes(Frames.whole(Frame.CLOSE, new byte[0]));
            assertThat(client.next().opcode()).isEqualTo(Frame.CLOSE);
            assertThat(client.ended()).isTrue();
        }
        assertClosed(1002, Frames.whole(Frame.CLOSE, new byte[] {3}));
        assertClosed(1002, Frames.close(1005));
        assertClosed(1002, Frames.close(999));
        assertClosed(1007, Frames.whole(Frame.CLOSE, new byte[] {3, (byte) 0xe8, (byte) 0xff}));
    }

    @Test
    void nothingIsDoneAfterAClose() {
        try (WireClient client = server.connect()) {
            client.bytes(Frames.close(1000));
            client.bytesOrHungUp(Frames.text(RunningServer.publish("quiet", "\"after the close\"")));
            assertThat(client.next()).hasToString("close 1000");
        }
    }

    @Test
    void connectionsThatEndInsideAFrameOrAHandshakeLeaveNothing() {
        for (int i = 0; i < 20; i++) {
            WireClient inFrame = server.connect();
            subscribe(inFrame, "t", "c");
            inFrame.bytes(Frames.headerOnly(0x80 | Frame.TEXT, 1000));
            inFrame.bytes("{\"type\":".getBytes(StandardCharsets.UTF_8));
            inFrame.reset();
            WireClient inMessage = server.connect();
            inMessage.bytes(Frames.unfinished(Frame.TEXT, new byte[1000]));
            inMessage.close();
            WireClient inHandshake = WireClient.tcp(server.port());
            inHandshake.bytes("GET /ws HTTP/1.1\r\nHost:".getBytes(StandardCharsets.US_ASCII));
            inHandshake.reset();
        }
    }

    @Test
    void bytesThatAreNoHttpAreRefused() {
        for (String greeting : List.of(
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
                "SSH-2.0-OpenSSH_9.2\r\n\r\n",
                "GET\r\n\r\n",
                "GET /ws HTTP/9.9\r\n\r\n",
                "\r\n\r\n\r\n\r\n\u0000\u0000\u0000\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nbroken header\r\n\r\n",
                "POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                "POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "GET /" + "a".repeat(100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nX: " + "a".repeat(200_000) + "\r\n\r\n")) {
            try (WireClient client = WireClient.tcp(server.port())) {
                client.bytesOrHungUp(greeting.getBytes(StandardCharsets.ISO_8859_1));
                assertThat(client.refused()).as("refused %.20s", greeting).isTrue();
            }
        }
    }

    @Test
    void badHandshakesAreRefusedWithAStatus() {
        record Bad(String name, String request) {}
        String good = WireClient.handshakeRequest("/ws");
        List<Bad> requests = List.of(
                new Bad("no key", good.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "")),
                new Bad("short key", good.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=")),
                new Bad("no base64", good.replace("dGhlIHNhbXBsZSBub25jZQ==", "!!!!")),
                new Bad("old version", good.replace("Version: 13", "Version: 8")),
                new Bad("no version", good.replace("Sec-WebSocket-Version: 13\r\n", "")),
                new Bad("no upgrade", good.replace("Upgrade: websocket\r\n", "")),
                new Bad("no connection", good.replace("Connection: Upgrade\r\n", "")),
                new Bad("post", good.replace("GET", "POST")),
                new Bad("elsewhere", good.replace("/ws", "/elsewhere")),
                new Bad(
                        "foreign page",
                        good.replace("Host: localhost", "Host: localhost\r\nOrigin: https://evil.example")),
                new Bad("empty client_id", good.replace("/ws", "/ws?client_id=")));
        for (Bad bad : requests) {
            try (WireClient client = WireClient.tcp(server.port())) {
                client.bytes(bad.request().getBytes(StandardCharsets.US_ASCII));
                assertThat(client.readHead()).as(bad.name()).matches("HTTP/1\\.1 4\\d\\d .*");
            }
        }
        try (WireClient client = WireClient.tcp(server.port())) {
            client.bytes(good.replace("Version: 13", "Version: 99").getBytes(StandardCharsets.US_ASCII));
            assertThat(client.readHead()).startsWith("HTTP/1.1 426 ");
            assertThat(client.header("Sec-WebSocket-Version")).isEqualTo("13");
        }
        try (WireClient client = WireClient.tcp(server.port())) {
            client.bytes(good.replace("Host: localhost", "Host: localhost\r\nOrigin: https://evil.example")
                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(client.readHead()).startsWith("HTTP/1.1 403 ");
        }
        for (String origin : List.of("http://localhost:3000", "https://127.0.0.1", "http://[::1]:1234")) {
            WireClient.tcp(server.port()).upgrade("/ws", "Origin: " + origin).close();
        }
    }

    @Test
    void framesSentTogetherWithTheHandshakeAreNotLost() {
        try (WireClient client = WireClient.tcp(server.port())) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.writeBytes(WireClient.handshakeRequest("/ws").getBytes(StandardCharsets.US_ASCII));
            all.writeBytes(Frames.text("{\"type\":\"ping\",\"request_id\":\"early\"}"));
            client.bytes(all.toByteArray());
            assertThat(client.readHead()).startsWith("HTTP/1.1 101 ");
            assertThat(client.json().path("request_id").stringValue()).isEqualTo("early");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../../etc/passwd",
                "/docs/../../../../etc/passwd",
                "/docs/..%2f..%2f..%2fetc%2fpasswd",
                "/docs/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
                "/docs/..%5c..%5cetc%5cpasswd",
                "/docs//etc/passwd",
                "/redoc/%00",
                "/docs/%c0%ae%c0%ae/",
                "/topics/%zz",
                "/topics/%",
                "/topics/%ff",
                "/topics/..%2f..%2fetc%2fpasswd/messages",
                "//etc/passwd",
                "/docs/application.class",
                "/META-INF/MANIFEST.MF",
                "/docs/META-INF/MANIFEST.MF"
            })
    void pathsLeadNowhereElse(String path) {
        try (WireClient client = WireClient.tcp(server.port())) {
            client.bytes(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(client.readHead()).matches("HTTP/1\\.1 (400|404) .*");
        }
    }

    @Test
    void jsonBrokenInEveryPlaceIsAnsweredAndNothingElseHappens() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("HostileTest.jsonBrokenInEveryPlace seed " + seed);
        Random random = new Random(seed);
        List<String> requests = List.of(
                "{\"type\":\"ping\",\"request_id\":\"x\"}",
                "{\"type\":\"subscribe\",\"topic\":\"nowhere\",\"client_id\":\"c\",\"since\":{\"epoch\":\"e\",\"offset\":5}}",
                "{\"type\":\"publish\",\"topic\":\"nowhere\",\"message\":{\"payload\":{\"a\":[1,-2.5e3,true,null,\"\\u00e9\"]}}}");
        try (WireClient client = server.connect()) {
            for (int i = 0; i < 2000; i++) {
                StringBuilder text = new StringBuilder(requests.get(random.nextInt(requests.size())));
                for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                    int at = random.nextInt(text.length());
                    switch (random.nextInt(3)) {
                        case 0 -> text.deleteCharAt(at);
                        case 1 -> text.insert(at, NOISE.charAt(random.nextInt(NOISE.length())));
                        default -> text.setCharAt(at, NOISE.charAt(random.nextInt(NOISE.length())));
                    }
                }
                client.send(text.toString());
                assertThat(client.json().path("type").stringValue())
                        .as("%s", text)
                        .isIn("error", "pong");
            }
        }
    }

    @Test
    void randomBytesAfterTheHandshakeHarmNobody() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("HostileTest.randomBytesAfterTheHandshake seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 100; i++) {
            try (WireClient client = server.connect()) {
                byte[] bytes = new byte[1 + random.nextInt(400)];
                random.nextBytes(bytes);
                client.bytesOrHungUp(bytes);
                client.bytesOrHungUp(Frames.close(1000));
            }
        }
    }

    @Test
    void hundredsOfConnectionsAtOnceAreServed() {
        List<WireClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 300; i++) {
                clients.add(WireClient.tcp(server.port()));
            }
            clients.forEach(client -> client.upgrade("/ws"));
            for (WireClient client : clients) {
                client.send("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\"}");
            }
            clients.forEach(WireClient::json);
            server.awaitSubscribers(301);
            try (WireClient publisher = server.connect()) {
                RunningServer.publishAcked(publisher, "t", "\"to all\"");
            }
            for (WireClient client : clients) {
                assertThat(client.events(1)).hasSize(1);
            }
        } finally {
            clients.forEach(WireClient::close);
        }
    }
}
