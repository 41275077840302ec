package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.Dedup;
import dev.fanfare.Dispatch;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Repeated publishes: recognised by their id, within a time and among so many ids.
class DedupTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close();
    }

    private Topic topic(Duration window, int count) {
        return broker.createTopic("t", TopicConfig.defaults().dedup(window, count));
    }

    private static Accepted publish(Topic topic, String id) {
        return (Accepted) topic.publish(Message.text("x").withId(id));
    }

    @Test
    void aRepeatGetsThePlaceOfTheFirstAndIsDeliveredToNobody() {
        Topic topic = topic(MINUTE, 10);
        List<String> heard = new ArrayList<>();
        broker.subscription("t").dispatch(Dispatch.caller()).handle(message -> heard.add(message.id()));
        publish(topic, "other");
        Accepted first = publish(topic, "id");
        timers.advance(Duration.ofSeconds(30));

        Accepted repeat = publish(topic, "id");

        assertThat(first.duplicate()).isFalse();
        assertThat(repeat).isEqualTo(new Accepted("id", first.epoch(), first.offset(), first.timestampMillis(), true));
        assertThat(heard).containsExactly("other", "id");
        assertThat(topic.visible()).isEqualTo(2);
        assertThat(topic.counters().duplicates()).isOne();
        assertThat(broker.stats().topic("t").orElseThrow().duplicates()).isOne();
    }

    @Test
    void aRepeatIsAnEvent() throws InterruptedException {
        BlockingQueue<BrokerEvent> events = new LinkedBlockingQueue<>();
        broker.listen(events::add);
        Topic topic = topic(MINUTE, 10);
        publish(topic, "other");
        publish(topic, "id");
        publish(topic, "id");
        broker.transaction()
                .publish("t", Message.text("x").withId("id"))
                .publish("t", Message.text("x").withId("new"))
                .commit();
        List<BrokerEvent> repeats = new ArrayList<>();
        for (BrokerEvent each = next(events); !isOf(each, "new"); each = next(events)) {
            if (each instanceof BrokerEvent.PublishRepeated) {
                repeats.add(each);
            }
        }
        assertThat(repeats)
                .containsExactly(
                        new BrokerEvent.PublishRepeated("t", 1, "id"), new BrokerEvent.PublishRepeated("t", 1, "id"));
        assertThat(repeats.getFirst().name()).isEqualTo("publish_repeated");
    }

    private static boolean isOf(BrokerEvent event, String id) {
        return event instanceof BrokerEvent.MessageEnqueued enqueued
                && enqueued.messageId().equals(id);
    }

    private static BrokerEvent next(BlockingQueue<BrokerEvent> events) throws InterruptedException {
        BrokerEvent event = events.poll(10, TimeUnit.SECONDS);
        assertThat(event).as("an event within 10 s").isNotNull();
        return event;
    }

    @Test
    void theWindowEndsInTimeAndARepeatDoesNotProlongIt() {
        Topic topic = topic(MINUTE, 10);
        publish(topic, "id");
        timers.advance(MINUTE.minusMillis(1));
        assertThat(publish(topic, "id").duplicate()).isTrue();
        timers.advance(Duration.ofMillis(1));
        Accepted again = publish(topic, "id");
        assertThat(again.duplicate()).isFalse();
        assertThat(again.offset()).isOne();
        timers.advance(MINUTE.minusMillis(1));
        assertThat(publish(topic, "id")).isEqualTo(new Accepted("id", again.epoch(), 1, again.timestampMillis(), true));
    }

    @Test
    void theWindowHoldsSoManyIds() {
        Topic topic = topic(MINUTE, 3);
        for (String id : List.of("a", "b", "c")) {
            publish(topic, id);
        }
        assertThat(publish(topic, "a").duplicate()).isTrue();
        publish(topic, "d");
        assertThat(publish(topic, "b").duplicate()).isTrue();
        assertThat(publish(topic, "a").duplicate()).isFalse();
        assertThat(publish(topic, "c").duplicate()).isTrue();
        assertThat(publish(topic, "b").duplicate()).isFalse();
    }

    @Test
    void aWindowOfOne() {
        Topic topic = topic(MINUTE, 1);
        assertThat(publish(topic, "a").duplicate()).isFalse();
        assertThat(publish(topic, "a").duplicate()).isTrue();
        assertThat(publish(topic, "b").duplicate()).isFalse();
        assertThat(publish(topic, "a").duplicate()).isFalse();
    }

    @Test
    void withoutAnIdNothingIsARepeat() {
        Topic topic = topic(MINUTE, 10);
        for (int i = 0; i < 3; i++) {
            assertThat(((Accepted) topic.publish(Message.text("x"))).duplicate())
                    .isFalse();
        }
        assertThat(topic.visible()).isEqualTo(3);
    }

    @Test
    void topicsDoNotRecogniseThemByDefaultAndNotForEachOther() {
        Topic without = broker.createTopic("without");
        publish(without, "id");
        assertThat(publish(without, "id").duplicate()).isFalse();
        publish(topic(MINUTE, 10), "id");
        Topic other = broker.createTopic("other", TopicConfig.defaults().dedup(MINUTE, 10));
        assertThat(publish(other, "id").duplicate()).isFalse();
    }

    @Test
    void aTopicMadeAgainRemembersNothing() {
        publish(topic(MINUTE, 10), "id");
        broker.deleteTopic("t");
        assertThat(publish(topic(MINUTE, 10), "id").duplicate()).isFalse();
    }

    @Test
    void idsAreComparedAsTheyAreWritten() {
        Topic topic = topic(MINUTE, 100);
        String uuid = "550e8400-e29b-41d4-a716-44665544000a";
        Set<String> ids = new HashSet<>(List.of(
                uuid,
                uuid.toUpperCase(Locale.ROOT),
                uuid.replace('-', '_'),
                "550e8400-e29b-41d4-a716-44665544000b",
                "550e8400e29b-41d4-a716-446655440000-a",
                "ü",
                "u",
                "x".repeat(128),
                "x".repeat(127)));
        ids.forEach(id -> assertThat(publish(topic, id).duplicate()).as(id).isFalse());
        ids.forEach(id -> assertThat(publish(topic, id).duplicate()).as(id).isTrue());
    }

    @Test
    void aRepeatNeedsNoRoom() {
        Topic topic = topic(MINUTE, 10);
        CountDownLatch open = new CountDownLatch(1);
        broker.subscription("t").queue(1).overflow(Overflow.refuse()).handle(message -> open.await());
        publish(topic, "id");
        PublishResult refused = topic.publish(Message.text("x").withId("next"));
        while (!(refused instanceof PublishResult.Refused)) {
            refused = topic.publish(Message.text("x"));
        }
        assertThat(publish(topic, "id").duplicate()).isTrue();
        open.countDown();
    }

    @Test
    void anythingPublishedIsRecognisedExactlyWithinBothBounds() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            int count = 1 + random.nextInt(50);
            long window = 1L + random.nextInt(2_000);
            String name = "r" + round;
            Topic topic = broker.createTopic(name, TopicConfig.defaults().dedup(Duration.ofMillis(window), count));
            // The latest ids in the order of their publishing; the model of what has to be recognised.
            Map<String, long[]> model = new LinkedHashMap<>();
            List<String> order = new ArrayList<>();
            for (int i = 0; i < 2_000; i++) {
                timers.advance(Duration.ofMillis(random.nextInt(30)));
                long now = timers.currentTimeMillis();
                int n = random.nextInt(80);
                String id = n % 2 == 0 ? "id" + n : new UUID(n, -n).toString();
                long[] known = model.get(id);
                boolean repeat =
                        known != null && now - known[1] < window && order.lastIndexOf(id) >= order.size() - count;
                Accepted accepted = publish(topic, id);
                assertThat(accepted.duplicate())
                        .as("seed %d, round %d, publish %d", seed, round, i)
                        .isEqualTo(repeat);
                if (repeat && known != null) {
                    assertThat(accepted.offset()).isEqualTo(known[0]);
                } else {
                    model.put(id, new long[] {accepted.offset(), now});
                    order.add(id);
                }
            }
        }
    }

    @Test
    void whatItRemembersCountsAsMemoryOfHistories() {
        long before = broker.historyMemoryUsed();
        Topic topic =
                broker.createTopic("t", TopicConfig.defaults().withHistory(0).dedup(MINUTE, 100_000));
        for (int i = 0; i < 150_000; i++) {
            topic.publish(Message.text("x").withId("id" + i));
        }
        assertThat(broker.historyMemoryUsed() - before).isBetween(4_000_000L, 100_000L * Dedup.BYTES_PER_ID);
        broker.deleteTopic("t");
        assertThat(broker.historyMemoryUsed()).isEqualTo(before);
    }

    @Test
    void aWindowHasBounds() {
        assertThatThrownBy(() -> new Dedup(Duration.ZERO, 1))
                .isInstanceOfSatisfying(
                        FanfareException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.BAD_REQUEST));
        assertThatThrownBy(() -> new Dedup(MINUTE, 0)).hasMessageContaining("1 to 1000000 ids, not 0");
        assertThatThrownBy(() -> new Dedup(MINUTE, 1_000_001)).hasMessageContaining("not 1000001");
    }

    @Test
    void idsOfAllTopicsTogetherTakeAtMostHalfOfTheHistoryMemory() {
        try (Broker small = Broker.open(BrokerConfig.defaults().withHistoryMemory(1 << 20))) {
            TopicConfig many = TopicConfig.defaults().dedup(Duration.ofHours(1), 1_000_000);
            for (int topic = 0; topic < 4; topic++) {
                small.createTopic("t" + topic, many);
                for (int i = 0; i < 20_000; i++) {
                    small.publish("t" + topic, Message.text("").withId("id-" + i));
                }
            }
            assertThat(small.historyMemoryUsed()).isLessThan((1 << 20) + (1 << 17));
            // The newest are still recognised.
            assertThat(small.publish("t3", Message.text("").withId("id-19999")))
                    .isInstanceOfSatisfying(
                            Accepted.class,
                            accepted -> assertThat(accepted.duplicate()).isTrue());
        }
    }
}
