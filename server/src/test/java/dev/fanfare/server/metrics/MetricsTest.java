package dev.fanfare.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.Message;
import dev.fanfare.Route;
import dev.fanfare.TopicConfig;
import dev.fanfare.server.PrometheusText;
import dev.fanfare.server.PrometheusText.Family;
import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import dev.fanfare.store.MemoryStore;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `/metrics` of a server with some traffic, read as strictly as a linter does.
class MetricsTest {

    private static final String BEGIN = "<!-- metrics: begin -->\n";
    private static final String END = "<!-- metrics: end -->\n";
    private static final Path PAGE = Path.of("../docs/metrics.md");

    /// Everything that has a meaning in the format, and what is no letter in anybody's alphabet.
    private static final String HOSTILE = "a\"b\\c\\n{x=\"y\"} 1 \u2028é\u202e😀";

    @TempDir
    private Path folder;

    private final Broker broker = Broker.open(BrokerConfig.defaults().withStore(new MemoryStore()));
    private RunningServer running = RunningServer.with(broker);

    @AfterEach
    void close() {
        running.close();
        broker.close();
    }

    private PrometheusText scrape() throws IOException, InterruptedException {
        Answered page = running.get("/metrics");
        assertThat(page.header("Content-Type")).isEqualTo(Metrics.CONTENT_TYPE);
        return PrometheusText.read(page.body());
    }

    private void restart(String... settings) {
        running.close();
        running = RunningServer.with(broker, settings);
    }

    @Test
    void hostileNamesStayInsideTheirLabels() throws Exception {
        broker.createTopic(HOSTILE);
        broker.createTopic("other");
        broker.publish(HOSTILE, "x");
        broker.subscription(HOSTILE).name("two\nlines").handle(_ -> {});

        PrometheusText page = scrape();

        assertThat(page.value("fanfare_topic_published_messages_total", "topic", HOSTILE))
                .isOne();
        assertThat(page.value("fanfare_topic_published_messages_total", "topic", "other"))
                .isZero();
        assertThat(page.value(
                        "fanfare_subscription_members", "subscription", "two\nlines", "topic", HOSTILE, "kind", "live"))
                .isOne();
    }

    @Test
    void theTopicsWithTheMostTrafficHaveFiguresOfTheirOwnAndTheOthersTogether() throws Exception {
        restart("metrics-topics", "2");
        for (int topic = 0; topic < 5; topic++) {
            broker.createTopic("t" + topic);
            for (int i = 0; i < topic; i++) {
                broker.publish("t" + topic, "x");
            }
        }

        PrometheusText page = scrape();

        Family published = page.family("fanfare_topic_published_messages_total");
        assertThat(published.samples()).hasSize(3);
        assertThat(page.value(published.name(), "topic", "t4")).isEqualTo(4);
        assertThat(page.value(published.name(), "topic", "t3")).isEqualTo(3);
        assertThat(page.value(published.name(), "topic", "$other")).isEqualTo(0 + 1 + 2);
        assertThat(page.value("fanfare_topics")).isEqualTo(5);
        assertThat(page.value("fanfare_topics_left_out")).isEqualTo(3);
    }

    @Test
    void subscriptionsWithTheSameNameAreOneSeries() throws Exception {
        restart("metrics-topics", "1");
        broker.createTopic("t");
        broker.subscription("t").name("same").handle(_ -> {});
        broker.subscription("t").name("same").handle(_ -> {});
        broker.subscription("t").name("z").handle(_ -> {});

        PrometheusText page = scrape();

        assertThat(page.value("fanfare_subscription_members", "subscription", "same", "topic", "t", "kind", "live"))
                .isEqualTo(2);
        assertThat(page.value(
                        "fanfare_subscription_members", "subscription", "$other", "topic", "$other", "kind", "any"))
                .isEqualTo(1);
    }

