package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.LogFormat;
import dev.fanfare.server.LogLevel;
import dev.fanfare.server.ServerConfig;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The log of a server, as `serve` writes it.
class LogLinesTest {

    private static final String SECRET = "a-key-that-nobody-may-see";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @AfterEach
    void quiet() {
        LogLines.begin(LogFormat.TEXT, LogLevel.WARN, System.err);
    }

    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static JsonNode line(List<String> lines, String part) {
        return lines.stream()
                .map(JsonMapper.shared()::readTree)
                .filter(line -> line.path("message").stringValue().contains(part))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no line with " + part + " in " + lines));
    }

    /// Makes a server say something: a WebSocket comes, asks for what is not there, and goes; so does a request.
    private static String traffic(FanfareServer server) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            client.send(
                    HttpRequest.newBuilder(
                                    URI.create("http://127.0.0.1:" + server.port() + "/no\"where".replace("\"", "%22")))
                            .header("X-Request-Id", "http-1")
                            .header("X-API-Key", SECRET)
                            .build(),
                    HttpResponse.BodyHandlers.discarding());
            CompletableFuture<String> answer = new CompletableFuture<>();
            CompletableFuture<Void> closed = new CompletableFuture<>();
            WebSocket socket = client.newWebSocketBuilder()
                    .header("X-API-Key", SECRET)
                    .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + "/ws"), new WebSocket.Listener() {
                        @Override
                        public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
                            answer.complete(text.toString());
                            from.request(1);
                            return CompletableFuture.completedFuture(null);
                        }

                        @Override
                        public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
                            closed.complete(null);
                            return CompletableFuture.completedFuture(null);
                        }
                    })
                    .get(30, TimeUnit.SECONDS);
            socket.sendText(
                            "{\"type\":\"publish\",\"topic\":\"no\",\"message\":{\"payload\":\"" + SECRET
                                    + "\"},\"request_id\":\"ws \\\"1\\\"\"}",
                            true)
                    .get(30, TimeUnit.SECONDS);
            String said = answer.get(30, TimeUnit.SECONDS);
            socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(30, TimeUnit.SECONDS);
            closed.get(30, TimeUnit.SECONDS);
            return said;
        }
    }

    @Test
    void asJsonEachLineIsAnObjectThatSaysWhomItConcerns() throws Exception {
        LogLines.begin(LogFormat.JSON, LogLevel.INFO, out);
        try (FanfareServer server = FanfareServer.start(ServerConfig.of(Map.of("port", "0")))) {
            assertThat(traffic(server)).contains("TOPIC_NOT_FOUND");
        }

        List<String> lines = lines();
        JsonNode opened = line(lines, "opened");
        assertThat(opened.propertyNames()).containsExactly("ts", "level", "logger", "message", "connection");
        assertThat(opened.path("ts").stringValue()).endsWith("Z");
        assertThat(opened.path("level").stringValue()).isEqualTo("INFO");
        assertThat(opened.path("logger").stringValue()).isEqualTo("dev.fanfare.session");
        String connection = opened.path("connection").stringValue();
        assertThat(connection).isNotEmpty();
        JsonNode refused = line(lines, "TOPIC_NOT_FOUND");
        assertThat(refused.path("connection").stringValue()).isEqualTo(connection);
        assertThat(refused.path("request").stringValue()).isEqualTo("ws \"1\"");
        assertThat(line(lines, "published 0, refused 1").path("connection").stringValue())
                .isEqualTo(connection);
        JsonNode http = line(lines, "refused: 404");
        assertThat(http.path("request").stringValue()).isEqualTo("http-1");
        assertThat(http.path("connection").stringValue()).isNotEmpty();
        assertThat(out.toString(StandardCharsets.UTF_8)).doesNotContain(SECRET);
    }

    @Test
    void asTextEachLineIsForPeople() throws Exception {
        LogLines.begin(LogFormat.TEXT, LogLevel.INFO, out);
        try (FanfareServer server = FanfareServer.start(ServerConfig.of(Map.of("port", "0")))) {
            traffic(server);
        }

        String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d) ";
        assertThat(lines())
                .anyMatch(line -> line.matches(time + "INFO session - standard connection \\S+ from \\S+ opened"))
                .anyMatch(line -> line.matches(time + "INFO http - GET .* refused: 404 .* \\(request http-1\\)"))
                .allMatch(line -> line.matches(time + "(INFO|WARN) .*"));
        assertThat(out.toString(StandardCharsets.UTF_8)).doesNotContain(SECRET);
    }

    @Test
    void theStreamStaysOpenWhateverBecomesOfTheLog() {
        AtomicBoolean closed = new AtomicBoolean();
        OutputStream stream = new FilterOutputStream(out) {
            @Override
            public void close() {
                closed.set(true);
            }
        };
        LogLines.begin(LogFormat.TEXT, LogLevel.WARN, stream);
        LogLines.begin(LogFormat.TEXT, LogLevel.WARN, stream);
        Logger.getLogger("some.library").warning("once");
        // What the JDK does when the JVM ends.
        LogManager.getLogManager().reset();

        assertThat(closed).isFalse();
        assertThat(lines()).hasSize(1);
    }

    @Test
    void whatWentWrongIsOneLineOfJson() {
        LogLines.begin(LogFormat.JSON, LogLevel.WARN, out);
        Logger logger = Logger.getLogger("some.library");
        logger.info("too little");
        logger.log(Level.SEVERE, "two\nlines \u2028 \"quoted\"", new IllegalStateException("broken"));

        assertThat(lines()).hasSize(1);
        JsonNode line = JsonMapper.shared().readTree(lines().getFirst());
        assertThat(line.path("message").stringValue()).isEqualTo("two\nlines \u2028 \"quoted\"");
        assertThat(line.path("level").stringValue()).isEqualTo("ERROR");
        assertThat(line.path("error").stringValue())
                .startsWith("java.lang.IllegalStateException: broken\n\tat dev.fanfare.cli.LogLinesTest");
    }
}
