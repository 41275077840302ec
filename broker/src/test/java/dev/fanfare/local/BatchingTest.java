package dev.fanfare.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Dispatch;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.Subscription;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Batched delivery, in virtual time.
class BatchingTest {

    private static final DeliveryStrategy TEN_OR_20_MS = DeliveryStrategy.batched(10, Duration.ofMillis(20));

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    static Stream<Dispatch> dispatches() {
        return Stream.of(Dispatch.virtualThread(), Dispatch.loop(), Dispatch.caller());
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            broker.publish("orders", "m");
        }
    }

    private void awaitGathering() {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (timers.pending() == 0) {
            assertThat(System.nanoTime()).as("a linger began").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void aFullQueueIsDueHoweverLargeTheBatch(Dispatch dispatch) throws InterruptedException {
        for (Overflow overflow : List.of(Overflow.refuse(), Overflow.dropOldest(), Overflow.block(Duration.ZERO))) {
            Inbox inbox = Inbox.quick();
            Subscription subscription = broker.subscription("orders")
                    .dispatch(dispatch)
                    .queue(10)
                    .overflow(overflow)
                    .delivery(DeliveryStrategy.batched(100, Duration.ofSeconds(30)))
                    .handle(inbox);
            publish(10);
            assertThat(inbox.await(10)).as("%s", overflow).hasSize(10);
            subscription.close();
        }
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void aFullQueueIsDueWhenTheTopicGathersMore(Dispatch dispatch) throws InterruptedException {
        Inbox inbox = Inbox.quick();
        broker.createTopic("orders").delivery(DeliveryStrategy.batched(100, Duration.ofSeconds(30)));
        broker.subscription("orders")
                .dispatch(dispatch)
                .queue(10)
                .overflow(Overflow.refuse())
                .handle(inbox);
        publish(10);
        assertThat(inbox.await(10)).hasSize(10);
    }

    @Test
    void whatTheBatchHandlerHasInHandStillWaits() {
        List<Subscription> self = new ArrayList<>();
        List<Long> lags = new ArrayList<>();
        self.add(broker.subscription("orders")
                .dispatch(Dispatch.caller())
                .delivery(DeliveryStrategy.batched(3, Duration.ofMillis(20)))
                .handleBatch(messages -> lags.add(self.getFirst().lag())));
        publish(3);
        assertThat(lags).containsExactly(3L);
        assertThat(self.getFirst().lag()).isZero();
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void waitsForTheLingerWhenFewCome(Dispatch dispatch) throws InterruptedException {
        Inbox inbox = Inbox.quick();
        broker.subscription("orders").dispatch(dispatch).delivery(TEN_OR_20_MS).handle(inbox);
        publish(9);
        awaitGathering();
        timers.advance(Duration.ofMillis(19));
        assertThat(inbox.texts()).isEmpty();
        timers.advance(Duration.ofMillis(1));
        assertThat(inbox.await(9)).hasSize(9);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void deliversAtOnceWhenEnoughWait(Dispatch dispatch) throws InterruptedException {
        Inbox inbox = Inbox.quick();
        broker.subscription("orders").dispatch(dispatch).delivery(TEN_OR_20_MS).handle(inbox);
        publish(10);
        assertThat(inbox.await(10)).hasSize(10);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void aSubscriptionThatSaysNothingFollowsItsTopic(Dispatch dispatch) throws InterruptedException {
        broker.createTopic("orders").delivery(TEN_OR_20_MS);
        Inbox inbox = Inbox.quick();
        Inbox immediate = Inbox.quick();
        broker.subscription("orders").dispatch(dispatch).handle(inbox);
        broker.subscription("orders")
                .dispatch(dispatch)
                .delivery(DeliveryStrategy.immediate())
                .handle(immediate);
        publish(3);
        immediate.await(3);
        awaitGathering();
        assertThat(inbox.texts()).isEmpty();
        broker.topic("orders").orElseThrow().delivery(null);
        assertThat(inbox.await(3)).hasSize(3);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void swappedToImmediateItDeliversWhatWaits(Dispatch dispatch) throws InterruptedException {
        Inbox inbox = Inbox.quick();
        Subscription subscription = broker.subscription("orders")
                .dispatch(dispatch)
                .delivery(TEN_OR_20_MS)
                .handle(inbox);
        publish(5);
        awaitGathering();
        assertThat(inbox.texts()).isEmpty();
        subscription.delivery(DeliveryStrategy.immediate());
        assertThat(inbox.await(5)).hasSize(5);
        assertThat(subscription.delivery()).isEqualTo(DeliveryStrategy.immediate());
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void aShorterLingerCountsFromTheFirstThatWaits(Dispatch dispatch) throws InterruptedException {
        Inbox inbox = Inbox.quick();
        Subscription subscription = broker.subscription("orders")
                .dispatch(dispatch)
                .delivery(DeliveryStrategy.batched(10, Duration.ofSeconds(30)))
                .handle(inbox);
        publish(1);
        awaitGathering();
        timers.advance(Duration.ofSeconds(5));
        subscription.delivery(DeliveryStrategy.batched(10, Duration.ofSeconds(5)));
        assertThat(inbox.await(1)).hasSize(1);
    }

    @Test
    void closingDeliversWhatIsGathered() throws InterruptedException {
        for (Dispatch dispatch : dispatches().toList()) {
            Broker other = Broker.open(BrokerConfig.defaults().withTimers(timers));
            Inbox inbox = Inbox.quick();
            other.subscription("orders")
                    .dispatch(dispatch)
                    .delivery(TEN_OR_20_MS)
                    .handle(inbox);
            other.publish("orders", "m");
            other.close();
            assertThat(inbox.texts()).as("%s", dispatch).containsExactly("m");
        }
    }

    @Test
    void aFlushIsTold() throws InterruptedException {
        LinkedBlockingQueue<BrokerEvent> told = new LinkedBlockingQueue<>();
        broker.listen(event -> {
            if (event instanceof BrokerEvent.BatchFlush || event instanceof BrokerEvent.StrategySwapped) {
                told.add(event);
            }
        });
        Subscription subscription = broker.subscription("orders")
                .name("gatherer")
                .dispatch(Dispatch.loop())
                .handle(message -> {});
        subscription.delivery(TEN_OR_20_MS);
        publish(4);
        awaitGathering();
        timers.advance(Duration.ofMillis(20));
        assertThat(told.poll(20, TimeUnit.SECONDS))
                .isEqualTo(new BrokerEvent.StrategySwapped("orders", "gatherer", TEN_OR_20_MS));
        assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo(new BrokerEvent.BatchFlush("orders", "gatherer", 4));
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void swapsUnderLoadLoseRepeatAndReorderNothing(Dispatch dispatch) throws InterruptedException {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int messages = 20_000;
        // The real clock here: lingers of a few milliseconds must end by themselves.
        Broker real = Broker.open();
        Inbox each = Inbox.quick();
        List<Long> batched = new ArrayList<>();
        Subscription first = real.subscription("orders").dispatch(dispatch).handle(each);
        Subscription second = real.subscription("orders")
                .dispatch(dispatch)
                .handleBatch(list -> list.stream().map(Message::offset).forEach(batched::add));
        Thread publisher = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < messages; i++) {
                real.publish("orders", "m");
            }
        });
        while (publisher.isAlive()) {
            DeliveryStrategy strategy = random.nextBoolean()
                    ? DeliveryStrategy.immediate()
                    : DeliveryStrategy.batched(1 + random.nextInt(50), Duration.ofMillis(random.nextInt(5)));
            switch (random.nextInt(3)) {
                case 0 -> first.delivery(strategy);
                case 1 -> second.delivery(random.nextInt(4) == 0 ? null : strategy);
                default -> real.topic("orders").ifPresent(topic -> topic.delivery(strategy));
            }
        }
        publisher.join();
        each.await(messages);
        real.close();
        List<Long> all = LongStream.range(0, messages).boxed().toList();
        assertThat(each.offsets()).as("seed %d", seed).isEqualTo(all);
        assertThat(batched).as("seed %d", seed).isEqualTo(all);
    }
}
