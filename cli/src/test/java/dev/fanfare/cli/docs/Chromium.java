package dev.fanfare.cli.docs;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A page in headless Chromium, asked over its debugging protocol.
public final class Chromium implements AutoCloseable {

    private static final Pattern PAGE_SOCKET =
            Pattern.compile("(?s)\"type\": \"page\".*?\"webSocketDebuggerUrl\": \"([^\"]+)\"");

    private final Process process;
    private final HttpClient http;
    private final WebSocket socket;
    private final BlockingQueue<String> answers;

    private Chromium(Process process, HttpClient http, WebSocket socket, BlockingQueue<String> answers) {
        this.process = process;
        this.http = http;
        this.socket = socket;
        this.answers = answers;
    }

    /// Opens the page at that address.
    public static Chromium open(String address) throws Exception {
        String binary = List.of("/usr/bin/chromium", "/usr/bin/chromium-browser").stream()
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst()
                .orElseThrow(
                        () -> new AssertionError("needs Chromium: neither chromium nor chromium-browser in /usr/bin"));
        Process process = new ProcessBuilder(
                        binary,
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--user-data-dir="
                                + Files.createTempDirectory(Repository.ROOT.resolve("cli/target"), "chromium"),
                        "--remote-debugging-port=0",
                        address)
                .redirectErrorStream(true)
                .start();
        HttpClient http = HttpClient.newHttpClient();
        String debugger = debugger(process.inputReader());
        Thread.startVirtualThread(() -> process.inputReader().lines().forEach(line -> {}));
        BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        WebSocket socket = http.newWebSocketBuilder()
                .buildAsync(URI.create(page(http, debugger)), new Answers(answers))
                .get(10, TimeUnit.SECONDS);
        return new Chromium(process, http, socket, answers);
    }

    /// Host and port of the debugging protocol.
    private static String debugger(BufferedReader output) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith("DevTools listening on ws://")) {
                return line.replaceAll("^.*ws://([^/]+)/.*$", "$1");
            }
        }
        throw new AssertionError("Chromium did not start");
    }

    private static String page(HttpClient http, String debugger) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + debugger + "/json"))
                .build();
        while (true) {
            Matcher page = PAGE_SOCKET.matcher(
                    http.send(request, HttpResponse.BodyHandlers.ofString()).body());
            if (page.find()) {
                return page.group(1);
            }
        }
    }

    /// Evaluates a script again and again until it is true.
    public void await(String script) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (System.nanoTime() < deadline) {
            socket.sendText(
                    "{\"id\":1,\"method\":\"Runtime.evaluate\",\"params\":{\"returnByValue\":true,\"expression\":\""
                            + script + "\"}}",
                    true);
            String answer = answers.poll(10, TimeUnit.SECONDS);
            if (answer != null && answer.contains("\"value\":true")) {
                return;
            }
        }
        throw new AssertionError("never true on the page: " + script);
    }

    @Override
    public void close() {
        socket.abort();
        http.close();
        process.destroy();
    }

    private record Answers(BlockingQueue<String> answers) implements WebSocket.Listener {
        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            answers.add(part.toString());
            socket.request(1);
            return null;
        }
    }
}
