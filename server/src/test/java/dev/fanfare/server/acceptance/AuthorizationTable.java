package dev.fanfare.server.acceptance;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Who may call what over HTTP.
final class AuthorizationTable {

    /// Who comes.
    enum Who {
        NOBODY,
        A_GUESSER,
        WITHOUT_RIGHTS,
        SUBSCRIBER,
        PUBLISHER,
        MANAGER,
        OBSERVER,
        OWNER,
        ADMIN,
        /// With a token instead of a key.
        TOKEN_BEARER,
        /// With a certificate instead of a key.
        CERTIFICATE_HOLDER,
        /// With nothing, where the rules admit such.
        ANONYMOUS
    }

    /// What a WebSocket takes of each.
    enum Operation {
        SUBSCRIBE("{\"type\":\"subscribe\",\"topic\":\"mine.a\",\"client_id\":\"c\"}", SUBSCRIBERS),
        SUBSCRIBE_PATTERN("{\"type\":\"subscribe\",\"topic\":\"mine.*\",\"client_id\":\"c\"}", SUBSCRIBERS),
        SUBSCRIBE_ALL("{\"type\":\"subscribe\",\"topic\":\"**\",\"client_id\":\"c\"}", SUBSCRIBERS),
        JOIN("{\"type\":\"subscribe\",\"topic\":\"mine.a\",\"client_id\":\"c\",\"group\":\"g\"}", SUBSCRIBERS),
        PUBLISH("{\"type\":\"publish\",\"topic\":\"mine.a\",\"message\":{\"payload\":1}}", PUBLISHERS),
        ASK(
                "{\"type\":\"request\",\"request_id\":\"1\",\"topic\":\"mine.a\",\"timeout_ms\":1,\"message\":{\"payload\":1}}",
                PUBLISHERS),
        TRANSACT(
                "{\"type\":\"transaction\",\"publish\":[{\"topic\":\"mine.a\",\"message\":{\"payload\":1}}]}",
                PUBLISHERS);

        final String request;
        final List<Who> allowed;

        Operation(String request, List<Who> allowed) {
            this.request = request;
            this.allowed = allowed;
        }

        String on(String topic) {
            return request.replace("mine.a", topic);
        }
    }

    /// Who may: the others are refused.
    static final Map<String, List<Who>> TABLE = new TreeMap<>();

    static final List<Who> EVERYBODY = List.of(Who.values());
    static final List<Who> WITH_A_KEY =
            List.of(Who.WITHOUT_RIGHTS, Who.SUBSCRIBER, Who.PUBLISHER, Who.MANAGER, Who.OBSERVER, Who.OWNER, Who.ADMIN);
    static final List<Who> WHO_IS_IN = Stream.concat(
                    WITH_A_KEY.stream(), Stream.of(Who.TOKEN_BEARER, Who.CERTIFICATE_HOLDER, Who.ANONYMOUS))
            .toList();
    static final List<Who> SUBSCRIBERS = List.of(Who.SUBSCRIBER, Who.ADMIN, Who.TOKEN_BEARER, Who.CERTIFICATE_HOLDER);
    static final List<Who> PUBLISHERS = List.of(Who.PUBLISHER, Who.OWNER, Who.ADMIN, Who.ANONYMOUS);
    static final List<Who> OF_THE_TOPIC = Stream.concat(
                    SUBSCRIBERS.stream(), Stream.of(Who.PUBLISHER, Who.MANAGER, Who.OWNER, Who.ANONYMOUS))
            .toList();
    static final List<Who> MANAGERS = List.of(Who.MANAGER, Who.OWNER, Who.ADMIN);
    static final List<Who> OBSERVERS = List.of(Who.OBSERVER, Who.ADMIN);

    private AuthorizationTable() {}

    static {
        TABLE.put("POST /topics", MANAGERS);
        TABLE.put("GET /topics", WHO_IS_IN);
        TABLE.put("GET /stats", WHO_IS_IN);
        TABLE.put("GET /topics/{name}", OF_THE_TOPIC);
        TABLE.put("DELETE /topics/{name}", MANAGERS);
        TABLE.put("GET /topics/{name}/messages", SUBSCRIBERS);
        TABLE.put("POST /topics/{name}/messages", PUBLISHERS);
        TABLE.put("POST /topics/{name}/requests", PUBLISHERS);
        TABLE.put("POST /transactions", PUBLISHERS);
        TABLE.put("GET /topics/{name}/dead-letters", MANAGERS);
        TABLE.put("DELETE /topics/{name}/dead-letters", MANAGERS);
        TABLE.put("POST /topics/{name}/dead-letters/redrive", MANAGERS);
        TABLE.put("GET /subscriptions", OBSERVERS);
        TABLE.put("DELETE /subscriptions/{name}", List.of(Who.ADMIN));
        TABLE.put("GET /routes", List.of(Who.ADMIN));
        TABLE.put("POST /routes", List.of(Who.ADMIN));
        TABLE.put("GET /routes/{name}", List.of(Who.ADMIN));
        TABLE.put("DELETE /routes/{name}", List.of(Who.ADMIN));
        TABLE.put("GET /config", List.of(Who.ADMIN));
        TABLE.put("POST /config/reload", List.of(Who.ADMIN));
        TABLE.put("GET /events", OBSERVERS);
        TABLE.put("GET /trace/{id}", OBSERVERS);
        TABLE.put("GET /figures", OBSERVERS);
        TABLE.put("GET /alerts", OBSERVERS);
        TABLE.put("GET /topics/{name}/figures", OF_THE_TOPIC);
        TABLE.put("GET /topics/{name}/subscribers", OBSERVERS);
        TABLE.put("GET /whoami", WHO_IS_IN);
        TABLE.put("GET /metrics", OBSERVERS);
        for (String open : List.of(
                "/health",
                "/health/live",
                "/health/ready",
                "/",
                "/docs",
                "/redoc",
                "/openapi.json",
                "/favicon.ico",
                "/assets/page.css",
                "/assets/docs.js",
                "/assets/icon.svg",
                "/assets/swagger-ui.css",
                "/assets/swagger-ui-bundle.js",
                "/assets/redoc.standalone.js")) {
            TABLE.put("GET " + open, EVERYBODY);
        }
        for (String file : List.of(
                "dashboard.css",
                "theme.js",
                "app.js",
                "api.js",
                "dom.js",
                "chart.js",
                "stream.js",
                "login.js",
                "overview.js",
                "topics.js",
                "topic.js",
                "pressure.js",
                "groups.js",
                "letters.js",
                "tail.js",
                "tryit.js")) {
            TABLE.put("GET /assets/dashboard/" + file, EVERYBODY);
        }
    }

    static final Map<String, String> BODIES = Map.of(
            "POST /topics", "{\"name\":\"mine.new\"}",
            "POST /topics/{name}/messages", "{\"payload\":1}",
            "POST /topics/{name}/requests", "{\"message\":{\"payload\":1},\"timeout_ms\":1}",
            "POST /transactions", "{\"publish\":[{\"topic\":\"mine.a\",\"message\":{\"payload\":1}}]}",
            "POST /routes", "{\"name\":\"r\",\"from\":\"mine.a\",\"to\":\"mine.b\"}");
}
