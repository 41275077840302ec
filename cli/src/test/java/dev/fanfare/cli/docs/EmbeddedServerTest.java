package dev.fanfare.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The example whose application and page talk to each other does so.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EmbeddedServerTest {

    private static final Pattern SOCKET = Pattern.compile("new WebSocket\\(\"(ws:[^\"]+)\"\\)");

    private final HttpClient http = HttpClient.newHttpClient();
    private RunningExample example;
    private String address;

    @BeforeAll
    void start() throws Exception {
        example = RunningExample.start("EmbeddedServer.java", "0", "0", "0");
        address = example.awaitLine("open ").substring("open ".length());
    }

    @AfterAll
    void stop() {
        example.close();
        http.close();
    }

    @Test
    void whatTheApplicationPublishesAClientHears() throws Exception {
        Frames frames = new Frames();
        WebSocket socket = open(0, frames);
        socket.sendText("{\"type\":\"subscribe\",\"topic\":\"clock\",\"client_id\":\"page\",\"last_n\":1}", true);
        assertThat(frames.await("\"type\":\"event\"")).contains("\"topic\":\"clock\"");
        socket.abort();
    }

    @Test
    void whatOneDialectPublishesTheApplicationAndTheOtherDialectHear() throws Exception {
        Frames flatFrames = new Frames();
        WebSocket flat = open(1, flatFrames);
        flat.sendText("{\"type\":\"subscribe\",\"topic\":\"chat\"}", true);
        flatFrames.await("\"type\":\"ack\"");
        WebSocket standard = open(0, new Frames());
        standard.sendText("{\"type\":\"publish\",\"topic\":\"chat\",\"message\":{\"payload\":\"hello\"}}", true);
        assertThat(flatFrames.await("\"type\":\"event\"")).contains("\"data\":\"hello\"");
        assertThat(example.awaitLine("from the page: ")).isEqualTo("from the page: \"hello\"");
        standard.abort();
        flat.abort();
    }

    @Test
    @Tag("browser")
    void thePageShowsTheClockAndWhatIsSaid() throws Exception {
        try (Chromium browser = Chromium.open(address)) {
            browser.await("document.querySelector('#clock').value.length > 0 && flat.readyState == 1");
            browser.await("document.querySelector('#text').value = 'from Chromium',"
                    + " document.querySelector('#form').requestSubmit(),"
                    + " document.querySelector('#chat').innerText.includes('from Chromium')");
        }
    }

    /// The page's first or second WebSocket.
    private WebSocket open(int index, Frames frames) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address)).build();
        String page = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        String url = SOCKET.matcher(page).results().toList().get(index).group(1);
        return http.newWebSocketBuilder().buildAsync(URI.create(url), frames).get(10, TimeUnit.SECONDS);
    }

    /// What a WebSocket has received.
    private static final class Frames implements WebSocket.Listener {

        private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
        private final StringBuilder partial = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            partial.append(part);
            if (last) {
                received.add(partial.toString());
                partial.setLength(0);
            }
            socket.request(1);
            return null;
        }

        /// The next frame that holds this.
        String await(String text) throws InterruptedException {
            while (true) {
                String frame = received.poll(10, TimeUnit.SECONDS);
                if (frame == null) {
                    throw new AssertionError("no frame with " + text);
                }
                if (frame.contains(text)) {
                    return frame;
                }
            }
        }
    }
}
