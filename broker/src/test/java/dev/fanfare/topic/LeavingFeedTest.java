package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Attachment.State;
import dev.fanfare.feed.Pattern;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.topic.RecordingKind.Cursor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A subscription that was too slow for its feed leaves it and reads on where the messages are stored.
@Timeout(20)
class LeavingFeedTest {

    private static final int STORED = 5_000;
    private static final int SLICE_BYTES = 1_000;

    private final MemoryStore store = new MemoryStore();
    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withStore(store)
            .withTopics(TopicConfig.defaults()
                    .withHistory(1_000_000)
                    .withHistoryBytes(1L << 30)
                    .withDurability(Durability.WRITTEN)));
    private final RecordingKind kind = new RecordingKind();
    private final Cursor cursor = new Cursor();
    private final CountDownLatch released = new CountDownLatch(1);

    /// One for each read that is over.
    private final Semaphore read = new Semaphore(0);

    @AfterEach
    void close() {
        released.countDown();
        broker.close();
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            assertThat(broker.publish("t", Message.text("m"))).isInstanceOf(Accepted.class);
        }
    }

    /// The offsets of what is replayed until the cursor is in the feed again.
    private List<Long> replay(Attachment attachment) throws InterruptedException {
        List<Long> offsets = new ArrayList<>();
        while (attachment.state() == State.REPLAYING) {
            List<Message> slice = attachment.replay(2 * STORED, SLICE_BYTES, read::release);
            if (slice == null) {
                read.acquire();
            } else {
                slice.forEach(message -> offsets.add(message.offset()));
            }
        }
        return offsets;
    }

    private static List<Long> offsets(long from, long to) {
        return LongStream.range(from, to).boxed().toList();
    }

    @Test
    void whileTheLastSliceIsReadItMayLeaveTheFeedItHasJoinedAlready() throws Exception {
        publish(STORED);
        store.beforeRead(() -> {
            try {
                released.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Attachment attachment = broker.feeds().attach(Pattern.of("t"), Start.earliest(), kind, cursor);
        assertThat(attachment.replay(2 * STORED, SLICE_BYTES, read::release)).isNull();
        publish(10);
        assertThat(cursor.offsets()).isEqualTo(offsets(STORED, STORED + 10));

        assertThat(attachment.replayFrom(attachment.joinedAt())).isTrue();
        publish(10);
        assertThat(cursor.offsets()).hasSize(10);
        released.countDown();

        assertThat(replay(attachment)).isEqualTo(offsets(0, STORED + 20));
        assertThat(attachment.takeLost()).isZero();
        publish(1);
        assertThat(cursor.offsets()).endsWith(STORED + 20L).hasSize(11);
    }

    @Test
    void whoeverIsNotInTheFeedCantLeaveIt() {
        publish(STORED);
        Attachment attachment = broker.feeds().attach(Pattern.of("t"), Start.earliest(), kind, cursor);
        assertThat(attachment.replayFrom(0)).isFalse();
        attachment.close();
        assertThat(attachment.replayFrom(0)).isFalse();
    }
}
