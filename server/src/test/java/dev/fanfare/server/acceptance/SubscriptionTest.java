package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// Who hears what, and in which order.
@ExtendWith(NoLeaks.class)
class SubscriptionTest {

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = RunningServer.start("history=100000", "history-bytes=64MiB");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void replayIsFollowedByLiveEventsWithoutGapOrDuplicateWhileOthersPublish() {
        server.topic("busy");
        AtomicBoolean enough = new AtomicBoolean();
        try (WireClient publisher = server.connect()) {
            Thread publishing = Thread.ofVirtual().start(() -> {
                while (!enough.get()) {
                    for (int i = 0; i < 20; i++) {
                        publisher.send(publish("busy", "\"live\""));
                    }
                    for (int i = 0; i < 20; i++) {
                        assertThat(publisher.json().path("status").stringValue())
                                .isEqualTo("ok");
                    }
                }
            });
            for (int round = 0; round < 10; round++) {
                try (WireClient subscriber = server.connect()) {
                    JsonNode ack = subscribe(subscriber, "busy", "c", ",\"from\":\"earliest\"");
                    long offset = ack.path("offset").longValue();
                    assertThat(offset).isZero();
                    for (JsonNode event : subscriber.events(500)) {
                        assertThat(event.path("offset").longValue()).isEqualTo(offset++);
                    }
                }
            }
            enough.set(true);
            assertThat(joined(publishing)).isTrue();
        }
        server.rest("DELETE", "/topics/busy", "");
    }

