package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Message;
import dev.fanfare.TopicConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A thousand groups on one topic, a thousand members in one group: nothing is lost, repeated or reordered.
@Timeout(240)
class GroupSizeTest {

    private static final int THOUSAND = 1_000;

    private final Broker broker = Broker.open(BrokerConfig.defaults());

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    /// What one group has handled: messages of a key are numbered from 0.
    private static final class Seen {
        final Map<String, AtomicInteger> next = new ConcurrentHashMap<>();
        final Queue<String> wrong = new ConcurrentLinkedQueue<>();
        final AtomicInteger count = new AtomicInteger();

        void handle(Message message) {
            String key = String.valueOf(message.key());
            int expected =
                    next.computeIfAbsent(key, made -> new AtomicInteger()).getAndIncrement();
            if (!message.text().equals(String.valueOf(expected))) {
                wrong.add(message.text() + " of " + key + " instead of " + expected);
            }
            count.incrementAndGet();
        }

        void check(int messages) {
            assertThat(wrong).isEmpty();
            assertThat(count).hasValue(messages);
        }
    }

    private void publish(int messages, int keys) {
        int[] numbers = new int[keys];
        for (int i = 0; i < messages; i++) {
            int key = i % keys;
            broker.publish("jobs", Message.text(String.valueOf(numbers[key]++)).withKey("k" + key));
        }
    }

    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted())
                    .as("it took too long")
                    .isFalse();
            Thread.onSpinWait();
        }
    }

    @Test
    void aThousandGroupsEachGetEverythingOnceAndInOrder() {
        broker.createTopic("jobs", TopicConfig.defaults().withPartitions(16));
        List<Seen> all = new ArrayList<>();
        List<AcknowledgedSubscription> groups = new ArrayList<>();
        for (int i = 0; i < THOUSAND; i++) {
            Seen seen = new Seen();
            all.add(seen);
            groups.add(broker.subscription("jobs").acknowledged().group("g" + i).handle(seen::handle));
        }
        publish(200, 20);
        for (AcknowledgedSubscription group : groups) {
            until(() -> group.figures().delivered() == 200);
        }
        all.forEach(seen -> seen.check(200));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2_500})
    void aThousandMembersOfOneGroupComeAndGo(int partitions) throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        broker.createTopic("jobs", TopicConfig.defaults().withPartitions(partitions));
        Seen seen = new Seen();
        List<AcknowledgedSubscription> members = new ArrayList<>();
        for (int i = 0; i < THOUSAND; i++) {
            members.add(join(seen));
        }
        Thread publisher = Thread.ofPlatform().start(() -> publish(60_000, 3_000));
        for (int i = 0; i < THOUSAND; i++) {
            int at = random.nextInt(members.size());
            if (random.nextBoolean() && members.size() < 2 * THOUSAND) {
                members.add(join(seen));
            } else {
                members.set(at, members.getLast());
                members.removeLast().close();
            }
        }
        publisher.join();
        until(() -> members.getFirst().figures().lag() == 0);
        seen.check(60_000);
        assertThat(members.getFirst().figures().delivered()).as("seed %d", seed).isEqualTo(60_000);
    }

    private AcknowledgedSubscription join(Seen seen) {
        return broker.subscription("jobs").acknowledged().group("workers").handle(seen::handle);
    }
}
