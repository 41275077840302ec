package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Compression;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Payloads that are compressed by whoever publishes them, over real sockets: undone for who does not take them so.
@ExtendWith(NoLeaks.class)
class CompressedPayloadTest {

    private static final String JSON = "{\"amount\":7,\"text\":\"" + "grün ".repeat(200) + "\"}";

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = RunningServer.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static String packed(String encoding, byte[] plain) {
        return base64(Compression.named(encoding).orElseThrow().compress(plain));
    }

    private static String publish(String topic, String payload, String more) {
        return "{\"type\":\"publish\",\"topic\":\"" + topic + "\",\"message\":{\"payload\":\"" + payload + "\"" + more
                + "},\"request_id\":\"p\"}";
    }

    private static JsonNode error(WireClient client, String request) {
        JsonNode answer = client.send(request).json();
        assertThat(answer.path("type").stringValue()).as("%s", answer).isEqualTo("error");
        return answer.path("error");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd"})
    void whoDoesNotTakeItGetsWhatWasMeantAndWhoDoesGetsItAsItIs(String encoding) {
        String topic = "packed-" + encoding;
        server.topic(topic);
        String payload = packed(encoding, JSON.getBytes(UTF_8));
        String takes = ",\"accept_encoding\":[\"gzip\",\"zstd\"]";
        String filter = ",\"filter\":\"message.payload.amount == 7\"";
        try (WireClient publisher = server.connect();
                WireClient client = server.connect();
                WireClient flat = server.connectFlat()) {
            subscribe(client, topic, "plain", filter);
            subscribe(client, topic, "takes", takes + filter);
            subscribe(client, topic, "acks", ",\"ack\":\"manual\"");
            subscribe(client, topic, "acks-takes", ",\"ack\":\"manual\"" + takes);
            flat.send("{\"type\":\"subscribe\",\"topic\":\"" + topic + "\"}").json();
            JsonNode ack = publisher
                    .send(publish(topic, payload, ",\"encoding\":\"" + encoding + "\""))
                    .json();
            assertThat(ack.path("status").stringValue("")).as("%s", ack).isEqualTo("ok");
            int plain = 0;
            int taken = 0;
            for (JsonNode event : client.events(4)) {
                JsonNode message = event.path("message");
                if (message.has("encoding")) {
                    taken++;
                    assertThat(message.path("encoding").stringValue()).isEqualTo(encoding);
                    assertThat(message.path("payload").stringValue()).isEqualTo(payload);
                    assertThat(message.has("content_type")).isFalse();
                    assertThat(event.path("delivery").path("client_id").stringValue("acks-takes"))
                            .isEqualTo("acks-takes");
                } else {
                    plain++;
                    assertThat(message.path("payload").toString()).isEqualTo(JSON);
                }
            }
            assertThat(List.of(plain, taken)).containsExactly(2, 2);
            assertThat(flat.json().path("data").toString()).isEqualTo(JSON);
            subscribe(client, topic, "replays", takes + ",\"from\":\"earliest\"");
            assertThat(client.events(1)
                            .getFirst()
                            .path("message")
                            .path("payload")
                            .stringValue())
                    .isEqualTo(payload);
        }
        assertThat(server.get("/topics/" + topic + "/messages").body()).contains("\"payload\":" + JSON);
    }

    @Test
    void whatAProgramPublishesCompressedIsTheSame() {
        server.topic("program");
        try (WireClient client = server.connect()) {
            subscribe(client, "program", "plain");
            subscribe(client, "program", "takes", ",\"accept_encoding\":[\"gzip\"]");
            Payload json = Payload.json(JSON).compressed(Compression.gzip());
            Payload text = Payload.text("x".repeat(500)).compressed(Compression.gzip());
            Payload other = Payload.json(JSON).compressed(Compression.zstd());
            for (Payload payload : List.of(json, text, other)) {
                server.server().broker().publish("program", Message.of(payload));
            }
            List<JsonNode> events = client.events(6);
            assertThat(events.stream().filter(event -> event.path("message").has("encoding")))
                    .hasSize(2)
                    .anySatisfy(event -> assertThat(
                                    event.path("message").path("content_type").stringValue(""))
                            .isEqualTo(Payload.TEXT));
            assertThat(events.stream()
                            .filter(event ->
                                    event.path("message").path("payload").isObject()))
                    .hasSize(3);
        }
    }

    @Test
    void whatIsInBase64IsBytes() {
        server.topic("bytes");
        byte[] bytes = {0, (byte) 0xFF, 1};
        try (WireClient client = server.connect()) {
            subscribe(client, "bytes", "c");
            client.send(publish("bytes", base64(bytes), ",\"encoding\":\"base64\",\"content_type\":\"image/png\""))
                    .json();
            JsonNode message = client.events(1).getFirst().path("message");
            assertThat(message.path("payload").stringValue()).isEqualTo(base64(bytes));
            assertThat(message.path("encoding").stringValue()).isEqualTo("base64");
            assertThat(message.path("content_type").stringValue()).isEqualTo("image/png");
        }
        assertThat(server.server()
                        .broker()
                        .topic("bytes")
                        .orElseThrow()
                        .read(0, 1, 1_000)
                        .getFirst()
                        .payload())
                .isEqualTo(Payload.bytes(bytes, "image/png"));
    }

    @Test
    void bombsAndWhatIsNotWhatItSaysAreRefused() {
        server.topic("bomb");
        try (WireClient client = server.connect()) {
            for (String encoding : List.of("gzip", "zstd")) {
                String more = ",\"encoding\":\"" + encoding + "\"";
                String bomb = packed(encoding, new byte[20_000_000]);
                assertThat(bomb.length()).isLessThan(60_000);
                JsonNode refused = error(client, publish("bomb", bomb, more));
                assertThat(refused.path("code").stringValue()).isEqualTo("TOO_LARGE");
                assertThat(refused.path("message").stringValue()).contains("message.payload", "max-message-size");
                JsonNode ask = error(
                        client,
                        publish("bomb", bomb, more)
                                .replace("\"publish\"", "\"request\"")
                                .replace("\"request_id\"", "\"timeout_ms\":1000,\"request_id\""));
                assertThat(ask.path("code").stringValue()).isEqualTo("TOO_LARGE");
                JsonNode part = error(
                        client,
                        "{\"type\":\"transaction\",\"publish\":[{\"topic\":\"bomb\",\"message\":{\"payload\":1}},"
                                + publish("bomb", bomb, more) + "]}");
                assertThat(part.path("code").stringValue()).isEqualTo("TOO_LARGE");
                assertThat(part.path("message").stringValue()).startsWith("publish[1]: ");
                assertThat(server.rest("POST", "/topics/bomb/messages", "{\"payload\":\"" + bomb + "\"" + more + "}")
                                .status())
                        .isEqualTo(413);
                assertThat(error(client, publish("bomb", base64("no".getBytes(UTF_8)), more))
                                .path("code")
                                .stringValue())
                        .isEqualTo("BAD_REQUEST");
                assertThat(error(client, publish("bomb", packed(encoding, "no JSON".getBytes(UTF_8)), more))
                                .path("message")
                                .stringValue())
                        .contains("content_type");
            }
        }
        assertThat(server.get("/topics/bomb/messages").json().path("messages")).isEmpty();
        server.checkServes();
    }
}
