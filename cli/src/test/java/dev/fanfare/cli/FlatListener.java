package dev.fanfare.cli;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A client of the flat dialect that knows nothing but its words.
final class FlatListener implements WebSocket.Listener, AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.shared();

    private final HttpClient http = HttpClient.newHttpClient();
    private final BlockingQueue<JsonNode> events = new LinkedBlockingQueue<>();
    private final BlockingQueue<JsonNode> answers = new LinkedBlockingQueue<>();
    private final StringBuilder partial = new StringBuilder();
    private final WebSocket socket;

    private FlatListener(String url) {
        socket = http.newWebSocketBuilder().buildAsync(URI.create(url), this).join();
    }

    /// Connects, and is subscribed when this returns.
    static FlatListener subscribed(String url, String topic, int last) throws InterruptedException {
        FlatListener listener = new FlatListener(url);
        listener.answer("info");
        listener.say(Map.of("type", "subscribe", "topic", topic, "last_n", last));
        listener.answer("ack");
        return listener;
    }

    /// Publishes a text and waits for the ack.
    void publish(String topic, String text) throws InterruptedException {
        say(Map.of("type", "publish", "topic", topic, "data", text));
        answer("ack");
    }

    /// The next texts it heard.
    List<String> lines(int count) throws InterruptedException {
        List<String> lines = new ArrayList<>();
        while (lines.size() < count) {
            JsonNode event = events.poll(20, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError("heard only " + lines + " of " + count + " lines");
            }
            lines.add(event.path("data").asString());
        }
        return lines;
    }

    private void say(Map<String, Object> request) {
        socket.sendText(JSON.writeValueAsString(request), true).join();
    }

    private void answer(String type) throws InterruptedException {
        JsonNode answer = answers.poll(20, TimeUnit.SECONDS);
        if (answer == null || !answer.path("type").asString().equals(type)) {
            throw new AssertionError("expected " + type + ", not " + answer);
        }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
        partial.append(part);
        if (last) {
            JsonNode said = JSON.readTree(partial.toString());
            partial.setLength(0);
            (said.path("type").asString().equals("event") ? events : answers).add(said);
        }
        from.request(1);
        return null;
    }

    @Override
    public void close() {
        socket.abort();
        http.shutdownNow();
    }
}
