package dev.fanfare.server.rest;

import static dev.fanfare.server.rest.StandardRestTest.problem;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.server.RawHttp;
import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Messages over the REST of the standard dialect, published and read.
class MessagesRestTest {

    private final RunningServer running = RunningServer.with();

    @AfterEach
    void close() {
        running.close();
    }

    @Test
    void aPublishedPayloadComesBackAsItWasWritten() throws Exception {
        String payload = "{\"n\":1.10000000000000000000000000001,\"big\":123456789012345678901234567890,"
                + "\"e\":1E400, \"s\":\"\\u00e4ä\\/\" }";
        running.server.broker().createTopic("t");

        Answered published = running.call("POST", "/topics/t/messages", "{\"payload\":" + payload + "}");
        Answered read = running.get("/topics/t/messages");

        assertThat(published.status()).isEqualTo(200);
        JsonNode result = published.json().path("results").get(0);
        assertThat(result.path("offset").asInt()).isZero();
        assertThat(result.path("epoch").asString()).isNotEmpty();
        assertThat(UUID.fromString(result.path("message_id").asString())).isNotNull();
        assertThat(read.body()).contains("\"payload\":" + payload);
        assertThat(read.json().path("next").asInt()).isEqualTo(1);
        assertThat(read.json().path("epoch").asString())
                .isEqualTo(result.path("epoch").asString());
        JsonNode event = read.json().path("messages").get(0);
        assertThat(event.path("offset").asInt()).isZero();
        assertThat(event.path("topic").asString()).isEqualTo("t");
        assertThat(event.path("message").path("id").asString())
                .isEqualTo(result.path("message_id").asString());
    }

    @Test
    void readsMessagesInPages() throws Exception {
        running.server.broker().createTopic("t");
        for (int i = 0; i < 5; i++) {
            running.server.broker().publish("t", "m" + i);
        }

        JsonNode first = running.get("/topics/t/messages?limit=2").json();
        JsonNode second = running.get("/topics/t/messages?limit=2&from=" + first.path("next"))
                .json();

        assertThat(offsets(first)).containsExactly(0L, 1L);
        assertThat(offsets(second)).containsExactly(2L, 3L);
        assertThat(offsets(running.get("/topics/t/messages?from=latest").json()))
                .isEmpty();
        assertThat(running.get("/topics/t/messages?from=latest")
                        .json()
                        .path("next")
                        .asInt())
                .isEqualTo(5);
        assertThat(offsets(running.get("/topics/t/messages?from=1970-01-01T00:00:00Z")
                        .json()))
                .containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(offsets(running.get("/topics/t/messages?from=2999-01-01T00:00:00Z")
                        .json()))
                .isEmpty();
        problem(running.get("/topics/t/messages?from=soon"), 400, "BAD_REQUEST", "from");
        problem(running.get("/topics/t/messages?limit=1001"), 400, "BAD_REQUEST", "limit");
        problem(running.get("/topics/none/messages"), 404, "TOPIC_NOT_FOUND", "none");
    }

    private static List<Long> offsets(JsonNode page) {
        List<Long> offsets = new ArrayList<>();
        page.path("messages")
                .forEach(message -> offsets.add(message.path("offset").asLong()));
        return offsets;
    }

    @Test
    void readingBeginsAtTheOldestThatIsKept() throws Exception {
        running.call("POST", "/topics", "{\"name\":\"t\",\"history\":2}");
        for (int i = 0; i < 5; i++) {
            running.server.broker().publish("t", "m" + i);
        }

        assertThat(offsets(running.get("/topics/t/messages?from=0").json())).containsExactly(3L, 4L);
    }

    @Test
    void payloadsThatAreNoJsonAreMadeSafe() throws Exception {
        running.server.broker().createTopic("t");
        running.server.broker().publish("t", "quote \" and \u0007");
        running.server.broker().publish("t", new byte[] {(byte) 0xFF, 0, 1});
        running.server.broker().publish("t", Message.of(Payload.bytes("}{".getBytes(UTF_8), Payload.JSON)));

        JsonNode messages = running.get("/topics/t/messages").json().path("messages");

        assertThat(messages.get(0).path("message").path("payload").asString()).isEqualTo("quote \" and \u0007");
        assertThat(messages.get(1).path("message").path("payload").asString()).isEqualTo("/wAB");
        assertThat(messages.get(1).path("message").path("encoding").asString()).isEqualTo("base64");
        assertThat(messages.get(2).path("message").path("payload").asString()).isEqualTo("}{");
    }

