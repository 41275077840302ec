package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Start;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/// Several threads come to the same patterns and leave them while topics are made and deleted: whoever is
/// subscribed hears every topic, and of whoever left nothing stays.
class PatternUnderLoadTest {

    private static final int SUBSCRIBERS = 3;
    private static final int ROUNDS = 200;

    /// More than are looked at by whoever leaves.
    private static final int TOPICS = 1_500;

    private final long seed = Long.getLong("fanfare.seed", System.nanoTime());
    private final Broker broker = Broker.open(BrokerConfig.defaults().withAutoCreateTopics(false));
    private final RecordingKind kind = new RecordingKind();

    @Test
    void whoIsSubscribedHearsEveryTopicAndWhoLeftLeavesNothing() throws Exception {
        for (int i = 0; i < TOPICS; i++) {
            broker.createTopic("old." + i);
        }
        try (broker;
                ExecutorService threads = Executors.newFixedThreadPool(SUBSCRIBERS + 1)) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < SUBSCRIBERS; i++) {
                Random random = new Random(seed + i);
                running.add(threads.submit(() -> comeAndGo(random)));
            }
            running.add(threads.submit(() -> makeAndDelete(new Random(seed - 1))));
            for (Future<?> one : running) {
                one.get(60, TimeUnit.SECONDS);
            }
            assertThat(broker.feeds().subscriptions()).as("seed %d", seed).isZero();
            awaitEmptyPlans();
        }
    }

    private void comeAndGo(Random random) {
        for (int round = 0; round < ROUNDS; round++) {
            Pattern pattern = Pattern.of(random.nextBoolean() ? "**" : "*.*");
            RecordingKind.Cursor cursor = new RecordingKind.Cursor();
            Attachment attachment = broker.feeds().attach(pattern, Start.latest(), kind, cursor);
            for (int i = 0; i < 3; i++) {
                String topic = random.nextBoolean() ? "old." + random.nextInt(TOPICS) : "new." + random.nextInt(5);
                if (broker.publish(topic, "m") instanceof Accepted accepted) {
                    assertThat(cursor.frames())
                            .as("seed %d, round %d of %s: %s", seed, round, pattern, topic)
                            .anyMatch(frame -> frame.message().id().equals(accepted.messageId()));
                }
            }
            attachment.close();
        }
    }

    private void makeAndDelete(Random random) {
        for (int round = 0; round < ROUNDS * 10; round++) {
            String name = "new." + random.nextInt(5);
            if (broker.topic(name).isEmpty()) {
                broker.createTopic(name);
            } else {
                broker.deleteTopic(name);
            }
        }
    }

    private void awaitEmptyPlans() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (broker.topics().anyMatch(topic -> ((LiveTopic) topic).plan().size() > 0)) {
            assertThat(System.nanoTime())
                    .as("plans to become empty, seed %d", seed)
                    .isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }
}
