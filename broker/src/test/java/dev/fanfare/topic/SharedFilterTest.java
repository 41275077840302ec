package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.FilteredKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.topic.RecordingKind.Cursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A filter runs once per message, whoever asks it: live and acknowledged subscriptions, in whatever encoding, by
/// name and by pattern.
@Timeout(60)
class SharedFilterTest {

    private static final int MESSAGES = 1_000;

    @ParameterizedTest
    @EnumSource(
            value = Durability.class,
            names = {"MEMORY", "WRITTEN"})
    void runsOncePerMessage(Durability level) throws Exception {
        try (Broker broker = Broker.open(BrokerConfig.defaults().withStore(new MemoryStore()))) {
            broker.createTopic("t", TopicConfig.defaults().withDurability(level));
            AtomicInteger asked = new AtomicInteger();
            Filter even = message -> {
                asked.incrementAndGet();
                if (message.text().equals("7")) {
                    throw new IllegalStateException("not this one");
                }
                return Integer.parseInt(message.text()) % 2 == 0;
            };
            List<Cursor> cursors = new ArrayList<>();
            for (RecordingKind encoding : List.of(new RecordingKind(), new RecordingKind())) {
                for (String pattern : List.of("t", "*")) {
                    Cursor cursor = new Cursor();
                    cursors.add(cursor);
                    var _ = broker.feeds()
                            .attach(Pattern.of(pattern), Start.latest(), new FilteredKind<>(encoding, even), cursor);
                }
            }
            CountDownLatch live = new CountDownLatch(MESSAGES / 2);
            broker.subscription("t").filter(even).handle(message -> live.countDown());
            Receiver acknowledged =
                    broker.subscription("t").filter(even).acknowledged().receive();
            for (int i = 0; i < MESSAGES; i++) {
                broker.publish("t", Message.text("" + i));
            }
            live.await();
            for (int i = 0; i < MESSAGES; i += 2) {
                var delivery = Objects.requireNonNull(acknowledged.receive());
                assertThat(delivery.message().text()).isEqualTo("" + i);
                delivery.ack();
            }
            for (Cursor cursor : cursors) {
                while (cursor.frames().size() < MESSAGES / 2) {
                    assertThat(Thread.currentThread().isInterrupted()).isFalse();
                    Thread.onSpinWait();
                }
                assertThat(cursor.offsets().getLast()).isEqualTo(MESSAGES - 2);
            }
            while (asked.get() < MESSAGES) {
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                Thread.onSpinWait();
            }
            assertThat(asked).hasValue(MESSAGES);
            assertThat(broker.stats().topic("t").orElseThrow().filterFailures()).isOne();
        }
    }
}
