package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.await;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeadLetter;
import dev.fanfare.Durability;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// A `nack` with `dead` is answered when its dead letters are as safe as they have to be.
class RejectedTest {

    private final MemoryStore store = new MemoryStore();
    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker =
            Broker.open(BrokerConfig.defaults().withStore(store).withTimers(timers));
    private final RunningServer server = RunningServer.with(broker);

    @AfterEach
    void close() {
        server.close();
        broker.close();
    }

    private static String reject(int count) {
        String offsets = IntStream.range(0, count).mapToObj(String::valueOf).collect(Collectors.joining(","));
        return "{\"type\":\"nack\",\"topic\":\"t\",\"client_id\":\"c\",\"dead\":true,\"request_id\":\"r\",\"offsets\":["
                + offsets + "]}";
    }

    private void deliver(WireClient client, int count) {
        broker.createTopic("t", TopicConfig.defaults().withDurability(Durability.WRITTEN));
        subscribe(client, "t", "c", ",\"ack\":\"manual\",\"group\":\"g\",\"max_in_flight\":1000");
        for (int i = 0; i < count; i++) {
            broker.publish("t", String.valueOf(i));
        }
        assertThat(client.events(count)).hasSize(count);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 500})
    void whenItIsAnsweredTheLettersAreThere(int count) {
        try (WireClient client = server.connect()) {
            deliver(client, count);
            JsonNode answer = client.send(reject(count)).json();
            assertThat(answer.path("type").stringValue()).as("%s", answer).isEqualTo("ack");
            assertThat(answer.path("request_id").stringValue()).isEqualTo("r");
            assertThat(broker.deadLetters("t").list(0, 1_000))
                    .hasSize(count)
                    .isSortedAccordingTo((one, other) ->
                            Long.compare(one.message().offset(), other.message().offset()))
                    .extracting(DeadLetter::reason)
                    .containsOnly(DeadLetter.Reason.REJECTED);
            assertThat(client.send(reject(count)).json().path("type").stringValue())
                    .as("again")
                    .isEqualTo("ack");
        }
    }

    @Test
    void whatCanNotBeStoredIsToldAndTriedAgain() {
        try (WireClient client = server.connect()) {
            deliver(client, 2);
            store.failNextWrite(StoreException.Reason.FAILED, false);
            JsonNode answer = client.send(reject(2)).json();
            assertThat(answer.path("type").stringValue()).as("%s", answer).isEqualTo("error");
            assertThat(answer.path("error").path("code").stringValue()).isEqualTo("INTERNAL");
            assertThat(answer.path("error").path("message").stringValue()).contains("tried again every second");
            await(
                    () -> {
                        timers.advance(Duration.ofMillis(100));
                        return broker.deadLetters("t").count() == 2;
                    },
                    "the dead letters");
        }
    }
}
