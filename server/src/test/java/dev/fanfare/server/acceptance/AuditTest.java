package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.await;
import static dev.fanfare.server.acceptance.RunningServer.publish;
import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Who did what, and was refused what, can be read afterwards.
class AuditTest {

    @TempDir
    private Path folder;

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private @Nullable RunningServer running;

    private RunningServer start(String... further) {
        List<String> all = new ArrayList<>(
                List.of("port=0", "flat-port=0", "heartbeat=1h", "audit-log=" + folder.resolve("audit")));
        all.addAll(List.of(further));
        RunningServer server = RunningServer.with(broker, all.toArray(String[]::new));
        running = server;
        return server;
    }

    @AfterEach
    void close() {
        if (running != null) {
            running.close();
        }
        broker.close();
    }

    private String text(String name) {
        try {
            Path file = folder.resolve(name);
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private JsonNode line(String part) {
        await(() -> text("audit").lines().anyMatch(line -> line.contains(part)), "a line with " + part);
        return WireClient.JSON.readTree(text("audit")
                .lines()
                .filter(line -> line.contains(part))
                .findFirst()
                .orElseThrow());
    }

    @Test
    void decisionsAreRecordedAndSecretsAreNot() {
        Path keys = folder.resolve("keys");
        String user = new KeyFile(keys).create("web", "user", Instant.EPOCH);
        String admin = new KeyFile(keys).create("boss", "admin", Instant.EPOCH);
        Certificates.write(folder.resolve("rules"), "- {who: 'name:web', may: publish, topics: mine}\n");
        RunningServer server = start("keys=" + keys, "rules=" + folder.resolve("rules"));
        broker.createTopic("other");

        try (WireClient stranger = WireClient.tcp(server.port())) {
            assertThat(stranger.handshake("/ws?x=secret-in-address", "X-API-Key: guessed-secret"))
                    .startsWith("HTTP/1.1 401 ");
        }
        JsonNode refused = line("GET /ws");
        assertThat(refused.path("decision").stringValue()).isEqualTo("refused");
        assertThat(refused.path("who").stringValue()).isEqualTo("nobody known");
        assertThat(refused.path("from").stringValue()).startsWith("/127.0.0.1:");
        assertThat(refused.path("why").stringValue()).contains("not known here");
        assertThat(refused.path("at").stringValue()).isEqualTo("2020-01-01T00:00:00Z");

        try (WireClient web = WireClient.tcp(server.port()).upgrade("/ws", "X-API-Key: " + user)) {
            web.send(publish("other", "1"));
            assertThat(web.json().path("error").path("code").stringValue()).isEqualTo("FORBIDDEN");
            JsonNode denied = line("FORBIDDEN");
            assertThat(denied.path("who").stringValue()).isEqualTo("key 'web'");
            assertThat(denied.path("why").stringValue()).contains("not allowed to publish 'other'");

            new KeyFile(keys).revoke("web");
            await(
                    () -> {
                        timers.advance(Duration.ofSeconds(2));
                        return text("audit").contains("has been revoked");
                    },
                    "the revocation to be recorded");
            assertThat(line("has been revoked").path("who").stringValue()).isEqualTo("key 'web'");
            assertThat(line("read anew").path("what").stringValue()).contains("keys");
        }

        try (WireClient boss = WireClient.tcp(server.port())) {
            boss.bytes(("POST /topics HTTP/1.1\r\nHost: x\r\nX-API-Key: " + admin
                            + "\r\nContent-Length: 16\r\n\r\n{\"name\":\"made!\"}")
                    .replace("made!", "made1")
                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(boss.readHead()).startsWith("HTTP/1.1 201 ");
        }
        JsonNode made = line("POST /topics");
        assertThat(made.path("decision").stringValue()).isEqualTo("done");
        assertThat(made.path("who").stringValue()).isEqualTo("key 'boss'");
        assertThat(text("audit")).doesNotContain(user, admin, "guessed-secret", "secret-in-address");
    }

    @Test
    void aFloodOfRefusalsIsCountedAndFilesStaySmall() throws IOException {
        RunningServer server = start("client-publish-rate=0.001", "audit-log-size=8KiB", "max-message-size=1KiB");
        broker.createTopic("t");
        try (WireClient client = server.connect()) {
            for (int i = 0; i < 200; i++) {
                client.send(publish("t", "1"));
                client.json();
            }
            timers.advance(Duration.ofSeconds(1));
            client.send(publish("t", "1"));
            client.json();
        }
        await(() -> leftOut() == 99, "what was left out to be told");
        assertThat(folder.resolve("audit.1")).exists();
        for (int i = 1; Files.exists(folder.resolve("audit." + i)); i++) {
            assertThat(Files.size(folder.resolve("audit." + i))).isLessThanOrEqualTo(8192);
        }
    }

    private long leftOut() {
        long sum = 0;
        for (int i = 0; i <= 5; i++) {
            for (String line : text(i == 0 ? "audit" : "audit." + i).lines().toList()) {
                sum += WireClient.JSON.readTree(line).path("lines").asLong(0);
            }
        }
        return sum;
    }
}
