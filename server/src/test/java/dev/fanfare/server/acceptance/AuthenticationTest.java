package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.server.security.KeyFile;
import dev.fanfare.time.VirtualTimers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Who may come in, over WebSocket and REST, and what becomes of those who are in.
@SuppressWarnings("JavaUtilDate") // the library's times
class AuthenticationTest {

    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    @TempDir
    private static Path folder;

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final Path keys = folder.resolve("keys-" + System.identityHashCode(this));
    private final Path rules = folder.resolve("rules-" + System.identityHashCode(this));
    private final Path secret = folder.resolve("secret-" + System.identityHashCode(this));
    private final String key = new KeyFile(keys).create("web", "user", Instant.now());
    private final RunningServer server;

    AuthenticationTest() {
        write(secret, "secret: " + SECRET);
        write(rules, "- {who: authenticated, may: all, topics: '**'}\n");
        server = RunningServer.with(
                broker, "keys=" + keys, "token-keys=" + secret, "rules=" + rules, "heartbeat=1h", "flat-port=0");
        broker.createTopic("t");
        broker.createTopic("other");
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String token(String subject, Duration lasts) {
        try {
            SignedJWT jwt = new SignedJWT(
                    new JWSHeader(JWSAlgorithm.HS256),
                    new JWTClaimsSet.Builder()
                            .subject(subject)
                            // A token counts 30 s beyond its time.
                            .expirationTime(new Date(timers.currentTimeMillis() + lasts.toMillis() - 30_000))
                            .build());
            jwt.sign(new MACSigner(SECRET));
            return jwt.serialize();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatIsOpenToEverybodyCarriesNoFigures() {
        assertThat(RestAnswer.of(server.port(), "GET", "/health", "").body()).matches("\\{\"uptime_sec\":\\d+}");
        assertThat(RestAnswer.of(server.flatPort(), "GET", "/health", "").body())
                .matches("\\{\"status\":\"healthy\",\"uptime_seconds\":[0-9.]+}");
    }

    private WireClient connect(String... headers) {
        return WireClient.tcp(server.port()).upgrade("/ws", headers);
    }

    private static String auth(String member, String value) {
        return "{\"type\":\"auth\",\"request_id\":\"a\",\"" + member + "\":\"" + value + "\"}";
    }

    private static void assertUnauthorized(JsonNode error, String said) {
        assertThat(error.path("type").stringValue()).as("%s", error).isEqualTo("error");
        assertThat(error.path("error").path("code").stringValue()).isEqualTo("UNAUTHORIZED");
        assertThat(error.path("error").path("message").stringValue()).contains(said);
    }

    /// Lets the time go on until a client hears what becomes of it.
    private void pass(Duration time) {
        timers.advance(time);
    }

    @AfterEach
    void close() {
        server.close();
        broker.close();
    }

    // ---- the door

    @Test
    void nobodyComesInWithoutShowingWhoItIs() {
        for (int port : List.of(server.port(), server.flatPort())) {
            try (WireClient client = WireClient.tcp(port)) {
                assertThat(client.handshake("/ws")).startsWith("HTTP/1.1 401 ");
                assertThat(client.header("WWW-Authenticate")).startsWith("Bearer");
            }
            try (WireClient client = WireClient.tcp(port)) {
                assertThat(client.handshake("/ws", "X-API-Key: wrong")).startsWith("HTTP/1.1 401 ");
            }
            try (WireClient client = WireClient.tcp(port)) {
                assertThat(client.handshake("/ws", "Authorization: Bearer a.b.c"))
                        .startsWith("HTTP/1.1 401 ");
            }
            RestAnswer refused = RestAnswer.of(port, "GET", "/topics", "");
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.body()).contains("X-API-Key");
            assertThat(RestAnswer.of(port, "GET", "/topics", "", "X-API-Key", key)
                            .status())
                    .isEqualTo(200);
            assertThat(RestAnswer.of(
                                    port,
                                    "GET",
                                    "/topics",
                                    "",
                                    "Authorization",
                                    "Bearer " + token("ann", Duration.ofHours(1)))
                            .status())
                    .isEqualTo(200);
            assertThat(RestAnswer.of(port, "GET", "/health", "").status()).isEqualTo(200);
        }
    }

    @Test
    void aKeyOrATokenInTheHandshakeIsEnough() {
        try (WireClient byKey = connect("X-API-Key: " + key);
                WireClient byToken = connect("Authorization: Bearer " + token("ann", Duration.ofHours(1)))) {
            subscribe(byKey, "t", "c");
            assertThat(byToken.send(publish("t", "1")).json().path("type").stringValue())
                    .isEqualTo("ack");
            assertThat(byKey.events(1)).hasSize(1);
        }
    }

    @Test
    void aBrowserSaysWhoItIsInItsFirstMessage() {
        try (WireClient client = WireClient.tcp(server.port()).upgrade("/ws?auth=message")) {
            assertUnauthorized(client.send("{\"type\":\"ping\"}").json(), "say first who you are");
            assertUnauthorized(client.send(publish("t", "1")).json(), "say first who you are");
            assertUnauthorized(
                    client.send("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\"}")
                            .json(),
                    "say first");
            JsonNode ack = client.send(auth("api_key", key)).json();
            assertThat(ack.path("type").stringValue()).as("%s", ack).isEqualTo("ack");
            assertThat(ack.path("request_id").stringValue()).isEqualTo("a");
            subscribe(client, "t", "c");
        }
        try (WireClient client = WireClient.tcp(server.port()).upgrade("/ws?auth=message")) {
            JsonNode ack = client.send(auth("token", token("ann", Duration.ofHours(1))))
                    .json();
            assertThat(ack.path("type").stringValue()).as("%s", ack).isEqualTo("ack");
            subscribe(client, "t", "c");
        }
        try (WireClient client = WireClient.tcp(server.port()).upgrade("/ws?auth=message")) {
            assertUnauthorized(client.send(auth("api_key", "guess")).json(), "not known here");
            assertThat(client.closeCode()).isEqualTo(1008);
        }
        try (WireClient client = WireClient.tcp(server.flatPort())) {
            assertThat(client.handshake("/ws?auth=message")).startsWith("HTTP/1.1 401 ");
        }
    }

    @Test
    void whoSaysNothingIsTurnedAwayAfterFiveSeconds() {
        try (WireClient client = WireClient.tcp(server.port()).upgrade("/ws?auth=message")) {
            assertUnauthorized(client.send("{\"type\":\"ping\"}").json(), "say first");
            pass(Duration.ofSeconds(5));
            assertUnauthorized(client.json(), "within 5 s");
            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @Test
    void malformedSayingsAreSaidToBe() {
        try (WireClient client = connect("X-API-Key: " + key)) {
            for (String wrong : List.of(
                    "{\"type\":\"auth\"}",
                    "{\"type\":\"auth\",\"api_key\":\"a\",\"token\":\"b\"}",
                    "{\"type\":\"auth\",\"api_key\":5}",
                    "{\"type\":\"auth\",\"token\":\"" + "x".repeat(20_000) + "\"}")) {
                JsonNode error = client.send(wrong).json();
                assertThat(error.path("error").path("code").stringValue())
                        .as(wrong)
                        .isEqualTo("BAD_REQUEST");
            }
            assertUnauthorized(
                    client.send(auth("token", token("ann", Duration.ofHours(1))))
                            .json(),
                    "can't become");
            subscribe(client, "t", "c");
        }
    }

    // ---- those who are in

    @Test
    void whoseTokenExpiresIsToldHearsNothingMoreAndMaySayItAnew() {
        try (WireClient client = connect("Authorization: Bearer " + token("ann", Duration.ofMinutes(10)))) {
            subscribe(client, "t", "c");
            pass(Duration.ofMinutes(10));
            assertUnauthorized(client.json(), "has expired");
            broker.publish("t", "while it was out");
            assertUnauthorized(client.send(publish("t", "1")).json(), "does not count any more");
            assertUnauthorized(
                    client.send(auth("token", token("eve", Duration.ofHours(1))))
                            .json(),
                    "can't become");
            JsonNode ack = client.send(auth("token", token("ann", Duration.ofHours(1))))
                    .json();
            assertThat(ack.path("type").stringValue()).as("%s", ack).isEqualTo("ack");
            // Nothing is lost for it.
            assertThat(client.events(1)
                            .getFirst()
                            .path("message")
                            .path("payload")
                            .stringValue())
                    .isEqualTo("while it was out");
            pass(Duration.ofHours(1));
            assertUnauthorized(client.json(), "has expired");
            pass(Duration.ofSeconds(5));
            assertUnauthorized(client.json(), "has expired");
            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @Test
    void whatWasAskedForIsNotForWhomDoesNotCountAnyMore() {
        try (WireClient client = connect("Authorization: Bearer " + token("ann", Duration.ofMinutes(10)));
                WireClient silent = connect("X-API-Key: " + key)) {
            subscribe(silent, "t", "c");
            client.send("{\"type\":\"request\",\"request_id\":\"q\",\"topic\":\"t\",\"timeout_ms\":3600000,"
                    + "\"message\":{\"payload\":1}}");
            assertThat(silent.events(1)).hasSize(1);
            pass(Duration.ofMinutes(10));
            JsonNode refused = client.json();
            assertThat(refused.path("request_id").stringValue()).isEqualTo("q");
            assertUnauthorized(refused, "has expired");
            assertUnauthorized(client.json(), "has expired");
        }
    }

    @Test
    void whoseTokensKeyIsWithdrawnIsToldAndClosed() {
        try (WireClient client = connect("Authorization: Bearer " + token("ann", Duration.ofHours(1)))) {
            subscribe(client, "t", "c");
            write(secret, "secret: another secret, and one that is long enough");
            assertUnauthorized(heard(client), "does not count here");
            pass(Duration.ofSeconds(5));
            assertUnauthorized(client.json(), "does not count here");
            assertThat(client.closeCode()).isEqualTo(1008);
        }
    }

    @Test
    void aTokenMayLastLongerThanAnybodyLives() {
        try (WireClient client = connect("Authorization: Bearer " + token("ann", Duration.ofDays(365 * 5_000L)))) {
            subscribe(client, "t", "c");
            broker.publish("t", "1");
            assertThat(client.events(1)).hasSize(1);
        }
    }

    @Test
    void aTokenMayBeSaidAnewBeforeItExpires() {
        try (WireClient client = connect("Authorization: Bearer " + token("ann", Duration.ofMinutes(10)))) {
            subscribe(client, "t", "c");
            assertThat(client.send(auth("token", token("ann", Duration.ofHours(1))))
                            .json()
                            .path("type")
                            .stringValue())
                    .isEqualTo("ack");
            pass(Duration.ofMinutes(11));
            broker.publish("t", "1");
            assertThat(client.events(1)).hasSize(1);
        }
    }

    @Test
    void whoseKeyIsRevokedIsToldAndClosed() {
        try (WireClient client = connect("X-API-Key: " + key)) {
            subscribe(client, "t", "c");
            KeyFile file = new KeyFile(keys);
            String second = file.create("second", "user", Instant.now());
            file.revoke("web");
            assertUnauthorized(heard(client), "has been revoked");
            assertUnauthorized(client.send(auth("api_key", second)).json(), "can't become");
            pass(Duration.ofSeconds(5));
            assertUnauthorized(client.json(), "has been revoked");
            assertThat(client.closeCode()).isEqualTo(1008);
            assertThat(RestAnswer.of(server.port(), "GET", "/topics", "", "X-API-Key", second)
                            .status())
                    .isEqualTo(200);
        }
    }

    /// What a client hears within 5 s of a file's change; it is read on a thread of its own.
    private JsonNode heard(WireClient client) {
        Thread clock = Thread.ofVirtual().start(() -> {
            while (!Thread.interrupted()) {
                timers.advance(Duration.ofMillis(100));
                LockSupport.parkNanos(2_000_000);
            }
        });
        try {
            return client.json();
        } finally {
            clock.interrupt();
            try {
                clock.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Test
    void rulesThatChangeChangeWhatIsHeardAndDone() {
        write(rules, "- {who: name:web, may: [subscribe, publish], topics: ['**']}\n");
        try (WireClient client = connect("X-API-Key: " + key)) {
            subscribe(client, "t", "c");
            subscribe(client, "**", "all");
            subscribe(client, "other", "o");
            write(rules, "- {who: name:web, may: [subscribe, publish], topics: [t]}\n");
            List<String> ended = List.of(
                    heard(client).path("topic").stringValue(),
                    client.json().path("topic").stringValue());
            assertThat(ended).containsExactlyInAnyOrder("**", "other");
            JsonNode refused = client.send(publish("other", "1")).json();
            assertThat(refused.path("error").path("code").stringValue()).isEqualTo("FORBIDDEN");
            assertThat(client.send(publish("t", "1")).json().path("type").stringValue())
                    .isEqualTo("ack");
            assertThat(client.events(1).getFirst().path("topic").stringValue()).isEqualTo("t");
            // The pattern is to be had again, for what it may hear.
            subscribe(client, "**", "all");
            broker.publish("other", "not for it");
            broker.publish("t", "for it");
            assertThat(client.events(2))
                    .extracting(event -> event.path("topic").stringValue())
                    .containsExactly("t", "t");
        }
    }

    @Test
    void aStreamOfEventsEndsWithTheRightToIt() throws Exception {
        write(rules, "- {who: name:web, may: observe}\n");
        try (WireClient client = WireClient.tcp(server.port())) {
            client.bytes(("GET /events HTTP/1.1\r\nHost: localhost\r\nX-API-Key: " + key + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(client.readHead()).startsWith("HTTP/1.1 200");
            write(rules, "- {who: name:web, may: subscribe, topics: t}\n");
            RunningServer.await(
                    () -> {
                        timers.advance(Duration.ofSeconds(1));
                        return server.server().connections() == 0;
                    },
                    "the end of the stream");
            assertThat(client.rest()).contains("event: stream_ended").contains("\"code\":\"FORBIDDEN\"");
        }
    }
}
