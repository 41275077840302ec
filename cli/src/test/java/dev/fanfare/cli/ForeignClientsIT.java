package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.fanfare.cli.docs.Chromium;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Clients that know nothing of Fanfare do the quick start against a started server, in both dialects.
class ForeignClientsIT {

    private static final Path NPM = Path.of("..", "server", "src", "test", "npm");

    /// Does the quick start in both dialects and then says so in `window.done`.
    private static final String PAGE = """
            <!doctype html><title>quick start</title><script>
            const ports = location.hash.slice(1).split(',');
            function talk(port, lines) {
              return new Promise((resolve, reject) => {
                const socket = new WebSocket('ws://127.0.0.1:' + port + '/ws');
                socket.onerror = () => reject(new Error('refused'));
                const next = (event) => {
                  const [say, expect] = lines.shift();
                  if (event && !event.data.includes(expect)) reject(new Error(event.data));
                  if (say) socket.send(JSON.stringify(say));
                  if (!lines.length) { socket.close(); resolve(); }
                };
                socket.onmessage = next;
                if (port === ports[0]) socket.onopen = () => next(null);
              });
            }
            const id = crypto.randomUUID();
            talk(ports[0], [
              [{type: 'subscribe', topic: 'orders', client_id: 'page'}, ''],
              [{type: 'publish', topic: 'orders', message: {id, payload: {from: 'page'}}}, '"status":"ok"'],
              [null, '"type":"ack"'],
              [null, '"payload":{"from":"page"}'],
            ]).then(() => talk(ports[1], [
              [{type: 'subscribe', topic: 'orders'}, 'Connected with client_id'],
              [{type: 'publish', topic: 'orders', data: {from: 'flat page'}}, 'Subscribed to topic'],
              [null, 'Published to 1 subscriber(s)'],
              [null, '"data":{"from":"flat page"}'],
            ])).then(() => { window.done = true; }, (failed) => { document.title = String(failed); });
            </script>
            """;

    private Command server;
    private URI standard;
    private URI flat;

    @BeforeEach
    void serve() throws Exception {
        server = Command.fanfare("serve", "--port", "0", "--flat-port", "0");
        standard = URI.create(server.lineWith("WebSocket").replaceFirst("^.*(ws://\\S+/ws).*$", "$1"));
        flat = URI.create(server.lineWith("flat").replaceFirst("^.*?(ws://[^,\\s]+/ws).*$", "$1"));
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + standard.getAuthority() + "/topics"))
                    .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"orders\"}"))
                    .build();
            assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(201);
        }
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void theWebSocketOfTheJdkDoesTheQuickStart() throws Exception {
        HttpClient http = HttpClient.newHttpClient();
        try {
            Heard heard = new Heard(new LinkedBlockingQueue<>());
            WebSocket socket =
                    http.newWebSocketBuilder().buildAsync(standard, heard).join();
            say(socket, "{\"type\":\"subscribe\",\"topic\":\"orders\",\"client_id\":\"jdk\",\"last_n\":5}");
            assertThat(heard.next()).contains("\"type\":\"ack\"");
            say(socket, "{\"type\":\"publish\",\"topic\":\"orders\",\"message\":{\"payload\":{\"n\":1}}}");
            assertThat(heard.next()).contains("\"type\":\"ack\"", "\"message_id\":");
            assertThat(heard.next()).contains("\"type\":\"event\"", "\"payload\":{\"n\":1}");
            socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
            assertThat(heard.next()).isEqualTo("closed 1000");

            Heard flatHeard = new Heard(new LinkedBlockingQueue<>());
            WebSocket flatSocket =
                    http.newWebSocketBuilder().buildAsync(flat, flatHeard).join();
            assertThat(flatHeard.next()).contains("Connected with client_id: ");
            say(flatSocket, "{\"type\":\"subscribe\",\"topic\":\"orders\",\"last_n\":5}");
            assertThat(flatHeard.next()).contains("Subscribed to topic 'orders'");
            assertThat(flatHeard.next()).contains("\"data\":{\"n\":1}");
            flatSocket.abort();
        } finally {
            // Closing it would wait for sockets that are already closed at both ends.
            http.shutdownNow();
        }
    }

    private static void say(WebSocket socket, String text) {
        socket.sendText(text, true).join();
    }

    @Test
    @Tag("browser")
    void thePackageWsOfNpmDoesTheQuickStart() throws Exception {
        Process node = new ProcessBuilder("node", "quick-start.js", standard.toString(), flat.toString())
                .directory(NPM.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(said).isEqualTo("done\n");
        assertThat(node.waitFor()).isZero();
    }

    @Test
    @Tag("browser")
    void aPageInABrowserDoesTheQuickStart() throws Exception {
        HttpServer pages = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        pages.createContext("/", exchange -> {
            byte[] page = PAGE.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        pages.start();
        String address =
                "http://127.0.0.1:" + pages.getAddress().getPort() + "/#" + standard.getPort() + "," + flat.getPort();
        try (Chromium page = Chromium.open(address)) {
            page.await("window.done === true");
        } finally {
            pages.stop(0);
        }
    }

    /// Keeps what a JDK WebSocket receives, whole messages only.
    private record Heard(BlockingQueue<String> messages, StringBuilder partial) implements WebSocket.Listener {

        Heard(BlockingQueue<String> messages) {
            this(messages, new StringBuilder());
        }

        String next() throws InterruptedException {
            String message = messages.poll(20, TimeUnit.SECONDS);
            return message == null ? "nothing came" : message;
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            partial.append(part);
            if (last) {
                messages.add(partial.toString());
                partial.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            messages.add("closed " + code);
            return null;
        }
    }
}
