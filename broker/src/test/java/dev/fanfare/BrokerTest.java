package dev.fanfare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.Wakes;
import dev.fanfare.time.VirtualTimers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BrokerTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close();
    }

    private static void assertRefused(ErrorCode code, ThrowingCallable request) {
        assertThatThrownBy(request)
                .isInstanceOfSatisfying(
                        FanfareException.class,
                        refused -> assertThat(refused.code()).isEqualTo(code));
    }

    private static void assertRefused(ErrorCode code, PublishResult result) {
        assertThat(result)
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.code()).isEqualTo(code));
    }

    private Message kept(String topic) {
        Topic found = broker.topic(topic).orElseThrow();
        return found.read(found.visible() - 1, 1, 0).getFirst();
    }

    @Test
    void publishesEveryNaturalForm() {
        broker.publish("t", "täxt");
        assertThat(kept("t").text()).isEqualTo("täxt");
        assertThat(kept("t").payload().contentType()).isEqualTo(Payload.TEXT);
        broker.publish("t", new byte[] {1, 2});
        assertThat(kept("t").payload()).isEqualTo(Payload.bytes(new byte[] {1, 2}, Payload.BINARY));
        broker.publish("t", Message.json("[1]").withId("id"));
        assertThat(kept("t").payload().contentType()).isEqualTo(Payload.JSON);
        for (Object value :
                List.of("text", Payload.text("text"), Message.text("text"), "text".getBytes(StandardCharsets.UTF_8))) {
            broker.publish("t", value);
            assertThat(kept("t").text()).isEqualTo("text");
        }
    }

    @Test
    void bytesBelongToTheBrokerOncePublished() {
        byte[] bytes = {1, 2, 3};
        broker.publish("t", bytes);
        bytes[0] = 9;
        assertThat(kept("t").payload().toByteArray()).containsExactly(1, 2, 3);
    }

    @Test
    void objectsGoThroughTheCodec() {
        PayloadCodec codec = value -> Payload.json("{\"value\":" + value + "}");
        try (Broker other = Broker.open(BrokerConfig.defaults().withCodec(codec))) {
            other.publish("t", 42);
            assertThat(other.topic("t").orElseThrow().read(0, 1, 0).getFirst().text())
                    .isEqualTo("{\"value\":42}");
        }
    }

    @Test
    void withoutACodecObjectsAreRefusedWithAWayOut() {
        assertThatThrownBy(() -> broker.publish("t", new Random(1)))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("java.util.Random")
                .hasMessageContaining("withCodec");
        assertThat(broker.topic("t")).isEmpty();
    }

    @Test
    void anIdHasAtMost128Characters() {
        broker.publish("t", Message.text("x").withId("i".repeat(128))).offset();
        assertRefused(ErrorCode.BAD_REQUEST, () -> Message.text("x").withId("i".repeat(129)));
    }

    @Test
    void theFirstPublishMakesTheTopic() {
        assertThat(broker.publish("orders", "x").offset()).isZero();
        assertThat(broker.topic("orders")).isPresent();
    }

    @Test
    void topicsDoNotMakeThemselvesWhenToldSo() {
        try (Broker strict = Broker.open(BrokerConfig.defaults().withAutoCreateTopics(false))) {
            assertRefused(ErrorCode.TOPIC_NOT_FOUND, strict.publish("orders", "x"));
            assertThat(strict.topic("orders")).isEmpty();
            strict.createTopic("orders");
            assertThat(strict.publish("orders", "x").offset()).isZero();
        }
    }

    @Test
    void anIllegalNameIsRefused() {
        assertRefused(ErrorCode.BAD_REQUEST, () -> broker.createTopic("a*"));
        assertRefused(ErrorCode.BAD_REQUEST, () -> broker.publisher(""));
        assertRefused(ErrorCode.BAD_REQUEST, broker.publish("a\n", "x"));
    }

    @Test
    void aTopicIsMadeOnce() {
        Topic topic = broker.createTopic("t", TopicConfig.defaults().withHistory(7));
        assertThat(topic.config().history()).isEqualTo(7);
        assertRefused(ErrorCode.TOPIC_EXISTS, () -> broker.createTopic("t"));
        assertThat(broker.topic("t")).containsSame(topic);
    }

    @Test
    void aTopicDeletedAndMadeAgainIsAnother() {
        Topic first = broker.createTopic("t");
        first.publish(Message.text("x"));
        assertThat(broker.deleteTopic("t")).isTrue();
        assertThat(broker.deleteTopic("t")).isFalse();
        assertThat(first.deleted()).isTrue();
        assertThat(broker.topic("t")).isEmpty();
        assertRefused(ErrorCode.TOPIC_NOT_FOUND, first.publish(Message.text("x")));
        Topic second = broker.createTopic("t");
        assertThat(second.epoch()).isNotEqualTo(first.epoch());
        assertThat(second.visible()).isZero();
    }

    @Test
    void aPublisherOutlivesItsTopic() {
        Publisher publisher = broker.publisher("t");
        publisher.publish("a");
        publisher.publish(new byte[] {1});
        publisher.publish(Message.text("c"));
        assertThat(publisher.publish((Object) "d").offset()).isEqualTo(3);
        broker.deleteTopic("t");
        assertThat(publisher.publish("a").offset()).isZero();
        assertThat(publisher.topic()).isEqualTo("t");
    }

    @Test
    void listsTopicsInTheOrderOfTheirNames() {
        for (String name : List.of("b", "a", "a/1", "a/2", "c", "aa", "$x")) {
            broker.createTopic(name);
        }
        assertThat(broker.topics()).extracting(Topic::name).containsExactly("$x", "a", "a/1", "a/2", "aa", "b", "c");
        assertThat(broker.topics("a", "")).extracting(Topic::name).containsExactly("a", "a/1", "a/2", "aa");
        assertThat(broker.topics("a/", "")).extracting(Topic::name).containsExactly("a/1", "a/2");
        assertThat(broker.topics("a", "a/1")).extracting(Topic::name).containsExactly("a/2", "aa");
        assertThat(broker.topics("b", "a/1")).extracting(Topic::name).containsExactly("b");
        assertThat(broker.topics("", "b")).extracting(Topic::name).containsExactly("c");
        assertThat(broker.topics("x", "")).isEmpty();
    }

    @Test
    void pagesThroughAllTopics() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        TreeSet<String> names = new TreeSet<>();
        for (int i = 0; i < 500; i++) {
            names.add("t" + Integer.toString(random.nextInt(100_000), 36));
        }
        names.forEach(broker::createTopic);
        List<String> all = new ArrayList<>();
        String after = "";
        while (true) {
            List<String> page =
                    broker.topics("t", after).limit(7).map(Topic::name).toList();
            if (page.isEmpty()) {
                break;
            }
            all.addAll(page);
            after = page.getLast();
        }
        assertThat(all).as("seed %d", seed).containsExactlyElementsOf(names);
    }

    @Test
    void aTopicForgetsByAgeWhileNobodyPublishes() {
        Topic topic = broker.createTopic("t", TopicConfig.defaults().withHistoryAge(Duration.ofSeconds(30)));
        topic.publish(Message.text("x"));
        timers.advance(Duration.ofSeconds(30));
        assertThat(topic.historyBytes()).isPositive();
        timers.advance(Duration.ofSeconds(10));
        assertThat(topic.historyBytes()).isZero();
        assertThat(timers.pending()).isEqualTo(1);
        broker.deleteTopic("t");
        timers.advance(Duration.ofSeconds(10));
        assertThat(timers.pending()).isZero();
    }

    @Test
    void theLargestHistoriesShrinkFirstWhenAllTogetherAreTooLarge() {
        TopicConfig roomy = TopicConfig.defaults().withHistory(10_000).withHistoryBytes(1 << 30);
        try (Broker small =
                Broker.open(BrokerConfig.defaults().withHistoryMemory(100_000).withTopics(roomy))) {
            for (int i = 0; i < 10; i++) {
                small.publish("small", "x".repeat(800));
            }
            for (int i = 0; i < 1_000; i++) {
                small.publish("large", "x".repeat(800));
            }
            Topic large = small.topic("large").orElseThrow();
            assertThat(small.topic("small").orElseThrow().oldest()).isZero();
            assertThat(large.oldest()).isPositive();
            assertThat(large.visible()).isEqualTo(1_000);
            assertThat(large.visible() - large.oldest()).isBetween(70L, 90L);
            assertThat(small.historyMemoryUsed()).isBetween(80_000L, 100_000L);
            assertThat(small.historyForgotten()).isEqualTo(large.oldest());
        }
    }

    @Test
    void historiesShrinkOnAnotherThreadThanATransports() {
        TopicConfig roomy = TopicConfig.defaults().withHistory(10_000).withHistoryBytes(1 << 30);
        try (Broker small =
                Broker.open(BrokerConfig.defaults().withHistoryMemory(100_000).withTopics(roomy))) {
            Topic topic = small.createTopic("large");
            Wakes wakes = new Wakes();
            for (int i = 0; i < 1_000; i++) {
                small.feeds().publish(topic, Message.text("x".repeat(800)), wakes);
                assertThat(small.historyMemoryUsed()).as("after %d", i).isLessThan(112_000);
            }
            long deadline = System.nanoTime() + 20_000_000_000L;
            while (small.historyMemoryUsed() > 100_000 || small.historyForgotten() != topic.oldest()) {
                assertThat(System.nanoTime()).as("shrunk").isLessThan(deadline);
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void theSharedBrokerIsOneUntilItIsClosed() {
        Broker first = Broker.shared();
        assertThat(Broker.shared()).isSameAs(first);
        first.close();
        Broker second = Broker.shared();
        assertThat(second).isNotSameAs(first);
        assertThat(second.publish("t", "x").offset()).isZero();
        second.close();
    }

    @Test
    void aClosedBrokerRefusesEverything() {
        Topic topic = broker.createTopic("t");
        broker.close();
        broker.close();
        assertThat(broker.isClosed()).isTrue();
        assertRefused(ErrorCode.SHUTTING_DOWN, topic.publish(Message.text("x")));
        assertRefused(ErrorCode.SHUTTING_DOWN, broker.publish("t", "x"));
        assertRefused(ErrorCode.SHUTTING_DOWN, () -> broker.createTopic("u"));
        assertThat(broker.topics()).isEmpty();
    }

    @Test
    void noThreadOutlivesTheBroker() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Broker other = Broker.open();
        other.createTopic("t", TopicConfig.defaults().withHistoryAge(Duration.ofSeconds(1)));
        List<Thread> started = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("fanfare") && !before.contains(thread))
                .toList();
        assertThat(started).isNotEmpty();
        other.close();
        for (Thread thread : started) {
            assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
        }
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertRefused(ErrorCode.BAD_REQUEST, () -> TopicConfig.defaults().withHistory(-1));
        assertRefused(ErrorCode.BAD_REQUEST, () -> TopicConfig.defaults().withHistoryBytes(-1));
        assertRefused(ErrorCode.BAD_REQUEST, () -> TopicConfig.defaults().withHistoryAge(Duration.ofSeconds(-1)));
        assertRefused(ErrorCode.BAD_REQUEST, () -> BrokerConfig.defaults().withMaxTopics(0));
        assertRefused(ErrorCode.BAD_REQUEST, () -> BrokerConfig.defaults().withHistoryMemory(-1));
        assertRefused(ErrorCode.BAD_REQUEST, () -> BrokerConfig.defaults().withBlockTimeout(Duration.ofDays(1)));
    }
}
