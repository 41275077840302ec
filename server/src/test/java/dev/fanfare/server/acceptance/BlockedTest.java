package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Subscription;
import dev.fanfare.Topic;
import dev.fanfare.feed.Wakes;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Where a subscription in the server's process is full and blocks: what publishes waits, and with it its connection,
/// for
/// as long as the policy says.
@ExtendWith(NoLeaks.class)
class BlockedTest {

    private static final String MESSAGE = "\"topic\":\"full\",\"message\":{\"payload\":1}";

    private static void fill(Broker broker) {
        Topic topic = broker.topic("full").orElseThrow();
        Wakes wakes = new Wakes();
        while (!(broker.feeds().publish(topic, Message.text("x"), wakes) instanceof PublishResult.Refused)) {
            wakes.flush();
        }
    }

    private static Subscription blocking(Broker broker, CountDownLatch gate, Duration patience) {
        return broker.subscription("full")
                .queue(1)
                .overflow(Overflow.block(patience))
                .handle(message -> gate.await());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"publish\"," + MESSAGE + ",\"request_id\":\"r\"}",
                "{\"type\":\"request\"," + MESSAGE + ",\"timeout_ms\":60000,\"request_id\":\"r\"}",
                "{\"type\":\"transaction\",\"publish\":[{" + MESSAGE + "}],\"request_id\":\"r\"}"
            })
    void itIsPublishedAsSoonAsThereIsRoomAndUntilThenNothingIsRead(String request) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (RunningServer server = RunningServer.start();
                WireClient client = server.connect()) {
            server.topic("full");
            Broker broker = server.server().broker();
            Subscription subscription = blocking(broker, gate, Duration.ofSeconds(50));
            fill(broker);
            long before = broker.topic("full").orElseThrow().visible();
            client.send(request);
            client.send("{\"type\":\"ping\",\"request_id\":\"behind\"}");
            // Somebody else is served meanwhile.
            server.checkServes();
            assertThat(broker.topic("full").orElseThrow().visible()).isEqualTo(before);
            gate.countDown();
            if (request.contains("\"request\",")) {
                assertThat(client.json().path("type").stringValue()).isEqualTo("pong");
                RunningServer.await(
                        () -> broker.topic("full").orElseThrow().visible() == before + 1,
                        "the request to be published");
            } else {
                assertThat(client.json().path("status").stringValue("")).isEqualTo("ok");
                assertThat(client.json().path("type").stringValue()).isEqualTo("pong");
            }
            subscription.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"request\"," + MESSAGE + ",\"timeout_ms\":60000,\"request_id\":\"r\"}",
                "{\"type\":\"transaction\",\"publish\":[{" + MESSAGE + "}],\"request_id\":\"r\"}"
            })
    void whenThereIsNoneInTimeItIsRefused(String request) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (RunningServer server = RunningServer.start();
                WireClient client = server.connect()) {
            server.topic("full");
            Broker broker = server.server().broker();
            Subscription subscription = blocking(broker, gate, Duration.ofMillis(50));
            fill(broker);
            client.send(request);
            client.send("{\"type\":\"ping\",\"request_id\":\"behind\"}");
            assertThat(client.json().path("error").path("code").stringValue("")).isEqualTo("BACKPRESSURE");
            assertThat(client.json().path("type").stringValue()).isEqualTo("pong");
            gate.countDown();
            subscription.close();
        }
    }

    @Test
    void whoGoesWhileItWaitsIsForgotten() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (RunningServer server = RunningServer.start()) {
            server.topic("full");
            Broker broker = server.server().broker();
            Subscription subscription = blocking(broker, gate, Duration.ofSeconds(50));
            fill(broker);
            long before = broker.topic("full").orElseThrow().visible();
            try (WireClient client = server.connect()) {
                client.send("{\"type\":\"transaction\",\"publish\":[{" + MESSAGE + "}],\"request_id\":\"r\"}");
                RunningServer.await(() -> broker.stats().transactionsRefused() > 0, "it to be refused at first");
                client.reset();
            }
            RunningServer.await(() -> server.server().connections() == 0, "the connection to be gone");
            gate.countDown();
            server.checkServes();
            assertThat(broker.topic("full").orElseThrow().visible()).isEqualTo(before);
            subscription.close();
        }
    }
}
