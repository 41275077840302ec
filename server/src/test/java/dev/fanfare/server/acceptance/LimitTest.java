package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Topic;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// What there may be of everything, and what one is told at the limit.
@ExtendWith(NoLeaks.class)
class LimitTest {

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = RunningServer.start(
                "max-message-size=4KiB",
                "max-topics=4",
                "max-subscribers-per-topic=3",
                "publish-rate=1",
                "publish-burst=20");
        server.topic("t");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static JsonNode error(JsonNode answer, String code) {
        assertThat(answer.path("type").stringValue()).as("%s", answer).isEqualTo("error");
        assertThat(answer.path("error").path("code").stringValue()).isEqualTo(code);
        return answer.path("error");
    }

    private static String padded(int size) {
        String empty = publish("t", "\"\"");
        return publish("t", "\"" + "x".repeat(size - empty.length()) + "\"");
    }

    @Test
    void aMessageOfExactlyTheLimitIsTakenAndOneByteMoreIsSkipped() {
        try (WireClient client = server.connect()) {
            assertThat(client.send(padded(4096)).json().path("type").stringValue())
                    .isEqualTo("ack");
            JsonNode error = error(client.send(padded(4097)).json(), "TOO_LARGE");
            assertThat(error.path("message").stringValue()).contains("4096").contains("max-message-size");
            publishAcked(client, "t", "1");
        }
    }

    @Test
    void allFragmentsOfAMessageCountTogether() {
        try (WireClient client = server.connect()) {
            byte[] part = "x".repeat(1500).getBytes(StandardCharsets.US_ASCII);
            client.bytes(
                    Frames.unfinished(Frame.TEXT, "{\"type\":\"ping\",\"pad\":\"".getBytes(StandardCharsets.US_ASCII)));
            client.bytes(Frames.unfinished(Frame.CONTINUATION, part));
            client.bytes(Frames.unfinished(Frame.CONTINUATION, part));
            client.bytes(Frames.unfinished(Frame.CONTINUATION, part));
            client.bytes(Frames.whole(Frame.CONTINUATION, "\"}".getBytes(StandardCharsets.US_ASCII)));
            error(client.json(), "TOO_LARGE");
            client.send("{\"type\":\"ping\"}");
            assertThat(client.json().path("type").stringValue()).isEqualTo("pong");
        }
    }

    @Test
    void sixteenTimesTheLimitIsSkippedAndAboveTheConnectionIsClosedWith1009() {
        try (WireClient client = server.connect()) {
            client.send(padded(16 * 4096));
            error(client.json(), "TOO_LARGE");
            client.bytes(Frames.headerOnly(0x80 | Frame.TEXT, 16 * 4096 + 1));
            assertThat(client.closeCode()).isEqualTo(1009);
            assertThat(client.ended()).isTrue();
        }
        try (WireClient client = server.connect()) {
            byte[] part = "x".repeat(4000).getBytes(StandardCharsets.US_ASCII);
            client.bytes(Frames.unfinished(Frame.TEXT, part));
            for (int i = 0; i < 16; i++) {
                client.bytesOrHungUp(Frames.unfinished(Frame.CONTINUATION, part));
            }
            client.bytesOrHungUp(Frames.unfinished(Frame.CONTINUATION, part));
            assertThat(client.closeCode()).isEqualTo(1009);
        }
    }

    @Test
    void publishingTooFastIsRefusedWithTheTimeToWait() {
        try (WireClient client = server.connect()) {
            int refused = 0;
            for (int i = 0; i < 30; i++) {
                JsonNode answer = client.send(publish("t", "1")).json();
                if (answer.path("type").stringValue().equals("error")) {
                    JsonNode error = error(answer, "RATE_LIMITED");
                    assertThat(error.path("retry_after_ms").longValue()).isBetween(1L, 1000L);
                    assertThat(error.path("message").stringValue()).contains("publish-rate");
                    refused++;
                }
            }
            assertThat(refused).isPositive().isLessThanOrEqualTo(10);
        }
    }

