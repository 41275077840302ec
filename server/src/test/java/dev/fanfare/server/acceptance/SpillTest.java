package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.store.MemoryStore;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Readers that stop reading and lose nothing: what they can't take is read from the device when they go on.
@ExtendWith(NoLeaks.class)
class SpillTest {

    private static final int RECEIVE_BUFFER = 8 * 1024;
    private static final String BIG = "\"" + "x".repeat(32 * 1024) + "\"";
    private static final int MESSAGES = 300;

    private final RunningServer server = RunningServer.start(new MemoryStore(), "data=x", "durable=kept");

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",\"filter\":\"size(message.payload) > 0\""})
    void aSlowReaderGetsEverythingInOrder(String filter) {
        server.topic("kept");
        try (WireClient publisher = server.connect();
                WireClient healthy = server.connect();
                WireClient slow = WireClient.tcp(server.port(), RECEIVE_BUFFER).upgrade("/ws")) {
            subscribe(slow, "kept", "slow", ",\"queue\":7,\"overflow\":\"spill\"" + filter);
            subscribe(healthy, "kept", "healthy");
            for (int i = 0; i < MESSAGES; i++) {
                publishAcked(publisher, "kept", BIG);
                assertThat(healthy.json().path("offset").intValue()).isEqualTo(i);
            }
            for (int i = 0; i < MESSAGES; i++) {
                JsonNode event = slow.json();
                assertThat(event.path("type").stringValue())
                        .as("%s", event.path("msg"))
                        .isEqualTo("event");
                assertThat(event.path("offset").intValue()).isEqualTo(i);
            }
            // It is live again.
            for (int i = 0; i < 20; i++) {
                publishAcked(publisher, "kept", BIG);
                assertThat(slow.json().path("offset").intValue()).isEqualTo(MESSAGES + i);
                assertThat(healthy.json().path("offset").intValue()).isEqualTo(MESSAGES + i);
            }
        }
        assertThat(server.get("/topics/kept").json().path("dropped").asInt()).isZero();
    }

    /// Several frames lie in one slice, and a filter passes over most messages.
    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void smallMessagesAndThoseAFilterChoosesComeOnceAndInOrder(int every) {
        server.topic("kept");
        String payload = "x".repeat(1_000);
        int messages = 8_000;
        try (WireClient publisher = server.connect();
                WireClient slow = WireClient.tcp(server.port(), RECEIVE_BUFFER).upgrade("/ws")) {
            String filter = every == 1 ? "" : ",\"filter\":\"message.payload.n == 0\"";
            subscribe(slow, "kept", "slow", ",\"queue\":7,\"overflow\":\"spill\"" + filter);
            for (int i = 0; i < messages; i++) {
                String message = "{\"n\":" + i % every + ",\"text\":\"" + payload + "\"}";
                if (i % 50 == 49) {
                    publishAcked(publisher, "kept", message);
                } else {
                    publisher.send("{\"type\":\"publish\",\"topic\":\"kept\",\"no_ack\":true,\"message\":{\"id\":\""
                            + UUID.randomUUID() + "\",\"payload\":" + message + "}}");
                }
            }
            for (int i = 0; i < messages; i += every) {
                assertThat(slow.json().path("offset").intValue()).isEqualTo(i);
            }
        }
    }

    @Test
    void theTopicMaySayIt() {
        RestAnswer made = server.rest(
                "POST", "/topics", "{\"name\":\"kept\",\"durable\":true,\"overflow\":\"spill\",\"queue\":7}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(server.get("/topics/kept").json().path("overflow").stringValue())
                .isEqualTo("spill");
        try (WireClient publisher = server.connect();
                WireClient slow = WireClient.tcp(server.port(), RECEIVE_BUFFER).upgrade("/ws")) {
            subscribe(slow, "kept", "slow");
            for (int i = 0; i < MESSAGES; i++) {
                publishAcked(publisher, "kept", BIG);
            }
            for (int i = 0; i < MESSAGES; i++) {
                assertThat(slow.json().path("offset").intValue()).isEqualTo(i);
            }
        }
    }

    @Test
    void whatCantBeLeftAnywhereIsRefused() {
        server.topic("memory");
        try (WireClient client = server.connect()) {
            for (String topic : new String[] {"memory", "mem.*"}) {
                client.send("{\"type\":\"subscribe\",\"topic\":\"" + topic
                        + "\",\"client_id\":\"c\",\"request_id\":\"r\",\"overflow\":\"spill\"}");
                JsonNode refused = client.json();
                assertThat(refused.path("error").path("code").stringValue()).isEqualTo("BAD_REQUEST");
                assertThat(refused.path("error").path("message").stringValue())
                        .contains("'" + topic + "'")
                        .contains("durable")
                        .contains(topic.endsWith("*") ? "resume with since" : "another policy");
            }
        }
        for (String setting : new String[] {"overflow", "backlog_overflow"}) {
            RestAnswer refused = server.rest("POST", "/topics", "{\"name\":\"x\",\"" + setting + "\":\"spill\"}");
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.body()).contains("needs a durable topic");
        }
    }
}
