package dev.fanfare.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.Setting;
import dev.fanfare.server.Settings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What `deploy/` says holds: its settings exist, its probes are answered, its files are what they should be.
class DeployTest {

    private static final Pattern VARIABLE = Pattern.compile("\\bFANFARE_([A-Z_]+)");
    private static final Pattern METRIC = Pattern.compile("\\bfanfare_[a-z0-9_]+");
    private static final Pattern LISTED = Pattern.compile("(?m)^\\| `(\\w+)` \\|");
    private static final Pattern EXAMPLE = Pattern.compile("(?s)```yaml\n(.*?)```");
    private static final Pattern PROBE = Pattern.compile("httpGet: \\{path: ([^,}]+)");
    private static final List<String> FILES =
            List.of("deploy/Dockerfile", "deploy/compose.yaml", "deploy/fanfare.service", "deploy/kubernetes.yaml");

    @Test
    void everyVariableIsASetting() {
        List<String> unknown = new ArrayList<>();
        for (String file : FILES) {
            VARIABLE.matcher(Repository.read(file))
                    .results()
                    .map(variable -> variable.group(1).toLowerCase(Locale.ROOT).replace('_', '-'))
                    .filter(name ->
                            !name.equals("config") && Setting.named(name).isEmpty())
                    .forEach(unknown::add);
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void theSettingsOfTheConfigMapAreTaken() {
        Map<String, String> flags = new HashMap<>();
        for (Object document : documents("deploy/kubernetes.yaml")) {
            Map<?, ?> object = (Map<?, ?>) document;
            if ("ConfigMap".equals(object.get("kind"))) {
                String text = String.valueOf(((Map<?, ?>) object.get("data")).get("fanfare.yaml"));
                ((Map<?, ?>) one(text)).forEach((name, value) -> flags.put(name.toString(), value.toString()));
            }
        }
        assertThat(flags).containsKeys("memory", "data", "host", "port");
        assertThat(Settings.resolve(null, Map.of(), flags).warnings()).isEmpty();
    }

    @Test
    void everyProbeIsAnswered() throws Exception {
        TreeSet<String> probes = new TreeSet<>();
        PROBE.matcher(Repository.read("deploy/kubernetes.yaml")).results().forEach(probe -> probes.add(probe.group(1)));
        assertThat(probes).containsExactly("/health/live", "/health/ready");
        ServerConfig config =
                Settings.resolve(null, Map.of(), Map.of("port", "0")).config();
        try (FanfareServer server = FanfareServer.start(config);
                HttpClient http = HttpClient.newHttpClient()) {
            for (String path : probes) {
                HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                        .build();
                assertThat(http.send(request, HttpResponse.BodyHandlers.ofString())
                                .statusCode())
                        .as(path)
                        .isEqualTo(200);
            }
        }
    }

    @Test
    void nothingRunsAsRootOrWithMoreThanItNeeds() {
        assertThat(Repository.read("deploy/Dockerfile")).containsPattern("(?m)^USER 10001$");
        assertThat(Repository.read("deploy/kubernetes.yaml"))
                .contains("runAsNonRoot: true", "readOnlyRootFilesystem: true", "drop: [ALL]");
        assertThat(Repository.read("deploy/compose.yaml")).contains("read_only: true", "cap_drop: [ALL]");
        assertThat(Repository.read("deploy/fanfare.service")).contains("NoNewPrivileges=true", "User=fanfare");
    }

    @Test
    void theYamlIsYaml() {
        assertThat(documents("deploy/compose.yaml")).hasSize(1);
        assertThat(documents("deploy/kubernetes.yaml")).hasSize(3);
    }

    @Test
    void alertsAndDashboardAskOnlyForFiguresThatThereAre() {
        Set<String> listed = new TreeSet<>();
        LISTED.matcher(Repository.read("docs/metrics.md")).results().forEach(row -> listed.add(row.group(1)));
        assertThat(listed).contains("fanfare_topics", "fanfare_topic_latency_seconds");
        for (String file : List.of("deploy/prometheus-rules.yaml", "deploy/grafana-dashboard.json", "docs/alerts.md")) {
            Set<String> asked = new TreeSet<>();
            METRIC.matcher(Repository.read(file)).results().forEach(name -> asked.add(name.group()));
            assertThat(asked).as(file).isNotEmpty();
            assertThat(asked)
                    .as(file)
                    .allMatch(name -> listed.contains(name) || listed.contains(name.replaceFirst("_(count|sum)$", "")));
        }
    }

    @Test
    void everyAlertOfPrometheusHasAnExpressionAndIsExplained() {
        String page = Repository.read("docs/alerts.md");
        Map<?, ?> rules = (Map<?, ?>) documents("deploy/prometheus-rules.yaml").getFirst();
        List<?> alerts = (List<?>) ((Map<?, ?>) ((List<?>) rules.get("groups")).getFirst()).get("rules");
        assertThat(alerts).hasSizeGreaterThan(6);
        for (Object each : alerts) {
            Map<?, ?> alert = (Map<?, ?>) each;
            assertThat(String.valueOf(alert.get("expr"))).as("%s", alert).isNotBlank();
            assertThat(page).contains("**" + alert.get("alert") + "**");
        }
    }

    @Test
    void theDashboardIsJsonAndItsPanelsDoNotOverlap() {
        JsonNode dashboard = JsonMapper.shared().readTree(Repository.read("deploy/grafana-dashboard.json"));
        Set<String> taken = new TreeSet<>();
        for (JsonNode panel : dashboard.path("panels")) {
            JsonNode place = panel.path("gridPos");
            for (int x = 0; x < place.path("w").asInt(); x++) {
                for (int y = 0; y < place.path("h").asInt(); y++) {
                    int column = place.path("x").asInt() + x;
                    assertThat(column).isLessThan(24);
                    assertThat(taken.add(column + "," + (place.path("y").asInt() + y)))
                            .as("%s", panel.path("title"))
                            .isTrue();
                }
            }
            assertThat(panel.path("targets").path(0).path("expr").asString("")).isNotBlank();
        }
        assertThat(taken).isNotEmpty();
    }

    @Test
    void theRulesThatThePageShowsAreTaken() {
        Matcher example = EXAMPLE.matcher(Repository.read("docs/alerts.md"));
        assertThat(example.find()).isTrue();
        Map<?, ?> settings = (Map<?, ?>) one(example.group(1));
        String alerts = JsonMapper.shared().writeValueAsString(settings.get("alerts"));
        assertThat(Settings.resolve(null, Map.of(), Map.of("alerts", alerts))
                        .config()
                        .telemetry()
                        .alerts()
                        .rules())
                .hasSizeGreaterThan(4);
    }

    private static List<Object> documents(String file) {
        List<Object> documents = new ArrayList<>();
        new Load(LoadSettings.builder().build())
                .loadAllFromString(Repository.read(file))
                .forEach(documents::add);
        return documents;
    }

    private static Object one(String text) {
        return new Load(LoadSettings.builder().build()).loadFromString(text);
    }
}
