package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.PublishResult.Scheduled;
import dev.fanfare.Receiver;
import dev.fanfare.Route;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Bits that flip in the files of a broker's tables: it starts, says that something is gone, and serves all the rest.
class DamagedTablesTest extends DamagedStores {

    private static final int TOPICS = 8;
    private static final int EACH = 30;
    private static final TopicConfig WRITTEN = TopicConfig.defaults()
            .withHistory(1_000)
            .withDurability(Durability.WRITTEN)
            .dedup(Duration.ofDays(1), 1_000);

    private @Nullable Path filled;

    /// Everything that is stored, in files of tables. The groups have done every other message.
    private void fill() throws InterruptedException {
        Path made = filled;
        if (made == null) {
            made = fill(shared.resolve("filled"));
            filled = made;
        }
        Crash.kill(made, original());
    }

    private static Path fill(Path folder) throws InterruptedException {
        try (RocksStore store = RocksStore.open(folder, Stores.SMALL);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            for (int t = 0; t < TOPICS; t++) {
                String topic = "t" + t;
                broker.createTopic(topic, WRITTEN);
                Receiver receiver = group(broker, topic);
                for (int i = 0; i < EACH; i++) {
                    Message message = Message.text(topic + "-" + i).withId(topic + "-" + i);
                    assertThat(broker.publish(topic, message)).isInstanceOf(Accepted.class);
                }
                for (int i = 0; i < EACH; i++) {
                    Delivery delivery = next(receiver);
                    if (i % 2 == 1) {
                        delivery.ack();
                    }
                }
                broker.routes().add(Route.copy("r" + t, "from." + t, "to"));
                assertThat(broker.publish(topic, Message.text("later").withDelay(Duration.ofDays(1))))
                        .isInstanceOf(Scheduled.class);
            }
        }
        // What is in the log goes into files.
        RocksStore.open(folder, Stores.SMALL).close();
        return folder;
    }

    private static Receiver group(Broker broker, String topic) {
        return broker.subscription(topic)
                .acknowledged()
                .group("g-" + topic)
                .maxInFlight(EACH * 2)
                .receive();
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        return Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
    }

    /// When compaction comes upon damage the store takes nothing until it was opened again.
    private static <T> T eventually(Supplier<T> action) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            String why;
            try {
                T result = action.get();
                if (!(result instanceof Refused refused)) {
                    return result;
                }
                why = refused.reason();
            } catch (FanfareException e) {
                why = e.getMessage();
            }
            assertThat(System.nanoTime()).as(why).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /// What is found in a folder, by what it is called. Fails when something is there that was not, and when
    /// nobody is told why something is not.
    ///
    /// @param hit whether somebody is told in any case: what was hit may be read late, or be there twice
    private static Set<String> found(Path folder, BlockingQueue<BrokerEvent> told, boolean hit)
            throws InterruptedException {
        Set<String> found = new HashSet<>();
        try (RocksStore store = RocksStore.open(folder, Stores.SMALL);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store));
                BrokerListener.Registration _ = broker.listen(event -> {
                    if (event instanceof BrokerEvent.StorageDamaged || event instanceof BrokerEvent.MessagesDamaged) {
                        told.add(event);
                    }
                })) {
            broker.routes().list().forEach(route -> found.add(route.name()));
            broker.stats().acknowledged().forEach(figures -> found.add(figures.name()));
            for (int t = 0; t < TOPICS; t++) {
                String name = "t" + t;
                Topic topic = broker.topic(name).orElse(null);
                if (topic == null) {
                    continue;
                }
                found.add(name);
                found.add(name + " later " + topic.delayed());
                for (long from = 0; from < topic.visible(); ) {
                    List<Message> messages = topic.read(from, EACH, 1 << 20);
                    for (Message message : messages) {
                        assertThat(message.text()).isEqualTo(name + "-" + message.offset());
                        found.add(message.text());
                    }
                    from = messages.isEmpty()
                            ? topic.visible()
                            : messages.getLast().offset() + 1;
                }
                work(broker, topic, found);
            }
            eventually(() -> broker.createTopic("new", WRITTEN));
            eventually(() -> broker.publish("new", "new"));
            if (hit || !found.equals(all())) {
                BrokerEvent event = told.poll(20, TimeUnit.SECONDS);
                assertThat(event).as("what tells of the damage").isNotNull();
                told.add(event);
                assertThat(Objects.requireNonNull(broker.stats().storage()).damages())
                        .isPositive();
            }
        }
        return found;
    }

    /// The group gets at least what it had not done, as far as it is there, and what comes.
    private static void work(Broker broker, Topic topic, Set<String> found) throws InterruptedException {
        boolean known = found.contains("g-" + topic.name());
        Receiver receiver = eventually(() -> group(broker, topic.name()));
        eventually(() -> broker.publish(topic.name(), Message.text("after").withId("after")));
        Set<String> got = new HashSet<>();
        for (String text = ""; !text.equals("after"); ) {
            text = next(receiver).message().text();
            got.add(text);
        }
        for (int i = 0; known && i < EACH; i++) {
            String text = topic.name() + "-" + i;
            if (i % 2 == 0 && found.contains(text)) {
                assertThat(got).contains(text);
            } else if (got.contains(text)) {
                found.add("again " + text);
            }
        }
    }

    private static Set<String> all() {
        Set<String> all = new HashSet<>();
        for (int t = 0; t < TOPICS; t++) {
            all.addAll(Set.of("t" + t, "r" + t, "g-t" + t, "t" + t + " later 1"));
            for (int i = 0; i < EACH; i++) {
                all.add("t" + t + "-" + i);
            }
        }
        return all;
    }

    @Test
    void whatIsHitInAnyTableIsToldAndTheRestIsServed() throws Exception {
        fill();
        assertThat(found(
                        Crash.kill(original(), original().resolveSibling("whole")), new LinkedBlockingQueue<>(), false))
                .isEqualTo(all());
        List<Path> files = Crash.files(original(), ".sst");
        assertThat(files).hasSizeGreaterThanOrEqualTo(8);
        for (Path file : files) {
            Path copy = Crash.kill(
                    original(), original().resolveSibling(file.getFileName().toString()));
            // Within its first block.
            Crash.flip(copy.resolve(original().relativize(file).toString()), 20);
            BlockingQueue<BrokerEvent> told = new LinkedBlockingQueue<>();
            Set<String> found = found(copy, told, true);
            assertThat(told).as("%s: %s", file, found).isNotEmpty();
        }
    }

    @Test
    void whereverItIsHitItStartsAndServesTheRest() {
        rounds(3, this::hit);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void whereverItIsHitForLong() {
        rounds(300, this::hit);
    }

    private void hit(Random random) throws InterruptedException {
        fill();
        List<Path> files = Crash.files(original(), ".sst");
        for (int hits = 1 + random.nextInt(4); hits > 0; hits--) {
            Path file = files.get(random.nextInt(files.size()));
            Crash.flip(file, random.nextLong(Crash.size(file)));
        }
        found(original(), new LinkedBlockingQueue<>(), false);
    }
}
