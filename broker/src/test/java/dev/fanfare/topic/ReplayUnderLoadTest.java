package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Pattern;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// Subscriptions that replay while several threads publish: no gap, no duplicate, in order.
class ReplayUnderLoadTest {

    private static final int PUBLISHERS = 3;
    private static final int ROUNDS = 300;
    private static final int BURST = 300;

    private final long seed = Long.getLong("fanfare.seed", System.nanoTime());
    private final BrokerConfig config = BrokerConfig.defaults()
            .withTopics(TopicConfig.defaults().withHistory(1_000_000).withHistoryBytes(1L << 30));

    @Test
    void subscriptionsOfATopicMissAndRepeatNothing() throws Exception {
        Random random = new Random(seed);
        try (Broker broker = Broker.open(config);
                Load load = new Load(broker, List.of("orders"), seed, false)) {
            RecordingKind kind = new RecordingKind();
            for (int round = 0; round < ROUNDS; round++) {
                load.begin();
                Start start = start(random, broker.topic("orders").orElseThrow());
                RecordingKind.Cursor cursor = new RecordingKind.Cursor();
                Attachment attachment = broker.feeds().attach(Pattern.of("orders"), start, kind, cursor);
                List<Message> seen = replay(attachment, random);
                load.finish();
                attachment.close();
                cursor.frames().forEach(frame -> seen.add(frame.message()));
                assertThat(attachment.takeLost()).as("seed %d", seed).isZero();
                assertConsecutive(seen, attachment.opened().offset(), "seed " + seed + ", " + start);
            }
            load.check();
        }
    }

    @Test
    void subscriptionsOfAPatternMissAndRepeatNothingWhileTopicsComeAndGo() throws Exception {
        Random random = new Random(seed);
        List<String> names = List.of("a.1", "a.2", "a.3", "b.1");
        try (Broker broker = Broker.open(config);
                Load load = new Load(broker, names, seed, true)) {
            RecordingKind kind = new RecordingKind();
            for (int round = 0; round < ROUNDS; round++) {
                load.begin();
                Start start = random.nextBoolean() ? Start.earliest() : Start.latest();
                RecordingKind.Cursor cursor = new RecordingKind.Cursor();
                Attachment attachment = broker.feeds().attach(Pattern.of("a.*"), start, kind, cursor);
                List<Message> seen = replay(attachment, random);
                load.finish();
                attachment.close();
                for (RecordingKind.Frame frame : cursor.frames()) {
                    if (!attachment.skips(frame.topic(), frame.message().offset())) {
                        seen.add(frame.message());
                    }
                }
                Map<String, List<Message>> byLog = new HashMap<>();
                seen.forEach(
                        message -> byLog.computeIfAbsent(message.topic() + message.epoch(), key -> new ArrayList<>())
                                .add(message));
                byLog.forEach((log, messages) -> {
                    assertThat(log).startsWith("a.");
                    // The history of a topic that is deleted before it is noted is gone; what it published since
                    // is not.
                    boolean whole = start instanceof Start.Earliest && exists(broker, messages.getFirst());
                    long first = whole ? 0 : messages.getFirst().offset();
                    assertConsecutive(messages, first, "seed " + seed + ", round of " + start);
                });
            }
            load.check();
        }
    }

    private static boolean exists(Broker broker, Message message) {
        return broker.topic(message.topic()).map(Topic::epoch).equals(Optional.of(message.epoch()));
    }

    private static Start start(Random random, Topic topic) {
        return switch (random.nextInt(4)) {
            case 0 -> Start.earliest();
            case 1 -> Start.lastN(random.nextInt(500));
            case 2 -> new Start.AtOffset(random.nextLong(topic.visible() + 1));
            default -> Start.latest();
        };
    }

    private static List<Message> replay(Attachment attachment, Random random) {
        List<Message> seen = new ArrayList<>();
        while (attachment.state() == Attachment.State.REPLAYING) {
            seen.addAll(attachment.replay(1 + random.nextInt(1000), 1 << 20, () -> {}));
        }
        assertThat(attachment.replay(10, 10, () -> {})).isEmpty();
        return seen;
    }

    private static void assertConsecutive(List<Message> messages, long first, String what) {
        long expected = first;
        for (Message message : messages) {
            if (message.offset() != expected) {
                assertThat(message.offset()).as(what + ", " + message).isEqualTo(expected);
            }
            expected++;
        }
    }

    /// Threads that publish to random topics, and delete some of them: a burst in each round.
    private static final class Load implements AutoCloseable {
        private final AtomicBoolean stop = new AtomicBoolean();
        private final ExecutorService threads = Executors.newFixedThreadPool(PUBLISHERS);
        private final List<Future<?>> running = new ArrayList<>();
        private final Semaphore toPublish = new Semaphore(0);
        private final Semaphore published = new Semaphore(0);

        Load(Broker broker, List<String> names, long seed, boolean delete) {
            names.forEach(broker::createTopic);
            for (int i = 0; i < PUBLISHERS; i++) {
                Random random = new Random(seed + i);
                running.add(threads.submit(() -> {
                    while (true) {
                        toPublish.acquireUninterruptibly();
                        if (stop.get()) {
                            return;
                        }
                        String name = names.get(random.nextInt(names.size()));
                        if (delete && random.nextInt(300) == 0) {
                            broker.deleteTopic(name);
                        }
                        broker.publish(name, "x").offset();
                        published.release();
                    }
                }));
            }
        }

        void begin() {
            toPublish.release(BURST);
        }

        void finish() throws InterruptedException {
            assertThat(published.tryAcquire(BURST, 10, TimeUnit.SECONDS)).isTrue();
        }

        void check() throws Exception {
            close();
            for (Future<?> thread : running) {
                thread.get(10, TimeUnit.SECONDS);
            }
        }

        @Override
        public void close() {
            stop.set(true);
            toPublish.release(PUBLISHERS);
            threads.shutdown();
        }
    }
}
