package dev.fanfare.server.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.fanfare.Broker;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.metrics.Metrics;
import dev.fanfare.server.rest.Apis;
import dev.fanfare.server.rest.Route;
import dev.fanfare.server.rest.Uptime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The OpenAPI documents against the running server: neither says more than the other.
class OpenApiTest {

    private static final JsonMapper JSON = JsonMapper.shared();

    /// A call, and the path it is documented under.
    private record Called(String method, String documented, String path, String body, int status) {
        private static Called of(String method, String path, int status) {
            return new Called(method, path, path.replace("{name}", "orders"), "", status);
        }

        private Called at(String concrete) {
            return new Called(method, documented, concrete, body, status);
        }

        private Called sending(String json) {
            return new Called(method, documented, path, json, status);
        }
    }

    private static final List<Called> STANDARD = List.of(
            Called.of("POST", "/topics", 201).sending("{\"name\":\"orders\",\"queue\":5,\"overflow\":\"refuse\"}"),
            Called.of("POST", "/topics", 409).sending("{\"name\":\"orders\"}"),
            Called.of("POST", "/topics", 400).sending("{"),
            Called.of("POST", "/topics", 403).sending("{\"name\":\"$x\"}"),
            Called.of("POST", "/topics", 413).sending("[" + "1,".repeat(600_000) + "1]"),
            Called.of("POST", "/topics/{name}/messages", 200).sending("{\"payload\":null,\"key\":\"k\"}"),
            Called.of("POST", "/topics/{name}/messages", 200).sending("[{\"payload\":1},{}]"),
            Called.of("POST", "/topics/{name}/messages", 400).sending("{}"),
            Called.of("POST", "/topics/{name}/messages", 404)
                    .at("/topics/none/messages")
                    .sending("{\"payload\":1}"),
            Called.of("POST", "/topics/{name}/requests", 503)
                    .sending("{\"message\":{\"payload\":1},\"timeout_ms\":1000}"),
            Called.of("POST", "/topics/{name}/requests", 400).sending("{}"),
            Called.of("POST", "/transactions", 200)
                    .sending("{\"publish\":[{\"topic\":\"orders\",\"message\":{\"payload\":1}}]}"),
            Called.of("POST", "/transactions", 400).sending("{}"),
            Called.of("GET", "/topics/{name}/messages", 200),
            Called.of("GET", "/topics/{name}/messages", 400).at("/topics/orders/messages?from=x"),
            Called.of("GET", "/topics/{name}/messages", 404).at("/topics/none/messages"),
            Called.of("GET", "/topics", 200),
            Called.of("GET", "/topics", 400).at("/topics?limit=0"),
            Called.of("GET", "/topics/{name}", 200),
            Called.of("GET", "/topics/{name}", 404).at("/topics/none"),
            Called.of("GET", "/topics/{name}/dead-letters", 200),
            Called.of("GET", "/topics/{name}/dead-letters", 400).at("/topics/orders/dead-letters?from=x"),
            Called.of("GET", "/topics/{name}/dead-letters", 404).at("/topics/none/dead-letters"),
            Called.of("POST", "/topics/{name}/dead-letters/redrive", 200),
            Called.of("POST", "/topics/{name}/dead-letters/redrive", 400).sending("{\"offsets\":[-1]}"),
            Called.of("POST", "/topics/{name}/dead-letters/redrive", 403).sending("{\"to\":\"$x\"}"),
            Called.of("POST", "/topics/{name}/dead-letters/redrive", 404).sending("{\"to\":\"none\"}"),
            Called.of("DELETE", "/topics/{name}/dead-letters", 200),
            Called.of("GET", "/topics", 200).at("/topics?figures=true&contains=ORD&limit=5"),
            Called.of("GET", "/topics", 200).at("/topics?order=queue_depth"),
            Called.of("GET", "/topics", 400).at("/topics?order=size"),
            Called.of("GET", "/topics/{name}/figures", 200),
            Called.of("GET", "/topics/{name}/figures", 400).at("/topics/orders/figures?after=x"),
            Called.of("GET", "/topics/{name}/figures", 404).at("/topics/none/figures"),
            Called.of("GET", "/topics/{name}/subscribers", 200),
            Called.of("GET", "/topics/{name}/subscribers", 400).at("/topics/orders/subscribers?limit=0"),
            Called.of("GET", "/topics/{name}/subscribers", 404).at("/topics/none/subscribers"),
            Called.of("GET", "/figures", 200),
            Called.of("GET", "/figures", 400).at("/figures?after=-1"),
            Called.of("GET", "/whoami", 200).at("/whoami?topic=orders"),
            Called.of("GET", "/subscriptions", 200),
            Called.of("GET", "/subscriptions", 400).at("/subscriptions?limit=0"),
            Called.of("DELETE", "/subscriptions/{name}", 404),
            Called.of("POST", "/routes", 201).sending("{\"name\":\"orders\",\"from\":\"a.*\",\"to\":[\"b\"]}"),
            Called.of("POST", "/routes", 409).sending("{\"name\":\"orders\",\"from\":\"c\",\"to\":\"d\"}"),
            Called.of("POST", "/routes", 400).sending("{\"name\":\"r\",\"from\":\"b\",\"to\":\"a.b\"}"),
            Called.of("POST", "/routes", 403).sending("{\"name\":\"r\",\"from\":\"b\",\"to\":\"$x\"}"),
            Called.of("GET", "/routes", 200),
            Called.of("GET", "/routes/{name}", 200),
            Called.of("DELETE", "/routes/{name}", 200),
            Called.of("DELETE", "/routes/{name}", 404),
            Called.of("GET", "/routes/{name}", 404),
            Called.of("GET", "/config", 404),
            Called.of("POST", "/config/reload", 400),
            Called.of("GET", "/alerts", 200),
            Called.of("GET", "/health", 200),
            Called.of("GET", "/health/live", 200),
            Called.of("GET", "/health/ready", 200),
            Called.of("GET", "/stats", 200),
            Called.of("GET", "/metrics", 200),
            Called.of("GET", "/trace/{id}", 200).at("/trace/m?watch=1"),
            Called.of("GET", "/trace/{id}", 400).at("/trace/m?watch=x"),
            Called.of("GET", "/trace/{id}", 404).at("/trace/m?topic=none"),
            Called.of("DELETE", "/topics/{name}", 200),
            Called.of("DELETE", "/topics/{name}", 404),
            Called.of("DELETE", "/topics/{name}", 403).at("/topics/$x"));

