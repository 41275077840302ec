package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.TopicConfig;
import dev.fanfare.server.SettingException;
import dev.fanfare.server.security.KeyFile;
import dev.fanfare.time.VirtualTimers;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Encrypted connections, with certificates made here.
class TlsTest {

    private static final Certificates OURS = new Certificates("ours");
    private static final Certificates THEIRS = new Certificates("theirs");
    private static final String PROVIDER = "fanfare.tls";

    @TempDir
    private Path folder;

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withTimers(timers)
            .withTopics(TopicConfig.defaults().withHistory(100_000)));
    private @Nullable RunningServer running;

    private Path file(String name) {
        return folder.resolve(name);
    }

    private RunningServer start(String... further) {
        Certificates.write(OURS.server("first"), file("cert.pem"), file("key.pem"));
        List<String> settings = new ArrayList<>(List.of(
                "port=0",
                "flat-port=0",
                "heartbeat=1h",
                "tls-certificate=" + file("cert.pem"),
                "tls-key=" + file("key.pem")));
        settings.addAll(List.of(further));
        RunningServer server = RunningServer.with(broker, settings.toArray(String[]::new));
        running = server;
        return server;
    }

    @AfterEach
    void close() {
        if (running != null) {
            running.close();
        }
        broker.close();
        System.clearProperty(PROVIDER);
    }

    private static SSLSocket socket(SSLContext context, int port) {
        try {
            SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout((int) WireClient.PATIENCE.toMillis());
            socket.startHandshake();
            return socket;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static WireClient connect(SSLContext context, int port, String... headers) {
        return WireClient.on(socket(context, port)).upgrade("/ws", headers);
    }

    private static String name(SSLSocket socket) throws SSLException {
        return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
                .getSubjectX500Principal()
                .getName();
    }

    private static String get(SSLContext context, int port, String path) throws IOException {
        try (SSLSocket socket = socket(context, port)) {
            return get(socket, path);
        }
    }

    private static String get(SSLSocket socket, String path) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        out.flush();
        InputStream in = socket.getInputStream();
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    // ---- what is said is what is heard

    @ParameterizedTest
    @ValueSource(strings = {"openssl", "jdk"})
    void bothDialectsSpeakIt(String provider) throws IOException {
        System.setProperty(PROVIDER, provider);
        RunningServer server = start();
        assertThat(server.server().encryption()).isEqualTo(provider);
        broker.createTopic("t");
        SSLContext client = OURS.trusting(null);
        for (int port : List.of(server.port(), server.flatPort())) {
            assertThat(get(client, port, "/health"))
                    .startsWith("HTTP/1.1 200 ")
                    .contains("Strict-Transport-Security: max-age=")
                    .contains("X-Content-Type-Options: nosniff")
                    .contains("Referrer-Policy: no-referrer")
                    .contains("content-security-policy: default-src 'none'; frame-ancestors 'none'");
            try (WireClient wire = connect(client, port)) {
                if (port == server.flatPort()) {
                    assertThat(wire.json().path("type").stringValue()).isEqualTo("info");
                    continue;
                }
                subscribe(wire, "t", "me");
                wire.send(publish("t", "1"));
                List<JsonNode> heard = List.of(wire.json(), wire.json());
                assertThat(heard)
                        .extracting(one -> one.path("type").stringValue())
                        .contains("ack", "event");
                wire.closeWithNothingLeft();
            }
        }
    }

    /// What goes through many slices, shared by subscribers, live and from the history, arrives as it was.
    @ParameterizedTest
    @ValueSource(strings = {"openssl", "jdk"})
    void manyReadersHearTheSameBytes(String provider) {
        System.setProperty(PROVIDER, provider);
        RunningServer server = start("event-loops=2", "subscriber-queue=10000", "permessage-deflate=true");
        broker.createTopic("t");
        SSLContext client = OURS.trusting(null);
        int count = 1_000;
        String filler = "x".repeat(100);
        List<WireClient> readers = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            WireClient reader = i % 3 == 2
                    ? connect(client, server.port(), "Sec-WebSocket-Extensions: permessage-deflate")
                    : connect(client, server.port());
            subscribe(reader, "t", "me");
            readers.add(reader);
        }
        for (int i = 0; i < count; i++) {
            broker.publish("t", i + filler.substring(0, i % 100));
        }
        for (int i = 0; i < 4; i++) {
            WireClient late = connect(client, server.port());
            late.send("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"late\",\"last_n\":" + count + "}");
            assertThat(late.json().path("type").stringValue()).isEqualTo("ack");
            readers.add(late);
        }
        for (WireClient reader : readers) {
            for (int i = 0; i < count; i++) {
                JsonNode event = reader.json();
                assertThat(event.path("message").path("payload").stringValue())
                        .isEqualTo(i + filler.substring(0, i % 100));
            }
            reader.close();
        }
    }

    @Test
    void whoSpeaksPlainHttpIsToldWhatToDo() {
        RunningServer server = start();
        try (WireClient plain = WireClient.tcp(server.port())) {
            assertThat(plain.handshake("/ws")).startsWith("HTTP/1.1 400 ");
        }
    }

    /// Beyond the limits too, and whether it has begun to agree on encryption or not.
    @Test
    void whoHasNotAgreedOnEncryptionIsToldNothing() throws IOException {
        RunningServer server = start("max-connections=1", "handshake-timeout=10m");
        SSLContext client = OURS.trusting(null);
        List<WireClient> silent = new ArrayList<>();
        try (WireClient only = connect(client, server.port())) {
            for (int i = 0; i < 66; i++) {
                WireClient one = WireClient.tcp(server.port());
                if (i == 1) {
                    one.bytes(new byte[] {22, 3, 1, 1, 0, 1}); // the beginning of a ClientHello
                }
                silent.add(one);
            }
            assertThat(get(client, server.port(), "/health/live")).startsWith("HTTP/1.1 200 ");
            assertThat(silent.get(0).rest()).isEmpty();
            assertThat(silent.get(1).rest()).isEmpty();
            only.closeWithNothingLeft();
        } finally {
            silent.forEach(WireClient::close);
        }
    }

    @Test
    void whoDoesNotAgreeInTimeIsCounted() throws IOException {
        RunningServer server = start("handshake-timeout=100ms");
        SSLContext client = OURS.trusting(null);
        try (WireClient silent = WireClient.tcp(server.port());
                WireClient half = WireClient.tcp(server.port())) {
            half.bytes(new byte[] {22, 3, 1, 1, 0, 1});
            assertThat(get(client, server.port(), "/metrics")).contains("{limit=\"handshake_timeout\"} 0");
            timers.advance(Duration.ofSeconds(1));
            assertThat(silent.rest()).isEmpty();
            assertThat(half.rest()).isEmpty();
            assertThat(get(client, server.port(), "/metrics")).contains("{limit=\"handshake_timeout\"} 2");
        }
    }

    @Test
    void oldVersionsAndOtherAuthoritiesAreRefused() throws IOException {
        RunningServer server = start();
        assertThatThrownBy(() -> socket(THEIRS.trusting(null), server.port())).hasRootCauseInstanceOf(Exception.class);
        try (SSLSocket old = (SSLSocket)
                OURS.trusting(null).getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), server.port())) {
            assertThat(old.getSupportedProtocols()).contains("TLSv1.1");
            old.setEnabledProtocols(new String[] {"TLSv1.1"});
            assertThatThrownBy(old::startHandshake).isInstanceOf(IOException.class);
        }
        assertThat(get(OURS.trusting(null), server.port(), "/health")).startsWith("HTTP/1.1 200 ");
    }

    // ---- files that change

    @Test
    void aNewCertificateCountsForNewConnections() throws IOException {
        RunningServer server = start();
        broker.createTopic("t");
        SSLContext client = OURS.trusting(null);
        SSLSocket before = socket(client, server.port());
        assertThat(name(before)).isEqualTo("CN=first");
        try (WireClient wire = WireClient.on(before).upgrade("/ws")) {
            subscribe(wire, "t", "me");

            Certificates.write(file("key.pem"), "no key at all");
            look();
            try (SSLSocket still = socket(client, server.port())) {
                assertThat(name(still)).as("a bad file changes nothing").isEqualTo("CN=first");
            }

            Certificates.write(OURS.server("second"), file("cert.pem"), file("key.pem"));
            RunningServer.await(
                    () -> {
                        timers.advance(Duration.ofSeconds(2));
                        try (SSLSocket now = socket(OURS.trusting(null), server.port())) {
                            return name(now).equals("CN=second");
                        } catch (IOException failed) {
                            throw new UncheckedIOException(failed);
                        }
                    },
                    "the new certificate to count");
            broker.publish("t", "after");
            assertThat(wire.events(1)).hasSize(1);
        }
    }

    /// The files are looked at, by another thread.
    private void look() {
        for (int i = 0; i < 3; i++) {
            timers.advance(Duration.ofSeconds(2));
        }
    }

    @Test
    void filesThatAreNoGoodAreNamed() {
        Certificates.write(OURS.server("first"), file("cert.pem"), file("key.pem"));
        Certificates.write(OURS.server("other"), file("cert2.pem"), file("key2.pem"));
        Certificates.write(file("none"), "nothing");
        Certificates.write(file("old"), "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n");
        assertWrong("cert.pem", "key2.pem", "another one than that of the certificate");
        assertWrong("cert.pem", "none", "there is no key in");
        assertWrong("none", "key.pem", "there is no certificate in");
        assertWrong("cert.pem", "old", "openssl pkcs8 -topk8 -nocrypt");
        assertWrong("cert.pem", "missing", "can't be read");
        assertThatThrownBy(() -> RunningServer.with(broker, "tls-certificate=" + file("cert.pem")))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("tls-key is not");
    }

    private void assertWrong(String certificate, String key, String said) {
        assertThatThrownBy(() -> RunningServer.with(
                        broker, "port=0", "tls-certificate=" + file(certificate), "tls-key=" + file(key)))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining(said);
    }

    // ---- clients that show certificates

    @ParameterizedTest
    @ValueSource(strings = {"openssl", "jdk"})
    void aCertificateSaysWhoItIs(String provider) throws IOException {
        System.setProperty(PROVIDER, provider);
        OURS.writeTo(file("ca.pem"));
        Certificates.write(file("rules"), """
                - {who: 'name:alice', may: [subscribe, publish], topics: 'hers.**'}
                - {who: 'role:ops', may: observe}
                - {who: 'claim:dns=b.example', may: subscribe, topics: 'for-b'}
                """);
        RunningServer server = start("tls-client-ca=" + file("ca.pem"), "tls-client-role=ou", "rules=" + file("rules"));
        broker.createTopic("hers.x");
        broker.createTopic("for-b");
        X509Bundle alice = OURS.client("CN=alice,OU=people", "a.example");
        X509Bundle bob = OURS.client("CN=bob,OU=ops", "b.example");
        SSLContext asBob = OURS.trusting(bob);

        assertThat(get(asBob, server.port(), "/metrics")).startsWith("HTTP/1.1 200 ");
        assertThat(get(asBob, server.port(), "/metrics"))
                .as("a session that is resumed")
                .startsWith("HTTP/1.1 200 ");
        assertThat(get(OURS.trusting(alice), server.port(), "/metrics")).startsWith("HTTP/1.1 403 ");
        try (WireClient wire = connect(OURS.trusting(alice), server.port())) {
            subscribe(wire, "hers.x", "me");
            wire.send("{\"type\":\"subscribe\",\"topic\":\"for-b\",\"client_id\":\"me\"}");
            assertThat(wire.json().path("error").path("code").stringValue()).isEqualTo("FORBIDDEN");
        }
        try (WireClient wire = connect(asBob, server.port())) {
            subscribe(wire, "for-b", "me");
        }

        assertNotLetIn(OURS.trusting(null), server.port());
        assertNotLetIn(OURS.trusting(THEIRS.client("CN=alice", "a.example")), server.port());
    }

    private static void assertNotLetIn(SSLContext client, int port) {
        // In TLS 1.3 a client hears only after its own half of the handshake that it was refused.
        assertThatThrownBy(() -> {
                    String answer = get(client, port, "/health");
                    assertThat(answer).isNotEmpty();
                })
                .isInstanceOfAny(UncheckedIOException.class, IOException.class, AssertionError.class);
    }

    @Test
    void whereACertificateIsNotAMustAKeyWillDo() throws IOException {
        OURS.writeTo(file("ca.pem"));
        String key = new KeyFile(file("keys")).create("web", "user", Instant.EPOCH);
        RunningServer server =
                start("tls-client-ca=" + file("ca.pem"), "tls-client-auth=optional", "keys=" + file("keys"));
        broker.createTopic("t");
        assertThat(get(OURS.trusting(null), server.port(), "/topics")).startsWith("HTTP/1.1 401 ");
        try (WireClient wire = connect(OURS.trusting(null), server.port(), "X-API-Key: " + key)) {
            subscribe(wire, "t", "me");
        }
        assertThat(get(OURS.trusting(OURS.client("CN=alice", "a")), server.port(), "/topics"))
                .startsWith("HTTP/1.1 200 ");
    }

    @Test
    void whoIsNotVouchedForAnyMoreIsToldAndLeaves() {
        OURS.writeTo(file("ca.pem"));
        RunningServer server = start("tls-client-ca=" + file("ca.pem"));
        broker.createTopic("t");
        try (WireClient wire = connect(OURS.trusting(OURS.client("CN=alice", "a")), server.port())) {
            subscribe(wire, "t", "me");
            THEIRS.writeTo(file("ca.pem"));
            Thread looking = Thread.ofVirtual().start(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    timers.advance(Duration.ofSeconds(2));
                    LockSupport.parkNanos(1_000_000);
                }
            });
            JsonNode told = wire.json();
            assertThat(told.path("error").path("code").stringValue()).isEqualTo("UNAUTHORIZED");
            assertThat(told.path("error").path("message").stringValue()).contains("vouches");
            assertThat(wire.closeCode()).isEqualTo(1008);
            looking.interrupt();
        }
    }
}
