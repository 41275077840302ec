package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.RawHttp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What peers write into the server's log: never a line of their own, never a steered terminal, never much.
@ExtendWith(NoLeaks.class)
class HostileLogTest {

    /// Where `simplelogger.properties` has the log of the tests.
    private static final Path LOG = Path.of("target", "server.log");

    /// A line of the log begins with its time, whoever caused it.
    private static final String OWN_LINE = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3} .*";

    private static RunningServer server;
    private long logged;

    @BeforeAll
    static void start() {
        server = RunningServer.start();
        server.topic("t");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void noteTheLog() throws IOException {
        logged = Files.size(LOG);
    }

    private String read() {
        try {
            byte[] all = Files.readAllBytes(LOG);
            return new String(Arrays.copyOfRange(all, (int) logged, all.length), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void get(String target) {
        try (RawHttp http = new RawHttp(server.port())) {
            http.request("GET " + target + " HTTP/1.1", "Host: x", "User-Agent: FAKE");
            assertThat(http.read().status()).isBetween(400, 499);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whatAPeerWroteNeverBeginsALine() {
        // Again and again: the log is limited, and other tests may just have filled their second.
        RunningServer.await(
                () -> {
                    misbehave();
                    return read().lines().filter(line -> line.contains("FAKE")).count() > 12;
                },
                "lines with what the peer wrote");
        List<String> lines = read().lines().toList();
        assertThat(lines).allMatch(line -> line.matches(OWN_LINE), "begins as a line does");
        assertThat(lines).noneMatch(line -> line.matches("\\S+ ERROR .*"));
        assertThat(String.join("", lines)).doesNotMatch("(?s).*[\\p{Cntrl}\u0085\u202e].*");
    }

    private static void misbehave() {
        String fake = "\\n2026-01-01T00:00:00.000 ERROR FAKE\\u001b[31m\\u202e";
        try (WireClient client = server.connect();
                WireClient flat = server.connectFlat()) {
            for (String text : List.of(
                    "{\"type\":\"bad" + fake + "\"}",
                    "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c" + fake + "\"}",
                    "{\"type\":\"subscribe\",\"topic\":\"x" + fake + "\",\"client_id\":\"c\"}",
                    "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\",\"overflow\":\"" + fake + "\"}",
                    "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\",\"batch\":{\"" + fake + "\":1}}",
                    "{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1,\"headers\":{\"" + fake
                            + "\":1}}}")) {
                assertThat(client.send(text).json().path("type").stringValue())
                        .as(text)
                        .isEqualTo("error");
            }
            flat.send("{\"type\":\"x" + fake + "\"}");
            assertThat(flat.json().path("code").stringValue()).isEqualTo("UNKNOWN_MESSAGE_TYPE");
        }
        for (String body : List.of(
                "{\"name\":\"q\",\"bo" + fake + "\":1,\"bo" + fake + "\":2}",
                "{\"name\":\"q\",\"overflow\":\"" + fake + "\"}",
                "{\"name\":\"q\",\"durability\":\"" + fake + "\"}")) {
            assertThat(server.rest("POST", "/topics", body).status()).isEqualTo(400);
        }
        get("/ws?client_id=evil%0a2026-01-01T00:00:00.000%20ERROR%20FAKE%1b[31m");
        get("/topics/t/messages?from=%0aFAKE%1b[31m");
        get("/topics?limit=%0aFAKE%1b[31m");
        get("/topics?%0aFAKE%1b[31m=1&%0aFAKE%1b[31m=1");
        get("/\u001b[31mFAKE\u0085FAKE");
    }

    @Test
    void fieldsThatNobodyCanMeanFillNoLog() {
        List<String> requests = HostileFields.requests();
        long begun = System.nanoTime();
        try (WireClient client = server.connect()) {
            for (int i = 0; i < 2_000; i++) {
                client.send(requests.get(i % requests.size()) + "}");
                assertThat(client.json().path("type").stringValue()).isEqualTo("error");
            }
        }
        long seconds = 1 + (System.nanoTime() - begun) / 1_000_000_000;
        List<String> lines = read().lines().toList();
        // A hundred a second, and what was left out.
        assertThat(lines.size()).isLessThanOrEqualTo((int) (102 * (seconds + 1)));
        assertThat(lines).allMatch(line -> line.matches(OWN_LINE), "begins as a line does");
        assertThat(lines).noneMatch(line -> line.matches("\\S+ ERROR .*"));
        assertThat(lines).allMatch(line -> line.length() < 3_000);
    }
}