    private static final List<Called> FLAT = List.of(
            Called.of("POST", "/topics", 201).sending("{\"name\":\"orders\"}"),
            Called.of("POST", "/topics", 400).sending("{\"name\":\"a b\"}"),
            Called.of("POST", "/topics", 422).sending("{}"),
            Called.of("GET", "/topics", 200),
            Called.of("GET", "/health", 200),
            Called.of("GET", "/stats", 200),
            Called.of("GET", "/metrics", 200),
            Called.of("DELETE", "/topics/{name}", 204),
            Called.of("DELETE", "/topics/{name}", 404));

    @ParameterizedTest
    @EnumSource
    void everyCallAnswersAsDocumented(Dialect dialect) throws Exception {
        try (RunningServer running = RunningServer.with()) {
            JsonNode document = document(running, dialect);
            for (Called called : calls(dialect)) {
                Answered answered = dialect == Dialect.STANDARD
                        ? running.call(called.method, called.path, called.body)
                        : running.flat(called.method, called.path, called.body);

                assertThat(answered.status())
                        .as("%s: %s", called, answered.body())
                        .isEqualTo(called.status);
                checkAnswer(document, called, answered);
            }
        }
    }

    private static List<Called> calls(Dialect dialect) {
        return dialect == Dialect.STANDARD ? STANDARD : FLAT;
    }

    private static JsonNode document(RunningServer running, Dialect dialect) throws Exception {
        return dialect == Dialect.STANDARD
                ? running.get("/openapi.json").json()
                : running.flat("GET", "/openapi.json", "").json();
    }

