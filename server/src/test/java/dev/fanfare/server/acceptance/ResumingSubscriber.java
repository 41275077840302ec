package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Subscribes to a topic or a pattern, drops its connection at random and resumes behind what it heard last, until it
/// has heard the last message of each topic. Fails on a gap nobody told of, a duplicate, a wrong order, or a message
/// that is none of its business.
final class ResumingSubscriber {

    private static final List<String> SUBJECTS = List.of("load.a", "load.b", "load.c", "load.*", "load.**");

    private final RunningServer server;
    private final Ledger ledger;
    private final Random random;
    private final boolean fromTheBeginning;
    private final String subject;
    private final Set<String> topics;
    private final CompletableFuture<Void> subscribed = new CompletableFuture<>();

    /// Of each topic, the offset heard last.
    private final Map<String, Long> last = new HashMap<>();

    private final Map<String, String> epochs = new HashMap<>();
    private final Set<String> ended = new HashSet<>();

    /// Topics in which the next event may be further on, since the server said that recovery was not whole, or since
    /// nothing is known yet of a subscription that began in the middle.
    private final Set<String> mayJump = new HashSet<>();

    private long droppedAndNotSeenYet;
    private @Nullable String began;

    /// The ack and the notices of this connection, for whoever has to find out what went wrong.
    private final List<JsonNode> story = new ArrayList<>();

    ResumingSubscriber(RunningServer server, Ledger ledger, long seed, boolean fromTheBeginning) {
        this.server = server;
        this.ledger = ledger;
        this.random = new Random(seed);
        this.fromTheBeginning = fromTheBeginning;
        this.subject = SUBJECTS.get(random.nextInt(SUBJECTS.size()));
        this.topics = Ledger.TOPICS.stream()
                .filter(topic -> subject.contains("*") ? topic.startsWith("load.") : topic.equals(subject))
                .collect(Collectors.toUnmodifiableSet());
    }

    /// Completed by the first ack.
    CompletableFuture<Void> subscribed() {
        return subscribed;
    }

    void run() {
        try {
            while (ended.size() < topics.size()) {
                connection(1 + random.nextInt(random.nextBoolean() ? 40 : 1_000));
            }
        } catch (RuntimeException | AssertionError failed) {
            subscribed.completeExceptionally(failed);
            throw failed;
        }
    }

    /// One connection, for so many events.
    private void connection(int events) {
        // What the last connection was told of comes again, or the ack says that it is lost.
        droppedAndNotSeenYet = 0;
        WireClient client = server.connect();
        client.send("{\"type\":\"subscribe\",\"topic\":\"" + subject + "\",\"client_id\":\"c\"" + start() + "}");
        began(client.json());
        int heard = 0;
        while (heard < events && ended.size() < topics.size()) {
            JsonNode message = client.json();
            if (message.path("type").stringValue().equals("event")) {
                event(message);
                heard++;
            } else {
                assertThat(message.path("msg").stringValue()).as("%s", message).isEqualTo("messages_dropped");
                story.add(message);
                droppedAndNotSeenYet += message.path("dropped").longValue();
            }
        }
        if (random.nextBoolean()) {
            client.reset();
        } else {
            client.sendClose(1000);
            client.close();
        }
    }

    private String start() {
        if (began == null) {
            return fromTheBeginning
                    ? ""
                    : random.nextBoolean() ? ",\"last_n\":" + random.nextInt(30) : ",\"from\":\"earliest\"";
        }
        if (!subject.contains("*")) {
            Long offset = last.get(subject);
            return offset == null
                    ? ",\"since\":{\"epoch\":\"" + epochs.get(subject) + "\",\"offset\":-1}"
                    : ",\"since\":" + position(subject);
        }
        return last.keySet().stream()
                .map(topic -> "\"" + topic + "\":" + position(topic))
                .collect(Collectors.joining(",", ",\"since\":{\"time\":\"" + began + "\",\"topics\":{", "}}"));
    }

    private String position(String topic) {
        return "{\"epoch\":\"" + epochs.get(topic) + "\",\"offset\":" + last.get(topic) + "}";
    }

    private void began(JsonNode ack) {
        story.clear();
        story.add(ack);
        assertThat(ack.path("type").stringValue()).as("%s", ack).isEqualTo("ack");
        if (ack.has("epoch")) {
            epochs.put(subject, ack.path("epoch").stringValue());
        }
        if (began == null) {
            began = ack.path("ts").stringValue();
            if (!fromTheBeginning) {
                mayJump.addAll(topics);
            }
            subscribed.complete(null);
        } else if (ack.path("recovered").booleanValue()) {
            // What was lost before is behind it; from here on nothing may be missing.
            mayJump.removeIf(last::containsKey);
        } else {
            mayJump.addAll(topics);
        }
        if (ack.has("offset") && last.containsKey(subject)) {
            assertThat(ack.path("offset").longValue())
                    .as("%s after %s", ack, last)
                    .satisfies(offset -> {
                        if (mayJump.contains(subject)) {
                            assertThat(offset).isGreaterThan(last.get(subject));
                        } else {
                            assertThat(offset).isEqualTo(last.get(subject) + 1);
                        }
                    });
        }
    }

    private void event(JsonNode event) {
        String topic = event.path("topic").stringValue();
        long offset = event.path("offset").longValue();
        JsonNode message = event.path("message");
        assertThat(topics).as("%s hears only its own", subject).contains(topic);
        assertThat(message.path("payload").path("topic").stringValue()).isEqualTo(topic);
        long expected = last.getOrDefault(topic, -1L) + 1;
        assertThat(offset)
                .as("%s of %s for %s: no duplicate, nothing old", offset, topic, subject)
                .isGreaterThanOrEqualTo(expected);
        if (offset > expected && !mayJump.contains(topic)) {
            droppedAndNotSeenYet -= offset - expected;
            assertThat(droppedAndNotSeenYet)
                    .as(
                            "the gap from %s to %s of %s for %s was told, after %s",
                            expected, offset, topic, subject, story)
                    .isNotNegative();
        }
        mayJump.remove(topic);
        last.put(topic, offset);
        epochs.put(topic, event.path("epoch").stringValue());
        ledger.heard(topic, offset, message.path("id").stringValue());
        if (RestlessPublisher.isLast(message.path("payload"))) {
            ended.add(topic);
        }
    }
}
