package dev.fanfare.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.Dispatch;
import dev.fanfare.ErrorCode;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Subscription;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What becomes of messages that a subscription does not take in time: with a handler that stays in its first call,
/// and a queue of ten.
class OverflowTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final Inbox slow = Inbox.stuck();

    @AfterEach
    void close() {
        slow.letGo();
        broker.close();
    }

    private Subscription subscribe(Overflow overflow) throws InterruptedException {
        Subscription subscription =
                broker.subscription("orders").queue(10).overflow(overflow).handle(slow);
        assertThat(publish(0)).isInstanceOf(PublishResult.Accepted.class);
        slow.awaitEntered();
        return subscription;
    }

    private PublishResult publish(int number) {
        return broker.publish("orders", "m" + number);
    }

    private void publish(int from, int to) {
        for (int i = from; i < to; i++) {
            assertThat(publish(i)).as("publish %d", i).isInstanceOf(PublishResult.Accepted.class);
        }
    }

    private Topic topic() {
        return broker.topic("orders").orElseThrow();
    }

    private static List<Long> range(long from, long to) {
        return LongStream.range(from, to).boxed().toList();
    }

    @Test
    void dropOldestGoesOnWithTheNewest() throws InterruptedException {
        Subscription subscription = subscribe(Overflow.dropOldest());
        publish(1, 100);
        assertThat(subscription.dropped())
                .as("counted though nobody has looked")
                .isEqualTo(90);
        assertThat(subscription.lag()).isEqualTo(10);
        slow.letGo();
        slow.await(11);
        subscription.close();
        assertThat(slow.offsets()).startsWith(0L).endsWith(99L).containsSubsequence(range(90, 100));
        assertThat(slow.offsets()).hasSize(11);
        assertThat(subscription.dropped()).isEqualTo(89);
        assertThat(subscription.delivered() + subscription.dropped()).isEqualTo(100);
        assertThat(topic().counters().dropped()).isEqualTo(89);
    }

    @Test
    void whatIsLostWhenItIsClosedIsCounted() throws InterruptedException {
        Subscription subscription = subscribe(Overflow.dropOldest());
        publish(1, 100);
        CompletableFuture<Void> closed = CompletableFuture.runAsync(subscription::close, Thread::startVirtualThread);
        assertThat(closed).succeedsWithin(20, TimeUnit.SECONDS);
        publish(100, 200);
        slow.letGo();
        slow.await(1);
        broker.close();
        assertThat(subscription.dropped()).isEqualTo(89);
        assertThat(slow.offsets()).containsExactly(0L);
    }

    @Test
    void aReaderThatStandsStillForLongFindsTheNewestAgain() throws InterruptedException {
        Subscription subscription = subscribe(Overflow.dropOldest());
        publish(1, 100_000);
        slow.letGo();
        slow.await(11);
        publish(100_000, 100_005);
        slow.await(16);
        assertThat(slow.offsets())
                .isEqualTo(LongStream.concat(LongStream.of(0), LongStream.range(99_990, 100_005))
                        .boxed()
                        .toList());
        assertThat(subscription.dropped()).isEqualTo(99_989);
    }

    @Test
    void dropNewestKeepsTheOldest() throws InterruptedException {
        Subscription subscription = subscribe(Overflow.dropNewest());
        publish(1, 100);
        assertThat(subscription.dropped()).isEqualTo(90);
        assertThat(topic().counters().dropped()).isEqualTo(90);
        slow.letGo();
        slow.await(10);
        publish(100, 101);
        slow.await(11);
        assertThat(slow.offsets())
                .isEqualTo(LongStream.concat(LongStream.range(0, 10), LongStream.of(100))
                        .boxed()
                        .toList());
    }

    @Test
    void refuseRefusesThePublish() throws InterruptedException {
        Subscription subscription = subscribe(Overflow.refuse());
        publish(1, 10);
        for (int i = 0; i < 3; i++) {
            assertThat(publish(10)).isInstanceOfSatisfying(PublishResult.Refused.class, refused -> {
                assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
                assertThat(refused.reason()).contains("orders", "refuses");
            });
        }
        assertThat(topic().visible()).isEqualTo(10);
        slow.letGo();
        slow.await(10);
        subscription.close();
        publish(10, 11);
        assertThat(subscription.dropped()).isZero();
    }

    @Test
    void blockMakesThePublisherWaitUntilThereIsRoom() throws InterruptedException {
        subscribe(Overflow.block(Duration.ofSeconds(10)));
        publish(1, 10);
        CompletableFuture<PublishResult> blocked =
                CompletableFuture.supplyAsync(() -> publish(10), Thread::startVirtualThread);
        awaitTimers(1);
        assertThat(blocked).isNotDone();
        slow.letGo();
        assertThat(blocked).succeedsWithin(20, TimeUnit.SECONDS).isInstanceOf(PublishResult.Accepted.class);
        assertThat(slow.await(11)).hasSize(11);
        assertThat(timers.pending()).isZero();
    }

    @Test
    void blockRefusesWhenItsTimeIsOver() throws InterruptedException {
        Subscription subscription = subscribe(Overflow.block(Duration.ofSeconds(10)));
        publish(1, 10);
        CompletableFuture<PublishResult> blocked =
                CompletableFuture.supplyAsync(() -> publish(10), Thread::startVirtualThread);
        awaitTimers(1);
        timers.advance(Duration.ofMillis(9_999));
        assertThat(blocked).isNotDone();
        timers.advance(Duration.ofMillis(1));
        assertThat(blocked)
                .succeedsWithin(20, TimeUnit.SECONDS)
                .isInstanceOfSatisfying(
                        PublishResult.Refused.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE));
        assertThat(subscription.lag()).isEqualTo(10);
    }

    @Test
    void aPublisherThatWaitsIsReleasedWhenTheSubscriptionEnds() throws InterruptedException {
        Subscription subscription = subscribe(Overflow.block(Duration.ofSeconds(10)));
        publish(1, 10);
        CompletableFuture<PublishResult> blocked =
                CompletableFuture.supplyAsync(() -> publish(10), Thread::startVirtualThread);
        awaitTimers(1);
        CompletableFuture.runAsync(subscription::close, Thread::startVirtualThread);
        assertThat(blocked).succeedsWithin(20, TimeUnit.SECONDS).isInstanceOf(PublishResult.Accepted.class);
    }

    @Test
    void manyPublishersWaitAndNoMessageIsLost() throws InterruptedException {
        Inbox quick = Inbox.quick();
        broker.subscription("many")
                .queue(2)
                .overflow(Overflow.block(Duration.ofHours(1)))
                .handle(quick);
        broker.subscription("many")
                .queue(3)
                .dispatch(Dispatch.loop())
                .overflow(Overflow.block(Duration.ofHours(1)))
                .handle(message -> {});
        List<Thread> publishers = IntStream.range(0, 8)
                .mapToObj(i -> Thread.ofVirtual().start(() -> {
                    for (int k = 0; k < 1_000; k++) {
                        assertThat(broker.publish("many", "x")).isInstanceOf(PublishResult.Accepted.class);
                    }
                }))
                .toList();
        for (Thread publisher : publishers) {
            assertThat(publisher.join(Duration.ofSeconds(30))).isTrue();
        }
        quick.await(8_000);
        assertThat(quick.offsets()).isEqualTo(range(0, 8_000));
    }

    @Test
    void disconnectEndsTheSubscriptionAndNobodyElseNotices() throws InterruptedException {
        CompletableFuture<SubscriptionEnd> end = new CompletableFuture<>();
        Inbox quick = Inbox.quick();
        broker.subscribe("orders", quick);
        Subscription subscription = broker.subscription("orders")
                .queue(10)
                .overflow(Overflow.disconnect())
                .onEnd(end::complete)
                .handle(slow);
        publish(0, 1);
        slow.awaitEntered();
        publish(1, 11);
        quick.await(11);
        awaitEnded(subscription);
        slow.letGo();
        assertThat(end).succeedsWithin(20, TimeUnit.SECONDS).isEqualTo(SubscriptionEnd.SLOW_CONSUMER);
        publish(11, 20);
        quick.await(20);
        assertThat(slow.offsets()).containsExactly(0L);
        assertThat(subscription.ended()).contains(SubscriptionEnd.SLOW_CONSUMER);
        assertThat(topic().subscribers()).isOne();
    }

    @Test
    void aPublisherWaitsOnlyForThoseThatAreFull() throws InterruptedException {
        Inbox other = Inbox.stuck();
        Subscription halfFull = broker.subscription("orders")
                .queue(16)
                .overflow(Overflow.disconnect())
                .handle(other);
        subscribe(Overflow.block(Duration.ofHours(1)));
        publish(1, 10);
        CompletableFuture<Void> rest = CompletableFuture.runAsync(() -> publish(10, 15), Thread::startVirtualThread);
        awaitTimers(1);
        slow.letGo();
        assertThat(rest).as("the other one has up to 15 of 16 waiting").succeedsWithin(20, TimeUnit.SECONDS);
        assertThat(halfFull.ended()).isEmpty();
        other.letGo();
    }

    @Test
    void whatWaitsWhenItIsDisconnectedIsCountedAsLost() throws InterruptedException {
        Subscription subscription = subscribe(Overflow.disconnect());
        publish(1, 11);
        awaitEnded(subscription);
        slow.letGo();
        subscription.close();
        assertThat(subscription.delivered()).isEqualTo(1);
        assertThat(subscription.dropped())
                .as("the one that ended it may count or not")
                .isBetween(9L, 10L);
        assertThat(topic().counters().dropped()).isEqualTo(subscription.dropped());
    }

    @Test
    void aHandlerThatPublishesToItsOwnFullQueueIsRefusedAtOnce() throws InterruptedException {
        for (Dispatch dispatch : List.of(Dispatch.virtualThread(), Dispatch.loop(), Dispatch.caller())) {
            CompletableFuture<PublishResult> result = new CompletableFuture<>();
            Subscription subscription = broker.subscription("echo")
                    .dispatch(dispatch)
                    .queue(1)
                    .overflow(Overflow.block(Duration.ofHours(1)))
                    .handle(message -> result.complete(broker.publish("echo", "again")));
            broker.publish("echo", "first");
            assertThat(result)
                    .succeedsWithin(20, TimeUnit.SECONDS)
                    .isInstanceOfSatisfying(
                            PublishResult.Refused.class,
                            refused -> assertThat(refused.reason()).contains("this thread"));
            subscription.close();
        }
    }

    @Test
    void theTopicSaysItForThoseThatDoNot() throws InterruptedException {
        broker.createTopic("small", TopicConfig.defaults().withQueue(3).withOverflow(Overflow.refuse()));
        broker.subscribe("small", slow);
        broker.publish("small", "m0");
        slow.awaitEntered();
        broker.publish("small", "m1");
        broker.publish("small", "m2");
        assertThat(broker.publish("small", "m3")).isInstanceOf(PublishResult.Refused.class);
    }

    @Test
    void lossesAndPressureAreToldAtMostOncePerSecond() throws InterruptedException {
        LinkedBlockingQueue<BrokerEvent> told = new LinkedBlockingQueue<>();
        broker.listen(event -> {
            if (event instanceof BrokerEvent.Backpressure || event instanceof BrokerEvent.MessagesDropped) {
                told.add(event);
            }
        });
        Inbox other = Inbox.stuck();
        broker.subscription("orders")
                .name("refusing")
                .queue(5)
                .overflow(Overflow.refuse())
                .handle(other);
        subscribe(Overflow.refuse());
        publish(1, 5);
        publish(5);
        assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo(new BrokerEvent.Backpressure("orders", "refusing", 1));
        awaitTimers(1);
        for (int i = 0; i < 30; i++) {
            publish(5);
        }
        assertThat(told).isEmpty();
        timers.advance(Duration.ofSeconds(1));
        assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo(new BrokerEvent.Backpressure("orders", "refusing", 30));
        other.letGo();
    }

    private static void awaitEnded(Subscription subscription) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (subscription.ended().isEmpty()) {
            assertThat(System.nanoTime()).as("ended").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /// Waits until somebody has scheduled something.
    private void awaitTimers(int count) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (timers.pending() < count) {
            assertThat(System.nanoTime()).as("%d timers", count).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }
}
