package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Position;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.Transaction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The power goes at random moments, with the real files: what was synced is there, nothing is there in part.
class PowerLossTest {

    /// Too large for a log to be finished by itself.
    private static final StorageOptions OPTIONS = new StorageOptions(64 << 20, 64 << 20, 0);

    private static final List<String> TOPICS = List.of("synced.a", "synced.b", "written");

    @TempDir
    private Path temporary;

    private static Random seeded() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("seed " + seed + "; again with -Dfanfare.seed=" + seed + " -Dtest=PowerLossTest");
        return new Random(seed);
    }

    /// Everything that was not synced is gone.
    private static Random unlucky() {
        return new Random() {
            @Override
            public int nextInt(int bound) {
                return 0;
            }
        };
    }

    @Test
    void aDeviceThatLiesIsNoticed() {
        Path copy;
        try (PowerLoss store = new PowerLoss(temporary.resolve("a"), OPTIONS, true)) {
            Stores.put(store, 0, 100, 500);
            store.sync();
            copy = store.lose(temporary.resolve("b"), unlucky());
        }
        try (RocksStore store = RocksStore.open(copy, OPTIONS)) {
            assertThat(Stores.readable(store, 1_000)).isEmpty();
        }
    }

    @Test
    void whatWasNotSyncedVanishesFromEachLog() {
        Path copy;
        try (PowerLoss store = new PowerLoss(temporary.resolve("a"), OPTIONS)) {
            Stores.put(store, 0, 100, 500);
            store.sync();
            Stores.put(store, 100, 200, 500);
            store.beginLog();
            Stores.put(store, 200, 300, 500);
            copy = store.lose(temporary.resolve("b"), unlucky());
        }
        try (RocksStore store = RocksStore.open(copy, OPTIONS)) {
            assertThat(Stores.readable(store, 1_000)).hasSize(100);
        }
    }

    @Test
    void whatWasNotSyncedVanishes() {
        Path copy;
        try (PowerLoss store = new PowerLoss(temporary.resolve("a"), OPTIONS)) {
            Stores.put(store, 0, 100, 500);
            store.sync();
            Stores.put(store, 100, 200, 500);
            copy = store.lose(temporary.resolve("b"), unlucky());
        }
        try (RocksStore store = RocksStore.open(copy, OPTIONS)) {
            assertThat(Stores.readable(store, 1_000)).hasSize(100);
        }
    }

    @RepeatedTest(2)
    void whatWasSyncedIsThereAndEachBatchWholeOrNotAtAll() {
        lives(seeded(), temporary);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void whatWasSyncedIsThereHoweverOftenThePowerGoes() {
        for (int round = 0; round < 200; round++) {
            lives(seeded(), temporary.resolve("round" + round));
        }
    }

    private static void lives(Random random, Path folders) {
        long next = 0;
        Path folder = folders.resolve("0");
        for (int life = 1; life <= 4; life++) {
            long synced = next;
            Set<Long> ends = new HashSet<>(Set.of(next));
            Path copy;
            try (PowerLoss store = new PowerLoss(folder, OPTIONS)) {
                for (int step = random.nextInt(60); step > 0; step--) {
                    int choice = random.nextInt(10);
                    if (choice == 0) {
                        store.reopen();
                        synced = next;
                    } else if (choice == 1) {
                        store.beginLog();
                    } else if (choice < 4) {
                        store.sync();
                        synced = next;
                    } else {
                        long end = next + 1 + random.nextInt(random.nextBoolean() ? 2 : 50);
                        Stores.put(store, next, end, 1 + 8 + random.nextInt(2_000));
                        ends.add(end);
                        next = end;
                    }
                }
                copy = store.lose(folders.resolve(String.valueOf(life)), random);
            }
            try (RocksStore store = RocksStore.open(copy, OPTIONS)) {
                NavigableSet<Long> found = Stores.readable(store, next + 1_000);
                assertThat(found)
                        .containsExactlyElementsOf(
                                LongStream.range(0, found.size()).boxed().toList());
                assertThat((long) found.size()).isBetween(synced, next);
                assertThat(ends).contains((long) found.size());
                assertThat(store.damages())
                        .allSatisfy(damage -> assertThat(damage.what()).contains("the power was lost"));
                next = found.size();
            }
            folder = copy;
        }
    }

    /// What was told of a message.
    private record Told(String topic, Position place) {}

    @RepeatedTest(2)
    void whoWasToldSyncedFindsItAgainAndNoPlaceIsTakenTwice() throws InterruptedException {
        told(seeded(), temporary);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void whoWasToldSyncedFindsItAgainHoweverOftenThePowerGoes() throws InterruptedException {
        for (int round = 0; round < 100; round++) {
            told(seeded(), temporary.resolve("round" + round));
        }
    }

    private static void told(Random random, Path folders) throws InterruptedException {
        Map<String, Told> told = new ConcurrentHashMap<>();
        Map<Told, String> places = new HashMap<>();
        Path folder = folders.resolve("0");
        AtomicInteger number = new AtomicInteger();
        for (int life = 1; life <= 4; life++) {
            Path copy;
            PowerLoss store = new PowerLoss(folder, OPTIONS);
            Map<String, Told> safe;
            try (store;
                    Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
                if (life == 1) {
                    for (String topic : TOPICS) {
                        Durability level = topic.equals("written") ? Durability.WRITTEN : Durability.SYNCED;
                        assertThat(broker.createTopic(
                                        topic,
                                        TopicConfig.defaults()
                                                .withHistory(1_000_000)
                                                .withHistoryBytes(1 << 30)
                                                .withDurability(level)))
                                .isNotNull();
                    }
                }
                compare(broker, told, places);
                AtomicBoolean over = new AtomicBoolean();
                Semaphore answers = new Semaphore(0);
                List<Thread> publishers = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    Random own = new Random(random.nextLong());
                    publishers.add(Thread.ofVirtual().start(() -> {
                        while (!over.get()) {
                            publish(broker, own, number, told);
                            answers.release();
                        }
                    }));
                }
                answers.acquire(1 + random.nextInt(300));
                // First what is told, then the power: what is told meanwhile may have been stored a moment later.
                safe = Map.copyOf(told);
                copy = store.lose(folders.resolve(String.valueOf(life)), random);
                over.set(true);
                for (Thread publisher : publishers) {
                    publisher.join();
                }
                broker.close(Duration.ZERO);
            }
            told.keySet().retainAll(safe.keySet());
            folder = copy;
        }
        try (RocksStore store = RocksStore.open(folder, OPTIONS);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            compare(broker, told, places);
        }
    }

    /// Publishes one message, or as a transaction the same to two topics.
    private static void publish(Broker broker, Random random, AtomicInteger number, Map<String, Told> told) {
        String id = String.valueOf(number.incrementAndGet());
        if (random.nextInt(4) == 0) {
            Transaction transaction = broker.transaction();
            for (String topic : List.of("synced.a", "synced.b")) {
                transaction.publish(topic, Message.text("both").withId(topic + "-" + id));
            }
            for (PublishResult each : transaction.commit().published()) {
                Accepted accepted = (Accepted) each;
                tell(accepted, accepted.messageId().substring(0, 8), told);
            }
            return;
        }
        String topic = TOPICS.get(random.nextInt(TOPICS.size()));
        PublishResult result = broker.publish(
                topic, Message.text("x".repeat(random.nextInt(3_000))).withId(id));
        assertThat(result).isInstanceOf(Accepted.class);
        tell((Accepted) result, topic, told);
    }

    private static void tell(Accepted accepted, String topic, Map<String, Told> told) {
        told.put(accepted.messageId(), new Told(topic, new Position(accepted.epoch(), accepted.offset())));
    }

    /// @param places who was told to be at a place, in all lives
    private static void compare(Broker broker, Map<String, Told> told, Map<Told, String> places) {
        Map<String, Told> found = new HashMap<>();
        for (String name : TOPICS) {
            Topic topic = broker.topic(name).orElseThrow();
            long offset = 0;
            for (Message message : topic.read(0, 1_000_000, Integer.MAX_VALUE)) {
                assertThat(message.offset()).isEqualTo(offset++);
                found.put(message.id(), new Told(name, new Position(message.epoch(), message.offset())));
            }
            assertThat(offset).isEqualTo(topic.visible());
        }
        told.forEach((id, place) -> {
            if (!place.topic().equals("written")) {
                assertThat(found.get(id)).as("message %s", id).isEqualTo(place);
            }
            assertThat(places.merge(place, id, (before, now) -> before)).isEqualTo(id);
        });
        found.forEach((id, place) -> {
            assertThat(places.merge(place, id, (before, now) -> before))
                    .as("the message at %s", place)
                    .isEqualTo(id);
            if (id.startsWith("synced.")) {
                String other = (id.startsWith("synced.a") ? "synced.b" : "synced.a") + id.substring(8);
                assertThat(found).containsKey(other);
            }
        });
    }
}
