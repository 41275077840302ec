package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Position;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.Subscription;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class CompactionTest extends Restarts {

    private static final TopicConfig COMPACT = TopicConfig.defaults()
            .withDurability(Durability.WRITTEN)
            .withHistory(10_000)
            .withHistoryBytes(100 << 20)
            .withCompact(true);

    private final Semaphore written = new Semaphore(0);

    @Override
    Broker open() {
        store.afterWrite(written::release);
        return super.open();
    }

    private Topic topic() {
        return broker.topic("t").orElseThrow();
    }

    private void publish(String key, String text) {
        Message message = key == null ? Message.text(text) : Message.text(text).withKey(key);
        assertThat(broker.publish("t", message)).isInstanceOf(Accepted.class);
    }

    private List<Message> kept() {
        List<Message> all = new ArrayList<>();
        Topic topic = topic();
        for (long from = 0; from < topic.visible(); from = all.getLast().offset() + 1) {
            List<Message> slice = topic.read(from, 1_000, 1 << 20);
            if (slice.isEmpty()) {
                break;
            }
            all.addAll(slice);
        }
        return all;
    }

    private int records() {
        int count = 0;
        try (Store.Scan scan = store.scan(Table.MESSAGES, new byte[0], null)) {
            while (scan.next()) {
                count++;
            }
        }
        return count;
    }

    /// Waits until so many are kept at most.
    private List<Message> compacted(int most) throws InterruptedException {
        await(() -> kept().size() <= most);
        return kept();
    }

    /// Whatever changes, something is written behind it.
    private void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            assertThat(written.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            written.drainPermits();
        }
    }

    @Test
    void theNewestMessageOfEachKeyAndAllWithoutOneAreLeft() throws Exception {
        broker.createTopic("t", COMPACT);
        publish("once", "the only one");
        publish(null, "no key");
        for (int i = 0; i < 300; i++) {
            publish("k" + i % 3, "v" + i);
        }
        List<Message> left = compacted(150);
        assertThat(left.getFirst().text()).isEqualTo("the only one");
        assertThat(left.get(1).text()).isEqualTo("no key");
        assertThat(left).extracting(Message::text).endsWith("v297", "v298", "v299");
        assertThat(left).isSortedAccordingTo((a, b) -> Long.compare(a.offset(), b.offset()));
        assertThat(topic().visible()).isEqualTo(302);
    }

    @Test
    void whatIsLeftIsThereAfterTheProcessDied() throws Exception {
        broker.createTopic("t", COMPACT);
        for (int i = 0; i < 300; i++) {
            publish("k" + i % 3, "v" + i);
        }
        List<String> left = compacted(102).stream().map(Message::text).toList();
        // The rest of the records may be put together meanwhile.
        kill();
        assertThat(kept()).extracting(Message::text).isSubsetOf(left).endsWith("v297", "v298", "v299");
        publish("k0", "next");
        assertThat(kept().getLast().offset()).isEqualTo(300);
    }

    @Test
    void spaceComesBack() throws Exception {
        broker.createTopic("t", COMPACT);
        for (int i = 0; i < 1_000; i++) {
            publish("k" + i % 5, "x".repeat(1_000));
        }
        compacted(5 + 99); // one of each key, and not yet the hundred that are worth looking through
        await(() -> topic().historyBytes() < 300_000 && store.size() < 400_000);
    }

    @Test
    void theOnlyMessageOfAKeyIsNotForgottenForTheManyOfAnother() throws Exception {
        broker.createTopic("t", COMPACT.withHistory(50));
        publish("once", "the only one");
        for (int i = 0; i < 1_000; i++) {
            publish("often", "v" + i);
        }
        assertThat(compacted(150).getFirst().text()).isEqualTo("the only one");
    }

    @Test
    void whoReadsMissesNothingWhileRecordsArePutTogether() {
        broker.createTopic("t", COMPACT);
        for (int i = 0; i < 99; i++) {
            publish("k" + i, "v" + i);
        }
        AtomicInteger reads = new AtomicInteger();
        Thread reader = Thread.currentThread();
        store.beforeRead(() -> {
            // Within one read, if it looks twice.
            if (Thread.currentThread() == reader && reads.incrementAndGet() == 2) {
                publish("more", "more");
                try {
                    await(() -> records() < 10);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                publish("last", "last");
            }
        });
        List<Message> read = topic().read(50, 1_000, 1 << 20);
        assertThat(read).extracting(Message::offset).startsWith(50L, 51L, 52L);
    }

    @Test
    void historyBoundsWhatIsLeft() throws Exception {
        broker.createTopic("t", COMPACT.withHistory(50));
        for (int i = 0; i < 1_000; i++) {
            publish("k" + i, "v" + i);
        }
        assertThat(compacted(250)).extracting(Message::text).endsWith("v998", "v999");
    }

    @Test
    void whatHasANewerMessageOfItsKeyIsNoLossForWhoResumes() throws Exception {
        broker.createTopic("t", COMPACT);
        for (int i = 0; i < 300; i++) {
            publish("k" + i % 3, "v" + i);
        }
        compacted(150);
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        Subscription subscription = broker.subscription("t")
                .start(new Start.After(new Position(topic().epoch(), 2)))
                .handle(message -> heard.add(message.text()));
        assertThat(subscription.recovered()).isTrue();
        String last = null;
        while (!"v299".equals(last)) {
            last = heard.poll(10, TimeUnit.SECONDS);
            assertThat(last).isNotNull();
        }
        assertThat(subscription.dropped()).isZero();
    }

    @Test
    void aDurableSubscriptionGoesOnBehindWhatWasTakenOut() throws Exception {
        broker.createTopic("t", COMPACT);
        try (Receiver receiver =
                broker.subscription("t").acknowledged().durable("d").receive()) {
            publish("a", "first");
            Delivery first = receiver.receive();
            assertThat(first).isNotNull();
            first.ack();
        }
        for (int i = 0; i < 300; i++) {
            publish("k" + i % 3, "v" + i);
        }
        compacted(150);
        kill();
        try (Receiver receiver =
                broker.subscription("t").acknowledged().durable("d").receive()) {
            String last = null;
            while (!"v299".equals(last)) {
                Delivery next = receiver.receive(Duration.ofSeconds(10));
                assertThat(next).isNotNull();
                last = next.message().text();
                next.ack();
            }
        }
    }

    @Test
    void everyKeysNewestMessageIsThereWhateverHappens() throws Exception {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        Map<String, String> newest = new LinkedHashMap<>();
        broker.createTopic("t", COMPACT);
        for (int i = 0; i < 3_000; i++) {
            String key = "k" + random.nextInt(1 + random.nextInt(200));
            publish(key, "v" + i);
            newest.put(key, "v" + i);
            if (random.nextInt(600) == 0) {
                kill();
            }
            if (random.nextInt(600) == 0) {
                store.failNextWrite(Reason.FAILED, random.nextBoolean());
                while (!(broker.publish("t", Message.text("again").withKey(key)) instanceof Accepted)) {
                    timers.advance(Duration.ofSeconds(2));
                }
                newest.put(key, "again");
            }
        }
        Map<String, String> found = new LinkedHashMap<>();
        kept().forEach(message -> found.put(message.key(), message.text()));
        assertThat(found).as("-Dfanfare.seed=%d", seed).containsAllEntriesOf(newest);
        assertThat(compacted(401)).as("-Dfanfare.seed=%d", seed).hasSizeLessThan(402);
    }

    @Test
    void memoryTopicsAreNotCompacted() {
        assertThatThrownBy(() -> TopicConfig.defaults().withCompact(true))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("durable");
    }
}
