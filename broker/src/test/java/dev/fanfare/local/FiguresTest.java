package dev.fanfare.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import dev.fanfare.BrokerStats;
import dev.fanfare.Counter;
import dev.fanfare.Delivery;
import dev.fanfare.Dispatch;
import dev.fanfare.Message;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.Start;
import dev.fanfare.Subscription;
import dev.fanfare.feed.Latency;
import dev.fanfare.feed.LatencyHistogram;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Events, counters and latency.
class FiguresTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close();
    }

    @Test
    void aListenerHearsTheLifeOfAMessage() throws InterruptedException {
        LinkedBlockingQueue<BrokerEvent> told = new LinkedBlockingQueue<>();
        broker.listen(told::add);
        Subscription subscription = broker.subscription("orders")
                .name("reader")
                .dispatch(Dispatch.caller())
                .onError((message, thrown) -> {})
                .handle(message -> {
                    if (message.text().equals("bad")) {
                        throw new IllegalStateException("bad");
                    }
                });
        broker.publish("orders", "good");
        broker.publish("orders", "bad");
        subscription.close();
        broker.deleteTopic("orders");
        List<String> names = new ArrayList<>();
        while (names.size() < 10) {
            BrokerEvent event = told.poll(20, TimeUnit.SECONDS);
            assertThat(event).as("after %s", names).isNotNull();
            if (event != null) {
                names.add(event.name());
            }
        }
        assertThat(names)
                .containsExactly(
                        "topic_created",
                        "subscriber_added",
                        "message_enqueued",
                        "delivering",
                        "delivered",
                        "message_enqueued",
                        "delivering",
                        "failed",
                        "subscriber_removed",
                        "topic_deleted");
    }

    @Test
    void aListenerIsToldWhichAttemptItIsAndWhen() throws InterruptedException {
        record Told(BrokerEvent event, long nanoTime) {}
        LinkedBlockingQueue<Told> told = new LinkedBlockingQueue<>();
        broker.createTopic("orders");
        broker.listen(new BrokerListener() {
            @Override
            public void onEvent(BrokerEvent event) {
                throw new IllegalStateException("the other one is called");
            }

            @Override
            public void onEvent(BrokerEvent event, long nanoTime) {
                if (event instanceof BrokerEvent.Delivering) {
                    told.add(new Told(event, nanoTime));
                }
            }
        });
        long published = timers.nanoTime();
        broker.publish("orders", Message.text("m").withHeaders(Map.of("a", "b")));
        try (Receiver receiver = broker.subscription("orders")
                .start(Start.earliest())
                .acknowledged()
                .group("workers")
                .retry(RetryPolicy.fixed(3, Duration.ofSeconds(5)))
                .receive()) {
            for (int attempt = 1; attempt <= 2; attempt++) {
                Delivery delivery = Objects.requireNonNull(receiver.receive());
                delivery.nack();
                timers.advance(Duration.ofSeconds(5));
                Told event = told.poll(20, TimeUnit.SECONDS);
                Message message = delivery.message();
                assertThat(event)
                        .isEqualTo(new Told(
                                new BrokerEvent.Delivering(
                                        "orders",
                                        0,
                                        message.id(),
                                        "workers",
                                        attempt,
                                        message.timestampMillis(),
                                        Map.of("a", "b")),
                                published + Duration.ofSeconds(5).toNanos() * (attempt - 1)));
            }
        }
    }

    @Test
    void aListenerThatIsTooSlowMissesEventsThatAreCounted() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch open = new CountDownLatch(1);
        BrokerListener.Registration registration = broker.listen(event -> {
            entered.countDown();
            try {
                open.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        broker.createTopic("orders");
        assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < 8_192 + 100; i++) {
            broker.publish("orders", "m");
        }
        assertThat(registration.lost()).isEqualTo(100);
        open.countDown();
    }

    @Test
    void aClosedOrThrowingListenerDisturbsNobody() throws InterruptedException {
        LinkedBlockingQueue<BrokerEvent> closed = new LinkedBlockingQueue<>();
        LinkedBlockingQueue<BrokerEvent> other = new LinkedBlockingQueue<>();
        broker.listen(event -> {
            throw new IllegalStateException("a listener's own fault");
        });
        broker.listen(closed::add).close();
        broker.listen(other::add);
        broker.createTopic("a");
        broker.createTopic("b");
        assertThat(other.poll(20, TimeUnit.SECONDS)).isEqualTo(new BrokerEvent.TopicCreated("a"));
        assertThat(other.poll(20, TimeUnit.SECONDS)).isEqualTo(new BrokerEvent.TopicCreated("b"));
        assertThat(closed).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("ownThreads")
    void figuresKeepUpWithASlowHandler(Dispatch dispatch) throws InterruptedException {
        SynchronousQueue<Boolean> steps = new SynchronousQueue<>();
        Subscription subscription = broker.subscription("orders")
                .dispatch(dispatch)
                .handle(message -> {
                    steps.take();
                    timers.advance(Duration.ofMillis(20));
                });
        for (int i = 0; i < 60; i++) {
            broker.publish("orders", "m");
        }
        for (int i = 1; i <= 50; i++) {
            assertThat(steps.offer(true, 20, TimeUnit.SECONDS)).isTrue();
        }
        // Taken by the 51st call: the 50th has returned.
        assertThat(steps.offer(true, 20, TimeUnit.SECONDS)).isTrue();
        assertThat(subscription.delivered()).isGreaterThanOrEqualTo(50);
        assertThat(broker.topic("orders").orElseThrow().counters().delivered())
                .as("told to the topic, too")
                .isGreaterThanOrEqualTo(50);
        for (int i = 52; i <= 60; i++) {
            assertThat(steps.offer(true, 20, TimeUnit.SECONDS)).isTrue();
        }
    }

    static Stream<Dispatch> ownThreads() {
        return Stream.of(Dispatch.virtualThread(), Dispatch.loop());
    }

    @Test
    void statsShowWhatHappened() throws InterruptedException {
        Inbox stuck = Inbox.stuck();
        broker.subscription("orders").name("stuck").handle(stuck);
        broker.subscription("orders").dispatch(Dispatch.caller()).handle(message -> {
            if (message.offset() == 3) {
                throw new IllegalStateException("three");
            }
        });
        for (int i = 0; i < 10; i++) {
            broker.publish("orders", "m");
        }
        stuck.awaitEntered();
        BrokerStats stats = broker.stats();
        BrokerStats.TopicStats orders = stats.topic("orders").orElseThrow();
        assertThat(orders.published()).isEqualTo(10);
        assertThat(orders.delivered()).isEqualTo(9);
        assertThat(orders.failed()).isEqualTo(1);
        assertThat(orders.dropped()).isZero();
        assertThat(orders.subscribers()).isEqualTo(2);
        assertThat(orders.queueDepth()).isEqualTo(10);
        assertThat(stats.subscriptions())
                .filteredOn(each -> each.name().equals("stuck"))
                .singleElement()
                .satisfies(each -> assertThat(each.lag()).isEqualTo(10));
        assertThat(stats.published()).isEqualTo(10);
        stuck.letGo();
    }

    @Test
    void latencyIsFromAppendingUntilTheHandlerReturns() {
        broker.subscription("orders")
                .dispatch(Dispatch.caller())
                .handle(message -> timers.advance(Duration.ofMillis(5)));
        for (int i = 0; i < 65; i++) {
            broker.publish("orders", "m");
        }
        Latency latency = broker.topic("orders").orElseThrow().counters().latency();
        assertThat(latency.samples()).as("the first and the 65th").isEqualTo(2);
        assertThat(latency.average()).isBetween(4_999_999L, 5_000_000L);
        assertThat(latency.p99()).isBetween(5_000_000L, 5_950_000L);
    }

    @Test
    void percentilesAreAtMostAFifthTooHigh() {
        LatencyHistogram histogram = new LatencyHistogram();
        assertThat(histogram.snapshot()).isEqualTo(Latency.NONE);
        for (long time = 1; time <= 1_000_000; time += 7) {
            histogram.record(time);
        }
        Latency latency = histogram.snapshot();
        assertThat(latency.p50()).isBetween(500_000L, 600_000L);
        assertThat(latency.p95()).isBetween(950_000L, 1_140_000L);
        assertThat(latency.p99()).isBetween(990_000L, 1_190_000L);
        assertThat(latency.average()).isBetween(499_990L, 500_010L);
        histogram.record(-1);
        histogram.record(Long.MAX_VALUE / 2);
        assertThat(histogram.snapshot().max()).isGreaterThan(1_000_000_000L);
    }

    @Test
    void everyCounterHasANameAUnitAndAMeaning() {
        assertThat(Arrays.stream(Counter.values())).allSatisfy(counter -> {
            assertThat(counter.label()).matches("[a-z_]+").isEqualToIgnoringCase(counter.name());
            assertThat(counter.unit()).isNotBlank();
            assertThat(counter.meaning()).isNotBlank();
        });
    }
}
