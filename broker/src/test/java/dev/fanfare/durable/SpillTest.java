package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.BacklogOverflow;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.Dispatch;
import dev.fanfare.Durability;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Receiver;
import dev.fanfare.Subscription;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SpillTest {

    private static final int MANY = 3_000;

    private static final TopicConfig DURABLE = TopicConfig.defaults()
            .withDurability(Durability.WRITTEN)
            .withHistory(100_000)
            .withHistoryBytes(1 << 30);

    private final VirtualTimers timers = new VirtualTimers();
    private MemoryStore store = new MemoryStore();
    private Broker broker = open();

    private Broker open() {
        return Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(store));
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private void publish(int from, int to) {
        for (int i = from; i < to; i++) {
            Message message = Message.text("m" + i).withType(i % 3 == 0 ? "third" : "other");
            assertThat(broker.publish("t", message)).isInstanceOf(Accepted.class);
        }
    }

    private static List<String> texts(int from, int to, int step) {
        return IntStream.range(from, to)
                .filter(i -> i % step == 0)
                .mapToObj(i -> "m" + i)
                .toList();
    }

    private static List<String> take(BlockingQueue<String> heard, int count) throws InterruptedException {
        List<String> taken = new ArrayList<>();
        while (taken.size() < count) {
            String next = heard.poll(10, TimeUnit.SECONDS);
            assertThat(next).as("after %d", taken.size()).isNotNull();
            taken.add(next);
        }
        return taken;
    }

    /// Waits in real time: the clock of the broker stands still.
    private static Delivery next(Receiver receiver) throws InterruptedException {
        return receiver.receive();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSlowSubscriptionReadsFromTheDeviceWhatDidNotFit(boolean filtered) throws Exception {
        broker.createTopic("t", DURABLE);
        CountDownLatch gate = new CountDownLatch(1);
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        var builder = broker.subscription("t").queue(10).overflow(Overflow.spill());
        if (filtered) {
            builder.filter(Filter.types("third"));
        }
        Subscription subscription = builder.handle(message -> {
            gate.await();
            heard.add(message.text());
        });
        publish(0, MANY);
        gate.countDown();
        int step = filtered ? 3 : 1;
        assertThat(take(heard, MANY / step)).isEqualTo(texts(0, MANY, step));
        // It is live again.
        publish(MANY, MANY + 30);
        assertThat(take(heard, 30 / step)).isEqualTo(texts(MANY, MANY + 30, step));
        assertThat(subscription.dropped()).isZero();
        assertThat(heard).isEmpty();
    }

    @Test
    void oneOnALoopDoesToo() throws Exception {
        broker.createTopic("t", DURABLE);
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        broker.subscription("t")
                .queue(10)
                .overflow(Overflow.spill())
                .dispatch(Dispatch.loop())
                .handle(message -> {
                    entered.countDown();
                    gate.await();
                    heard.add(message.text());
                });
        publish(0, 1);
        assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
        publish(1, MANY);
        gate.countDown();
        assertThat(take(heard, MANY)).isEqualTo(texts(0, MANY, 1));
        publish(MANY, MANY + 30);
        assertThat(take(heard, 30)).isEqualTo(texts(MANY, MANY + 30, 1));
    }

    @Test
    void theTopicSaysItForSubscriptionsThatSayNothing() throws Exception {
        broker.createTopic("t", DURABLE.withOverflow(Overflow.spill()).withQueue(10));
        CountDownLatch gate = new CountDownLatch(1);
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        broker.subscription("t").handle(message -> {
            gate.await();
            heard.add(message.text());
        });
        publish(0, MANY);
        gate.countDown();
        assertThat(take(heard, MANY)).isEqualTo(texts(0, MANY, 1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBacklogLeavesWhatDoesNotFitInTheLog(boolean filtered) throws Exception {
        broker.createTopic("t", DURABLE.withBacklog(50, 1 << 20).withBacklogOverflow(BacklogOverflow.SPILL));
        var builder = broker.subscription("t");
        if (filtered) {
            builder.filter(Filter.types("third"));
        }
        int step = filtered ? 3 : 1;
        try (Receiver receiver =
                builder.acknowledged().durable("d").maxInFlight(10).receive()) {
            publish(0, MANY);
            List<String> done = new ArrayList<>();
            while (done.size() < MANY / step) {
                Delivery next = next(receiver);
                assertThat(next).as("after %d", done.size()).isNotNull();
                assertThat(next.attempt()).isEqualTo(1);
                done.add(next.message().text());
                next.ack();
            }
            assertThat(done).isEqualTo(texts(0, MANY, step));
            publish(MANY, MANY + 30);
            for (String text : texts(MANY, MANY + 30, step)) {
                Delivery next = next(receiver);
                assertThat(next).isNotNull();
                assertThat(next.message().text()).isEqualTo(text);
                next.ack();
            }
            assertThat(receiver.figures().dropped()).isZero();
        }
    }

    @Test
    void whatABacklogLeftIsThereAfterTheProcessDied() throws Exception {
        broker.createTopic(
                "t", DURABLE.withHistory(10).withBacklog(50, 1 << 20).withBacklogOverflow(BacklogOverflow.SPILL));
        broker.subscription("t").acknowledged().group("g").receive().close();
        publish(0, MANY);
        MemoryStore next = store.afterKill();
        broker.close(Duration.ZERO);
        store = next;
        broker = open();
        try (Receiver receiver =
                broker.subscription("t").acknowledged().group("g").receive()) {
            for (String text : texts(0, MANY, 1)) {
                Delivery delivery = next(receiver);
                assertThat(delivery).isNotNull();
                assertThat(delivery.message().text()).isEqualTo(text);
                delivery.ack();
            }
        }
    }

    @Test
    void whatCantBeLeftAnywhereIsRefused() {
        assertThatThrownBy(() -> TopicConfig.defaults().withBacklogOverflow(BacklogOverflow.SPILL))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("durable");
        assertThatThrownBy(() -> TopicConfig.defaults().withOverflow(Overflow.spill()))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("durable");
        broker.createTopic("memory");
        broker.createTopic("t", DURABLE);
        assertThatThrownBy(() ->
                        broker.subscription("memory").overflow(Overflow.spill()).handle(message -> {}))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("'memory'");
        assertThatThrownBy(() ->
                        broker.subscription("*").overflow(Overflow.spill()).handle(message -> {}))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("'*'")
                .hasMessageContaining("by name");
        assertThatThrownBy(() -> broker.subscription("t")
                        .overflow(Overflow.spill())
                        .dispatch(Dispatch.caller())
                        .handle(message -> {}))
                .isInstanceOf(FanfareException.class);
        assertThatThrownBy(() -> broker.subscription("t")
                        .acknowledged()
                        .overflow(Overflow.spill())
                        .receive())
                .isInstanceOf(FanfareException.class);
    }
}
