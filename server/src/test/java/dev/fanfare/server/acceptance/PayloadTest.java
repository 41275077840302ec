package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// What the application publishes in process the browser hears, whatever the bytes are: none break out of their frame.
@ExtendWith(NoLeaks.class)
class PayloadTest {

    private static Broker broker;
    private static RunningServer server;

    @BeforeAll
    static void start() {
        broker = Broker.open();
        broker.createTopic("t");
        server = RunningServer.with(broker);
    }

    @AfterAll
    static void stop() {
        server.close();
        broker.close();
    }

    /// Publishes in process; the message of [#frame].
    private static JsonNode heard(Message message) {
        JsonNode event = WireClient.JSON.readTree(frame(message));
        assertThat(event.propertyNames())
                .containsExactlyInAnyOrder("type", "topic", "message", "ts", "epoch", "offset");
        return event.path("message");
    }

    /// Publishes in process; the event as a subscriber of the standard dialect hears it, live and replayed alike.
    private static String frame(Message message) {
        try (WireClient live = server.connect();
                WireClient late = server.connect()) {
            subscribe(live, "t", "c");
            broker.publish("t", message);
            String frame = live.text();
            subscribe(late, "t", "c", ",\"last_n\":1");
            assertThat(late.text()).isEqualTo(frame);
            return frame;
        }
    }

    @Test
    void jsonIsPassedOnAsItWasWritten() {
        assertThat(frame(Message.of(Payload.json("{\"price\": 1.10}")))).contains("\"payload\":{\"price\": 1.10}");
    }

    @Test
    void textIsAString() {
        for (String text : List.of(
                "",
                "plain",
                "\"quoted\"",
                "{\"looks\":\"like json\"}",
                "line\nbreak\u0000\u001f\u2028",
                "é 😀",
                "\\")) {
            JsonNode message = heard(Message.text(text));
            assertThat(message.path("payload").stringValue()).isEqualTo(text);
            assertThat(message.has("encoding")).isFalse();
        }
    }

    @Test
    void bytesAreBase64AndSayWhatTheyAre() {
        byte[] bytes = {0, 1, (byte) 0xff, '"', '}', '\\'};
        JsonNode message = heard(Message.of(Payload.bytes(bytes, "image/png")));
        assertThat(message.path("encoding").stringValue()).isEqualTo("base64");
        assertThat(message.path("content_type").stringValue()).isEqualTo("image/png");
        assertThat(Base64.getDecoder().decode(message.path("payload").stringValue()))
                .isEqualTo(bytes);
    }

    @Test
    void whatOnlyClaimsToBeJsonCannotBreakOut() {
        for (String claim : List.of(
                "",
                " ",
                "{",
                "}",
                "1,\"x\":2",
                "\"},\"ts\":\"2000-01-01T00:00:00.000Z\"}",
                "null}}",
                "{\"a\":1}{\"b\":2}",
                "'single'",
                "\"unclosed",
                "\"raw\nnewline\"",
                "NaN",
                "[1,]")) {
            JsonNode message = heard(Message.of(Payload.json(claim)));
            JsonNode payload = message.path("payload");
            assertThat(payload.isString()).as("%s is no JSON", claim).isTrue();
            String text = message.has("encoding")
                    ? new String(Base64.getDecoder().decode(payload.stringValue()), StandardCharsets.UTF_8)
                    : payload.stringValue();
            assertThat(text).isEqualTo(claim);
        }
    }

    @Test
    void malformedUtf8UnderAnyContentTypeIsStillGoodJson() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("PayloadTest.malformedUtf8UnderAnyContentTypeIsStillGoodJson seed " + seed);
        Random random = new Random(seed);
        byte[] surrogate = {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'};
        heard(Message.of(Payload.bytes(surrogate, Payload.JSON)));
        heard(Message.of(Payload.bytes(surrogate, Payload.TEXT)));
        for (int i = 0; i < 60; i++) {
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            String type = List.of(Payload.JSON, Payload.TEXT, Payload.BINARY, "text/html", "x\"y\n/\u2028")
                    .get(random.nextInt(5));
            JsonNode message = heard(Message.of(Payload.bytes(bytes, type)));
            assertThat(message.path("payload").isMissingNode()).isFalse();
        }
    }

    @Test
    void theFlatDialectHearsTheSameDataWithoutFurtherFields() {
        try (WireClient flat = server.connectFlat()) {
            flat.send("{\"type\":\"subscribe\",\"topic\":\"t\"}");
            flat.json();
            broker.publish("t", "plain \"text\"");
            JsonNode text = flat.json();
            assertThat(text.path("data").stringValue()).isEqualTo("plain \"text\"");
            assertThat(text.propertyNames()).containsExactly("type", "topic", "data", "message_id");
            broker.publish("t", new byte[] {1, 2, (byte) 0xff});
            assertThat(flat.json().path("data").stringValue()).isEqualTo("AQL/");
            broker.publish("t", Message.of(Payload.json("}{")));
            assertThat(flat.json().path("data").isString()).isTrue();
        }
    }

    @Test
    void namesAndIdsFromTheApplicationAreEscaped() {
        String name = "say \"hi\" \\ é😀";
        broker.createTopic(name);
        try (WireClient client = server.connect()) {
            client.send("{\"type\":\"subscribe\",\"topic\":" + WireClient.JSON.writeValueAsString(name)
                    + ",\"client_id\":\"c\"}");
            assertThat(client.json().path("topic").stringValue()).isEqualTo(name);
            broker.publish(name, "x");
            assertThat(client.json().path("topic").stringValue()).isEqualTo(name);
        }
    }
}
