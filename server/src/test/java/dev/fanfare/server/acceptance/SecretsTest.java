package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.Settings;
import dev.fanfare.server.security.KeyFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What somebody shows to come in, and what a setting holds, is in no log and no answer, however it was sent.
class SecretsTest {

    private static final Path LOG = Path.of("target", "server.log");
    private static final String WEBHOOK = "webhooksecret";
    private static final String SIGNING = "signingsecretsigningsecretsigning";

    @TempDir
    private Path folder;

    private static String logged() {
        try {
            return Files.readString(LOG);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Settings webhook(String host) {
        return Settings.of(Map.of("alerts-webhook", address(host)));
    }

    private static String address(String host) {
        return "https://user:" + WEBHOOK + "@" + host + ".example/" + WEBHOOK + "?token=" + WEBHOOK;
    }

    @Test
    void noSecretIsToldAgain() throws IOException {
        String key = new KeyFile(folder.resolve("keys")).create("boss", "admin", Instant.now());
        String guess = "ff_guessedguessedguessed";
        Files.writeString(folder.resolve("signing"), "secret: " + SIGNING);
        StringBuilder told = new StringBuilder();
        try (RunningServer server = RunningServer.start(
                "keys=" + folder.resolve("keys"),
                "token-keys=" + folder.resolve("signing"),
                "audit-log=" + folder.resolve("audit"),
                "alerts-webhook=" + address("before"))) {
            for (String secret : List.of(key, guess)) {
                for (String path : List.of(
                        "/topics/none?api_key=" + secret,
                        "/topics/none?x=1&access_token=" + secret + "&y=2",
                        "/ws?Token=" + secret,
                        "/topics/none/messages?from=1&password=" + secret)) {
                    try (WireClient http = WireClient.tcp(server.port())) {
                        http.bytes(("GET " + path + " HTTP/1.1\r\nHost: x\r\nX-API-Key: " + secret
                                        + "\r\nConnection: close\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                        told.append(http.rest());
                    }
                }
                for (String auth : List.of(
                        "{\"type\":\"auth\",\"api_key\":\"" + secret + "\"",
                        "{\"type\":\"auth\",\"api_key\":[\"" + secret + "\"]}",
                        "{\"type\":\"auth\",\"token\":\"" + secret + "\",\"api_key\":\"" + secret + "\"}",
                        "{\"type\":\"auth\",\"token\":\"" + secret + "\"}")) {
                    try (WireClient client = WireClient.tcp(server.port()).upgrade("/ws?auth=message")) {
                        told.append(client.send(auth).json());
                    }
                }
            }
            server.server().readSettingsFrom(webhook("before"), () -> webhook("after"), _ -> {});
            for (String call : List.of("GET /config", "POST /config/reload", "GET /config")) {
                int space = call.indexOf(' ');
                told.append(RestAnswer.of(
                                server.port(),
                                call.substring(0, space),
                                call.substring(space + 1),
                                "",
                                "X-API-Key",
                                key)
                        .body());
            }
            told.append(RestAnswer.of(server.port(), "GET", "/whoami", "", "X-API-Key", key)
                    .body());
            told.append(RestAnswer.of(server.port(), "GET", "/metrics", "", "X-API-Key", key)
                    .body());
            RunningServer.await(() -> logged().contains("GET /topics/none?x=1"), "the refusals to be logged");
        }
        told.append(logged()).append(Files.readString(folder.resolve("audit")));
        assertThat(told)
                .contains("before.example", "after.example", "boss")
                .doesNotContain(key, guess, WEBHOOK, SIGNING);
    }
}
