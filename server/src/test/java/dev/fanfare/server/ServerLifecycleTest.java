package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ServerLifecycleTest {

    private static final Map<String, String> ANY_PORT = Map.of("port", "0");

    @Test
    void aTakenPortIsOneClearLine() {
        try (FanfareServer first = FanfareServer.start(ServerConfig.of(ANY_PORT))) {
            ServerConfig same = ServerConfig.of(Map.of("port", String.valueOf(first.port())));

            assertThatThrownBy(() -> FanfareServer.start(same))
                    .isInstanceOf(ListenException.class)
                    .hasMessage("can't listen on 127.0.0.1:" + first.port()
                            + ": the port is taken; choose another (setting port)");
        }
    }

    @Test
    void aTakenFlatPortClosesTheOtherListenerToo() throws Exception {
        int free;
        try (FanfareServer probe = FanfareServer.start(ServerConfig.of(ANY_PORT))) {
            free = probe.port();
        }
        try (FanfareServer first = FanfareServer.start(ServerConfig.of(ANY_PORT))) {
            ServerConfig half =
                    ServerConfig.of(Map.of("port", String.valueOf(free), "flat-port", String.valueOf(first.port())));

            assertThatThrownBy(() -> FanfareServer.start(half)).hasMessageContaining("flat-port");
            assertThatThrownBy(() -> new RawHttp(free)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aHostThatIsNotOursIsRefused() {
        assertThatThrownBy(() -> FanfareServer.start(ServerConfig.of(Map.of("port", "0", "host", "192.0.2.1"))))
                .isInstanceOf(ListenException.class)
                .hasMessageContaining("192.0.2.1");
        assertThatThrownBy(
                        () -> FanfareServer.start(ServerConfig.of(Map.of("port", "0", "host", "no.such.host.invalid"))))
                .isInstanceOf(ListenException.class)
                .hasMessageContaining("no such host");
    }

    @Test
    void withoutNativeTransportTheServerUsesTheJdks() throws Exception {
        System.setProperty("fanfare.transport", "nio");
        try (RunningServer running = RunningServer.with()) {
            assertThat(running.server.transport()).isEqualTo("nio");
            assertThat(running.get("/health").status()).isEqualTo(200);
            Heard heard = new Heard();
            WebSocket socket = connect(running.server.port(), heard);
            socket.sendText("{\"type\":\"ping\"}", true).join();
            assertThat(heard.next()).contains("pong");
        } finally {
            System.clearProperty("fanfare.transport");
        }
    }

    @Test
    void aBrokerOfTheApplicationOutlivesTheServer() {
        try (Broker broker = Broker.open()) {
            FanfareServer server = FanfareServer.start(broker, ServerConfig.of(ANY_PORT));
            broker.createTopic("news");
            server.close();
            server.close();

            assertThat(broker.isClosed()).isFalse();
            assertThat(broker.topic("news")).isPresent();
        }
    }

    @Test
    void aBrokerOfTheServersOwnIsMadeAsConfiguredAndClosedWithIt() {
        FanfareServer server =
                FanfareServer.start(ServerConfig.of(Map.of("port", "0", "history", "7", "max-topics", "9")));
        Broker broker = server.broker();
        assertThat(broker.config().topics().history()).isEqualTo(7);
        assertThat(broker.config().maxTopics()).isEqualTo(9);
        assertThat(broker.config().autoCreateTopics()).isFalse();
        server.close();

        assertThat(broker.isClosed()).isTrue();
    }

    @Test
    void nothingOfTheServerIsLeftWhenItIsClosed() throws Exception {
        FanfareServer server = FanfareServer.start(ServerConfig.of(Map.of("port", "0", "flat-port", "0")));
        int port = server.port();
        connect(port, new Heard());
        assertThat(loopThreads()).isNotEmpty();
        server.close();

        assertThat(loopThreads()).isEmpty();
        assertThatThrownBy(() -> new RawHttp(port)).isInstanceOf(IOException.class);
    }

    private static String loopThreads() {
        StringBuilder names = new StringBuilder();
        Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("fanfare-loop"))
                .forEach(thread -> names.append(thread.getName()).append(' '));
        return names.toString();
    }

    @Test
    void aShutdownDeliversWhatIsQueuedAndSaysGoodbye() throws Exception {
        RunningServer running = RunningServer.with("history", "1000");
        running.server.broker().createTopic("t");
        Heard heard = new Heard();
        WebSocket socket = connect(running.server.port(), heard);
        socket.sendText("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\"}", true)
                .join();
        assertThat(heard.next()).contains("\"ack\"");
        for (int i = 0; i < 1000; i++) {
            running.server.broker().publish("t", "m" + i);
        }

        running.close();

        for (int i = 0; i < 1000; i++) {
            assertThat(heard.next()).contains("\"m" + i + "\"");
        }
        assertThat(heard.closed.get(20, TimeUnit.SECONDS)).isEqualTo(1001);
    }

    @Test
    void callsDuringAShutdownAreRefusedAndConnectionsToo() throws Exception {
        RunningServer running = RunningServer.with("shutdown-grace", "60s", "drain-jitter", "0");
        RawHttp asking = running.raw().send("GET /health HTTP/1.1\r\n"); // half a request keeps the shutdown waiting
        RawHttp idle = running.raw();
        idle.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").read();
        CompletableFuture<Void> closing = CompletableFuture.runAsync(running.server::close);

        assertThat(idle.ended()).isTrue(); // from here on the shutdown has begun
        RawHttp.Response response = asking.send("Host: x\r\n\r\n").read();

        assertThat(response.status()).isEqualTo(503);
        assertThat(response.body()).contains("SHUTTING_DOWN");
        assertThat(response.header("connection")).isEqualTo("close");
        assertThat(response.header("retry-after")).isNotEmpty();
        assertThatThrownBy(running::raw).isInstanceOf(IOException.class);
        assertThat(asking.ended()).isTrue();
        asking.close();
        idle.close();
        closing.get(20, TimeUnit.SECONDS);
        running.close();
    }

    @Test
    void aPeerThatNeverReadsDoesNotHoldAShutdownUp() throws Exception {
        RunningServer running = RunningServer.with("shutdown-grace", "200ms");
        RawHttp raw = running.raw();
        raw.handshake();
        assertThat(raw.read().status()).isEqualTo(101);

        CompletableFuture.runAsync(running.server::close).get(20, TimeUnit.SECONDS);

        assertThat(running.server.connections()).isZero();
        raw.close();
        running.close();
    }

    private static WebSocket connect(int port, Heard heard) {
        return HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create("ws://127.0.0.1:" + port + "/ws"), heard)
                .orTimeout(20, TimeUnit.SECONDS)
                .join();
    }

    private static final class Heard implements WebSocket.Listener {

        private final LinkedBlockingQueue<String> texts = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();

        private String next() throws InterruptedException {
            return String.valueOf(texts.poll(20, TimeUnit.SECONDS));
        }

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                texts.add(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return CompletableFuture.completedStage(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return CompletableFuture.completedStage(null);
        }
    }
}
