package dev.fanfare.cli;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A client of the standard dialect that knows nothing but its words. When the server is killed, what it had
/// said before is heard still; then every question that is open fails.
final class Wire implements WebSocket.Listener, AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Map<String, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final AtomicLong requests = new AtomicLong();
    private final ReentrantLock sending = new ReentrantLock();
    private final StringBuilder partial = new StringBuilder();
    private final Consumer<JsonNode> unasked;
    private final WebSocket socket;

    /// Connects.
    ///
    /// @param url of the server, as in `http://127.0.0.1:8080`
    /// @param unasked gets what answers no question, on the thread that reads: it must not wait
    /// @throws CompletionException when nobody answers there
    Wire(String url, Consumer<JsonNode> unasked) {
        this.unasked = unasked;
        this.socket = HTTP.newWebSocketBuilder()
                .buildAsync(URI.create(url.replaceFirst("^http", "ws") + "/ws"), this)
                .join();
    }

    /// One call of REST; the answer's status is its member `status_code`.
    static JsonNode rest(String method, String url, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        return JSON.readTree("{\"status_code\":" + answer.statusCode() + ","
                + answer.body().strip().substring(1));
    }

    /// Asks, and completes with the answer, whatever it says, in the order of the answers.
    CompletableFuture<JsonNode> ask(Map<String, ?> request) {
        String id = String.valueOf(requests.incrementAndGet());
        Map<String, Object> whole = new LinkedHashMap<>(request);
        whole.put("request_id", id);
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        asked.put(id, answer);
        sending.lock();
        try {
            socket.sendText(JSON.writeValueAsString(whole), true).join();
        } catch (CompletionException gone) {
            // What was said before is still to be heard: the end is told by who reads.
        } finally {
            sending.unlock();
        }
        if (ended.isDone()) {
            fail();
        }
        return answer;
    }

    boolean hasEnded() {
        return ended.isDone();
    }

    /// Waits until everything the server said is heard.
    void awaitEnd() {
        ended.orTimeout(20, TimeUnit.SECONDS).join();
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
        partial.append(part);
        if (last) {
            JsonNode said = JSON.readTree(partial.toString());
            partial.setLength(0);
            CompletableFuture<JsonNode> question =
                    asked.remove(said.path("request_id").asString(""));
            if (question == null) {
                unasked.accept(said);
            } else {
                question.complete(said);
            }
        }
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        end();
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        end();
    }

    private void end() {
        ended.complete(null);
        fail();
    }

    private void fail() {
        asked.values().forEach(answer -> answer.completeExceptionally(new IOException("the server is gone")));
    }

    @Override
    public void close() {
        socket.abort();
        end();
    }
}
