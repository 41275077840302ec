package dev.fanfare.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.RawHttp;
import dev.fanfare.server.RunningServer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RequestDeadlineTest {

    private static RunningServer running;

    @BeforeAll
    static void start() {
        running = RunningServer.with("handshake-timeout", "300ms");
    }

    @AfterAll
    static void stop() {
        running.close();
    }

    @Test
    void aRequestThatNeverEndsIsCut() throws Exception {
        List<RawHttp> opened = new ArrayList<>();
        try {
            for (String beginning : List.of(
                    "GET /hea",
                    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
                    "POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"name\":",
                    "POST /topics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n")) {
                opened.add(running.raw().send(beginning));
            }
            for (RawHttp raw : opened) {
                RawHttp.Response response = raw.read();
                assertThat(response.status()).isEqualTo(408);
                assertThat(response.body()).contains("handshake-timeout");
                assertThat(raw.ended()).isTrue();
            }
        } finally {
            for (RawHttp raw : opened) {
                raw.close();
            }
        }
    }

    @Test
    void aConnectionThatSaysNothingIsClosed() throws Exception {
        try (RawHttp raw = running.raw()) {
            assertThat(raw.ended()).isTrue();
            assertThat(running.get("/metrics").body())
                    .contains("fanfare_refused_total{limit=\"handshake_timeout\"} ")
                    .doesNotContain("fanfare_refused_total{limit=\"handshake_timeout\"} 0");
        }
    }

    @Test
    void anUnfinishedRequestAfterAFinishedOneIsCutToo() throws Exception {
        try (RawHttp raw = running.raw()) {
            assertThat(raw.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
                            .read()
                            .status())
                    .isEqualTo(200);
            assertThat(raw.send("GET /health/l").read().status()).isEqualTo(408);
            assertThat(raw.ended()).isTrue();
        }
    }

    @Test
    void othersAreServedMeanwhile() throws Exception {
        RawHttp[] slow = new RawHttp[200];
        try {
            for (int i = 0; i < slow.length; i++) {
                slow[i] = running.raw().send("GET / HTTP/1.1\r\n");
            }
            assertThat(running.get("/health/live").status()).isEqualTo(200);
            for (RawHttp raw : slow) {
                assertThat(raw.read().status()).isEqualTo(408);
            }
        } finally {
            for (RawHttp raw : slow) {
                if (raw != null) {
                    raw.close();
                }
            }
        }
    }
}