    private static void checkAnswer(JsonNode document, Called called, Answered answered) {
        JsonNode response = document.path("paths")
                .path(called.documented)
                .path(called.method.toLowerCase(Locale.ROOT))
                .path("responses")
                .path(String.valueOf(called.status));
        assertThat(response.isMissingNode()).as("%s is not documented", called).isFalse();
        String type = answered.header("Content-Type").split(";", -1)[0];
        if (type.isEmpty()) {
            assertThat(response.path("content").isMissingNode()).isTrue();
            return;
        }
        JsonNode schema = response.path("content").path(type).path("schema");
        assertThat(schema.isMissingNode()).as("%s answers %s", called, type).isFalse();
        if (type.endsWith("json")) {
            assertThat(faults(document, schema, answered.body()))
                    .as("%s: %s", called, answered.body())
                    .isEmpty();
        }
    }

    private static Set<?> faults(JsonNode document, JsonNode schema, String json) {
        // References are resolved within the schema, so it has to bring along what they refer to.
        ObjectNode whole = JSON.createObjectNode();
        whole.setAll((ObjectNode) schema);
        whole.set("components", document.path("components"));
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(whole.toString())
                .validate(json, InputFormat.JSON);
    }

    @ParameterizedTest
    @EnumSource
    void everyCallIsDocumentedAndEveryDocumentedOneExistsAndIsTried(Dialect dialect) throws Exception {
        try (RunningServer running = RunningServer.with();
                Broker broker = Broker.open()) {
            ServerContext context = ServerContext.of(broker, ServerConfig.defaults());
            Set<String> routes = new TreeSet<>();
            for (Route route : Apis.of(
                    dialect,
                    context,
                    new Uptime(broker.timers()),
                    new Metrics(context, () -> 0),
                    (out, message) -> {},
                    (out, message) -> {})) {
                routes.add(route.method() + " " + route.path());
            }
            Set<String> tried = new TreeSet<>(Set.of());
            calls(dialect).forEach(called -> tried.add(called.method + " " + called.documented));
            if (dialect == Dialect.STANDARD) {
                tried.add("GET /events"); // a stream, which has a test of its own
            }

            assertThat(operations(document(running, dialect)).keySet())
                    .isEqualTo(routes)
                    .isEqualTo(tried);
        }
    }

    private static Map<String, JsonNode> operations(JsonNode document) {
        Map<String, JsonNode> operations = new TreeMap<>();
        for (String path : document.path("paths").propertyNames()) {
            JsonNode item = document.path("paths").path(path);
            for (String method : item.propertyNames()) {
                operations.put(method.toUpperCase(Locale.ROOT) + " " + path, item.path(method));
            }
        }
        return operations;
    }

    @ParameterizedTest
    @EnumSource
    void examplesAreValid(Dialect dialect) throws Exception {
        try (RunningServer running = RunningServer.with()) {
            JsonNode document = document(running, dialect);
            List<JsonNode> contents = new ArrayList<>();
            for (JsonNode operation : operations(document).values()) {
                contents.addAll(operation.findValues("application/json"));
            }
            assertThat(contents).isNotEmpty();
            for (JsonNode content : contents) {
                List<JsonNode> examples = new ArrayList<>();
                content.path("examples").forEach(example -> examples.add(example.path("value")));
                if (content.has("example")) {
                    examples.add(content.path("example"));
                }
                for (JsonNode example : examples) {
                    assertThat(faults(document, content.path("schema"), example.toString()))
                            .as(example.toString())
                            .isEmpty();
                }
            }
        }
    }

    @Test
    void theValidatorFindsFaults() throws Exception {
        try (RunningServer running = RunningServer.with()) {
            JsonNode document = document(running, Dialect.STANDARD);
            JsonNode schema = JSON.readTree("{\"$ref\":\"#/components/schemas/Health\"}");

            assertThat(faults(document, schema, "{\"uptime_sec\":1,\"topics\":0,\"subscribers\":0}"))
                    .isEmpty();
            assertThat(faults(document, schema, "{\"uptime_sec\":\"1\",\"topics\":0,\"subscribers\":0}"))
                    .isNotEmpty();
            assertThat(faults(document, schema, "{\"topics\":0,\"subscribers\":0}"))
                    .isNotEmpty();
        }
    }
}
