package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.AuthorizationTable.BODIES;
import static dev.fanfare.server.acceptance.AuthorizationTable.OBSERVERS;
import static dev.fanfare.server.acceptance.AuthorizationTable.PUBLISHERS;
import static dev.fanfare.server.acceptance.AuthorizationTable.SUBSCRIBERS;
import static dev.fanfare.server.acceptance.AuthorizationTable.TABLE;
import static dev.fanfare.server.acceptance.AuthorizationTable.WHO_IS_IN;
import static dev.fanfare.server.acceptance.AuthorizationTable.WITH_A_KEY;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Message;
import dev.fanfare.TopicConfig;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.StandardCodec;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.acceptance.AuthorizationTable.Operation;
import dev.fanfare.server.acceptance.AuthorizationTable.Who;
import dev.fanfare.server.docs.Pages;
import dev.fanfare.server.metrics.Metrics;
import dev.fanfare.server.rest.Apis;
import dev.fanfare.server.rest.Route;
import dev.fanfare.server.rest.Uptime;
import dev.fanfare.server.security.KeyFile;
import dev.fanfare.store.MemoryStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// Every door, every operation, every kind of identity. The doors are those that there are: one that this table does
/// not know fails.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuthorizationMatrixTest {

    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    @TempDir
    private static Path folder;

    private final Map<Who, String> keys = new EnumMap<>(Who.class);
    private Broker broker;
    private RunningServer server;

    /// The same broker's, where certificates and nothing at all are shown.
    private RunningServer encrypted;

    private SSLContext holder;
    private SSLContext stranger;

    @BeforeAll
    void start() throws IOException {
        Path file = folder.resolve("keys.yaml");
        KeyFile keyFile = new KeyFile(file);
        for (Who who : WITH_A_KEY) {
            String name = who.name().toLowerCase(Locale.ROOT);
            keys.put(who, keyFile.create(name, who == Who.ADMIN ? "admin" : name, Instant.now()));
        }
        keys.put(Who.A_GUESSER, "ff_guess");
        Path rules = folder.resolve("rules.yaml");
        String allowed = """
                - {who: role:subscriber, may: subscribe, topics: mine.**}
                - {who: role:publisher, may: publish, topics: mine.**}
                - {who: role:manager, may: manage, topics: mine.**}
                - {who: role:observer, may: observe}
                - {who: role:owner, may: [publish, manage], topics: mine.**}
                """;
        Files.writeString(rules, allowed);
        Path secret = folder.resolve("secret.yaml");
        Files.writeString(secret, "secret: " + SECRET);
        broker = Broker.open();
        server = RunningServer.with(broker, "keys=" + file, "rules=" + rules, "token-keys=" + secret);
        Path open = folder.resolve("open.yaml");
        Files.writeString(open, allowed + "- {who: anonymous, may: publish, topics: mine.**}\n");
        encrypt(open);
    }

    private void encrypt(Path rules) {
        Certificates ours = new Certificates("ours");
        ours.writeTo(folder.resolve("ca.pem"));
        Certificates.write(ours.server("server"), folder.resolve("cert.pem"), folder.resolve("key.pem"));
        holder = ours.trusting(ours.client("CN=holder,OU=subscriber", "holder.test"));
        stranger = ours.trusting(null);
        encrypted = RunningServer.with(
                broker,
                "rules=" + rules,
                "tls-certificate=" + folder.resolve("cert.pem"),
                "tls-key=" + folder.resolve("key.pem"),
                "tls-client-ca=" + folder.resolve("ca.pem"),
                "tls-client-auth=optional",
                "tls-client-role=ou");
    }

    private WireClient connect(Dialect dialect, Who who) {
        boolean byTls = who == Who.CERTIFICATE_HOLDER || who == Who.ANONYMOUS;
        RunningServer to = byTls ? encrypted : server;
        int port = dialect == Dialect.STANDARD ? to.port() : to.flatPort();
        try {
            return byTls
                    ? WireClient.on((who == Who.ANONYMOUS ? stranger : holder)
                            .getSocketFactory()
                            .createSocket(InetAddress.getLoopbackAddress(), port))
                    : WireClient.tcp(port);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @SuppressWarnings("JavaUtilDate") // the library's times
    private static String token(String role) {
        try {
            SignedJWT jwt = new SignedJWT(
                    new JWSHeader(JWSAlgorithm.HS256),
                    new JWTClaimsSet.Builder()
                            .subject("somebody")
                            .claim("role", role)
                            .expirationTime(new Date(System.currentTimeMillis() + 600_000))
                            .build());
            jwt.sign(new MACSigner(SECRET));
            return jwt.serialize();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterAll
    void close() {
        encrypted.close();
        server.close();
        broker.close();
    }

    private String key(Who who) {
        return keys.getOrDefault(who, "");
    }

    /// What somebody shows; nothing if it has nothing to show.
    private String header(Who who) {
        return switch (who) {
            case NOBODY, CERTIFICATE_HOLDER, ANONYMOUS -> "X-Nothing: shown";
            case TOKEN_BEARER -> "Authorization: Bearer " + token("subscriber");
            default -> "X-API-Key: " + key(who);
        };
    }

    private void makeWhatIsThere() {
        for (String topic : List.of("mine.a", "mine.b", "theirs")) {
            if (broker.topic(topic).isEmpty()) {
                broker.createTopic(topic);
            }
        }
        broker.deleteTopic("mine.new");
        broker.routes().remove("r");
    }

    private static List<Route> routes(Dialect dialect) {
        try (Broker any = Broker.open()) {
            ServerContext context = ServerContext.of(any, ServerConfig.defaults());
            List<Route> routes = new ArrayList<>(Apis.of(
                    dialect,
                    context,
                    new Uptime(any.timers()),
                    new Metrics(context, () -> 0),
                    (out, message) -> {},
                    (out, message) -> {}));
            routes.addAll(Pages.of(dialect));
            context.access().close();
            return routes;
        }
    }

    private int status(Dialect dialect, Who who, String method, String path, String body) {
        try (WireClient client = connect(dialect, who)) {
            client.bytes((method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n"
                            + header(who) + "\r\nContent-Length: " + body.length()
                            + "\r\n\r\n" + body)
                    .getBytes(StandardCharsets.UTF_8));
            return Integer.parseInt(
                    client.readHead().substring("HTTP/1.1 ".length()).substring(0, 3));
        }
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void everyRouteIsForWhomTheTableSays(Dialect dialect) {
        for (Route route : routes(dialect)) {
            String name = route.method() + " " + route.path();
            List<Who> allowed = TABLE.getOrDefault(name, List.of());
            assertThat(allowed).as("who may call %s", name).isNotEmpty();
            for (Who who : Who.values()) {
                makeWhatIsThere();
                String path = route.path()
                        .replace("{id}", "m")
                        .replace("{name}", route.path().startsWith("/topics") ? "mine.a" : "r");
                int status = status(dialect, who, route.method(), path, BODIES.getOrDefault(name, ""));
                if (allowed.contains(who)) {
                    assertThat(status).as("%s by %s", name, who).isNotIn(401, 403);
                } else {
                    boolean unknown = who == Who.NOBODY || who == Who.A_GUESSER || who == Who.ANONYMOUS;
                    assertThat(status).as("%s by %s", name, who).isEqualTo(unknown ? 401 : 403);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void aRightToSomeTopicsIsNoneToOthers(Dialect dialect) {
        makeWhatIsThere();
        for (Route route : routes(dialect)) {
            if (route.path().startsWith("/topics/{name}")) {
                String path = route.path().replace("{name}", "theirs");
                for (Who who : List.of(
                        Who.SUBSCRIBER,
                        Who.PUBLISHER,
                        Who.MANAGER,
                        Who.TOKEN_BEARER,
                        Who.CERTIFICATE_HOLDER,
                        Who.ANONYMOUS)) {
                    assertThat(status(dialect, who, route.method(), path, "{}"))
                            .as("%s %s by %s", route.method(), path, who)
                            .isEqualTo(who == Who.ANONYMOUS ? 401 : 403);
                }
            }
        }
        for (String path : List.of("/topics", "/stats")) {
            RestAnswer listed = RestAnswer.of(
                    dialect == Dialect.STANDARD ? server.port() : server.flatPort(),
                    "GET",
                    path,
                    "",
                    "X-API-Key",
                    key(Who.SUBSCRIBER));
            assertThat(listed.body()).contains("mine.a").doesNotContain("theirs");
        }
    }

    /// What only who sees something of a topic may do.
    private static final List<String> ENDINGS = List.of(
            "{\"type\":\"unsubscribe\",\"topic\":\"mine.a\",\"client_id\":\"c\"}",
            "{\"type\":\"ack\",\"topic\":\"mine.a\",\"client_id\":\"c\",\"offset\":0}",
            "{\"type\":\"nack\",\"topic\":\"mine.a\",\"client_id\":\"c\",\"offset\":0,\"request_id\":\"1\"}");

    /// What needs no right: to say who one is, to ask for a sign of life, and what is no request.
    private static final Set<Class<?>> FREE = Set.of(Request.Auth.class, Request.Ping.class, Request.Malformed.class);

    /// The kinds of requests are those that the protocol has: one that is tried nowhere here fails.
    @Test
    void everyKindOfRequestIsTried() {
        Codec codec = new StandardCodec(StandardCodec.MessageIds.ANY, 64);
        Set<Class<?>> tried = new HashSet<>(FREE);
        Stream.concat(Stream.of(Operation.values()).map(operation -> operation.request), ENDINGS.stream())
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .forEach(bytes -> tried.add(codec.decode(bytes, 0, bytes.length).getClass()));
        assertThat(tried).containsExactlyInAnyOrder(Request.class.getPermittedSubclasses());
    }

    @Test
    void everyOperationOfAWebSocketIsForWhoHasTheRight() {
        makeWhatIsThere();
        for (Operation operation : Operation.values()) {
            for (Who who : WHO_IS_IN) {
                boolean may = operation.allowed.contains(who);
                assertThat(isForbidden(who, operation.request))
                        .as("%s by %s", operation, who)
                        .isEqualTo(!may);
                if (!operation.on("theirs").equals(operation.request) && who != Who.ADMIN) {
                    assertThat(isForbidden(who, operation.on("theirs")))
                            .as("%s of others by %s", operation, who)
                            .isTrue();
                    // What is not there is refused in the same way: nobody learns what there is.
                    assertThat(isForbidden(who, operation.on("nowhere"))).isTrue();
                }
            }
        }
        String deadLetters =
                "{\"type\":\"subscribe\",\"topic\":\"mine.a\",\"client_id\":\"c\",\"ack\":\"manual\",\"dead_letter\":\"theirs\"}";
        assertThat(isForbidden(Who.SUBSCRIBER, deadLetters)).isTrue();
        assertThat(isForbidden(Who.ADMIN, deadLetters)).isFalse();
    }

    /// The same of the flat dialect, whose errors have no code for it.
    @Test
    void everyOperationOfAFlatWebSocketIsForWhoHasTheRight() {
        makeWhatIsThere();
        Map<String, List<Who>> operations = Map.of(
                "{\"type\":\"subscribe\",\"topic\":\"mine.a\"}", SUBSCRIBERS,
                "{\"type\":\"publish\",\"topic\":\"mine.a\",\"data\":1}", PUBLISHERS);
        operations.forEach((request, allowed) -> {
            for (Who who : WHO_IS_IN) {
                assertThat(isRefusedFlat(who, request))
                        .as("%s by %s", request, who)
                        .isEqualTo(!allowed.contains(who));
                for (String other : List.of("theirs", "nowhere")) {
                    assertThat(isRefusedFlat(who, request.replace("mine.a", other)))
                            .as("%s of %s by %s", request, other, who)
                            .isEqualTo(who != Who.ADMIN);
                }
            }
        });
        for (Who who : List.of(Who.NOBODY, Who.A_GUESSER)) {
            try (WireClient client = WireClient.tcp(server.flatPort())) {
                assertThat(client.handshake("/ws", header(who))).startsWith("HTTP/1.1 401 ");
            }
        }
    }

    private boolean isRefusedFlat(Who who, String request) {
        try (WireClient client = connect(Dialect.FLAT, who).upgrade("/ws", header(who))) {
            assertThat(client.json().path("type").stringValue()).isEqualTo("info");
            return client.send(request).json().path("message").asString("").contains("is not allowed to");
        }
    }

    @Test
    void whoSeesNothingOfATopicDoesNotLearnByEndingOrAcknowledgingWhetherItIsThere() {
        makeWhatIsThere();
        for (String request : ENDINGS) {
            assertThat(isForbidden(Who.SUBSCRIBER, request)).as(request).isFalse();
            assertThat(isForbidden(Who.SUBSCRIBER, request.replace("mine.a", "theirs")))
                    .as(request)
                    .isTrue();
            assertThat(isForbidden(Who.SUBSCRIBER, request.replace("mine.a", "nowhere")))
                    .as(request)
                    .isTrue();
        }
    }

    // ---- dead letters

    private static Message letter(String topic) {
        return Message.text("x")
                .withHeaders(Map.of(
                        "dead-letter-topic", topic,
                        "dead-letter-epoch", "e",
                        "dead-letter-offset", "0",
                        "dead-letter-published", "2026-01-01T00:00:00Z",
                        "dead-letter-subscription", "gone",
                        "dead-letter-reason", "rejected",
                        "dead-letter-at", "2026-01-01T00:00:00Z",
                        "dead-letter-attempts", "1",
                        "dead-letter-first-error", "",
                        "dead-letter-last-error", ""));
    }

    private RestAnswer rest(Who who, String method, String path, String body) {
        return RestAnswer.of(server.port(), method, path, body, "X-API-Key", key(who));
    }

    @Test
    void clientsWriteNoDeadLetters() {
        makeWhatIsThere();
        String message = "{\"payload\":1,\"headers\":{\"dead-letter-topic\":\"theirs\"}}";
        assertThat(rest(Who.PUBLISHER, "POST", "/topics/mine.a/messages", message)
                        .body())
                .contains("belong to the broker");
        try (WireClient client = WireClient.tcp(server.port()).upgrade("/ws", "X-API-Key: " + key(Who.PUBLISHER))) {
            JsonNode answer = client.send("{\"type\":\"publish\",\"topic\":\"mine.a\",\"message\":" + message + "}")
                    .json();
            assertThat(answer.path("error").path("code").stringValue()).isEqualTo("BAD_REQUEST");
        }
        assertThat(broker.topic("mine.a").orElseThrow().visible()).isZero();
    }

    @Test
    void lettersGoBackOnlyWhereTheirManagerMayPublish() {
        makeWhatIsThere();
        long before = broker.topic("theirs").orElseThrow().visible();
        String path = "/topics/mine.a/dead-letters/redrive";
        for (String origin : List.of("mine.b", "theirs", "$dead/mine.b")) {
            broker.createTopic("$dead/mine.a");
            broker.publish("$dead/mine.a", letter(origin));
            boolean theirs = !origin.equals("mine.b");
            for (String body : List.of("", "{\"offsets\":[0]}")) {
                assertThat(rest(Who.MANAGER, "POST", path, body).status()).isEqualTo(403);
                if (theirs) {
                    assertThat(rest(Who.OWNER, "POST", path, body).status())
                            .as(origin)
                            .isEqualTo(403);
                }
            }
            assertThat(rest(theirs ? Who.ADMIN : Who.OWNER, "POST", path, "").status())
                    .as(origin)
                    .isEqualTo(origin.startsWith("$") ? 403 : 200);
            broker.deleteTopic("$dead/mine.a");
        }
        assertThat(broker.topic("theirs").orElseThrow().visible()).isEqualTo(before + 1);
    }

    @Test
    void theDeadLettersOfAnotherTopicAreForItsOwners() {
        makeWhatIsThere();
        String body = "{\"name\":\"mine.new\",\"dead_letter\":\"mine.b\"}";
        assertThat(rest(Who.MANAGER, "POST", "/topics", body).status()).isEqualTo(403);
        assertThat(rest(Who.OWNER, "POST", "/topics", body.replace("mine.b", "theirs"))
                        .status())
                .isEqualTo(403);
        assertThat(rest(Who.OWNER, "POST", "/topics", body).status()).isEqualTo(201);
        broker.deleteTopic("mine.new");
        broker.createTopic("mine.new", TopicConfig.defaults().withDeadLetter("theirs"));
        String letters = "/topics/mine.new/dead-letters";
        assertThat(rest(Who.OWNER, "GET", letters, "").status()).isEqualTo(403);
        assertThat(rest(Who.OWNER, "DELETE", letters, "").status()).isEqualTo(403);
        assertThat(rest(Who.OWNER, "POST", letters + "/redrive", "").status()).isEqualTo(403);
        assertThat(rest(Who.ADMIN, "GET", letters, "").status()).isEqualTo(200);
    }

    @Test
    void whatIsStoredIsForObservers() {
        try (Broker durable = Broker.open(BrokerConfig.defaults().withStore(new MemoryStore()));
                RunningServer stored = RunningServer.with(
                        durable, "keys=" + folder.resolve("keys.yaml"), "rules=" + folder.resolve("rules.yaml"))) {
            for (Who who : WITH_A_KEY) {
                boolean told = RestAnswer.of(stored.port(), "GET", "/stats", "", "X-API-Key", key(who))
                        .json()
                        .has("storage");
                assertThat(told).as("%s", who).isEqualTo(OBSERVERS.contains(who));
            }
        }
    }

    private boolean isForbidden(Who who, String request) {
        try (WireClient client = connect(Dialect.STANDARD, who).upgrade("/ws", header(who))) {
            JsonNode answer = client.send(request).json();
            return answer.path("error").path("code").asString("").equals("FORBIDDEN");
        }
    }

    @Test
    void aPatternHearsOnlyWhatItsOwnerMay() {
        makeWhatIsThere();
        try (WireClient client = WireClient.tcp(server.port()).upgrade("/ws", "X-API-Key: " + key(Who.SUBSCRIBER));
                WireClient all = WireClient.tcp(server.port()).upgrade("/ws", "X-API-Key: " + key(Who.ADMIN))) {
            RunningServer.subscribe(client, "**", "c");
            RunningServer.subscribe(all, "**", "c");
            broker.publish("theirs", "1");
            broker.publish("mine.a", "2");
            broker.publish("theirs", "3");
            broker.publish("mine.b", "4");
            assertThat(topics(client.events(2))).containsExactly("mine.a", "mine.b");
            assertThat(topics(all.events(4))).containsExactly("theirs", "mine.a", "theirs", "mine.b");
        }
    }

    private static Stream<String> topics(List<JsonNode> events) {
        return events.stream().map(event -> event.path("topic").stringValue());
    }
}
