package dev.fanfare.server.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.RawHttp;
import dev.fanfare.server.RunningServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Paths, queries and bodies that are nearly right: every one is answered, in JSON, and never with a fault of
/// the server's.
class RestFuzzTest {

    private static final List<String> METHODS = List.of("GET", "POST", "DELETE", "PUT", "OPTIONS");

    private static final List<String> SEGMENTS = List.of(
            "topics",
            "topics",
            "topics",
            "routes",
            "subscriptions",
            "dead-letters",
            "redrive",
            "audit",
            "t",
            "a%2Fb",
            "messages",
            "health",
            "stats",
            "metrics",
            "live",
            "openapi.json",
            "%F0%9F%98%80",
            "$sys",
            "%2e%2e",
            "%00",
            "%ff",
            "%",
            "%zz",
            "",
            "..",
            "a;b=c",
            "x".repeat(300));

    private static final List<String> DEEP = List.of(
            "/topics/t/messages",
            "/topics/t/messages",
            "/topics/t/dead-letters",
            "/topics/t/dead-letters/redrive",
            "/topics",
            "/routes",
            "/routes/copies",
            "/subscriptions",
            "/transactions",
            "/transactions",
            "/topics/t/requests",
            "/topics/t/requests",
            "/subscriptions/audit");

    private static final List<String> PARAMETERS = List.of(
            "limit=10",
            "limit=0",
            "limit=99999999999",
            "limit=-1",
            "from=earliest",
            "from=latest",
            "from=0",
            "from=999999999999999999",
            "from=9999999999999999999",
            "from=2026-01-31T12:00:00Z",
            "from=%2B999999999-12-31T23:59:59Z",
            "from=-999999999-01-01T00:00:00Z",
            "from=yesterday",
            "prefix=t",
            "prefix=%FF",
            "prefix=*",
            "after=a",
            "after=%00",
            "x",
            "=",
            "&&",
            "limit",
            "a+b=%20");

    private static final List<String> BODIES = List.of(
            "{\"name\":\"t\"}",
            "{\"name\":\"a/b\",\"history\":10,\"history_bytes\":1000,\"history_ms\":1000}",
            "{\"name\":\"q\",\"queue\":10,\"overflow\":\"drop_oldest\"}",
            "{\"payload\":{\"a\":[1,null,\"é\"]}}",
            "{\"id\":\"550e8400-e29b-41d4-a716-446655440000\",\"payload\":null,\"headers\":{\"a\":\"b\"},\"key\":\"k\"}",
            "[{\"payload\":1},{\"payload\":\"two\"},{}]",
            "{\"name\":\"p\",\"partitions\":4,\"ordering\":\"partitioned\",\"dedup\":{\"window_ms\":1000,\"count\":10}}",
            "{\"name\":\"b\",\"backlog\":3,\"backlog_bytes\":1000,\"backlog_overflow\":\"dead_letter\",\"dead_letter\":\"d\"}",
            "{\"name\":\"b\",\"backlog\":9223372036854775808,\"backlog_bytes\":-1,\"partitions\":1e400}",
            "{\"name\":\"b\",\"durability\":\"synced\",\"compact\":true,\"backlog_overflow\":\"spill\"}",
            "{\"offsets\":[0,1,2],\"to\":\"t\"}",
            "{\"offsets\":[-1,1.5,9223372036854775808,\"x\",null,[]]}",
            "{\"to\":\"$dead/t\"}",
            "{\"name\":\"copies\",\"from\":\"t\",\"to\":[\"a/b\",\"q\"],\"mode\":\"copy\",\"types\":[\"x\"]}",
            "{\"name\":\"circle\",\"from\":\"**\",\"to\":[\"t\"],\"mode\":\"redirect\"}",
            "{\"publish\":[{\"topic\":\"t\",\"message\":{\"payload\":1}},{\"topic\":\"a/b\",\"message\":{\"payload\":2}}]}",
            "{\"publish\":[{\"topic\":\"t\",\"message\":{\"payload\":1,\"delay_ms\":5}}],\"ack\":[]}",
            "{\"publish\":[{\"topic\":\"$dead/t\",\"message\":{\"payload\":1}},7]}",
            "{\"message\":{\"payload\":1},\"timeout_ms\":1}",
            "{\"message\":{\"payload\":1},\"timeout_ms\":9223372036854775808,\"replies\":\"some\"}",
            "{\"message\":{},\"timeout_ms\":1e400,\"request_id\":5}",
            "{\"payload\":\"H4sIAAAAAAAA/wMAAAAAAAAAAAA=\",\"encoding\":\"gzip\",\"content_type\":\"a/b\"}",
            "{\"payload\":\"AAAA\",\"encoding\":\"zstd\"}",
            "[]",
            "{}",
            "null",
            "");