    @Test
    void requestsAndErrorsAreCountedByWhatTheyLedTo() throws Exception {
        broker.createTopic("t");
        assertThat(running.call("POST", "/topics/t/messages", "{\"payload\":1}").status())
                .isEqualTo(200);
        assertThat(running.call("POST", "/topics/no/messages", "{\"payload\":1}")
                        .status())
                .isEqualTo(404);
        assertThat(running.get("/nothing/here").status()).isEqualTo(404);
        assertThat(running.call("BREW", "/topics", "").status()).isEqualTo(405);
        try (Peer peer = new Peer(running.server.port())) {
            peer.say("{\"type\":\"publish\",\"topic\":\"no\",\"message\":{\"payload\":1},\"request_id\":\"r\"}");
            assertThat(peer.hears()).contains("TOPIC_NOT_FOUND");
        }

        PrometheusText page = scrape();

        String requests = "fanfare_http_request_duration_seconds_count";
        assertThat(requests(page, requests, "POST", "/topics/{name}/messages", "200"))
                .isOne();
        assertThat(requests(page, requests, "POST", "/topics/{name}/messages", "404"))
                .isOne();
        assertThat(requests(page, requests, "GET", "none", "404")).isOne();
        assertThat(requests(page, requests, "other", "none", "405")).isOne();
        assertThat(errors(page, "http", "TOPIC_NOT_FOUND")).isOne();
        assertThat(errors(page, "websocket", "TOPIC_NOT_FOUND")).isOne();
        assertThat(page.value("fanfare_connections_opened_total", "dialect", "standard"))
                .isOne();
    }

    private static double requests(PrometheusText page, String name, String method, String route, String status) {
        return page.value(name, "dialect", "standard", "method", method, "route", route, "status", status);
    }

    private static double errors(PrometheusText page, String door, String code) {
        return page.value("fanfare_errors_total", "dialect", "standard", "door", door, "code", code);
    }

    @Test
    void latencyIsASummaryInSeconds() throws Exception {
        broker.createTopic("t");
        CountDownLatch heard = new CountDownLatch(1);
        broker.subscribe("t", _ -> heard.countDown());
        broker.publish("t", "x");
        assertThat(heard.await(30, TimeUnit.SECONDS)).isTrue();

        PrometheusText page = scrape();

        String name = "fanfare_topic_latency_seconds";
        double p50 = page.value(name, "topic", "t", "quantile", "0.5");
        assertThat(p50).isBetween(0.0, 30.0);
        assertThat(page.value(name, "topic", "t", "quantile", "0.99")).isGreaterThanOrEqualTo(p50);
        assertThat(page.value(name + "_count", "topic", "t")).isOne();
        assertThat(page.value(name + "_sum", "topic", "t")).isPositive();
    }

    /// Everything that there can be is there; the page in docs/ lists it. Run with `-Dfanfare.docs.write=true` to have
    /// the list written anew.
    @Test
    void theDocumentListsEveryFigure() throws Exception {
        restart(
                "data",
                folder.toString(),
                "alerts",
                "[{\"name\":\"many\",\"metric\":\"fanfare_topics\",\"above\":1000}]");
        busy();

        String listed = scrape().families().stream()
                .map(family -> "| `%s` | %s | %s | %s |\n"
                        .formatted(
                                family.name(),
                                family.type(),
                                family.labels().stream()
                                        .map(label -> "`" + label + "`")
                                        .collect(Collectors.joining(" ")),
                                family.help()))
                .sorted()
                .collect(Collectors.joining("", "| name | type | labels | what |\n|---|---|---|---|\n", ""));

        String page = Files.readString(PAGE);
        int from = page.indexOf(BEGIN) + BEGIN.length();
        int to = page.indexOf(END);
        if (Boolean.getBoolean("fanfare.docs.write")) {
            Files.writeString(PAGE, page.substring(0, from) + listed + page.substring(to));
            return;
        }
        assertThat(page.substring(from, to)).isEqualTo(listed);
    }

    private void busy() throws Exception {
        broker.createTopic("t", TopicConfig.defaults());
        broker.createTopic("copy");
        broker.routes().add(Route.copy("r", "t", "copy"));
        CountDownLatch heard = new CountDownLatch(2);
        broker.subscribe("t", _ -> heard.countDown());
        broker.subscription("t")
                .acknowledged()
                .group("worker")
                .circuitBreaker(CircuitBreaker.defaults())
                .handle(_ -> heard.countDown());
        broker.publish("t", Message.text("x"));
        assertThat(heard.await(30, TimeUnit.SECONDS)).isTrue();
        running.get("/nothing");
        new Peer(running.server.port()).close();
    }

    /// A WebSocket.
    private static final class Peer implements WebSocket.Listener, AutoCloseable {
        private final HttpClient client = HttpClient.newHttpClient();
        private final CompletableFuture<String> heard = new CompletableFuture<>();
        private final WebSocket socket;

        Peer(int port) {
            socket = client.newWebSocketBuilder()
                    .buildAsync(URI.create("ws://127.0.0.1:" + port + "/ws"), this)
                    .join();
        }

        void say(String text) {
            socket.sendText(text, true).join();
        }

        String hears() throws Exception {
            return heard.get(30, TimeUnit.SECONDS);
        }

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
            heard.complete(text.toString());
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void close() {
            socket.abort();
            client.shutdownNow();
        }
    }
}
