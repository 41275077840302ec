package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.Ordering;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.Wakes;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.time.VirtualTimers;
import dev.fanfare.topic.RecordingKind.Cursor;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Topics in memory, written and synced share one order: whoever hears several of them hears it, and nobody hears a
/// message before all that were appended before it.
@Timeout(60)
class GlobalOrderTest {

    private static final List<String> TOPICS = List.of("a.synced", "b.memory", "c.written", "d.memory", "e.synced");

    private final VirtualTimers timers = new VirtualTimers();
    private final MemoryStore store = new MemoryStore();
    private final List<String> appended = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final CountDownLatch finish = new CountDownLatch(1);
    private Broker broker = open(store);

    private Broker open(MemoryStore with) {
        return Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(with));
    }

    @BeforeEach
    void topics() {
        for (String name : TOPICS) {
            Durability level = Durability.of(name.substring(2));
            broker.createTopic(
                    name,
                    TopicConfig.defaults()
                            .withHistory(100_000)
                            .withOrdering(Ordering.GLOBAL)
                            .withDurability(level));
        }
    }

    @AfterEach
    void close() {
        goOn.countDown();
        finish.countDown();
        broker.close();
    }

    /// Appends without waiting for what has to be stored.
    private PublishResult append(String topic) {
        LiveTopic live = (LiveTopic) broker.topic(topic).orElseThrow();
        PublishResult result;
        do {
            // Again, should a subscriber that blocks have no room: here nobody waits for it.
            Wakes wakes = new Wakes();
            result = live.publish(Message.text("" + appended.size()), wakes);
            wakes.flush();
        } while (result instanceof PublishResult.Refused refused && refused.code() == ErrorCode.BACKPRESSURE);
        appended.add("" + appended.size());
        return result;
    }

    private static void await(IntSupplier size, int expected) {
        while (size.getAsInt() < expected) {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            Thread.onSpinWait();
        }
    }

    private List<String> subscribe(String pattern, Start start) {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        broker.subscription(pattern).start(start).handle(message -> heard.add(message.text()));
        return heard;
    }

    private static List<String> texts(Cursor cursor) {
        return cursor.frames().stream().map(frame -> frame.message().text()).toList();
    }

    @Test
    void nobodyHearsAMessageBeforeThoseThatWereAppendedBeforeIt() throws Exception {
        CountDownLatch syncing = new CountDownLatch(1);
        store.beforeWrite(() -> passes(goOn));
        Cursor all = attach("**");
        for (String topic : List.of("c.written", "b.memory", "a.synced", "c.written", "d.memory")) {
            append(topic);
        }
        assertThat(texts(all)).as("before anything is stored").isEmpty();
        store.beforeSync(() -> {
            syncing.countDown();
            passes(finish);
        });
        goOn.countDown();
        syncing.await();
        assertThat(texts(all)).as("before anything is synced").isIn(List.of("0", "1"), List.of("0"), List.of());
        finish.countDown();
        await(() -> texts(all).size(), 5);
        assertThat(texts(all)).isEqualTo(appended);
        append("b.memory");
        assertThat(texts(all)).as("at once, when nothing is before it").isEqualTo(appended);
    }

    private static void passes(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Cursor attach(String pattern) {
        Cursor cursor = new Cursor();
        var _ = broker.feeds().attach(Pattern.of(pattern), Start.latest(), new RecordingKind(), cursor);
        return cursor;
    }

    @Test
    void everyPatternKindAndLevelHearsTheOrderOfAppending() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        Cursor one = attach("*.*");
        Cursor two = attach("**");
        List<String> handler = subscribe("**", Start.latest());
        Receiver acknowledged =
                broker.subscription("*.*").acknowledged().ordered().receive();
        for (int i = 0; i < 3_000; i++) {
            if (random.nextInt(20) == 0) {
                String first = TOPICS.get(random.nextInt(TOPICS.size()));
                String second = TOPICS.get(random.nextInt(TOPICS.size()));
                broker.transaction()
                        .publish(first, "" + appended.size())
                        .publish(second, "" + (appended.size() + 1))
                        .commit();
                appended.add("" + appended.size());
                appended.add("" + appended.size());
            } else {
                append(TOPICS.get(random.nextInt(TOPICS.size())));
            }
        }
        int all = appended.size();
        await(() -> two.frames().size(), all);
        await(() -> one.frames().size(), all);
        await(handler::size, all);
        assertThat(texts(one)).as("seed %s", seed).isEqualTo(appended);
        assertThat(texts(two)).as("seed %s", seed).isEqualTo(appended);
        assertThat(handler).as("seed %s", seed).isEqualTo(appended);
        for (String text : appended) {
            Delivery next = Objects.requireNonNull(acknowledged.receive());
            assertThat(next.message().text()).as("seed %s", seed).isEqualTo(text);
            next.ack();
        }
    }

    @Test
    void anOrderedSubscriptionHoldsAllTopicsThatShareTheOrder() throws Exception {
        Receiver ordered = broker.subscription("**").acknowledged().ordered().receive();
        broker.publish("b.memory", "1");
        broker.publish("d.memory", "2");
        Delivery first = Objects.requireNonNull(ordered.receive());
        assertThat(first.message().text()).isEqualTo("1");
        assertThat(ordered.receive(Duration.ZERO)).isNull();
        first.ack();
        assertThat(Objects.requireNonNull(ordered.receive()).message().text()).isEqualTo("2");
    }

    /// About ten messages in each millisecond.
    @Test
    void whoeverComesMeanwhileAndAfterARestartReplaysTheSameOrder() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        Thread publisher = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 2_000; i++) {
                append(TOPICS.get(random.nextInt(TOPICS.size())));
                if (random.nextInt(10) == 0) {
                    timers.advance(Duration.ofMillis(1));
                }
            }
        });
        List<List<String>> heard = new ArrayList<>();
        while (publisher.isAlive() && heard.size() < 30) {
            heard.add(subscribe(heard.size() % 2 == 0 ? "**" : "*.*", Start.earliest()));
        }
        publisher.join();
        for (List<String> each : heard) {
            await(each::size, appended.size());
            assertThat(List.copyOf(each)).as("seed %s", seed).isEqualTo(appended);
        }
        endsWithItsLastOnes(appended, seed);
        Map<String, Long> durable = new HashMap<>();
        for (String topic : TOPICS) {
            broker.topic(topic).orElseThrow().read(0, 10_000, Integer.MAX_VALUE).stream()
                    .filter(_ -> !topic.endsWith("memory"))
                    .forEach(message -> durable.put(message.text(), message.timestampMillis()));
        }
        List<String> expected = appended.stream().filter(durable::containsKey).toList();
        long half = Objects.requireNonNull(durable.get(expected.get(expected.size() / 2)));
        broker.close();
        broker = open(store.afterKill());
        List<String> again = subscribe("**", Start.earliest());
        await(again::size, expected.size());
        assertThat(again).as("seed %s", seed).isEqualTo(expected);
        endsWithItsLastOnes(expected, seed);

        List<String> since = subscribe("**", new Start.AtTime(Instant.ofEpochMilli(half)));
        List<String> second = expected.stream()
                .filter(text -> Objects.requireNonNull(durable.get(text)) >= half)
                .toList();
        await(since::size, second.size());
        assertThat(since).as("seed %s", seed).isEqualTo(second);

        // Still in the millisecond of the last ones.
        for (String topic : List.of("e.synced", "c.written", "a.synced", "e.synced")) {
            append(topic);
        }
        await(again::size, expected.size() + 4);
        assertThat(again).as("seed %s", seed).endsWith("2000", "2001", "2002", "2003");
        List<String> last = subscribe("*.*", Start.earliest());
        await(last::size, again.size());
        assertThat(last).as("seed %s", seed).isEqualTo(again);
    }

    private void endsWithItsLastOnes(List<String> all, long seed) {
        for (int last : new int[] {1, 7, 500}) {
            List<String> newest = subscribe("**", Start.lastN(last));
            await(newest::size, last);
            assertThat(newest).as("seed %s", seed).isEqualTo(all.subList(all.size() - last, all.size()));
        }
    }

    @Test
    void whatCannotBeStoredTakesBackWhatCameBehindIt() {
        store.beforeWrite(() -> passes(goOn));
        Cursor all = attach("**");
        List<PublishResult> results = new ArrayList<>();
        for (String topic : List.of("a.synced", "b.memory", "c.written")) {
            results.add(append(topic));
        }
        store.failNextWrite(Reason.FAILED, false);
        goOn.countDown();
        for (PublishResult result : results) {
            assertThat(result).isInstanceOf(PublishResult.Pending.class);
            assertThat(((PublishResult.Pending) result).await()).isInstanceOf(PublishResult.Refused.class);
        }
        PublishResult memory = broker.publish("b.memory", "alone");
        assertThat(memory).isInstanceOf(PublishResult.Accepted.class);
        assertThat(((PublishResult.Accepted) memory).offset()).isZero();
        assertThat(texts(all)).containsExactly("alone");
    }
}