    private static final String NOISE = "{}[]\",:\\0e-+ntf %\u0001\u00e9\u00ff";
    private static final Set<Integer> STATUSES =
            Set.of(200, 201, 204, 400, 403, 404, 405, 409, 413, 414, 415, 422, 429, 431, 503);

    private static RunningServer server;

    private final JsonMapper json = JsonMapper.shared();

    @BeforeAll
    static void start() {
        server = RunningServer.with("max-topics", "500");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void everyRequestIsAnswered() throws IOException {
        run(600);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void everyRequestIsAnsweredForLong() throws IOException {
        run(50_000);
    }

    private void run(int rounds) throws IOException {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("RestFuzzTest: -Dfanfare.seed=" + seed);
        Random random = new Random(seed);
        int[] ports = {server.server.port(), server.server.flatPort().orElseThrow()};
        RawHttp[] connections = {new RawHttp(ports[0]), new RawHttp(ports[1])};
        int fine = 0;
        for (int i = 0; i < rounds; i++) {
            int dialect = random.nextInt(2);
            String method = pick(random, METHODS);
            String target = target(random);
            String body = method.equals("POST") || random.nextInt(4) == 0 ? body(random) : "";
            RawHttp.Response answer;
            try {
                connections[dialect].send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body);
                answer = connections[dialect].read();
                check(answer);
            } catch (IOException | RuntimeException | AssertionError failed) {
                throw new AssertionError(
                        "seed " + seed + ", " + (dialect == 0 ? "standard " : "flat ") + method + " " + target + " "
                                + body,
                        failed);
            }
            fine += answer.status() < 300 ? 1 : 0;
            if (answer.header("connection").equals("close")) {
                connections[dialect].close();
                connections[dialect] = new RawHttp(ports[dialect]);
            }
        }
        assertThat(fine).as("seed %d", seed).isGreaterThan(rounds / 50);
        for (RawHttp connection : connections) {
            connection.close();
        }
    }

    private void check(RawHttp.Response answer) {
        assertThat(answer.status()).isIn(STATUSES);
        if (!answer.body().isEmpty() && answer.header("content-type").contains("json")) {
            JsonNode said = json.readTree(answer.body().getBytes(StandardCharsets.ISO_8859_1));
            assertThat(said).isNotNull();
        }
        if (answer.status() >= 400) {
            assertThat(answer.header("content-type")).contains("json");
        }
    }

    private static String target(Random random) {
        StringBuilder target = new StringBuilder();
        for (int left = 1 + random.nextInt(4); left > 0; left--) {
            target.append('/').append(pick(random, SEGMENTS));
        }
        if (random.nextInt(2) == 0) {
            // The paths that take the most reading.
            target.setLength(0);
            target.append(pick(random, DEEP));
        }
        for (int left = random.nextInt(3), first = left; left > 0; left--) {
            target.append(left == first ? '?' : '&').append(pick(random, PARAMETERS));
        }
        if (random.nextInt(4) == 0 && target.length() > 1) {
            target.setCharAt(1 + random.nextInt(target.length() - 1), "%/?&=+;:@!~0".charAt(random.nextInt(12)));
        }
        return target.toString();
    }

    /// One char per byte, as it is sent.
    private static String body(Random random) {
        String body = new String(pick(random, BODIES).getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        if (random.nextInt(3) > 0) {
            return body;
        }
        StringBuilder text = new StringBuilder(body);
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = random.nextInt(text.length() + 1);
            char noise = NOISE.charAt(random.nextInt(NOISE.length()));
            switch (at == text.length() ? 0 : random.nextInt(3)) {
                case 0 -> text.insert(at, noise);
                case 1 -> text.setCharAt(at, noise);
                default -> text.deleteCharAt(at);
            }
        }
        return text.toString();
    }

    private static String pick(Random random, List<String> from) {
        return from.get(random.nextInt(from.size()));
    }
}