    private static boolean joined(Thread thread) {
        try {
            return thread.join(WireClient.PATIENCE);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void aReplacingSubscribeIsFollowedOnlyByItsOwnEventsWhileOthersPublish() {
        server.topic("replaced");
        try (WireClient publisher = server.connect();
                WireClient subscriber = server.connect()) {
            subscribe(subscriber, "replaced", "c");
            for (int i = 0; i < 200; i++) {
                publisher.send(publish("replaced", String.valueOf(i)));
                if (i % 10 == 5) {
                    subscriber.send("{\"type\":\"subscribe\",\"topic\":\"replaced\",\"client_id\":\"c\",\"last_n\":0}");
                }
            }
            for (int i = 0; i < 200; i++) {
                publisher.json();
            }
            publishAcked(publisher, "replaced", "\"end\"");
            long expected = 0;
            int acks = 0;
            List<JsonNode> heard = new ArrayList<>();
            while (heard.isEmpty()
                    || !heard.getLast().path("message").path("payload").isString()) {
                JsonNode message = subscriber.json();
                heard.add(message);
                if (message.path("type").stringValue().equals("ack")) {
                    // The new subscription begins where its ack says; it may not reach back.
                    assertThat(message.path("offset").longValue()).isGreaterThanOrEqualTo(expected);
                    expected = message.path("offset").longValue();
                    acks++;
                } else {
                    assertThat(message.path("offset").longValue()).isEqualTo(expected++);
                }
            }
            assertThat(acks).isEqualTo(20);
        }
    }

    @Test
    void noEventFollowsTheAckOfAnUnsubscribe() {
        server.topic("left");
        server.topic("fence");
        try (WireClient publisher = server.connect();
                WireClient subscriber = server.connect()) {
            for (int round = 0; round < 20; round++) {
                subscribe(subscriber, "left", "c");
                subscribe(subscriber, "fence", "c");
                for (int i = 0; i < 20; i++) {
                    publisher.send(publish("left", "1"));
                }
                subscriber.send(
                        "{\"type\":\"unsubscribe\",\"topic\":\"left\",\"client_id\":\"c\",\"request_id\":\"u\"}");
                for (int i = 0; i < 20; i++) {
                    publisher.json();
                }
                assertThat(subscriber.until("ack").getLast().path("request_id").stringValue())
                        .isEqualTo("u");
                publishAcked(publisher, "left", "1");
                publishAcked(publisher, "fence", "1");
                publishAcked(publisher, "fence", "2");
                assertThat(subscriber.events(2))
                        .allMatch(event -> event.path("topic").stringValue().equals("fence"));
                subscriber.send("{\"type\":\"unsubscribe\",\"topic\":\"fence\",\"client_id\":\"c\"}");
                subscriber.json();
            }
        }
    }

    @Test
    void aPublisherHearsTheAckBeforeItsOwnEvent() {
        server.topic("echo");
        try (WireClient client = server.connect()) {
            subscribe(client, "echo", "c");
            for (int i = 0; i < 100; i++) {
                JsonNode ack = publishAcked(client, "echo", String.valueOf(i));
                JsonNode event = client.json();
                assertThat(event.path("type").stringValue()).isEqualTo("event");
                assertThat(event.path("offset")).isEqualTo(ack.path("offset"));
                assertThat(event.path("ts")).isEqualTo(ack.path("ts"));
            }
        }
    }

    @Test
    void requestsSentAtOnceAreAnsweredInTheirOrder() {
        server.topic("ordered");
        try (WireClient client = server.connect()) {
            StringBuilder expected = new StringBuilder();
            ByteArrayOutputStream batch = new ByteArrayOutputStream();
            for (int i = 0; i < 400; i++) {
                String id = ",\"request_id\":\"" + i + "\"}";
                batch.writeBytes(Frames.text(
                        switch (i % 5) {
                            case 0 -> "{\"type\":\"ping\"" + id;
                            case 1 -> "{\"type\":\"publish\",\"topic\":\"ordered\",\"message\":{\"payload\":1}" + id;
                            case 2 -> "{\"type\":\"publish\",\"topic\":\"nowhere\",\"message\":{\"payload\":1}" + id;
                            case 3 -> "{\"type\":\"subscribe\",\"topic\":\"other.*\",\"client_id\":\"" + i + "\"" + id;
                            default -> "{\"type\":\"dance\"" + id;
                        }));
                expected.append(i).append(' ');
            }
            client.bytes(batch.toByteArray());
            StringBuilder heard = new StringBuilder();
            for (int i = 0; i < 400; i++) {
                heard.append(client.json().path("request_id").stringValue()).append(' ');
            }
            assertThat(heard.toString()).isEqualTo(expected.toString());
        }
    }

    @Test
    void eventsOfATopicAreTheSameBytesForEveryLiveSubscriberAndForReplay() {
        server.topic("same");
        try (WireClient one = server.connect();
                WireClient two = server.connect();
                WireClient late = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(one, "same", "first");
            subscribe(two, "same", "second");
            subscribe(two, "same", "third");
            publishAcked(publisher, "same", "{\"a\": [1, 2.50, \"é\\u00e9\"]}");
            String frame = one.text();
            assertThat(two.text()).isEqualTo(frame);
            assertThat(two.text()).isEqualTo(frame);
            subscribe(late, "same", "late", ",\"last_n\":1");
            assertThat(late.text()).isEqualTo(frame);
            assertThat(frame).contains("\"payload\":{\"a\": [1, 2.50, \"é\\u00e9\"]}");
        }
    }

    @Test
    void deletingATopicDeliversWhatIsPendingAndTellsEverySubscriptionOnce() {
        server.topic("doomed");
        server.topic("doomed-not");
        try (WireClient publisher = server.connect();
                WireClient subscriber = server.connect()) {
            subscribe(subscriber, "doomed", "a");
            subscribe(subscriber, "doomed", "b");
            subscribe(subscriber, "doomed-not", "a");
            for (int i = 0; i < 50; i++) {
                publisher.send(publish("doomed", String.valueOf(i)));
            }
            for (int i = 0; i < 50; i++) {
                publisher.json();
            }
            assertThat(server.rest("DELETE", "/topics/doomed", "").status()).isEqualTo(200);
            publishAcked(publisher, "doomed-not", "1");
            int events = 0;
            int told = 0;
            boolean other = false;
            while (told < 2 || !other) {
                JsonNode message = subscriber.json();
                switch (message.path("type").stringValue()) {
                    case "event" -> {
                        if (message.path("topic").stringValue().equals("doomed")) {
                            events++;
                        } else {
                            other = true;
                        }
                    }
                    default -> {
                        assertThat(message.path("msg").stringValue()).isEqualTo("topic_deleted");
                        assertThat(message.path("topic").stringValue()).isEqualTo("doomed");
                        told++;
                    }
                }
            }
            assertThat(events).isEqualTo(100);
            subscriber.send("{\"type\":\"unsubscribe\",\"topic\":\"doomed-not\",\"client_id\":\"a\"}");
            assertThat(subscriber.json().path("type").stringValue()).isEqualTo("ack");
            subscriber.closeWithNothingLeft();
        }
    }

    @Test
    void batchedSubscriptionsGetEveryEventInOrder() {
        server.topic("batched");
        try (WireClient publisher = server.connect();
                WireClient subscriber = server.connect()) {
            // So long a linger that only the size can be why anything comes.
            subscribe(subscriber, "batched", "bySize", ",\"batch\":{\"size\":5,\"linger_ms\":60000}");
            for (int i = 0; i < 10; i++) {
                publishAcked(publisher, "batched", String.valueOf(i));
                if (i % 5 == 4) {
                    assertThat(subscriber.events(5))
                            .extracting(event -> event.path("offset").intValue())
                            .containsExactly(i - 4, i - 3, i - 2, i - 1, i);
                }
            }
            subscribe(subscriber, "batched", "bySize", ",\"batch\":{\"size\":1000,\"linger_ms\":20}");
            publishAcked(publisher, "batched", "10");
            assertThat(subscriber.events(1).getFirst().path("offset").intValue())
                    .isEqualTo(10);
        }
    }

    @Test
    void bothDialectsShareTopics() {
        server.topic("shared");
        try (WireClient standard = server.connect();
                WireClient flat = server.connectFlat()) {
            subscribe(standard, "shared", "c");
            flat.send("{\"type\":\"subscribe\",\"topic\":\"shared\"}");
            assertThat(flat.json().path("type").stringValue()).isEqualTo("ack");

            flat.send("{\"type\":\"publish\",\"topic\":\"shared\",\"data\":{\"from\":\"flat\",\"n\":1.10}}");
            assertThat(flat.json().path("message").stringValue()).isEqualTo("Published to 2 subscriber(s)");
            String heardFlat = flat.text();
            String heardStandard = standard.text();
            assertThat(heardFlat).contains("\"data\":{\"from\":\"flat\",\"n\":1.10}");
            assertThat(heardStandard).contains("\"payload\":{\"from\":\"flat\",\"n\":1.10}");
            assertThat(WireClient.JSON.readTree(heardFlat).path("message_id"))
                    .isEqualTo(WireClient.JSON
                            .readTree(heardStandard)
                            .path("message")
                            .path("id"));

            publishAcked(standard, "shared", "\"from standard\"");
            assertThat(standard.json().path("message").path("payload").stringValue())
                    .isEqualTo("from standard");
            assertThat(flat.json().path("data").stringValue()).isEqualTo("from standard");
            assertThat(RestAnswer.of(server.flatPort(), "GET", "/topics", "").body())
                    .contains("\"shared\"");
        }
    }

    @Test
    void topicsPublishedOverRestAreHeard() {
        server.topic("by-rest");
        try (WireClient subscriber = server.connect()) {
            subscribe(subscriber, "by-rest", "c");
            RestAnswer one = server.rest("POST", "/topics/by-rest/messages", "{\"payload\":{\"x\":1.0}}");
            assertThat(one.status()).as(one.body()).isIn(200, 201);
            RestAnswer two = server.rest("POST", "/topics/by-rest/messages", "[{\"payload\":2},{\"payload\":3}]");
            assertThat(two.json().path("results")).hasSize(2);
            assertThat(subscriber.events(3))
                    .extracting(event -> event.path("message").path("payload").toString())
                    .containsExactly("{\"x\":1.0}", "2", "3");
            assertThat(server.get("/topics/by-rest/messages?from=1").json().path("messages"))
                    .hasSize(2);
        }
    }

    @Test
    void connectionsThatEndCountAsNoSubscribers() {
        server.topic("counted");
        int before = server.subscribers();
        WireClient closing = server.connect();
        WireClient resetting = server.connect();
        WireClient vanishing = server.connect();
        for (WireClient client : List.of(closing, resetting, vanishing)) {
            subscribe(client, "counted", "a");
            subscribe(client, "counted.*", "b");
        }
        assertThat(server.subscribers()).isEqualTo(before + 6);
        closing.closeWithNothingLeft();
        resetting.reset();
        vanishing.close();
        server.awaitSubscribers(before);
    }
}
