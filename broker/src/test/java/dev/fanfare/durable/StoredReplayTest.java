package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Dispatch;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.Subscription;
import dev.fanfare.SubscriptionBuilder;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A history that is not in memory is read by the broker's readers: nobody else waits for the device.
@Timeout(20)
class StoredReplayTest {

    private static final int MESSAGES = 5_000;
    private static final String READERS = "fanfare-reader-";

    private final MemoryStore store = new MemoryStore();
    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withStore(store)
            .withTopics(TopicConfig.defaults()
                    .withHistory(1_000_000)
                    .withHistoryBytes(1L << 30)
                    .withDurability(Durability.WRITTEN)));

    /// The threads that read.
    private final Set<String> threads = ConcurrentHashMap.newKeySet();

    private final AtomicBoolean blocked = new AtomicBoolean();
    private final AtomicInteger waiting = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);

    StoredReplayTest() {
        store.beforeRead(() -> {
            String thread = Thread.currentThread().getName();
            threads.add(thread);
            if (blocked.get() && thread.startsWith(READERS)) {
                waiting.incrementAndGet();
                await(released);
                waiting.decrementAndGet();
            }
        });
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
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

    @AfterEach
    void close() {
        released.countDown();
        broker.close();
        assertThat(store.openScans()).isZero();
    }

    private void publish(String topic, int count) {
        List<CompletableFuture<PublishResult>> results = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            results.add(broker.publishAsync(topic, Message.text("m")));
        }
        results.forEach(result -> assertThat(result.join()).isInstanceOf(PublishResult.Accepted.class));
    }

    private static List<Long> offsets(long from, long to) {
        return LongStream.range(from, to).boxed().toList();
    }

    private static Dispatch dispatch(String name) {
        return switch (name) {
            case "loop" -> Dispatch.loop();
            case "caller" -> Dispatch.caller();
            default -> Dispatch.virtualThread();
        };
    }

    /// The offsets that a subscription has heard.
    private static final class Heard {
        final Queue<Long> offsets = new ConcurrentLinkedQueue<>();
        final AtomicInteger count = new AtomicInteger();
        final Subscription subscription;

        Heard(SubscriptionBuilder how) {
            subscription = how.handle(message -> {
                offsets.add(message.offset());
                count.incrementAndGet();
            });
        }
    }

    private Heard replay(String pattern, Dispatch dispatch) {
        return new Heard(broker.subscription(pattern).start(Start.earliest()).dispatch(dispatch));
    }

    @ParameterizedTest
    @ValueSource(strings = {"loop", "thread", "caller"})
    void allOfItComesInItsOrderAndThenWhatIsPublished(String dispatch) {
        publish("t", MESSAGES);
        Heard heard = replay("t", dispatch(dispatch));
        Heard matching = replay("*", dispatch(dispatch));
        Heard filtered = new Heard(broker.subscription("t")
                .start(Start.earliest())
                .filter(message -> message.offset() % 2 == 0)
                .dispatch(dispatch(dispatch)));
        publish("t", 10);

        until(() -> heard.count.get() == MESSAGES + 10 && matching.count.get() == MESSAGES + 10);
        until(() -> filtered.count.get() == MESSAGES / 2 + 5);
        assertThat(heard.offsets).containsExactlyElementsOf(offsets(0, MESSAGES + 10));
        assertThat(matching.offsets).containsExactlyElementsOf(offsets(0, MESSAGES + 10));
        assertThat(heard.subscription.dropped()).isZero();
        assertThat(threads).anyMatch(name -> name.startsWith(READERS));
        assertThat(threads).noneMatch(name -> name.startsWith("fanfare-delivery"));
    }

    @Test
    void whileAReadTakesItsTimeTheLoopsOthersGoOn() {
        publish("t", MESSAGES);
        blocked.set(true);
        Heard replaying = replay("t", Dispatch.loop());
        until(() -> waiting.get() > 0);

        // As many as to meet every loop; some hear the very topic whose history is being read.
        List<Heard> others = new ArrayList<>();
        for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
            others.add(new Heard(broker.subscription(i % 2 == 0 ? "t" : "u").dispatch(Dispatch.loop())));
        }
        publish("t", 100);
        publish("u", 100);
        for (Heard other : others) {
            until(() -> other.count.get() == 100);
        }
        assertThat(replaying.count).hasValue(0);

        released.countDown();
        until(() -> replaying.count.get() == MESSAGES + 100);
        assertThat(replaying.offsets).containsExactlyElementsOf(offsets(0, MESSAGES + 100));
    }

    @Test
    void anAcknowledgedSubscriptionReadsInTheSameWay() throws Exception {
        publish("t", MESSAGES);
        Receiver receiver = broker.subscription("t")
                .start(Start.earliest())
                .acknowledged()
                .queue(10)
                .receive();
        for (int i = 0; i < MESSAGES; i++) {
            var delivery = receiver.receive();
            assertThat(delivery).isNotNull();
            assertThat(delivery.message().offset()).isEqualTo(i);
            delivery.ack();
        }
        assertThat(threads).noneMatch(name -> name.startsWith("fanfare-delivery"));
    }

    @Test
    @SuppressWarnings("ThreadPriorityCheck") // so that several read at a time
    void manyReplaysAtOnceShareAFewReaders() {
        publish("t", MESSAGES);
        AtomicInteger reading = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        store.beforeRead(() -> {
            if (Thread.currentThread().getName().startsWith(READERS)) {
                most.accumulateAndGet(reading.incrementAndGet(), Math::max);
                Thread.yield();
                reading.decrementAndGet();
            }
        });
        List<Heard> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            all.add(replay(i % 4 == 0 ? "*" : "t", i % 2 == 0 ? Dispatch.loop() : Dispatch.virtualThread()));
        }
        for (Heard heard : all) {
            until(() -> heard.count.get() == MESSAGES);
            assertThat(heard.offsets).containsExactlyElementsOf(offsets(0, MESSAGES));
        }
        assertThat(most.get()).isBetween(1, 4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"loop", "thread"})
    void oneThatIsClosedDuringAReadHearsNothingMore(String dispatch) {
        publish("t", MESSAGES);
        blocked.set(true);
        List<Heard> closed = List.of(replay("t", dispatch(dispatch)), replay("*", dispatch(dispatch)));
        until(() -> waiting.get() == 2);
        closed.forEach(each -> each.subscription.close());
        closed.forEach(each -> assertThat(each.subscription.ended()).isPresent());
        released.countDown();
        until(() -> waiting.get() == 0);
        blocked.set(false);

        Heard next = replay("t", dispatch(dispatch));
        until(() -> next.count.get() == MESSAGES);
        closed.forEach(each -> assertThat(each.count).hasValue(0));
        assertThat(broker.topic("t").orElseThrow().subscribers()).isEqualTo(1);
    }

    @Test
    void theBrokerClosesDuringARead() {
        publish("t", MESSAGES);
        blocked.set(true);
        Heard replaying = replay("t", Dispatch.loop());
        until(() -> waiting.get() == 1);
        Thread closing = Thread.ofPlatform().start(() -> broker.close(Duration.ofMillis(10)));
        until(() -> replaying.subscription.ended().isPresent());
        released.countDown();
        until(() -> !closing.isAlive());
        assertThat(replaying.count).hasValue(0);
    }

    /// Messages that are larger than what a topic keeps in memory: the last ones have to be read from the
    /// device too, while more are published.
    @ParameterizedTest
    @ValueSource(strings = {"loop", "thread"})
    void aTopicOfWhichNothingIsInMemoryIsJoinedWithoutAGap(String dispatch) {
        Message large = Message.of(Payload.bytes(new byte[300 << 10], Payload.BINARY));
        for (int i = 0; i < 20; i++) {
            broker.publish("t", large);
        }
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger published = new AtomicInteger(20);
        Thread publisher = Thread.ofPlatform().start(() -> {
            while (!over.get() && published.get() < 300) {
                assertThat(broker.publish("t", large)).isInstanceOf(PublishResult.Accepted.class);
                published.incrementAndGet();
            }
        });
        List<Heard> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(replay("t", dispatch(dispatch)));
            all.add(new Heard(broker.subscription("t")
                    .start(Start.earliest())
                    .filter(message -> true)
                    .dispatch(dispatch(dispatch))));
            int reached = published.get() + 5;
            until(() -> published.get() >= reached || !publisher.isAlive());
        }
        over.set(true);
        until(() -> !publisher.isAlive());
        for (Heard heard : all) {
            until(() -> heard.count.get() == published.get());
            assertThat(heard.offsets).containsExactlyElementsOf(offsets(0, published.get()));
        }
    }

    @Test
    void aTimeIsLookedForWhilePublishersGoOn() throws Exception {
        publish("t", MESSAGES);
        Instant between = Instant.ofEpochMilli(broker.topic("t")
                        .orElseThrow()
                        .read(MESSAGES - 1, 1, 1)
                        .getFirst()
                        .timestampMillis()
                + 1);
        until(() -> Instant.now().isAfter(between.plusMillis(1)));
        publish("t", MESSAGES);

        CountDownLatch looking = new CountDownLatch(1);
        AtomicBoolean first = new AtomicBoolean(true);
        store.beforeRead(() -> {
            if (Thread.currentThread().getName().equals("looks") && first.getAndSet(false)) {
                looking.countDown();
                await(released);
            }
        });
        List<@Nullable Heard> found = new ArrayList<>();
        Thread subscriber = Thread.ofPlatform()
                .name("looks")
                .start(() -> found.add(new Heard(broker.subscription("t").start(new Start.AtTime(between)))));
        looking.await();
        publish("t", 10);
        released.countDown();
        subscriber.join();
        Heard heard = found.getFirst();
        assertThat(heard).isNotNull();
        until(() -> heard.count.get() == MESSAGES + 10);
        assertThat(heard.offsets).containsExactlyElementsOf(offsets(MESSAGES, 2 * MESSAGES + 10));
    }

    @Test
    void aReadThatFailsIsToldToWhoAsked() {
        publish("t", MESSAGES);
        store.beforeRead(() -> {
            throw new StoreException(StoreException.Reason.FAILED, "told to fail");
        });
        assertThatThrownBy(() -> replay("t", Dispatch.caller()))
                .isInstanceOf(StoreException.class)
                .hasMessage("told to fail");
        store.beforeRead(() -> {});
        assertThat(replay("t", Dispatch.caller()).count).hasValue(MESSAGES);
    }
}
