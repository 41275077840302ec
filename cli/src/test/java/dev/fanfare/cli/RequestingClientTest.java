package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.Message;
import dev.fanfare.client.ClientException;
import dev.fanfare.client.FanfareClient;
import dev.fanfare.client.Outgoing;
import dev.fanfare.client.Reply;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Requests and replies of the Java client on a real server.
class RequestingClientTest {

    private static final Duration PATIENT = Duration.ofSeconds(20);

    private final Broker broker = Broker.open();
    private final FanfareServer server = FanfareServer.start(broker, ServerConfig.of(Map.of("port", "0")));
    private final FanfareClient client = FanfareClient.open("http://127.0.0.1:" + server.port());
    private final FanfareClient shop = FanfareClient.open("http://127.0.0.1:" + server.port());

    @AfterEach
    void stop() {
        client.close();
        shop.close();
        server.close();
        broker.close(Duration.ZERO);
    }

    private Reply ask(String topic, String text) throws Exception {
        return client.request(topic, Outgoing.text(text).withCorrelationId("c-" + text), PATIENT)
                .get(20, TimeUnit.SECONDS);
    }

    @Test
    void oneClientAnswersAnother() throws Exception {
        broker.createTopic("price");
        shop.subscribe("price", event -> shop.reply(event, Outgoing.json("{\"of\":" + event.payload() + "}")));
        for (int i = 0; i < 3; i++) {
            Reply reply = ask("price", "nut " + i);
            assertThat(reply.payload()).isEqualTo("{\"of\":\"nut " + i + "\"}");
            assertThat(reply.correlationId()).isEqualTo("c-nut " + i);
        }
    }

    @Test
    void aResponderInTheServersProcessAnswersAClient() throws Exception {
        broker.createTopic("stock");
        broker.onQuery(
                "stock", request -> Message.text("17 of " + request.payload().text()));
        assertThat(ask("stock", "bolt").text()).isEqualTo("17 of \"bolt\"");
    }

    @Test
    void everyoneWhoHearsItMayAnswer() throws Exception {
        broker.createTopic("who");
        shop.subscribe("who", event -> shop.reply(event, Outgoing.text("a")));
        shop.subscribe("who", event -> shop.reply(event, Outgoing.text("b")));
        assertThat(client.requestAll("who", Outgoing.text("?"), Duration.ofMillis(500))
                        .get(20, TimeUnit.SECONDS))
                .extracting(Reply::text)
                .containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void thatNobodyIsThereIsToldAtOnce() {
        broker.createTopic("empty");
        assertThatThrownBy(() -> ask("empty", "?"))
                .cause()
                .isInstanceOfSatisfying(
                        ClientException.class,
                        refused -> assertThat(refused.code()).isEqualTo("NO_RESPONDERS"));
    }
}
