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
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A page in headless Chromium, asked over its debugging protocol. It finds no machine but this one.
public final class Chromium implements AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.shared();

    private final Process process;
    private final HttpClient http;
    private final Events events;
    private final WebSocket socket;
    private int lastId;

    private Chromium(Process process) throws Exception {
        this.process = process;
        this.http = HttpClient.newHttpClient();
        this.events = new Events();
        String debugger = debugger(process.inputReader());
        Thread.startVirtualThread(() -> process.inputReader().lines().forEach(line -> {}));
        this.socket = http.newWebSocketBuilder()
                .buildAsync(URI.create(page(http, debugger)), events)
                .get(10, TimeUnit.SECONDS);
    }

    /// Opens the page at that address.
    public static Chromium open(String address) throws Exception {
        String binary = List.of("/usr/bin/chromium", "/usr/bin/chromium-browser").stream()
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst()
                .orElseThrow(
                        () -> new AssertionError("needs Chromium: neither chromium nor chromium-browser in /usr/bin"));
        Chromium browser = new Chromium(new ProcessBuilder(
                        binary,
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                        "--user-data-dir="
                                + Files.createTempDirectory(Repository.ROOT.resolve("cli/target"), "chromium"),
                        "--remote-debugging-port=0",
                        "about:blank")
                .redirectErrorStream(true)
                .start());
        // Listening before the page is asked for, so that nothing it loads is missed.
        browser.command("Network.enable", Map.of());
        browser.command("Log.enable", Map.of());
        browser.command("Runtime.enable", Map.of());
        browser.command("Page.navigate", Map.of("url", address));
        return browser;
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
            String targets =
                    http.send(request, HttpResponse.BodyHandlers.ofString()).body();
            for (JsonNode target : JSON.readTree(targets)) {
                if (target.path("type").asString().equals("page")) {
                    return target.path("webSocketDebuggerUrl").asString();
                }
            }
        }
    }

    private JsonNode command(String method, Map<String, ?> parameters) throws InterruptedException {
        int id = ++lastId;
        socket.sendText(JSON.writeValueAsString(Map.of("id", id, "method", method, "params", parameters)), true);
        while (true) {
            JsonNode answer = events.answers.poll(10, TimeUnit.SECONDS);
            if (answer == null) {
                throw new AssertionError("Chromium did not answer " + method);
            }
            if (answer.path("id").asInt() == id) {
                return answer.path("result");
            }
        }
    }

    /// What a script evaluates to on the page, as JSON; missing when it throws.
    public JsonNode evaluate(String script) throws InterruptedException {
        return command("Runtime.evaluate", Map.of("returnByValue", true, "expression", script))
                .path("result")
                .path("value");
    }

    /// Evaluates a script again and again until it is true.
    public void await(String script) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (System.nanoTime() < deadline) {
            if (evaluate(script).asBoolean(false)) {
                return;
            }
        }
        throw new AssertionError("never true on the page: " + script + "; errors on the page: " + errors());
    }

    /// Goes to another address, or another place of the page.
    public void go(String address) throws InterruptedException {
        command("Page.navigate", Map.of("url", address));
    }

    /// Gives the page a screen of this size, in CSS pixels.
    public void resize(int width, int height) throws InterruptedException {
        command(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    }

    /// Has the page told that its user likes these colours: `light` or `dark`.
    public void colours(String scheme) throws InterruptedException {
        command(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    /// Presses a key: a character, or one by its name such as `ArrowDown`.
    public void press(String key) throws InterruptedException {
        String text = key.length() == 1 ? key : key.equals("Enter") ? "\r" : "";
        command("Input.dispatchKeyEvent", Map.of("type", "keyDown", "key", key, "text", text));
        command("Input.dispatchKeyEvent", Map.of("type", "keyUp", "key", key));
    }

    /// Writes into what has the focus.
    public void write(String text) throws InterruptedException {
        command("Input.insertText", Map.of("text", text));
    }

    /// The addresses of everything that was asked for since the page was opened, the page included.
    public List<String> requests() {
        return List.copyOf(events.requests);
    }

    /// What the browser and the page's scripts complained about: refused loads, failed requests, exceptions.
    public List<String> errors() {
        return List.copyOf(events.errors);
    }

    @Override
    public void close() {
        socket.abort();
        http.close();
        process.destroy();
    }

    /// What Chromium says, sorted.
    private static final class Events implements WebSocket.Listener {

        private final BlockingQueue<JsonNode> answers = new LinkedBlockingQueue<>();
        private final Queue<String> requests = new ConcurrentLinkedQueue<>();
        private final Queue<String> errors = new ConcurrentLinkedQueue<>();
        private final StringBuilder partial = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            partial.append(part);
            if (last) {
                JsonNode said = JSON.readTree(partial.toString());
                partial.setLength(0);
                if (said.has("id")) {
                    answers.add(said);
                } else {
                    event(said.path("method").asString(), said.path("params"));
                }
            }
            socket.request(1);
            return null;
        }

        private void event(String method, JsonNode what) {
            switch (method) {
                case "Network.requestWillBeSent" ->
                    requests.add(what.path("request").path("url").asString());
                case "Network.webSocketCreated" -> requests.add(what.path("url").asString());
                case "Log.entryAdded" -> {
                    if (what.path("entry").path("level").asString().equals("error")) {
                        errors.add(what.path("entry").path("text").asString());
                    }
                }
                case "Runtime.exceptionThrown" ->
                    errors.add(what.path("exceptionDetails").toString());
                default -> {
                    // of no interest here
                }
            }
        }
    }
}
