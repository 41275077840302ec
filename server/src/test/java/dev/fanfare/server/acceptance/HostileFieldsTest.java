package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// Peers that send fields which nobody can mean: each request is answered with an error that says so, the
/// connection lives, nothing else happens, and a subscription that acknowledges on another connection notices
/// nothing.
@ExtendWith(NoLeaks.class)
class HostileFieldsTest {

    private static final String NOISE = "{}[]\",:\\0e-+ntf \u0001é";

    /// What an error may be: never `INTERNAL`.
    private static final Set<String> CODES =
            Set.of("BAD_REQUEST", "TOPIC_NOT_FOUND", "FORBIDDEN", "TOO_LARGE", "LIMIT_REACHED", "NO_RESPONDERS");

    private RunningServer server;
    private WireClient bystander;

    @BeforeEach
    void start() {
        server = RunningServer.start();
        server.topic("t");
        server.topic("quiet");
        bystander = server.connect();
        RunningServer.subscribe(bystander, "quiet", "c", ",\"ack\":\"manual\",\"durable\":\"bystander\"");
    }

    @AfterEach
    void nobodyElseNoticed() {
        try (RunningServer _ = server;
                WireClient _ = bystander) {
            try (WireClient publisher = server.connect()) {
                RunningServer.publishAcked(publisher, "quiet", "1");
            }
            JsonNode event = bystander.events(1).getFirst();
            assertThat(event.path("delivery").path("attempt").intValue()).isEqualTo(1);
            bystander.send("{\"type\":\"ack\",\"topic\":\"quiet\",\"client_id\":\"c\",\"offset\":"
                    + event.path("offset").longValue() + ",\"request_id\":\"done\"}");
            assertThat(bystander.json().path("status").stringValue()).isEqualTo("ok");
            server.checkServes();
        }
    }

    /// Sends a request, and reads what is answered up to the pong of the ping behind it. What a request for
    /// replies comes to may be told after that.
    private static List<JsonNode> answers(WireClient client, String request) {
        client.send(request);
        client.send("{\"type\":\"ping\",\"request_id\":\"alive\"}");
        List<JsonNode> answers = new ArrayList<>(client.until("pong"));
        assertThat(answers.removeLast().path("request_id").stringValue("")).isEqualTo("alive");
        if (answers.isEmpty() && request.startsWith("{\"type\":\"request\",")) {
            answers.add(client.json());
        }
        return answers;
    }

    private static void checkError(String request, JsonNode answer) {
        String shown = request.substring(0, Math.min(200, request.length()));
        assertThat(answer.path("error").path("code").stringValue())
                .as("%s: %s", shown, answer)
                .isIn(CODES);
        String message = answer.path("error").path("message").stringValue();
        assertThat(message.length()).as("%s: %s", shown, message).isBetween(5, 1_000);
    }

    @Test
    void everyFieldThatNobodyCanMeanIsAnsweredWithAClearError() {
        try (WireClient client = server.connect()) {
            for (String request : HostileFields.requests()) {
                String text = request + ",\"request_id\":\"r\"}";
                List<JsonNode> answers = answers(client, text);
                assertThat(answers)
                        .as(text.substring(0, Math.min(200, text.length())))
                        .hasSize(1);
                assertThat(answers.getFirst().path("type").stringValue()).isEqualTo("error");
                checkError(text, answers.getFirst());
            }
        }
        assertThat(server.get("/topics/t/messages").json().path("messages")).isEmpty();
        assertThat(server.get("/subscriptions").json().path("subscriptions")).hasSize(1);
    }

    @Test
    void everyFieldOverRestThatNobodyCanMeanIsAnsweredWithAClearErrorToo() {
        List<String> done = new ArrayList<>();
        for (HostileCalls.Call call : HostileCalls.all()) {
            RestAnswer answer = server.rest("POST", call.path(), call.body());
            String shown = call.path() + " " + call.body();
            if (answer.status() >= 400 && answer.status() < 500) {
                checkError(shown, answer.json());
            } else {
                done.add(answer.status() + " " + shown);
            }
        }
        assertThat(done).isEmpty();
        assertThat(server.get("/topics").json().path("topics")).hasSize(2);
        assertThat(server.get("/routes").json().path("routes")).isEmpty();
        assertThat(server.get("/topics/t/messages").json().path("messages")).isEmpty();
        assertThat(server.get("/subscriptions").json().path("subscriptions")).hasSize(1);
    }

