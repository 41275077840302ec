package dev.fanfare.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.Pending;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.PublishResult.Scheduled;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Messages that wait for their time: when they get their place, in which order, and what becomes of them otherwise.
class DelayedTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final VirtualTimers timers = new VirtualTimers();
    private final BrokerConfig config = BrokerConfig.defaults()
            .withTimers(timers)
            .withTopics(TopicConfig.defaults().withHistory(100_000).withHistoryBytes(1 << 30));
    private Broker broker = Broker.open(config);

    @AfterEach
    void close() {
        broker.close();
    }

    private void with(Pending pending) {
        broker.close();
        broker = Broker.open(config.withPending(pending));
    }

    private static Message in(Duration delay, String text) {
        return Message.text(text).withDelay(delay);
    }

    private List<String> texts(String topic) {
        return broker.topic(topic).orElseThrow().read(0, 100_000, 1 << 30).stream()
                .map(Message::text)
                .toList();
    }

    private LinkedBlockingQueue<String> hearing(String pattern) {
        var heard = new LinkedBlockingQueue<String>();
        broker.subscription(pattern).handle(message -> heard.add(message.text()));
        return heard;
    }

    private static String next(LinkedBlockingQueue<String> heard) throws InterruptedException {
        return String.valueOf(heard.poll(10, TimeUnit.SECONDS));
    }

    @Test
    void getsItsPlaceWhenItIsDueAndNotBefore() throws InterruptedException {
        Topic topic = broker.createTopic("t");
        LinkedBlockingQueue<String> heard = hearing("t");
        long now = timers.currentTimeMillis();

        Scheduled scheduled = (Scheduled) broker.publish("t", in(MINUTE, "later"));
        broker.publish("t", "now");

        assertThat(scheduled.dueMillis()).isEqualTo(now + 60_000);
        assertThat(scheduled.epoch()).isEqualTo(topic.epoch());
        assertThat(scheduled.messageId()).hasSize(36);
        assertThat(scheduled.offset()).isEqualTo(-1);
        assertThat(topic.delayed()).isOne();
        assertThat(broker.stats().topic("t").orElseThrow().delayed()).isOne();

        timers.advance(MINUTE.minusMillis(1));
        assertThat(next(heard)).isEqualTo("now");
        assertThat(texts("t")).containsExactly("now");
        timers.advance(Duration.ofMillis(1));
        assertThat(next(heard)).isEqualTo("later");
        assertThat(topic.delayed()).isZero();
        Message stored = topic.read(1, 1, 1).getFirst();
        assertThat(stored.offset()).isOne();
        assertThat(stored.timestampMillis()).isEqualTo(now + 60_000);
        assertThat(stored.id()).isEqualTo(scheduled.messageId());
        assertThat(stored.isDelayed()).isFalse();
    }

    @Test
    void atATimeOrAtOnceIfThatIsPast() {
        Instant now = Instant.ofEpochMilli(timers.currentTimeMillis());
        assertThat(broker.publish("t", Message.text("past").withDeliverAt(now.minusSeconds(5))))
                .isInstanceOf(Accepted.class);
        assertThat(broker.publish("t", Message.text("now").withDeliverAt(now))).isInstanceOf(Accepted.class);
        assertThat(broker.publish("t", Message.text("no delay").withDelay(Duration.ZERO)))
                .isInstanceOf(Accepted.class);
        assertThat(broker.publish("t", Message.text("later").withDeliverAt(now.plusSeconds(1))))
                .isInstanceOf(Scheduled.class);
        assertThat(texts("t")).containsExactly("past", "now", "no delay");
        timers.advance(SECOND);
        assertThat(texts("t")).hasSize(4).last().isEqualTo("later");
    }

    @Test
    void theTimeToLiveBeginsWhenItIsDue() {
        broker.publish("t", in(MINUTE, "x").withTtl(SECOND));
        timers.advance(MINUTE.plusMillis(999));
        assertThat(texts("t")).containsExactly("x");
        timers.advance(Duration.ofMillis(1));
        assertThat(texts("t")).isEmpty();
    }

    @Test
    void oneTimerRunsForAllOfThem() {
        int idle = timers.pending();
        for (int i = 0; i < 1_000; i++) {
            broker.publish("t" + i % 7, in(Duration.ofSeconds(1_000 - i), "x"));
        }
        assertThat(timers.pending() - idle).isOne();
        timers.advance(Duration.ofSeconds(1_000));
        assertThat(timers.pending() - idle).isZero();
    }

    @Test
    void inTheOrderOfTheirTimesThenOfTheirPublishing() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        record Expected(String topic, String text, long due) {}
        List<Expected> expected = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            String topic = "t" + random.nextInt(20);
            int delay = 1 + random.nextInt(1_000);
            broker.publish(topic, in(Duration.ofMillis(delay), topic + "/" + i));
            expected.add(new Expected(topic, topic + "/" + i, timers.currentTimeMillis() + delay));
            if (random.nextInt(10) == 0) {
                timers.advance(Duration.ofMillis(random.nextInt(20)));
            }
        }
        timers.advance(SECOND);
        expected.sort(Comparator.comparingLong(Expected::due));
        for (int t = 0; t < 20; t++) {
            String topic = "t" + t;
            assertThat(texts(topic))
                    .as("seed %d", seed)
                    .containsExactlyElementsOf(expected.stream()
                            .filter(each -> each.topic().equals(topic))
                            .map(Expected::text)
                            .toList());
        }
        assertThat(broker.stats().delayedLost()).isZero();
    }

    @Test
    void diesWithItsTopicCounted() throws InterruptedException {
        var told = new LinkedBlockingQueue<BrokerEvent>();
        broker.listen(event -> {
            if (event instanceof BrokerEvent.DelayedLost) {
                told.add(event);
            }
        });
        broker.publish("t", in(MINUTE, "a"));
        broker.publish("t", in(SECOND, "b"));
        broker.publish("other", in(MINUTE, "c"));
        broker.deleteTopic("t");
        broker.createTopic("t");
        timers.advance(MINUTE);
        assertThat(texts("t")).isEmpty();
        assertThat(texts("other")).containsExactly("c");
        assertThat(broker.stats().delayedLost()).isEqualTo(2);
        BrokerEvent event = told.poll(10, TimeUnit.SECONDS);
        assertThat(event).isEqualTo(new BrokerEvent.DelayedLost("t", 2));
        assertThat(event.name()).isEqualTo("delayed_lost");
    }

    @Test
    void closingLosesThemAndLeavesNoTimer() {
        broker.publish("t", in(MINUTE, "a"));
        broker.close();
        assertThat(timers.pending()).isZero();
        assertThat(broker.publish("t", in(MINUTE, "a"))).isInstanceOf(Refused.class);
    }

    @Test
    void theirNumberIsBounded() {
        with(new Pending(2, 1 << 20, 1));
        broker.publish("t", in(MINUTE, "a"));
        broker.publish("u", in(MINUTE, "b"));
        Refused refused = (Refused) broker.publish("t", in(MINUTE, "c"));
        assertThat(refused.code()).isEqualTo(ErrorCode.LIMIT_REACHED);
        assertThat(refused.reason()).contains("topic 't'", "max-delayed (2)");
        assertThat(broker.publish("t", "not delayed")).isInstanceOf(Accepted.class);
        timers.advance(MINUTE);
        assertThat(broker.publish("t", in(MINUTE, "d"))).isInstanceOf(Scheduled.class);
        broker.deleteTopic("t");
        assertThat(broker.publish("u", in(MINUTE, "e"))).isInstanceOf(Scheduled.class);
        assertThat(broker.publish("u", in(MINUTE, "f"))).isInstanceOf(Scheduled.class);
    }

    @Test
    void theirBytesAreBounded() {
        with(new Pending(100, 3_000, 1));
        broker.publish("t", in(MINUTE, "x".repeat(2_000)));
        Refused refused = (Refused) broker.publish("t", in(MINUTE, "x".repeat(2_000)));
        assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
        assertThat(refused.reason()).contains("delayed-memory (3000)");
        timers.advance(MINUTE);
        assertThat(broker.publish("t", in(MINUTE, "x".repeat(2_000)))).isInstanceOf(Scheduled.class);
    }

    @Test
    void aRepeatWaitsOnce() {
        Topic topic = broker.createTopic("t", TopicConfig.defaults().dedup(Duration.ofMinutes(5), 10));
        Message draft = in(MINUTE, "x").withId("id");
        Scheduled first = (Scheduled) topic.publish(draft);
        timers.advance(SECOND);
        assertThat(topic.publish(draft)).isEqualTo(new Scheduled("id", topic.epoch(), first.dueMillis(), true));
        timers.advance(MINUTE);
        assertThat(topic.visible()).isOne();
        assertThat(topic.publish(draft)).isEqualTo(new Accepted("id", topic.epoch(), 0, first.dueMillis(), true));
        assertThat(topic.publish(Message.text("x").withId("id"))).isInstanceOf(Accepted.class);
        assertThat(topic.visible()).isOne();
        assertThat(topic.counters().duplicates()).isEqualTo(3);
    }

    @Test
    void waitsOnInItsOrderWhileThereIsNoRoom() throws InterruptedException {
        CountDownLatch open = new CountDownLatch(1);
        var got = new LinkedBlockingQueue<String>();
        broker.subscription("t").queue(1).overflow(Overflow.refuse()).handle(message -> {
            open.await();
            got.add(message.text());
        });
        for (int i = 0; i < 5; i++) {
            broker.publish("t", in(SECOND, "m" + i));
        }
        timers.advance(SECOND);
        assertThat(broker.topic("t").orElseThrow().delayed()).isBetween(3, 4);
        open.countDown();
        for (int i = 0; i < 5; i++) {
            String next = got.poll(20, TimeUnit.MILLISECONDS);
            while (next == null) {
                timers.advance(Duration.ofMillis(100));
                next = got.poll(20, TimeUnit.MILLISECONDS);
            }
            assertThat(next).isEqualTo("m" + i);
        }
        assertThat(broker.stats().delayedLost()).isZero();
    }

    @Test
    void oneTopicWithoutRoomHoldsNoOtherUp() {
        CountDownLatch open = new CountDownLatch(1);
        broker.subscription("full").queue(1).overflow(Overflow.refuse()).handle(message -> open.await());
        while (broker.publish("full", "x") instanceof Accepted) {
            assertThat(timers.pending()).isNotNegative();
        }
        broker.publish("full", in(SECOND, "waits"));
        broker.publish("free", in(SECOND, "goes"));
        timers.advance(SECOND);
        assertThat(texts("free")).containsExactly("goes");
        assertThat(broker.topic("full").orElseThrow().delayed()).isOne();
        open.countDown();
    }

    @Test
    void tenThousandDueAtOnceAllCome() {
        for (int i = 0; i < 10_000; i++) {
            broker.publish("t", in(SECOND, "" + i));
        }
        timers.advance(SECOND);
        assertThat(texts("t")).hasSize(10_000).startsWith("0", "1").endsWith("9999");
    }

    @Test
    void aDelayHasBounds() {
        assertThatThrownBy(() -> in(Duration.ofDays(4_000), "x"))
                .isInstanceOfSatisfying(
                        FanfareException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.BAD_REQUEST))
                .hasMessageContaining("0 to 3650 days");
        assertThatThrownBy(() -> in(Duration.ofSeconds(-1), "x")).isInstanceOf(FanfareException.class);
        Instant far = Instant.parse("2400-01-01T00:00:00Z");
        PublishResult refused = broker.publish("t", Message.text("x").withDeliverAt(far));
        assertThat(((Refused) refused).code()).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThatThrownBy(() -> Message.text("x").withDeliverAt(Instant.MAX)).isInstanceOf(FanfareException.class);
        assertThatThrownBy(() -> new Pending(-1, 0, 0)).isInstanceOf(FanfareException.class);
    }
}
