package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.PublishResult.Scheduled;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// The durable topics of a history whose process dies again and again, and what has to be in them: what was
/// accepted, once, at its place, and nothing that was refused. On the history's thread.
final class StoredTopics {

    static final List<String> NAMES = List.of("jobs.a", "jobs.b");

    private static final int KEYS = 3;
    private static final int MANY = 10_000;
    private static final Duration AGES = Duration.ofDays(30);

    private final RandomGenerator random;
    private final Consumer<Message> published;
    private final Consumer<String> tell;
    private final TopicConfig config;

    /// What is in each topic, by offset.
    private final Map<String, List<Message>> seen = new HashMap<>();

    /// Accepted, but not seen: what is delayed.
    private final Map<String, Message> awaited = new HashMap<>();

    /// Refused because it could not be stored: it is there after all only if the process dies before anything
    /// else is stored.
    private final Map<String, Message> perhaps = new HashMap<>();

    /// Refused like those, and delayed: whether they were stored is only seen when they are due, or never.
    private final Set<String> perhapsLater = new HashSet<>();

    private final Map<String, Accepted> places = new HashMap<>();
    private int drafts;

    /// @param published hears of each message once it is in its topic
    /// @param tell takes what became of each
    StoredTopics(RandomGenerator random, Durability durability, Consumer<Message> published, Consumer<String> tell) {
        this.random = random;
        this.published = published;
        this.tell = tell;
        this.config = TopicConfig.defaults()
                .withHistory(MANY)
                .withDurability(durability)
                .dedup(AGES, MANY);
        NAMES.forEach(name -> seen.put(name, new ArrayList<>()));
    }

    void make(Broker broker) {
        NAMES.forEach(name -> broker.createTopic(
                name, name.equals("jobs.a") ? config.withPartitions(1 + random.nextInt(3)) : config));
    }

    String any() {
        return NAMES.get(random.nextInt(NAMES.size()));
    }

    /// A message with a text and an id of its own.
    Message draft() {
        String text = String.valueOf(drafts++);
        Message draft = Message.text(text).withId("id-" + text).withType("t" + random.nextInt(3));
        if (random.nextInt(3) > 0) {
            draft = draft.withKey("k" + random.nextInt(KEYS));
        }
        return random.nextBoolean() ? draft : draft.withHeaders(Map.of("h", "" + random.nextInt(2)));
    }

    /// Publishes something new, now or later, or something that was accepted before once more.
    ///
    /// @return whether it was stored now
    boolean publish(Broker broker) {
        String name = any();
        List<Message> there = seen(name);
        if (!there.isEmpty() && random.nextInt(8) == 0) {
            again(broker, there.get(random.nextInt(there.size())));
            return false;
        }
        Message draft = draft();
        if (random.nextInt(10) == 0) {
            draft = draft.withDelay(SimulatedTopics.ticks(1 + random.nextInt(30)));
        }
        return told(name, draft, broker.publish(name, draft));
    }

    /// Publishes until that is accepted: what was refused has never been, and is not recognised.
    boolean publishAgain(Broker broker, String name, Message draft) {
        return told(name, draft, broker.publish(name, draft));
    }

    private void again(Broker broker, Message message) {
        Message draft = Message.text(message.text()).withId(message.id());
        PublishResult result = broker.publish(message.topic(), draft);
        tell.accept("published " + message.text() + " again: " + answer(result));
        if (result instanceof Refused) {
            // The store is away.
            return;
        }
        assertThat(result).as("a repeat of " + message).isInstanceOf(Accepted.class);
        Accepted accepted = (Accepted) result;
        assertThat(accepted.duplicate()).as("recognised: " + message).isTrue();
        assertThat(accepted.offset()).as("the place of " + message).isEqualTo(message.offset());
    }

    /// A publish was answered.
    ///
    /// @return whether it was stored now
    boolean told(String name, Message draft, PublishResult result) {
        tell.accept("published " + draft.text() + " to " + name + ": " + answer(result));
        return switch (result) {
            case Accepted accepted -> {
                assertThat(accepted.duplicate()).as("a repeat: " + draft.text()).isFalse();
                places.put(draft.text(), accepted);
                accepted(draft);
                yield true;
            }
            case Scheduled scheduled -> {
                assertThat(scheduled.duplicate())
                        .as("a repeat: " + draft.text())
                        .isFalse();
                accepted(draft);
                yield false;
            }
            case Refused _ -> {
                refused(draft);
                yield false;
            }
            default -> throw new AssertionError(name + " answers " + result);
        };
    }

    private static String answer(PublishResult result) {
        return switch (result) {
            case Accepted accepted -> "accepted at " + accepted.offset();
            case Refused refused -> "refused, " + refused.reason();
            default -> result.getClass().getSimpleName();
        };
    }

    private void accepted(Message draft) {
        perhaps.remove(draft.text());
        awaited.put(draft.text(), draft);
    }

    void refused(Message draft) {
        perhaps.put(draft.text(), draft);
    }

    /// Something was stored: what had not been by then never will be.
    void stored() {
        perhaps.clear();
    }

    /// The process has died; another one has looked at what is stored.
    void died() {
        perhaps.values().stream().filter(Message::isDelayed).map(Message::text).forEach(perhapsLater::add);
        perhaps.clear();
    }

    private List<Message> seen(String name) {
        return seen.getOrDefault(name, List.of());
    }

    boolean isThere(String text) {
        return seen.values().stream()
                .flatMap(List::stream)
                .anyMatch(message -> message.text().equals(text));
    }

    /// Looks at what has come in.
    void check(Broker broker) {
        for (String name : NAMES) {
            List<Message> there = seen(name);
            for (Message message : topic(broker, name).read(there.size(), MANY, Integer.MAX_VALUE)) {
                comes(there, message);
            }
        }
    }

    private static Topic topic(Broker broker, String name) {
        return broker.topic(name).orElseThrow(() -> new AssertionError("there is no topic " + name));
    }

    private void comes(List<Message> there, Message message) {
        tell.accept("there is " + message.text() + " at " + message.topic() + "/" + message.offset());
        assertThat(message.offset()).as("offsets without gaps").isEqualTo(there.size());
        boolean expected = awaited.remove(message.text()) != null
                || perhaps.remove(message.text()) != null
                || perhapsLater.remove(message.text());
        assertThat(expected)
                .as(message + ", which nobody published, or which was refused, or is there already")
                .isTrue();
        Accepted place = places.get(message.text());
        if (place != null) {
            assertThat(place.offset()).as("the place of " + message).isEqualTo(message.offset());
            assertThat(place.epoch()).as("the place of " + message).isEqualTo(message.epoch());
        }
        there.add(message);
        published.accept(message);
    }

    /// Another process has begun: what anybody has seen is where it was.
    void checkAll(Broker broker) {
        for (String name : NAMES) {
            List<Message> kept = topic(broker, name).read(0, MANY, Integer.MAX_VALUE);
            List<Message> before = seen(name);
            assertThat(kept.stream().limit(before.size()).map(StoredTopics::place))
                    .as("what was in " + name)
                    .isEqualTo(before.stream().map(StoredTopics::place).toList());
        }
        check(broker);
        assertThat(awaited.values().stream().filter(draft -> !draft.isDelayed()).map(Message::text))
                .as("accepted, but gone")
                .isEmpty();
    }

    private static String place(Message message) {
        return message.epoch() + " " + message.offset() + " " + message.id() + " " + message.key() + " "
                + message.text();
    }

    /// What is still to come.
    Set<String> waiting() {
        return awaited.keySet();
    }
}