    @Test
    void ofSeveralMessagesEachHasItsOwnResult() throws Exception {
        running.server.broker().createTopic("t");

        JsonNode results = running.call(
                        "POST",
                        "/topics/t/messages",
                        "[{\"payload\":1},{\"id\":\"no uuid\",\"payload\":2},{\"id\":\"" + UUID.randomUUID()
                                + "\"},7,{\"payload\":null}]")
                .json()
                .path("results");

        assertThat(results.size()).isEqualTo(5);
        assertThat(results.get(0).path("offset").asInt()).isZero();
        assertThat(results.get(1).path("error").path("message").asString())
                .isEqualTo("message.id must be a valid UUID");
        assertThat(results.get(2).path("error").path("code").asString()).isEqualTo("BAD_REQUEST");
        assertThat(results.get(3).path("error").path("code").asString()).isEqualTo("BAD_REQUEST");
        assertThat(results.get(4).path("offset").asInt()).isEqualTo(1);
    }

    @Test
    void aSingleMessageThatIsRefusedIsAProblem() throws Exception {
        running.server.broker().createTopic("t");

        Answered refused = running.call("POST", "/topics/t/messages", "{\"id\":\"1\",\"payload\":1}");

        problem(refused, 400, "BAD_REQUEST", "message.id must be a valid UUID");
        assertThat(refused.json()
                        .path("results")
                        .get(0)
                        .path("error")
                        .path("code")
                        .asString())
                .isEqualTo("BAD_REQUEST");
    }

    @Test
    void aConnectionThatPublishesTooFastIsToldWhenToTryAgain() throws Exception {
        try (RunningServer limited = RunningServer.with("publish-rate", "0.5", "publish-burst", "3")) {
            limited.call("POST", "/topics", "{\"name\":\"t\"}");
            String path = "POST /topics/t/messages HTTP/1.1";
            try (RawHttp connection = limited.raw();
                    RawHttp other = limited.raw()) {
                String several = "[{\"payload\":1},{\"payload\":2},{\"payload\":3},{\"payload\":4}]";
                RawHttp.Response first = connection
                        .request(path, "Host: x", "Content-Length: " + several.length())
                        .send(several)
                        .read();
                assertThat(first.status()).isEqualTo(200);
                assertThat(first.body()).containsOnlyOnce("RATE_LIMITED").contains("\"offset\":2");

                String one = "{\"payload\":5}";
                RawHttp.Response refused = connection
                        .request(path, "Host: x", "Content-Length: " + one.length())
                        .send(one)
                        .read();
                assertThat(refused.status()).isEqualTo(429);
                assertThat(refused.header("content-type")).isEqualTo("application/problem+json");
                assertThat(refused.header("retry-after")).isIn("1", "2");
                assertThat(refused.body())
                        .contains("\"code\":\"RATE_LIMITED\"", "publish-rate", "publish-burst", "\"retry_after_ms\":");

                RawHttp.Response another = other.request(path, "Host: x", "Content-Length: " + one.length())
                        .send(one)
                        .read();
                assertThat(another.status()).isEqualTo(200);
            }
        }
    }

    @Test
    void nothingIsPublishedWhenTheBodyIsNoJson() throws Exception {
        running.server.broker().createTopic("t");

        problem(running.call("POST", "/topics/t/messages", "[{\"payload\":1},"), 400, "BAD_REQUEST", "JSON");

        assertThat(running.server.broker().topic("t").orElseThrow().visible()).isZero();
    }

    @Test
    void aMessageAboveTheLimitIsTooLarge() throws Exception {
        running.server.broker().createTopic("t");
        String large = "{\"payload\":\"" + "x".repeat(65_536) + "\"}";

        problem(running.call("POST", "/topics/t/messages", large), 413, "TOO_LARGE", "max-message-size");
        JsonNode results = running.call("POST", "/topics/t/messages", "[" + large + ",{\"payload\":1}]")
                .json()
                .path("results");
        assertThat(results.get(0).path("error").path("code").asString()).isEqualTo("TOO_LARGE");
        assertThat(results.get(1).path("offset").asInt()).isZero();
    }

    @Test
    void publishingMakesNoTopicUnlessItIsSet() throws Exception {
        problem(running.call("POST", "/topics/none/messages", "{\"payload\":1}"), 404, "TOPIC_NOT_FOUND", "none");
        try (RunningServer making = RunningServer.with("auto-create-topics", "true")) {
            assertThat(making.call("POST", "/topics/none/messages", "{\"payload\":1}")
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aMessageThatIsRefusedMakesNoTopic() throws Exception {
        try (RunningServer making = RunningServer.with("auto-create-topics", "true")) {
            for (String body : new String[] {"", "{", "{}", "{\"payload\":1,\"id\":\"x\"}"}) {
                problem(making.call("POST", "/topics/none/messages", body), 400, "BAD_REQUEST", "");
            }
            assertThat(making.server.broker().topics()).isEmpty();
        }
    }
}
