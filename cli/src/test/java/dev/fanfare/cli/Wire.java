package dev.fanfare.cli;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A client of the standard dialect that knows nothing but its words, on a plain socket: what the server said before
/// it was killed is heard still, also by one that had stopped reading. Then every question that is open fails.
final class Wire implements AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final int TEXT = 1;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;

    private final Map<String, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final AtomicLong requests = new AtomicLong();
    private final ReentrantLock sending = new ReentrantLock();
    private final Consumer<JsonNode> unasked;
    private final Socket socket;
    private final DataInputStream in;
    private volatile CompletableFuture<Void> reading = CompletableFuture.completedFuture(null);

    /// Connects.
    ///
    /// @param url of the server, as in `http://127.0.0.1:8080`
    /// @param unasked gets what answers no question, on the thread that reads: it must not wait
    /// @throws UncheckedIOException when nobody answers there
    Wire(String url, Consumer<JsonNode> unasked) {
        this.unasked = unasked;
        URI server = URI.create(url);
        try {
            this.socket = new Socket(server.getHost(), server.getPort());
            this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
            socket.setTcpNoDelay(true);
            upgrade(server.getAuthority());
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
        Thread.ofVirtual().start(this::read);
    }

    private void upgrade(String host) throws IOException {
        String request = "GET /ws HTTP/1.1\r\nHost: " + host + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        StringBuilder answer = new StringBuilder();
        while (answer.indexOf("\r\n\r\n") < 0) {
            answer.append((char) in.readUnsignedByte());
        }
        if (!answer.toString().startsWith("HTTP/1.1 101 ")) {
            throw new IOException("the server answered " + answer);
        }
    }

    /// One call of REST; the answer's status is its member `status_code`.
    static JsonNode rest(String method, String url, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .timeout(Duration.ofMinutes(1))
                .build();
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        return JSON.readTree("{\"status_code\":" + answer.statusCode() + ","
                + answer.body().strip().substring(1));
    }

    /// All dead letters of a topic.
    static List<JsonNode> deadLetters(String url, String topic) throws IOException, InterruptedException {
        List<JsonNode> letters = new ArrayList<>();
        for (long from = 0; ; ) {
            JsonNode page = rest("GET", url + "/topics/" + topic + "/dead-letters?limit=1000&from=" + from, "");
            page.path("dead_letters").forEach(letters::add);
            if (page.path("dead_letters").isEmpty()) {
                return letters;
            }
            from = page.path("next").asLong();
        }
    }

    /// What a text says in JSON.
    static JsonNode json(String text) {
        return JSON.readTree(text);
    }

    /// Asks, and completes with the answer, whatever it says, in the order of the answers.
    CompletableFuture<JsonNode> ask(Map<String, ?> request) {
        String id = String.valueOf(requests.incrementAndGet());
        Map<String, Object> whole = new LinkedHashMap<>(request);
        whole.put("request_id", id);
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        asked.put(id, answer);
        send(TEXT, JSON.writeValueAsBytes(whole));
        if (ended.isDone()) {
            fail();
        }
        return answer;
    }

    private void send(int opcode, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length).put((byte) (0x80 | opcode));
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length < 1 << 16) {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(payload.length);
        }
        // A mask of zeros leaves the payload as it is.
        frame.putInt(0).put(payload);
        sending.lock();
        try {
            socket.getOutputStream().write(frame.array(), 0, frame.position());
        } catch (IOException gone) {
            // What was said before is still to be heard: the end is told by who reads.
        } finally {
            sending.unlock();
        }
    }

    boolean hasEnded() {
        return ended.isDone();
    }

    /// Waits until everything the server said is heard.
    void awaitEnd() {
        resume();
        ended.copy().orTimeout(60, TimeUnit.SECONDS).join();
    }

    /// Reads no more, but for the frame that may be on its way.
    void pause() {
        reading = new CompletableFuture<>();
    }

    /// Reads on.
    void resume() {
        reading.complete(null);
    }

    private void read() {
        try {
            while (frame()) {
                reading.join();
            }
            ended.complete(null);
        } catch (IOException gone) {
            ended.complete(null);
        } catch (RuntimeException | AssertionError wrong) {
            ended.completeExceptionally(wrong);
        } finally {
            fail();
        }
    }

    /// Reads one frame.
    ///
    /// @return whether another may follow
    private boolean frame() throws IOException {
        int opcode = in.readUnsignedByte() & 0x0f;
        long length = in.readUnsignedByte();
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = in.readLong();
        }
        byte[] payload = new byte[Math.toIntExact(length)];
        in.readFully(payload);
        switch (opcode) {
            case TEXT -> hear(JSON.readTree(payload));
            case PING -> send(PONG, payload);
            default -> {}
        }
        return opcode != CLOSE;
    }

    private void hear(JsonNode said) {
        CompletableFuture<JsonNode> question =
                asked.remove(said.path("request_id").asString(""));
        if (question == null) {
            unasked.accept(said);
        } else {
            question.complete(said);
        }
    }

    private void fail() {
        asked.values().forEach(answer -> answer.completeExceptionally(new IOException("the server is gone")));
    }

    @Override
    public void close() {
        resume();
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
