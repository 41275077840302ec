package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.time.VirtualTimers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Keys of tokens that an address publishes: what becomes of those who are in when one is withdrawn, and of those who
/// come while the address takes its time.
@SuppressWarnings("JavaUtilDate") // the library's times
class PublishedKeysTest {

    /// How many tokens may wait to be checked, and are checked at once, and some more.
    private static final int MANY = 1_100;

    private static final String PING = "{\"type\":\"ping\"}";

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final ECKey key = new ECKeyGenerator(Curve.P_256).keyID("one").generate();
    private final ECKey other = new ECKeyGenerator(Curve.P_256).keyID("two").generate();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    private final CountDownLatch answers = new CountDownLatch(1);
    private volatile JWKSet published = new JWKSet(key.toPublicJWK());
    private volatile boolean slow;
    private final RunningServer server;

    PublishedKeysTest() throws Exception {
        issuer.setExecutor(threads);
        issuer.createContext("/keys", exchange -> {
            if (slow) {
                try {
                    answers.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            byte[] body = published.toString(false).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        issuer.start();
        server = RunningServer.with(
                broker,
                "token-keys=http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys",
                "heartbeat=1h",
                "handshake-timeout=1m");
        broker.createTopic("t");
    }

    @AfterEach
    void close() {
        answers.countDown();
        server.close();
        issuer.stop(0);
        threads.shutdownNow();
        broker.close();
    }

    private String token(ECKey signing) throws Exception {
        SignedJWT jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .keyID(signing.getKeyID())
                        .build(),
                new JWTClaimsSet.Builder()
                        .subject("ann")
                        .expirationTime(new Date(
                                timers.currentTimeMillis() + Duration.ofHours(2).toMillis()))
                        .build());
        jwt.sign(new ECDSASigner(signing));
        return jwt.serialize();
    }

    /// What has been said to somebody so far, if anything.
    private static List<String> said(Socket to) {
        try {
            int size = to.getInputStream().available();
            return size == 0
                    ? List.of()
                    : List.of(new String(to.getInputStream().readNBytes(size), StandardCharsets.US_ASCII));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Test
    void whoIsInWithAKeyThatIsWithdrawnIsToldWithinAQuarterOfAnHour() throws Exception {
        try (WireClient client = WireClient.tcp(server.port()).upgrade("/ws", "Authorization: Bearer " + token(key))) {
            subscribe(client, "t", "c");
            published = new JWKSet(other.toPublicJWK());
            JsonNode said = client.send(PING).json();
            // In steps that are shorter than the time it has to say anew who it is.
            for (int seconds = 0;
                    seconds < 15 * 60 && said.path("type").stringValue("").equals("pong");
                    seconds += 4) {
                timers.advance(Duration.ofSeconds(4));
                said = client.send(PING).json();
            }
            if (said.path("type").stringValue("").equals("pong")) {
                said = client.json(); // the address is asked in real time
            }
            assertThat(said.path("error").path("code").stringValue(""))
                    .as("%s", said)
                    .isEqualTo("UNAUTHORIZED");
            assertThat(said.path("error").path("message").stringValue()).contains("does not count");
            // A token of the key that is there now brings it back in.
            client.send("{\"type\":\"auth\",\"request_id\":\"again\",\"token\":\"" + token(other) + "\"}");
            while (!said.path("request_id").stringValue("").equals("again")) {
                said = client.json();
            }
            assertThat(said.path("type").stringValue()).as("%s", said).isEqualTo("ack");
        }
    }

    @Test
    void whileTooManyTokensWaitToBeCheckedTheOthersAreToldWhenToComeAgain() throws Exception {
        slow = true;
        byte[] request = ("GET /topics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token(key) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        List<Socket> waiting = new ArrayList<>();
        try (WireClient patient = WireClient.tcp(server.port()).upgrade("/ws?auth=message")) {
            for (int i = 0; i < MANY; i++) {
                Socket one = new Socket(InetAddress.getLoopbackAddress(), server.port());
                waiting.add(one);
                one.getOutputStream().write(request);
            }
            List<String> refused = new ArrayList<>();
            RunningServer.await(
                    () -> {
                        waiting.forEach(one -> refused.addAll(said(one)));
                        return !refused.isEmpty();
                    },
                    "a refusal");
            assertThat(refused)
                    .allSatisfy(answer ->
                            assertThat(answer).startsWith("HTTP/1.1 503 ").containsIgnoringCase("Retry-After: 1"));
            String auth = "{\"type\":\"auth\",\"request_id\":\"a\",\"token\":\"" + token(key) + "\"}";
            JsonNode full = patient.send(auth).json();
            assertThat(full.path("error").path("code").stringValue(""))
                    .as("%s", full)
                    .isEqualTo("BACKPRESSURE");
            assertThat(full.path("error").path("retry_after_ms").asLong()).isPositive();
            answers.countDown();
            RunningServer.await(
                    () -> patient.send(auth).json().path("type").stringValue("").equals("ack"), "room for it");
            subscribe(patient, "t", "c");
        } finally {
            for (Socket one : waiting) {
                one.close();
            }
        }
    }
}
