package dev.fanfare.server.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.RetryPolicy;
import dev.fanfare.server.RunningServer;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// `GET /trace/{id}`: what happened to a message, for whom and when.
class TraceTest {

    private static final String ID = "6f1c2d3e-0000-4000-8000-000000000001";

    private final RunningServer running = RunningServer.with();
    private final Broker broker = running.server.broker();

    @AfterEach
    void close() {
        running.close();
    }

    private JsonNode trace(String query) throws Exception {
        return running.get("/trace/" + ID + query).json();
    }

    private void publish() throws Exception {
        running.call("POST", "/topics/orders/messages", "{\"id\":\"" + ID + "\",\"payload\":1}");
    }

    @Test
    void whatIsStoredIsFoundAndNothingIsRecordedUnasked() throws Exception {
        broker.createTopic("other");
        broker.createTopic("orders");
        publish();

        JsonNode found = trace("");

        assertThat(found.path("stored").size()).isEqualTo(1);
        assertThat(found.path("stored").get(0).path("topic").asString()).isEqualTo("orders");
        assertThat(found.path("stored").get(0).path("offset").asLong()).isZero();
        assertThat(found.path("recording").asBoolean()).isFalse();
        assertThat(found.path("complete").asBoolean()).isTrue();
        assertThat(trace("?topic=other").path("stored").isEmpty()).isTrue();
    }

    @Test
    void whileSomebodyWatchesEachAttemptIsToldAndTheDeadLetterToo() throws Exception {
        broker.createTopic("orders");
        assertThat(trace("?watch=60").path("recording").asBoolean()).isTrue();
        broker.subscription("orders")
                .acknowledged()
                .durable("billing")
                .retry(RetryPolicy.none())
                .handle(message -> {
                    throw new IllegalStateException("no money");
                });
        publish();

        // What listeners hear comes on a thread of its own; asking again lets it come.
        List<String> events = List.of();
        for (int i = 0; i < 2_000 && !events.contains("dead_letter"); i++) {
            events = StreamSupport.stream(trace("").path("events").spliterator(), false)
                    .map(event -> event.path("event").asString())
                    .toList();
        }
        assertThat(events).containsSubsequence("message_enqueued", "delivering", "failed", "dead_letter");
        JsonNode letter = trace("").path("dead_letters").get(0);
        assertThat(letter.path("subscription").asString()).isEqualTo("billing");
        assertThat(letter.path("attempts").asLong()).isEqualTo(1);
        assertThat(letter.path("last_error").asString()).contains("no money");
    }
}
