package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.server.AlertSettings;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.SettingException;
import dev.fanfare.server.Settings;
import dev.fanfare.time.VirtualTimers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/// Thresholds on figures, in virtual time: what fires when, when it is over, and who is told.
class AlertsTest {

    private static final Duration PERIOD = Duration.ofSeconds(5);

    /// Where `simplelogger.properties` has the log of the tests.
    private static final Path LOG = Path.of("target", "server.log");

    private static final String TOPICS =
            "{\"name\":\"many\",\"metric\":\"fanfare_topics\",\"above\":10,\"clear\":8,\"for\":\"10s\"}";

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @SuppressWarnings("NullAway.Init") // every test starts one, but for those that need none
    private RunningServer server;

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
        broker.close();
    }

    private void start(String... settings) {
        List<String> all = new ArrayList<>(List.of(settings));
        all.add("heartbeat=1h");
        server = RunningServer.with(broker, all.toArray(String[]::new));
    }

    /// How many topics there are, `$alerts` included.
    private void topics(int count) {
        int more = count - 1;
        for (int i = 0; i < 50; i++) {
            if (i < more && broker.topic("t" + i).isEmpty()) {
                broker.createTopic("t" + i);
            } else if (i >= more) {
                broker.deleteTopic("t" + i);
            }
        }
    }

    /// Lets one look happen.
    private JsonNode look() {
        String before = evaluated();
        timers.advance(PERIOD);
        RunningServer.await(() -> !evaluated().equals(before), "a look after " + before);
        return server.get("/alerts").json();
    }

    private String evaluated() {
        return server.get("/alerts").json().path("evaluated").asString("never");
    }

    private String state() {
        return look().path("alerts").path(0).path("state").asString("ok");
    }

    @Test
    void itFiresWhenItWasWrongForLongEnoughAndEndsWhenItWasRightForAsLong() throws IOException {
        int logged = Files.readAllLines(LOG).size();
        start("alerts=[" + TOPICS + "]");
        topics(10);
        assertThat(state()).isEqualTo("ok"); // not above
        topics(11);
        assertThat(state()).isEqualTo("pending");
        topics(10);
        assertThat(state()).isEqualTo("ok"); // it begins anew
        topics(11);
        assertThat(state()).isEqualTo("pending"); // since now
        assertThat(state()).isEqualTo("pending"); // 5 s
        assertThat(state()).isEqualTo("firing"); // 10 s
        topics(9);
        for (int i = 0; i < 5; i++) {
            assertThat(state()).isEqualTo("firing"); // below the threshold, but not clear
        }
        topics(8);
        assertThat(state()).isEqualTo("firing"); // clear since now
        topics(9);
        assertThat(state()).isEqualTo("firing"); // it begins anew
        topics(8);
        assertThat(state()).isEqualTo("firing");
        assertThat(state()).isEqualTo("firing"); // 5 s
        assertThat(state()).isEqualTo("ok"); // 10 s
        assertThat(told()).containsExactly("firing", "resolved");
        List<String> lines = Files.readAllLines(LOG);
        assertThat(lines.subList(logged, lines.size()).stream().filter(line -> line.contains("alert many")))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .contains(" WARN ", "alert many fires: fanfare_topics{} is 11.0, above 10.0"),
                        line -> assertThat(line).contains(" INFO ", "alert many is resolved: fanfare_topics{} is 8.0"));
    }

    @Test
    void whatFluttersTellsNothing() {
        start("alerts=[" + TOPICS + "]");
        for (int i = 0; i < 10; i++) {
            topics(i % 2 == 0 ? 20 : 5);
            look();
        }
        topics(20);
        look();
        look();
        look();
        for (int i = 0; i < 10; i++) {
            topics(i % 2 == 0 ? 5 : 20);
            look();
        }
        assertThat(told()).containsExactly("firing");
    }

    private List<String> told() {
        List<String> states = new ArrayList<>();
        server.get("/topics/$alerts/messages?from=earliest&limit=100")
                .json()
                .path("messages")
                .forEach(message -> states.add(
                        message.path("message").path("payload").path("state").asString("")));
        return states;
    }

    @Test
    void aCounterIsTakenByItsGrowthAndEachSeriesHasAStateOfItsOwn() {
        start("alerts=[{\"name\":\"busy\",\"metric\":\"fanfare_topic_published_messages_total\",\"above\":1,"
                + "\"for\":\"0\",\"labels\":{\"topic\":\"a.*\"}},"
                + "{\"name\":\"all\",\"metric\":\"fanfare_topic_published_messages_total\",\"above\":3,"
                + "\"for\":\"0\",\"sum\":true}]");
        for (String topic : List.of("a.x", "a.y", "b")) {
            broker.createTopic(topic);
            for (int i = 0; i < 100; i++) {
                broker.publish(topic, "before");
            }
        }
        assertThat(look().path("alerts")).isEmpty(); // nothing to compare it with
        for (int i = 0; i < 10; i++) {
            broker.publish("a.x", "2 per second");
            broker.publish("b", "2 per second");
        }
        JsonNode alerts = look().path("alerts");
        assertThat(alerts).hasSize(2);
        assertThat(alerts.get(0).path("labels").toString()).isEqualTo("{\"topic\":\"a.x\"}");
        assertThat(alerts.get(0).path("value").asDouble(-1)).isEqualTo(2.0);
        assertThat(alerts.get(1).path("alert").asString()).isEqualTo("all");
        assertThat(alerts.get(1).path("value").asDouble(-1)).isGreaterThanOrEqualTo(4.0);
        assertThat(server.get("/metrics").body()).contains("fanfare_alert_firing{alert=\"busy\"} 1.0");
        broker.deleteTopic("a.x"); // what is gone is not wrong
        look();
        assertThat(look().path("alerts")).isEmpty();
    }

    @Test
    void moreThanAThousandSeriesAreLeftOutAndCounted() {
        start(
                "metrics-topics=2000",
                "alerts=[{\"name\":\"idle\",\"metric\":\"fanfare_topic_subscribers\",\"below\":1,"
                        + "\"for\":\"0\",\"labels\":{\"topic\":\"**\"}}]");
        for (int i = 0; i < 1_005; i++) {
            broker.createTopic("t" + i);
        }
        JsonNode seen = look();
        assertThat(seen.path("alerts")).hasSize(1_000);
        assertThat(seen.path("rules").get(0).path("series_left_out").asInt(-1)).isEqualTo(5);
    }

    @Test
    void whoSubscribesToTheTopicIsToldAndNobodyElseMayPublishThere() {
        start("alerts=[" + TOPICS.replace("10s", "0") + "]");
        try (WireClient client = server.connect();
                WireClient all = server.connect()) {
            RunningServer.subscribe(client, "$alerts", "c");
            RunningServer.subscribe(all, "**", "c");
            assertThat(client.send(RunningServer.publish("$alerts", "1"))
                            .json()
                            .path("error")
                            .path("code")
                            .asString())
                    .isEqualTo("FORBIDDEN");
            topics(20);
            look();
            JsonNode told = client.json().path("message").path("payload");
            assertThat(told.path("alert").asString()).isEqualTo("many");
            assertThat(told.path("state").asString()).isEqualTo("firing");
            assertThat(told.path("metric").asString()).isEqualTo("fanfare_topics");
            assertThat(told.path("labels").isEmpty()).isTrue();
            assertThat(told.path("value").asDouble(-1)).isEqualTo(20.0);
            assertThat(told.path("threshold").asDouble(-1)).isEqualTo(10.0);
            assertThat(Instant.parse(told.path("since").asString()).toEpochMilli())
                    .isEqualTo(timers.currentTimeMillis());
            topics(5);
            look();
            assertThat(client.json()
                            .path("message")
                            .path("payload")
                            .path("state")
                            .asString())
                    .isEqualTo("resolved");
            // A pattern does not hear what is the broker's own.
            assertThat(all.send("{\"type\":\"ping\",\"request_id\":\"p\"}")
                            .json()
                            .path("type")
                            .asString())
                    .isEqualTo("pong");
        }
    }

    @Test
    void aWebhookThatFailsFirstIsTriedAgain() throws Exception {
        LinkedBlockingQueue<String> bodies = new LinkedBlockingQueue<>();
        LinkedBlockingQueue<String> users = new LinkedBlockingQueue<>();
        AtomicInteger calls = new AtomicInteger();
        HttpServer hook = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hook.createContext("/", exchange -> {
            bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            users.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            exchange.sendResponseHeaders(calls.incrementAndGet() < 3 ? 500 : 204, -1);
            exchange.close();
        });
        hook.start();
        try {
            start(
                    "alerts=[" + TOPICS.replace("10s", "0") + "]",
                    "alerts-webhook=http://me:secret@127.0.0.1:"
                            + hook.getAddress().getPort() + "/hook?token=hidden");
            topics(20);
            look();
            for (int i = 0; i < 3; i++) {
                String body = awaitBody(bodies);
                assertThat(body).contains("\"state\":\"firing\"", "\"alert\":\"many\"");
            }
            assertThat(users).containsOnly("Basic bWU6c2VjcmV0");
            assertThat(failures()).isZero();
            topics(5);
            look();
            assertThat(awaitBody(bodies)).contains("\"state\":\"resolved\"");
        } finally {
            hook.stop(0);
        }
    }

    /// Moves the clock on, past the time between tries, until something came.
    private String awaitBody(LinkedBlockingQueue<String> bodies) {
        RunningServer.await(
                () -> {
                    if (bodies.isEmpty()) {
                        timers.advance(Duration.ofMillis(100));
                    }
                    return !bodies.isEmpty();
                },
                "the webhook to be called");
        return bodies.remove();
    }

    private double failures() {
        return server.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("fanfare_alert_webhook_failures_total "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
                .findFirst()
                .orElse(-1);
    }

    @Test
    void aWebhookThatHangsIsGivenUpAndHoldsUpNothing() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            start(
                    "alerts=[" + TOPICS.replace("10s", "0") + "]",
                    "alerts-webhook=http://127.0.0.1:" + silent.getLocalPort() + "/");
            topics(20);
            look();
            assertThat(told()).containsExactly("firing");
            topics(5);
            look();
            assertThat(told()).containsExactly("firing", "resolved");
            RunningServer.await(
                    () -> {
                        timers.advance(Duration.ofSeconds(1));
                        return failures() > 0;
                    },
                    "the webhook to be given up");
        }
    }

    @Test
    void whatWaitsForTheWebhookIsBoundedAndTheOldestAreCountedAsLost() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            start(
                    "alerts=[{\"name\":\"idle\",\"metric\":\"fanfare_topic_subscribers\",\"below\":1,\"for\":\"0\","
                            + "\"labels\":{\"topic\":\"**\"}}]",
                    "alerts-webhook=http://127.0.0.1:" + silent.getLocalPort() + "/");
            for (int i = 0; i < 150; i++) {
                broker.createTopic("t" + i);
            }
            assertThat(look().path("alerts")).hasSize(150);
            assertThat(failures()).isEqualTo(49); // one is on its way, a hundred wait
        }
    }

    @Test
    void secretsOfTheWebhookAreShownToNobody() throws Exception {
        Path file = folder.resolve("fanfare.yaml");
        Files.writeString(file, """
                alerts:
                  - name: lag
                    metric: fanfare_subscription_lag
                    above: 1000
                    for: 1m
                    labels: {topic: orders.**}
                alerts-webhook: https://user:secret@hooks.example:99/token?key=hidden
                """);
        Settings settings = Settings.resolve(file, Map.of(), Map.of("port", "0"));
        assertThat(settings.config().telemetry().alerts().rules()).hasSize(1);
        try (FanfareServer own = FanfareServer.start(settings.config())) {
            own.readSettingsFrom(settings, () -> settings, _ -> {});
            assertThat(RestAnswer.of(own.port(), "GET", "/config", "").body())
                    .contains("\"https://hooks.example:99/...\"")
                    .doesNotContain("secret")
                    .doesNotContain("token?")
                    .doesNotContain("hidden");
        }
    }

    @Test
    void changedRulesCountWhenTheSettingsAreReadAnewAndWhatTheOldOnesFoundIsResolved() throws Exception {
        Path file = folder.resolve("fanfare.yaml");
        Files.writeString(file, "alerts: [" + TOPICS.replace("10s", "0") + "]\n");
        Settings begun = Settings.resolve(file, Map.of(), Map.of("port", "0", "flat-port", "0", "heartbeat", "1h"));
        server = RunningServer.with(
                broker,
                "heartbeat=1h",
                "alerts=" + begun.source(AlertSettings.ALERTS).text());
        server.server()
                .readSettingsFrom(
                        begun,
                        () -> Settings.resolve(
                                file, Map.of(), Map.of("port", "0", "flat-port", "0", "heartbeat", "1h")),
                        _ -> {});
        topics(20);
        assertThat(state()).isEqualTo("firing");
        Files.writeString(file, "alerts:\n- {name: few, metric: fanfare_topics, below: 100, for: 10s}\n");
        assertThat(server.server().reload().taken()).hasSize(1);
        JsonNode alerts = look().path("alerts");
        assertThat(alerts).hasSize(1);
        assertThat(alerts.get(0).path("alert").asString()).isEqualTo("few");
        assertThat(alerts.get(0).path("state").asString()).isEqualTo("pending");
        assertThat(told()).containsExactly("firing", "resolved");
        Files.writeString(file, "alerts:\n- {name: few, metric: fanfare_topics}\n");
        assertThatThrownBy(server.server()::reload).hasMessageContaining("alert 1 ('few')");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[{'metric':'m','above':1}]|alert 1: name is missing",
                "[{'name':'a','above':1}]|alert 1 ('a'): metric is missing",
                "[{'name':'a','metric':'m'}]|alert 1 ('a'): it needs either above or below",
                "[{'name':'a','metric':'m','above':1,'below':0}]|either above or below",
                "[{'name':'a','metric':'m','above':'x'}]|alert 1 ('a'): above must be a number",
                "[{'name':'a','metric':'m','above':1,'clear':2}]|clear must not be above the threshold",
                "[{'name':'a','metric':'m','below':1,'clear':0}]|clear must not be below the threshold",
                "[{'name':'a','metric':'m-m','above':1}]|metric must be a name",
                "[{'name':'a b','metric':'m','above':1}]|name must be",
                "[{'name':'a','metric':'m','above':1,'for':'soon'}]|for: 'soon' is not allowed",
                "[{'name':'a','metric':'m','above':1,'until':1}]|there is no member 'until'",
                "[{'name':'a','metric':'m','above':1,'labels':'x'}]|labels must be",
                "[{'name':'a','metric':'m','above':1,'labels':{'status':'*5'}}]|* may stand at the end only",
                "[{'name':'a','metric':'m','above':1},{'name':'a','metric':'m','above':2}]|another alert has this name",
                "{'name':'a'}|expected a list",
                "[5]|expected name, metric",
                "[|neither YAML nor JSON"
            })
    void aWrongRuleIsRefusedWithWhatIsWrong(String alerts, String message) {
        assertThatThrownBy(() -> ServerConfig.of(Map.of("alerts", alerts.replace('\'', '"'))))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("alerts")
                .hasMessageContaining(message);
    }

    @Test
    void aMetricThatIsNotThereYetIsNoMistake() {
        start("alerts=[{\"name\":\"a\",\"metric\":\"fanfare_no_such_thing\",\"above\":\"1GiB\"}]");
        JsonNode seen = look();
        assertThat(seen.path("alerts")).isEmpty();
        assertThat(seen.path("rules").get(0).path("above").asDouble(-1)).isEqualTo(1073741824.0);
    }
}