    @Test
    void theyAreRefusedOnASubscriptionThatAcknowledgesToo() {
        try (WireClient client = server.connect()) {
            RunningServer.subscribe(client, "t", "c", ",\"ack\":\"manual\"");
            RunningServer.publishAcked(bystander, "t", "1");
            assertThat(client.events(1)).hasSize(1);
            for (String request : HostileFields.requests()) {
                if (request.matches("\\{\"type\":\"(n?ack|transaction)\".*")) {
                    List<JsonNode> answers = answers(client, request + ",\"request_id\":\"r\"}");
                    answers.forEach(answer -> checkError(request, answer));
                    assertThat(answers).hasSize(1);
                }
            }
            // It is still in hand, once.
            assertThat(answers(
                            client,
                            "{\"type\":\"ack\",\"topic\":\"t\",\"client_id\":\"c\",\"offset\":0,\"request_id\":\"r\"}"))
                    .singleElement()
                    .extracting(answer -> answer.path("status").stringValue())
                    .isEqualTo("ok");
            assertThat(server.get("/subscriptions").body())
                    .contains("\"topic\":\"t\"", "\"delivered\":1,\"failed\":0", "\"dead_lettered\":0");
        }
    }

    @Test
    void messagesThatAreTooLargeAreSkipped() {
        try (WireClient client = server.connect()) {
            String many = ",{\"topic\":\"t\",\"message\":{\"payload\":1}}"
                    .repeat(10_000)
                    .substring(1);
            List<JsonNode> answers =
                    answers(client, "{\"type\":\"transaction\",\"request_id\":\"r\",\"publish\":[" + many + "]}");
            assertThat(answers).hasSize(1);
            assertThat(answers.getFirst().path("error").path("code").stringValue())
                    .isEqualTo("TOO_LARGE");
        }
        assertThat(server.get("/topics/t/messages").json().path("messages")).isEmpty();
    }

    @Test
    void requestsBrokenInEveryPlaceAreAnsweredAtMostOnce() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("HostileFieldsTest: -Dfanfare.seed=" + seed);
        Random random = new Random(seed);
        List<String> requests = List.of(
                "{\"type\":\"ack\",\"topic\":\"t\",\"client_id\":\"c\",\"offsets\":[0,1,2],\"request_id\":\"x\"}",
                "{\"type\":\"nack\",\"topic\":\"t\",\"client_id\":\"c\",\"offset\":0,\"delay_ms\":10,\"reason\":\"x\"}",
                "{\"type\":\"subscribe\",\"topic\":\"nowhere\",\"client_id\":\"c\",\"ack\":\"manual\",\"group\":\"g\","
                        + "\"retry\":{\"max_attempts\":3,\"multiplier\":1.5},\"circuit_breaker\":{\"window\":5}}",
                "{\"type\":\"subscribe\",\"topic\":\"nowhere\",\"client_id\":\"c\",\"types\":[\"a\"],"
                        + "\"filter\":\"message.payload.n > 1 && message.headers.h == 'x'\"}",
                "{\"type\":\"transaction\",\"publish\":[{\"topic\":\"nowhere\",\"message\":{\"payload\":1}}],"
                        + "\"ack\":[{\"topic\":\"t\",\"client_id\":\"c\",\"offsets\":[1,2]}],\"request_id\":\"x\"}",
                "{\"type\":\"request\",\"topic\":\"nowhere\",\"message\":{\"payload\":1},\"timeout_ms\":20,"
                        + "\"replies\":\"all\",\"request_id\":\"x\"}");
        try (WireClient client = server.connect()) {
            int answered = 0;
            for (int i = 1; i <= 2_000; i++) {
                StringBuilder text = new StringBuilder(requests.get(random.nextInt(requests.size())));
                for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                    int at = random.nextInt(text.length());
                    char noise = NOISE.charAt(random.nextInt(NOISE.length()));
                    switch (random.nextInt(3)) {
                        case 0 -> text.deleteCharAt(at);
                        case 1 -> text.insert(at, noise);
                        default -> text.setCharAt(at, noise);
                    }
                }
                client.send(text.toString());
                client.send("{\"type\":\"ping\",\"request_id\":\"alive\"}");
                List<JsonNode> answers = client.until("pong");
                // Those to requests for replies come when they come.
                answered += answers.size() - 1;
                assertThat(answered).as("seed %d: %s", seed, text).isLessThanOrEqualTo(i);
                for (JsonNode answer : answers) {
                    assertThat(answer.path("error").path("code").stringValue(""))
                            .as("seed %d: %s", seed, text)
                            .isNotEqualTo("INTERNAL");
                }
            }
        }
    }
}
