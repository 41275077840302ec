package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.BacklogOverflow;
import dev.fanfare.Broker;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The topics of a simulated history, and what has to be in them: what was published without a refusal, once,
/// and nothing else. On the history's thread.
final class SimulatedTopics {

    /// The smallest step of time. Every delay of a history is a multiple, so that nothing happens between two
    /// steps.
    static final Duration TICK = Duration.ofMillis(50);

    static final List<String> NAMES = List.of("a.plain", "a.partitioned", "b");

    private static final int KEYS = 4;
    private static final int MANY = 10_000;

    private final RandomGenerator random;
    private final Broker broker;
    private final boolean ages;
    private final boolean narrow;
    private final List<Topic> all = new ArrayList<>();
    private final Map<Topic, Long> seen = new HashMap<>();

    /// What was published and was not seen in its topic: by its text, which is its own, when it is due.
    private final Map<String, Awaited> awaited = new HashMap<>();

    private final Map<Topic, Long> leftOut = new ConcurrentHashMap<>();
    private int published;
    private long delayedLost;

    private record Awaited(Topic topic, long dueMillis) {}

    /// @param ages whether some messages have a time to live
    /// @param narrow whether backlogs may hold few messages. Nothing is delayed then: it would wait for room
    SimulatedTopics(RandomGenerator random, Broker broker, boolean ages, boolean narrow) {
        this.random = random;
        this.broker = broker;
        this.ages = ages;
        this.narrow = narrow;
        NAMES.forEach(this::make);
    }

    boolean areNarrow() {
        return narrow;
    }

    /// All that there have been.
    List<Topic> all() {
        return all;
    }

    /// Any name; the topic may be missing.
    String anyName() {
        return NAMES.get(random.nextInt(NAMES.size()));
    }

    static Duration ticks(int count) {
        return TICK.multipliedBy(count);
    }

    private void make(String name) {
        TopicConfig config = TopicConfig.defaults().withHistory(50 + random.nextInt(100));
        if (narrow) {
            config = config.withBacklog(1 + random.nextInt(4), 1 << 20)
                    .withBacklogOverflow(random.nextBoolean() ? BacklogOverflow.DEAD_LETTER : BacklogOverflow.REFUSE);
        }
        all.add(broker.createTopic(
                name, name.equals("a.partitioned") ? config.withPartitions(1 + random.nextInt(3)) : config));
    }

    /// Deletes a topic, or makes one that is missing.
    ///
    /// @return the topic that was deleted; null when one was made
    @Nullable
    Topic deleteOrMake() {
        String name = anyName();
        Topic there = broker.topic(name).orElse(null);
        if (there == null) {
            make(name);
            return null;
        }
        assertThat(broker.deleteTopic(name)).isTrue();
        for (Iterator<Awaited> left = awaited.values().iterator(); left.hasNext(); ) {
            if (left.next().topic == there) {
                left.remove();
                delayedLost++;
            }
        }
        return there;
    }

    /// A message with a text of its own, and at random a key, a type, a header and a time to live.
    Message draft() {
        Message draft = Message.text("" + published++).withType("t" + random.nextInt(3));
        if (random.nextBoolean()) {
            draft = draft.withKey("k" + random.nextInt(KEYS));
        }
        if (random.nextInt(4) == 0) {
            draft = draft.withHeaders(Map.of("h", "" + random.nextInt(2)));
        }
        if (ages && random.nextInt(6) == 0) {
            draft = draft.withTtl(ticks(4 + random.nextInt(60)));
        }
        return draft;
    }

    /// @param room whether a topic takes one more message
    void publish(Function<Topic, Verdict> room) {
        String name = anyName();
        Topic topic = broker.topic(name).orElse(null);
        Message draft = draft();
        Duration delay = random.nextInt(10) == 0 && !narrow ? ticks(1 + random.nextInt(40)) : Duration.ZERO;
        Verdict expected = topic == null ? Verdict.NO : room.apply(topic);
        PublishResult result = broker.publish(name, delay.isZero() ? draft : draft.withDelay(delay));
        boolean taken = !(result instanceof PublishResult.Refused);
        assertThat(expected.allows(taken))
                .as("a publish to " + name + " is to be taken: " + expected + ", but: " + result)
                .isTrue();
        if (taken && topic != null) {
            await(topic, draft, delay);
        }
    }

    /// From now on the message has to be in the topic.
    void await(Topic topic, Message message, Duration delay) {
        Awaited before =
                awaited.put(message.text(), new Awaited(topic, broker.timers().currentTimeMillis() + delay.toMillis()));
        assertThat(before).as("published once").isNull();
    }

    /// Looks at what has come in.
    void check() {
        for (Topic topic : all) {
            if (topic.deleted()) {
                continue;
            }
            for (Message message : readFrom(topic, seen.getOrDefault(topic, 0L))) {
                Awaited due = awaited.remove(message.text());
                assertThat(due).as(message + ", which nobody published").isNotNull();
                assertThat(due.topic).as("the topic of " + message).isSameAs(topic);
                assertThat(seen.merge(topic, 1L, Long::sum))
                        .as("offsets without gaps in " + topic.name())
                        .isEqualTo(message.offset() + 1);
            }
        }
        long now = broker.timers().currentTimeMillis();
        assertThat(awaited)
                .as("published, but not in the topic")
                .allSatisfy((text, each) -> assertThat(each.dueMillis).isGreaterThan(now));
    }

    /// How many were lost with their topics because their time had not come.
    long delayedLost() {
        return delayedLost;
    }

    /// What a topic keeps from an offset on; the history of a run keeps all that comes in between two looks.
    /// What is too old is left out, and counted.
    List<Message> readFrom(Topic topic, long from) {
        long visible = topic.visible();
        if (from >= visible) {
            return List.of();
        }
        long oldest = Math.max(from, topic.oldest());
        List<Message> read = topic.read(oldest, MANY, Integer.MAX_VALUE);
        long end = read.isEmpty() ? visible : Math.max(visible, read.getLast().offset() + 1);
        leftOut.merge(topic, end - oldest - read.size(), Long::sum);
        return read;
    }

    /// Somebody is about to hear all that a topic keeps.
    void willReplay(Topic topic) {
        long before = leftOut(topic);
        readFrom(topic, topic.oldest());
        leftOut.merge(topic, leftOut(topic) - before, Long::sum);
    }

    /// How many messages were left out when a topic was read, because they were too old.
    long leftOut(Topic topic) {
        return leftOut.getOrDefault(topic, 0L);
    }

    @Override
    public String toString() {
        return all.stream()
                .map(topic -> topic.name() + " of " + topic.config().partitions() + " partitions"
                        + (narrow ? " and " + topic.config().backlog() + " messages" : ""))
                .toList()
                .toString();
    }
}