    @Test
    void tooManySubscriptionsOfATopicAreRefusedByName() {
        try (WireClient client = server.connect()) {
            RestAnswer made = server.rest("POST", "/topics", "{\"name\":\"full\"}");
            assertThat(made.status()).isEqualTo(201);
            for (int i = 0; i < 3; i++) {
                subscribe(client, "full", "c" + i);
            }
            client.send("{\"type\":\"subscribe\",\"topic\":\"full\",\"client_id\":\"c3\",\"request_id\":\"r\"}");
            JsonNode answer = client.json();
            assertThat(answer.path("request_id").stringValue()).isEqualTo("r");
            assertThat(error(answer, "LIMIT_REACHED").path("message").stringValue())
                    .contains("3")
                    .contains("max-subscribers-per-topic");
            // Replacing one needs no further room.
            subscribe(client, "full", "c0");
            client.send("{\"type\":\"unsubscribe\",\"topic\":\"full\",\"client_id\":\"c0\"}");
            client.json();
            subscribe(client, "full", "c3");
        } finally {
            server.rest("DELETE", "/topics/full", "");
        }
    }

    @Test
    void aSubscribeThatIsRefusedMakesNoTopic() {
        try (RunningServer making = RunningServer.start("auto-create-topics=true", "max-subscriptions=1");
                WireClient client = making.connect()) {
            error(
                    client.send("{\"type\":\"subscribe\",\"topic\":\"$of-the-broker\",\"client_id\":\"c\"}")
                            .json(),
                    "TOPIC_NOT_FOUND");
            error(
                    client.send("{\"type\":\"subscribe\",\"topic\":\"bad\",\"client_id\":\"c\",\"queue\":0}")
                            .json(),
                    "BAD_REQUEST");
            error(
                    client.send("{\"type\":\"subscribe\",\"topic\":\"bad\",\"client_id\":\"c\",\"overflow\":\"x\"}")
                            .json(),
                    "BAD_REQUEST");
            subscribe(client, "made", "c");
            error(
                    client.send("{\"type\":\"subscribe\",\"topic\":\"one-more\",\"client_id\":\"c\"}")
                            .json(),
                    "LIMIT_REACHED");
            // Replacing the one there is stays possible.
            subscribe(client, "made", "c");

            assertThat(making.server().broker().topics())
                    .extracting(Topic::name)
                    .containsExactly("made");
        }
    }

    @Test
    void tooManyTopicsAreRefusedByName() {
        for (int i = 0; i < 4; i++) {
            server.rest("POST", "/topics", "{\"name\":\"one-of-many-" + i + "\"}");
        }
        RestAnswer refused = server.rest("POST", "/topics", "{\"name\":\"too-many\"}");
        assertThat(refused.status()).isBetween(400, 599);
        assertThat(refused.json().path("error").path("code").stringValue()).isEqualTo("LIMIT_REACHED");
        assertThat(refused.body()).contains("max-topics").contains("4");
        for (int i = 0; i < 4; i++) {
            server.rest("DELETE", "/topics/one-of-many-" + i, "");
        }
    }

    @Test
    void oversizedBodiesAreRefusedOverRest() {
        RestAnswer answer = server.rest("POST", "/topics", "{\"name\":\"" + "x".repeat(1 << 20) + "\"}");
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.json().path("error").path("code").stringValue()).isEqualTo("TOO_LARGE");
    }

    @Test
    void deepJsonIsRefusedAndTheConnectionLives() {
        try (WireClient client = server.connect()) {
            JsonNode answer = client.send("{\"type\":\"ping\",\"request_id\":\"deep\",\"x\":" + "[".repeat(1500)
                            + "]".repeat(1500) + "}")
                    .json();
            assertThat(answer.path("request_id").stringValue()).isEqualTo("deep");
            error(answer, "BAD_REQUEST");
            client.send("{\"type\":\"ping\"}");
            assertThat(client.json().path("type").stringValue()).isEqualTo("pong");
        }
    }
}
