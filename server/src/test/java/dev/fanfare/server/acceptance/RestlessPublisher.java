package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/// Publishes batches to random topics, waits for the acks of each, and changes its connection now and then.
final class RestlessPublisher {

    private static final int FINISHER = 1_000;

    private record Sent(String topic, Ledger.Entry entry) {}

    private final RunningServer server;
    private final Ledger ledger;
    private final Random random;
    private final int number;
    private final int batches;

    RestlessPublisher(RunningServer server, Ledger ledger, long seed, int number, int batches) {
        this.server = server;
        this.ledger = ledger;
        this.random = new Random(seed);
        this.number = number;
        this.batches = batches;
    }

    void run() {
        int count = 0;
        WireClient client = server.connect();
        for (int batch = 0; batch < batches; batch++) {
            if (random.nextInt(50) == 0) {
                client.reset();
                client = server.connect();
            }
            List<Sent> sent = new ArrayList<>();
            for (int i = random.nextInt(12); i >= 0; i--) {
                String topic = Ledger.TOPICS.get(random.nextInt(Ledger.TOPICS.size()));
                sent.add(send(client, topic, number, count++, random.nextInt(20) == 0 ? 8_000 : 50));
            }
            sent.forEach(ack(client));
        }
        client.close();
    }

    /// Publishes the last message of every topic: subscribers wait for it.
    static void finish(RunningServer server, Ledger ledger) {
        RestlessPublisher last = new RestlessPublisher(server, ledger, 0, FINISHER, 0);
        try (WireClient client = server.connect()) {
            for (String topic : Ledger.TOPICS) {
                last.ack(client).accept(send(client, topic, FINISHER, 0, 0));
            }
        }
    }

    /// Whether that message is the last of its topic.
    static boolean isLast(JsonNode payload) {
        return payload.path("publisher").intValue() == FINISHER;
    }

    private static Sent send(WireClient client, String topic, int publisher, int number, int padding) {
        String id = UUID.randomUUID().toString();
        client.send("{\"type\":\"publish\",\"topic\":\"" + topic + "\",\"message\":{\"id\":\"" + id
                + "\",\"payload\":{\"topic\":\"" + topic + "\",\"publisher\":" + publisher + ",\"pad\":\""
                + "p".repeat(padding) + "\"}},\"request_id\":\"" + id + "\"}");
        return new Sent(topic, new Ledger.Entry(id, publisher, number));
    }

    private Consumer<Sent> ack(WireClient client) {
        return sent -> {
            JsonNode ack = client.json();
            assertThat(ack.path("type").stringValue()).as("%s", ack).isEqualTo("ack");
            assertThat(ack.path("request_id").stringValue())
                    .isEqualTo(sent.entry().id());
            assertThat(ack.path("topic").stringValue()).isEqualTo(sent.topic());
            ledger.acked(sent.topic(), ack.path("offset").longValue(), sent.entry());
        };
    }
}
