package dev.fanfare.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.RawHttp;
import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpRulesTest {

    private static RunningServer running;

    @BeforeAll
    static void start() {
        running = RunningServer.with();
        running.server.broker().createTopic("t");
    }

    @AfterAll
    static void stop() {
        running.close();
    }

    @Test
    void aWrongMethodIsToldWhatIsAllowed() throws Exception {
        Answered answered = running.call("PUT", "/topics", "{}");

        assertThat(answered.status()).isEqualTo(405);
        assertThat(answered.header("Allow")).isEqualTo("GET, HEAD, OPTIONS, POST");
        assertThat(answered.json().path("error").path("code").asString()).isEqualTo("BAD_REQUEST");
        assertThat(running.call("POST", "/ws", "").header("Allow")).isEqualTo("GET, OPTIONS");
        Answered preflight = running.call("OPTIONS", "/ws", "", "Origin", "http://localhost:3000");
        assertThat(preflight.status()).isEqualTo(204);
        assertThat(preflight.header("Access-Control-Allow-Methods")).isEqualTo("GET, OPTIONS");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/nowhere",
                "/topics/t/x",
                "/topics/",
                "//topics",
                "/assets/../openapi.json",
                "/assets/%2e%2e%2fopenapi.json",
                "/assets/..%5c..%5cetc",
                "/..%2f..%2f..%2fetc%2fpasswd",
                "/%2e%2e/%2e%2e/etc/passwd",
                "/assets/dev%2Ffanfare%2Fserver%2Fversion.properties",
                "/META-INF/MANIFEST.MF"
            })
    void anUnknownPathIsNotFound(String path) throws Exception {
        try (RawHttp raw = running.raw()) {
            RawHttp.Response response =
                    raw.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").read();

            assertThat(response.status()).isEqualTo(404);
            assertThat(response.header("content-type")).isEqualTo("application/problem+json");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/topics/%",
                "/topics/%4",
                "/topics/%zz",
                "/topics/%00",
                "/topics/a%00b",
                "/topics/%ff",
                "/topics/%c0%af",
                "/topics/%ed%a0%80",
                "/topics?limit=%",
                "topics",
                "*"
            })
    void aMalformedTargetIsRefused(String target) throws Exception {
        try (RawHttp raw = running.raw()) {
            RawHttp.Response response =
                    raw.send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n").read();

            assertThat(response.status()).isEqualTo(400);
            assertThat(response.body()).contains("BAD_REQUEST");
        }
    }

    @Test
    void anAbsoluteTargetIsTaken() throws Exception {
        try (RawHttp raw = running.raw()) {
            assertThat(raw.send("GET http://x/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
                            .read()
                            .status())
                    .isEqualTo(200);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'GARBAGE\r\n\r\n', 400",
        "'GET / HTTP/1.1\r\n\r\n', 400",
        "'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400",
        "'GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n', 400",
        "'POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400",
        "'POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400",
        "'POST /topics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnope\r\n', 400",
    })
    void whatIsNoHttpIsRefusedAndTheConnectionEnds(String request, int status) throws Exception {
        try (RawHttp raw = running.raw()) {
            RawHttp.Response response = raw.send(request).read();

            assertThat(response.status()).isEqualTo(status);
        }
        assertThat(running.get("/health/live").status()).isEqualTo(200);
    }

    @Test
    void aLongLineAndLargeHeadersAreRefused() throws Exception {
        try (RawHttp raw = running.raw()) {
            RawHttp.Response response = raw.send("GET /" + "x".repeat(20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n")
                    .read();
            assertThat(response.status()).isEqualTo(414);
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(raw.ended()).isTrue();
        }
        try (RawHttp raw = running.raw()) {
            RawHttp.Response response = raw.send("GET / HTTP/1.1\r\nHost: x\r\nX-A: " + "x".repeat(40_000) + "\r\n\r\n")
                    .read();
            assertThat(response.status()).isEqualTo(431);
            assertThat(raw.ended()).isTrue();
        }
    }

    @Test
    void anOversizedBodyIsRefusedBeforeItIsSent() throws Exception {
        try (RawHttp raw = running.raw()) {
            RawHttp.Response response = raw.send("POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
                    .read();

            assertThat(response.status()).isEqualTo(413);
            assertThat(response.body()).contains("TOO_LARGE");
            assertThat(response.header("connection")).isEqualTo("close");
            assertThat(raw.ended()).isTrue();
        }
    }

    @Test
    void anOversizedBodyInChunksIsRefusedOnTheWayAndTheAnswerArrives() throws Exception {
        try (RawHttp raw = running.raw()) {
            raw.send("POST /topics/t/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
            String chunk = "10000\r\n" + "x".repeat(65_536) + "\r\n";
            for (int i = 0; i < 18; i++) {
                raw.send(chunk);
            }

            assertThat(raw.read().status()).isEqualTo(413);
        }
    }

    @Test
    void whoAsksBeforeSendingIsAnswered() throws Exception {
        try (RawHttp raw = running.raw()) {
            raw.send(
                    "POST /topics/t/messages HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 13\r\n\r\n");
            assertThat(raw.read().status()).isEqualTo(100);
            assertThat(raw.send("{\"payload\":1}").read().status()).isEqualTo(200);
            raw.send("POST /topics HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
            assertThat(raw.read().status()).isEqualTo(413);
        }
    }

    @Test
    void requestsSentAtOnceAreAnsweredInTheirOrder() throws Exception {
        try (RawHttp raw = running.raw()) {
            // Some of these are answered at once and some on another thread.
            raw.send("""
                    GET /health/live HTTP/1.1\r
                    Host: x\r
                    \r
                    GET /topics HTTP/1.1\r
                    Host: x\r
                    \r
                    GET /nowhere HTTP/1.1\r
                    Host: x\r
                    \r
                    GET /stats HTTP/1.1\r
                    Host: x\r
                    \r
                    GET /topics/t HTTP/1.1\r
                    Host: x\r
                    Connection: close\r
                    \r
                    """);

            assertThat(raw.read().body()).contains("live");
            assertThat(raw.read().body()).startsWith("{\"topics\":[");
            assertThat(raw.read().status()).isEqualTo(404);
            assertThat(raw.read().body()).startsWith("{\"topics\":{");
            RawHttp.Response last = raw.read();
            assertThat(last.body()).contains("\"name\":\"t\"");
            assertThat(last.header("connection")).isEqualTo("close");
            assertThat(raw.ended()).isTrue();
        }
    }

    @Test
    void aConnectionOfHttp10EndsUnlessItIsToBeKept() throws Exception {
        try (RawHttp raw = running.raw()) {
            raw.send("GET /health/live HTTP/1.0\r\n\r\n");
            assertThat(raw.read().status()).isEqualTo(200);
            assertThat(raw.ended()).isTrue();
        }
        try (RawHttp raw = running.raw()) {
            raw.send("GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assertThat(raw.read().header("connection")).isEqualTo("keep-alive");
            raw.send("GET /health/live HTTP/1.0\r\n\r\n");
            assertThat(raw.read().status()).isEqualTo(200);
        }
    }

    @Test
    void aHeadHasTheHeadersOfAGet() throws Exception {
        try (RawHttp raw = running.raw()) {
            RawHttp.Response head =
                    raw.send("HEAD /topics/t HTTP/1.1\r\nHost: x\r\n\r\n").read(false);
            RawHttp.Response get =
                    raw.send("GET /topics/t HTTP/1.1\r\nHost: x\r\n\r\n").read();

            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("content-length")).isEqualTo(get.header("content-length"));
            assertThat(get.body()).hasSize(Integer.parseInt(get.header("content-length")));
        }
    }

    @Test
    void webSocketsAreAskedForByAnUpgrade() throws Exception {
        Answered answered = running.get("/ws");

        assertThat(answered.status()).isEqualTo(426);
        assertThat(answered.header("Upgrade")).isEqualTo("websocket");
    }

    @ParameterizedTest
    @CsvSource({
        "'Connection: keep-alive\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 400",
        "'Connection: Upgrade\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 426",
        "'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short', 400",
        "'Connection: Upgrade\r\nSec-WebSocket-Version: 13', 400",
        "'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Origin: http://evil.example', 403",
        "'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Origin: http://localhost:3000', 101",
        "'Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 101",
    })
    void handshakesFollowTheirRules(String headers, int status) throws Exception {
        try (RawHttp raw = running.raw()) {
            RawHttp.Response response = raw.send(
                            "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n" + headers + "\r\n\r\n")
                    .read();

            assertThat(response.status()).isEqualTo(status);
            if (status == 101) {
                assertThat(response.header("sec-websocket-accept")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            }
            if (status == 426) {
                assertThat(response.header("sec-websocket-version")).isEqualTo("13");
            }
        }
    }

    @Test
    void framesSentTogetherWithTheHandshakeAreHeardAfterIt() throws Exception {
        try (RawHttp raw = running.raw()) {
            String ping = "{\"type\":\"ping\",\"request_id\":\"1\"}";
            String frame = "\u0081" + (char) (0x80 | ping.length()) + "\0\0\0\0" + ping;
            String lines = String.join(
                    "\r\n",
                    "GET /ws HTTP/1.1",
                    "Host: x",
                    "Upgrade: websocket",
                    "Connection: Upgrade",
                    "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                    "",
                    frame);
            raw.send(lines);

            assertThat(raw.read().status()).isEqualTo(101);
            // The answer is a frame of text whose end is the end of a JSON object.
            raw.send("\u0089\u0080\0\0\0\0"); // a ping, whose pong ends the line below
            StringBuilder heard = new StringBuilder();
            while (!heard.toString().contains("\u008a")) {
                heard.append(raw.read1());
            }
            assertThat(heard.toString()).contains("\"type\":\"pong\"").contains("\"request_id\":\"1\"");
        }
    }

    @Test
    void pagesThatAreAllowedMayReadTheAnswer() throws Exception {
        Answered local = running.get("/topics", "Origin", "http://localhost:3000");
        Answered foreign = running.get("/topics", "Origin", "https://evil.example");
        Answered none = running.get("/topics");

        assertThat(local.header("Access-Control-Allow-Origin")).isEqualTo("http://localhost:3000");
        assertThat(local.header("Vary")).isEqualToIgnoringCase("Origin");
        assertThat(foreign.status()).isEqualTo(200);
        assertThat(foreign.header("Access-Control-Allow-Origin")).isEmpty();
        assertThat(foreign.header("Vary")).isEqualToIgnoringCase("Origin");
        assertThat(none.header("Access-Control-Allow-Origin")).isEmpty();
    }

    @Test
    void aPreflightIsAnsweredWithNothing() throws Exception {
        Answered local = running.call(
                "OPTIONS", "/topics", "", "Origin", "http://127.0.0.1:9", "Access-Control-Request-Method", "POST");
        Answered foreign = running.call(
                "OPTIONS", "/topics", "", "Origin", "http://evil.example", "Access-Control-Request-Method", "POST");

        assertThat(local.status()).isEqualTo(204);
        assertThat(local.header("Access-Control-Allow-Methods")).contains("POST");
        assertThat(local.header("Access-Control-Allow-Headers")).contains("Content-Type");
        assertThat(foreign.status()).isEqualTo(204);
        assertThat(foreign.header("Access-Control-Allow-Methods")).isEmpty();
        assertThat(foreign.header("Access-Control-Allow-Origin")).isEmpty();
    }

    @Test
    void pagesThatAreNotAllowedChangeNothing() throws Exception {
        Answered answered = running.call("POST", "/topics", "{\"name\":\"planted\"}", "Origin", "http://evil.example");

        assertThat(answered.status()).isEqualTo(403);
        assertThat(answered.json().path("error").path("message").asString()).contains("allowed-origins");
        assertThat(running.server.broker().topic("planted")).isEmpty();
    }
}
