package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Attachment.State;
import dev.fanfare.feed.Pattern;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException;
import dev.fanfare.time.VirtualTimers;
import dev.fanfare.topic.RecordingKind.Cursor;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A pattern's subscription that begins somewhere in the histories of many topics, none of which is in memory:
/// what has to be looked up on the device is little, and several threads look.
@Timeout(60)
class StoredPatternStartTest {

    private static final int TOPICS = 50;
    private static final int EACH = 300;
    private static final String READERS = "fanfare-reader-";

    private final VirtualTimers timers = new VirtualTimers();
    private MemoryStore store = new MemoryStore();
    private Broker broker = open();

    /// Reads of the thread that subscribes and of those that help it, until the subscription has begun.
    private final AtomicInteger reads = new AtomicInteger();

    private final CountDownLatch helped = new CountDownLatch(1);

    private Broker open() {
        return Broker.open(BrokerConfig.defaults()
                .withTimers(timers)
                .withStore(store)
                .withTopics(TopicConfig.defaults()
                        .withHistory(1_000_000)
                        .withHistoryBytes(1L << 30)
                        .withDurability(Durability.WRITTEN)));
    }

    @AfterEach
    void close() {
        helped.countDown();
        broker.close();
    }

    /// So many messages in each topic, a millisecond between one round and the next; then the process ends, and
    /// the next one has none of them in memory.
    private Instant stored() {
        Instant begun = Instant.ofEpochMilli(timers.currentTimeMillis());
        for (int i = 0; i < EACH; i++) {
            timers.advance(Duration.ofMillis(1));
            for (int topic = 0; topic < TOPICS; topic++) {
                broker.publish("t." + topic, Message.text("m"));
            }
        }
        MemoryStore next = store.afterKill();
        broker.close(Duration.ZERO);
        store = next;
        broker = open();
        return begun;
    }

    /// The thread that subscribes reads nothing before somebody helps it.
    private void countReads() {
        Thread subscribing = Thread.currentThread();
        store.beforeRead(() -> {
            Thread reading = Thread.currentThread();
            if (reading.getName().startsWith(READERS)) {
                helped.countDown();
            } else if (reading == subscribing) {
                try {
                    helped.await();
                } catch (InterruptedException e) {
                    reading.interrupt();
                }
            }
            reads.incrementAndGet();
        });
    }

    private Attachment attach(Start start) {
        return broker.feeds().attach(Pattern.of("t.*"), start, new RecordingKind(), new Cursor());
    }

    private static List<Long> replay(Attachment attachment) throws InterruptedException {
        List<Long> offsets = new ArrayList<>();
        Semaphore read = new Semaphore(0);
        while (attachment.state() == State.REPLAYING) {
            List<Message> slice = attachment.replay(1_000, 1 << 20, read::release);
            if (slice == null) {
                read.acquire();
            } else {
                slice.forEach(message -> offsets.add(message.offset()));
            }
        }
        return offsets;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 20, 500, 1_000_000})
    void theLastNAreFoundInAFewReadsOfEachTopic(int count) throws Exception {
        stored();
        countReads();
        Attachment attachment = attach(Start.lastN(count));
        // Blocks that double, until all of a topic was looked through.
        int blocks = 9;
        assertThat(reads.get()).isBetween(TOPICS, TOPICS * blocks);

        int expected = Math.min(count, TOPICS * EACH);
        long oldest = EACH - (expected + TOPICS - 1L) / TOPICS;
        assertThat(replay(attachment))
                .hasSize(expected)
                .allMatch(offset -> offset >= oldest)
                .contains(oldest);
    }

    @Test
    void aTimeIsLookedForInSeveralTopicsAtOnce() throws Exception {
        Instant begun = stored();
        countReads();
        Attachment attachment = attach(new Start.AtTime(begun.plusMillis(EACH - 9)));
        assertThat(replay(attachment)).hasSize(10 * TOPICS).allMatch(offset -> offset >= EACH - 10);
    }

    @Test
    void whatFollowsATimeIsLookedForInTheSameWay() throws Exception {
        Instant begun = stored();
        countReads();
        Attachment attachment = attach(new Start.AfterAll(begun.plusMillis(EACH), Map.of()));
        assertThat(attachment.opened().recovered()).isTrue();
        assertThat(replay(attachment)).hasSize(TOPICS).allMatch(offset -> offset == EACH - 1);
    }

    @Test
    void aReadThatFailsIsToldToWhoeverSubscribes() throws Exception {
        Instant begun = stored();
        store.beforeRead(() -> {
            throw new StoreException(StoreException.Reason.FAILED, "told to fail");
        });
        for (Start start : List.of(Start.lastN(5), new Start.AtTime(begun.plusMillis(3)))) {
            assertThatThrownBy(() -> attach(start)).isInstanceOf(StoreException.class);
        }
        store.beforeRead(() -> {});
        assertThat(replay(attach(Start.lastN(5)))).hasSize(5).allMatch(offset -> offset == EACH - 1);
    }

    @Test
    void aStartThatFailsLeavesNothingInTheFeed() throws Exception {
        Instant begun = stored();
        RecordingKind kind = new RecordingKind();
        Cursor there = new Cursor();
        Attachment other = broker.feeds().attach(Pattern.of("t.*"), Start.latest(), kind, there);
        for (Throwable failure : List.of(
                new StoreException(StoreException.Reason.FAILED, "told to fail"), new OutOfMemoryError("told to"))) {
            store.beforeRead(() -> sneak(failure));
            for (Start start : List.of(Start.lastN(5), new Start.AtTime(begun.plusMillis(3)))) {
                Cursor failing = new Cursor();
                assertThatThrownBy(() -> broker.feeds().attach(Pattern.of("t.*"), start, kind, failing))
                        .isSameAs(failure);
                store.beforeRead(() -> {});
                broker.publish("t.0", "after");
                assertThat(failing.frames()).as("%s, %s", failure, start).isEmpty();
                assertThat(broker.topic("t.0").orElseThrow().subscribers()).isEqualTo(1);
                store.beforeRead(() -> sneak(failure));
            }
        }
        assertThat(there.frames()).hasSize(4);
        other.close();
        assertThat(kind.feed(0).closed).isTrue();
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable failure) throws T {
        throw (T) failure;
    }
}
