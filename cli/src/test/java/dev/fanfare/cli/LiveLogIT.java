package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.fanfare.cli.docs.Chromium;
import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What README shows: a log that grows is piped into a topic, and a shell, a page in a browser and a client of the
/// flat dialect all hear the same lines.
@Tag("browser")
class LiveLogIT {

    private static final int KEPT = 8;
    private static final int LIVE = 200;

    /// A subscriber and publisher of the standard dialect. What it hears is in `lines`.
    private static final String PAGE = """
            <!doctype html><meta charset="utf-8"><title>live log</title><ul id="log"></ul><script>
            const socket = new WebSocket('ws://127.0.0.1:' + location.hash.slice(1) + '/ws');
            const send = request => socket.send(JSON.stringify(request));
            const lines = [];
            let ready = false;
            socket.onopen = () => send({ type: 'subscribe', topic: 'logs', client_id: 'page', last_n: 5 });
            socket.onmessage = ({ data }) => {
              const frame = JSON.parse(data);
              if (frame.type === 'ack') ready = true;
              if (frame.type !== 'event') return;
              lines.push(frame.message.payload);
              document.querySelector('#log').append(
                Object.assign(document.createElement('li'), { textContent: frame.message.payload }));
            };
            const say = text => send({ type: 'publish', topic: 'logs', message: { payload: text } });
            </script>
            """;

    @TempDir
    private Path folder;

    private Command server;
    private String url;
    private String flat;
    private HttpServer pages;

    @BeforeEach
    void serve() throws Exception {
        server = Command.fanfare("serve", "--port", "0", "--flat-port", "0");
        url = server.lineWith("WebSocket").replaceFirst("^.*ws://(\\S+)/ws.*$", "http://$1");
        flat = server.lineWith("flat").replaceFirst("^.*?(ws://[^,\\s]+/ws).*$", "$1");
        pages = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        pages.createContext("/", exchange -> {
            byte[] page = PAGE.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        pages.start();
    }

    @AfterEach
    void stop() {
        pages.stop(0);
        server.close();
    }

    @Test
    void aPageAPipeAndAClientOfTheOtherDialectHearTheSameLines() throws Exception {
        Path log = folder.resolve("some.log");
        Files.write(log, lines(0, KEPT));
        String page = "http://127.0.0.1:" + pages.getAddress().getPort() + "/#" + url.replaceFirst("^.*:", "");
        try (Command probe = Command.fanfare("sub", "logs", "--from", "earliest", "--create", "--url", url);
                Command pub =
                        shell("tail -f '" + log + "' | '" + Command.launcher() + "' pub logs --create --url " + url)) {
            assertThat(probe.lines(KEPT)).isEqualTo(lines(0, KEPT));
            try (Command sub = Command.fanfare("sub", "logs", "--last", "5", "--url", url);
                    FlatListener other = FlatListener.subscribed(flat, "logs", 5);
                    Chromium browser = Chromium.open(page)) {
                List<String> heard = new ArrayList<>(sub.lines(5));
                List<String> heardFlat = new ArrayList<>(other.lines(5));
                browser.await("ready && lines.length === 5");

                // As logs grow: by many lines at once, by one, by half of one.
                append(log, LIVE / 2, KEPT);
                String half = line(KEPT + LIVE / 2);
                append(log, half.substring(0, half.length() / 2));
                append(log, half.substring(half.length() / 2) + "\n");
                append(log, LIVE - LIVE / 2 - 1, KEPT + LIVE / 2 + 1);
                heard.addAll(sub.lines(LIVE));
                assertThat(heard).isEqualTo(lines(KEPT - 5, KEPT + LIVE));

                // The others have something to say as well.
                browser.evaluate("say('from the page: \"grüße\"')");
                heard.add(sub.line());
                other.publish("logs", "from the flat dialect");
                heard.add(sub.line());
                append(log, "the last line\n");
                heard.add(sub.line());
                assertThat(heard.subList(heard.size() - 3, heard.size()))
                        .containsExactly("from the page: \"grüße\"", "from the flat dialect", "the last line");

                heardFlat.addAll(other.lines(heard.size() - 5));
                assertThat(heardFlat).isEqualTo(heard);
                browser.await("lines.length >= " + heard.size());
                assertThat(texts(browser.evaluate("lines"))).isEqualTo(heard);
                assertThat(texts(browser.evaluate("Array.from(document.querySelectorAll('li'), li => li.textContent)")))
                        .isEqualTo(heard);
                assertThat(browser.errors()).isEmpty();
                assertThat(sub.output()).isEmpty();
                assertThat(sub.complaints()).isEmpty();
                assertThat(pub.complaints()).isEmpty();
            }
        }
    }

    private Command shell(String script) throws Exception {
        return Command.start(Path.of("/bin/sh"), new File("."), Map.of(), "-c", script);
    }

    private static void append(Path log, int count, int from) throws Exception {
        append(log, String.join("\n", lines(from, from + count)) + "\n");
    }

    private static void append(Path log, String text) throws Exception {
        Files.writeString(log, text, StandardOpenOption.APPEND);
    }

    private static List<String> lines(int from, int to) {
        return IntStream.range(from, to).mapToObj(LiveLogIT::line).toList();
    }

    /// What logs are made of: times, levels, quotes, tabs, backslashes, JSON, other scripts, nothing at all.
    private static String line(int number) {
        String time = "2026-01-31T12:%02d:%02d.%03dZ".formatted(number / 60, number % 60, number * 7 % 1000);
        return switch (number % 5) {
            case 0 -> time + " INFO  [main] started in " + number + " ms";
            case 1 -> time + " WARN  \"C:\\temp\\" + number + "\" is slow\t(é, 世界, \uD83C\uDF89)";
            case 2 -> "{\"time\":\"" + time + "\",\"level\":\"error\",\"n\":" + number + ",\"of\":[1,null]}";
            case 3 -> "\tat dev.example.Main.run(Main.java:" + number + ") \u001b[31mred\u001b[0m";
            default ->
                number % 2 == 0 ? "" : "127.0.0.1 - - \"GET /" + number + " HTTP/1.1\" 200 " + "x".repeat(number);
        };
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asString()));
        return texts;
    }
}
