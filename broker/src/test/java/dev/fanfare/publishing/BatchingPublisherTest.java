package dev.fanfare.publishing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Batching;
import dev.fanfare.BatchingPublisher;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Compression;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.Payload;
import dev.fanfare.PublishResult;
import dev.fanfare.RetryPolicy;
import dev.fanfare.Topic;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BatchingPublisherTest {

    private static final Batching BATCHES =
            Batching.defaults().withSize(3).withBytes(100).withLinger(Duration.ofSeconds(1));

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close();
    }

    private Topic topic(String name) {
        return broker.topic(name).orElseThrow();
    }

    private List<String> texts(String name) {
        return topic(name).read(0, 100_000, Integer.MAX_VALUE).stream()
                .map(Message::text)
                .toList();
    }

    private static ErrorCode refusal(CompletableFuture<PublishResult> result) {
        return ((PublishResult.Refused) result.join()).code();
    }

    @Test
    void aWholeBatchGoesOutAtOnce() {
        BatchingPublisher publisher = broker.batching(BATCHES);
        publisher.publish("t", "1");
        CompletableFuture<PublishResult> second = publisher.publish("t", "2");
        publisher.publish("other", "x");
        assertThat(broker.topic("t")).isEmpty();

        CompletableFuture<PublishResult> third = publisher.publish("t", "3");

        assertThat(third.join().offset()).isEqualTo(2);
        assertThat(second.join().offset()).isEqualTo(1);
        assertThat(texts("t")).containsExactly("1", "2", "3");
        assertThat(broker.topic("other")).isEmpty();
        assertThat(publisher.waiting()).isEqualTo(1);
    }

    @Test
    void soManyBytesAreABatchToo() {
        BatchingPublisher publisher = broker.batching(BATCHES);

        assertThat(publisher.publish("t", "x".repeat(100)).join().offset()).isZero();
    }

    @Test
    void aMessageLingersNoLongerThanItMay() {
        BatchingPublisher publisher = broker.batching(BATCHES);
        CompletableFuture<PublishResult> first = publisher.publish("t", "1");
        timers.advance(Duration.ofMillis(600));
        CompletableFuture<PublishResult> second = publisher.publish("t", "2");
        timers.advance(Duration.ofMillis(399));
        assertThat(broker.topic("t")).isEmpty();

        timers.advance(Duration.ofMillis(1));

        assertThat(first.join().offset()).isZero();
        assertThat(second.join().offset()).isEqualTo(1);
    }

    @Test
    void flushAndCloseDoNotWaitForTheBatch() {
        BatchingPublisher publisher = broker.batching(BATCHES);
        CompletableFuture<PublishResult> first = publisher.publish("a", "1");
        CompletableFuture<PublishResult> second = publisher.publish("b", "2");
        publisher.flush().join();
        assertThat(first).isCompleted();
        assertThat(second).isCompleted();

        CompletableFuture<PublishResult> third = publisher.publish("a", "3");
        publisher.close();
        assertThat(third.join().offset()).isEqualTo(1);
        assertThat(refusal(publisher.publish("a", "4"))).isEqualTo(ErrorCode.SHUTTING_DOWN);
        publisher.close();
    }

    @Test
    void closingTheBrokerClosesItsBatchingPublishersFirst() {
        Broker closing = Broker.open();
        Topic topic = closing.createTopic("t");
        CompletableFuture<PublishResult> result =
                closing.batching(BATCHES.withLinger(Duration.ofHours(1))).publish("t", "1");

        closing.close();

        assertThat(result.join().offset()).isZero();
        assertThat(topic.visible()).isEqualTo(1);
        assertThat(refusal(closing.batching(BATCHES).publish("t", "2"))).isEqualTo(ErrorCode.SHUTTING_DOWN);
    }

    @Test
    void aRefusalIsAResult() {
        try (Broker strict = Broker.open(BrokerConfig.defaults().withAutoCreateTopics(false))) {
            BatchingPublisher publisher =
                    strict.batching(Batching.none().withRetry(RetryPolicy.fixed(9, Duration.ZERO)));

            assertThat(refusal(publisher.publish("t", "1"))).isEqualTo(ErrorCode.TOPIC_NOT_FOUND);
            assertThat(refusal(publisher.publish("*", "1"))).isEqualTo(ErrorCode.TOPIC_NOT_FOUND);
        }
    }

    /// A topic that refuses until its only subscriber's handler returns.
    private CountDownLatch refusing(String name) throws InterruptedException {
        CountDownLatch open = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        broker.subscription(name).queue(1).overflow(Overflow.refuse()).handle(message -> {
            entered.countDown();
            open.await();
        });
        broker.publish(name, "stuck");
        assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        while (broker.publish(name, "full") instanceof PublishResult.Accepted) {
            // Until it refuses.
        }
        return open;
    }

    @Test
    void whatIsRefusedForNowIsTriedAgainInOrderAndOtherTopicsGoOn() throws Exception {
        CountDownLatch open = refusing("t");
        long before = topic("t").visible();
        BatchingPublisher publisher = broker.batching(Batching.none()
                .withRetry(RetryPolicy.exponential(10, Duration.ofSeconds(1), 2, Duration.ofSeconds(4))));
        List<CompletableFuture<PublishResult>> results = IntStream.range(0, 5)
                .mapToObj(i -> publisher.publish("t", "m" + i))
                .toList();
        assertThat(publisher.publish("other", "x").join().offset()).isZero();
        awaitPending();
        timers.advance(Duration.ofSeconds(1));
        awaitPending();
        timers.advance(Duration.ofMillis(1_999));
        open.countDown();
        while (!results.getLast().isDone()) {
            // The queue of one refuses some of them again: each attempt finds room for one at least.
            if (broker.stats().subscriptions().getFirst().lag() == 0) {
                timers.advance(Duration.ofMillis(1));
            }
            Thread.onSpinWait();
        }

        CompletableFuture.allOf(results.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
        assertThat(results).extracting(result -> result.join().offset()).isSorted();
        assertThat(texts("t").subList((int) before, (int) before + 5)).containsExactly("m0", "m1", "m2", "m3", "m4");
    }

    @Test
    void itGivesUpWhenThePolicyDoesAndGoesOnWithTheNext() throws Exception {
        CountDownLatch open = refusing("t");
        AtomicInteger asked = new AtomicInteger();
        List<Integer> attempts = new ArrayList<>();
        BatchingPublisher publisher = broker.batching(Batching.none().withRetry((attempt, cause) -> {
            asked.incrementAndGet();
            attempts.add(attempt);
            assertThat(cause)
                    .isInstanceOfSatisfying(
                            FanfareException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.BACKPRESSURE));
            return attempt < 3 ? Duration.ZERO : null;
        }));

        CompletableFuture<PublishResult> first = publisher.publish("t", "1");
        CompletableFuture<PublishResult> second = publisher.publish("t", "2");
        while (!second.isDone()) {
            timers.advance(Duration.ofMillis(1));
            Thread.onSpinWait();
        }

        assertThat(refusal(first)).isEqualTo(ErrorCode.BACKPRESSURE);
        assertThat(refusal(second)).isEqualTo(ErrorCode.BACKPRESSURE);
        assertThat(attempts).containsExactly(1, 2, 3, 1, 2, 3);
        open.countDown();
    }

    @Test
    void aPolicyThatThrowsGivesUp() throws Exception {
        CountDownLatch open = refusing("t");
        BatchingPublisher publisher = broker.batching(Batching.none().withRetry((attempt, cause) -> {
            throw new IllegalStateException("no idea");
        }));

        assertThat(refusal(publisher.publish("t", "1"))).isEqualTo(ErrorCode.BACKPRESSURE);
        open.countDown();
    }

    @Test
    void closingTriesOnceMoreAndNoLonger() throws Exception {
        CountDownLatch open = refusing("t");
        BatchingPublisher publisher =
                broker.batching(Batching.none().withRetry(RetryPolicy.fixed(100, Duration.ofDays(1))));
        CompletableFuture<PublishResult> result = publisher.publish("t", "1");
        awaitPending();

        publisher.close();

        assertThat(refusal(result)).isEqualTo(ErrorCode.BACKPRESSURE);
        open.countDown();
    }

    /// Waits until something waits for its time.
    private void awaitPending() {
        while (timers.pending() == 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void withoutRoomThePublisherWaitsAndIsRefusedInTheEnd() throws Exception {
        CountDownLatch open = refusing("t");
        BatchingPublisher publisher = broker.batching(Batching.none()
                .withRoom(2, 1 << 20)
                .withBlockTimeout(Duration.ofSeconds(7))
                .withRetry(RetryPolicy.fixed(100, Duration.ofDays(1))));
        CompletableFuture<PublishResult> first = publisher.publish("t", "1");
        publisher.publish("t", "2");
        awaitPending();
        CompletableFuture<CompletableFuture<PublishResult>> third =
                CompletableFuture.supplyAsync(() -> publisher.publish("t", "3"));
        while (timers.pending() < 2) {
            Thread.onSpinWait();
        }
        timers.advance(Duration.ofSeconds(6));
        assertThat(third).isNotDone();
        timers.advance(Duration.ofSeconds(1));

        assertThat(third.get(20, TimeUnit.SECONDS).join())
                .isInstanceOfSatisfying(PublishResult.Refused.class, refused -> {
                    assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
                    assertThat(refused.reason()).contains("maxMessages (2)");
                });
        assertThat(first).isNotDone();
        open.countDown();
    }

    @Test
    void bytesAreBoundedTooButOneLargeMessageGoesAlone() {
        BatchingPublisher publisher = broker.batching(Batching.defaults()
                .withSize(100)
                .withBytes(1_000)
                .withRoom(1_000, 1_000)
                .withLinger(Duration.ofHours(1)));
        publisher.publish("t", "x".repeat(600));

        // There is no room for it before the first has gone out, for which nobody waits in vain.
        CompletableFuture<PublishResult> second = publisher.publish("t", "y".repeat(600));
        CompletableFuture<PublishResult> third = publisher.publish("t", "z".repeat(5_000));

        publisher.flush().join();
        assertThat(second.join().offset()).isEqualTo(1);
        assertThat(third.join().offset()).isEqualTo(2);
    }

    @Test
    void whoIsToldAResultMayPublishButNotWait() {
        BatchingPublisher publisher = broker.batching(Batching.none().withRoom(1, 1 << 20));
        CompletableFuture<ErrorCode> nested = new CompletableFuture<>();
        CompletableFuture<PublishResult> again = publisher.publish("t", "1").thenCompose(result -> {
            CompletableFuture<PublishResult> next = publisher.publish("t", "2");
            CompletableFuture<PublishResult> full = publisher.publish("t", "3");
            nested.complete(
                    full.isDone() && full.join() instanceof PublishResult.Refused refused
                            ? refused.code()
                            : ErrorCode.INTERNAL);
            return next;
        });

        again.join();
        assertThat(nested.join()).isIn(ErrorCode.BACKPRESSURE, ErrorCode.INTERNAL);
    }

    @Test
    void whatIsCancelledInTimeIsNotPublished() {
        BatchingPublisher publisher = broker.batching(BATCHES);
        publisher.publish("t", "1").cancel(false);
        publisher.publish("t", "2");

        publisher.flush().join();
        publisher.close();

        assertThat(texts("t")).containsExactly("2");
    }

    @Test
    void largePayloadsAreKeptCompressed() {
        BatchingPublisher publisher = broker.batching(Batching.none().withCompression(Compression.gzip(), 1_000));
        publisher.publish("t", "x".repeat(1_000)).join();
        publisher.publish("t", "y".repeat(10_000)).join();

        List<Message> kept = topic("t").read(0, 10, Integer.MAX_VALUE);
        assertThat(kept.getFirst().payload().encoding()).isEmpty();
        Payload large = kept.getLast().payload();
        assertThat(large.encoding()).contains("gzip");
        assertThat(large.storedSize()).isLessThan(200);
        assertThat(large.text()).isEqualTo("y".repeat(10_000));
        assertThat(topic("t").historyBytes()).isLessThan(5_000);
    }

    @Test
    void boundsAreChecked() {
        for (Runnable wrong : List.<Runnable>of(
                () -> BATCHES.withSize(0),
                () -> BATCHES.withBytes(0),
                () -> BATCHES.withLinger(Duration.ofMillis(-1)),
                () -> BATCHES.withLinger(Duration.ofDays(1)),
                () -> BATCHES.withRoom(2, 1_000),
                () -> BATCHES.withRoom(3, 99),
                () -> BATCHES.withBlockTimeout(Duration.ofMillis(-1)),
                () -> BATCHES.withCompression(Compression.gzip(), -1))) {
            assertThatThrownBy(wrong::run).isInstanceOf(FanfareException.class);
        }
    }

    /// Many threads, topics and refusals: each thread's messages to a topic arrive once and in order.
    @Test
    void orderIsKeptWhateverIsRefused() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        try (Broker real = Broker.open(BrokerConfig.defaults()
                .withTopics(broker.config().topics().withHistory(100_000).withHistoryBytes(1 << 28)))) {
            for (String name : List.of("a", "b")) {
                real.subscription(name).queue(8).overflow(Overflow.refuse()).handle(message -> {
                    if (message.offset() % 50 == 0) {
                        Thread.onSpinWait();
                    }
                });
            }
            BatchingPublisher publisher = real.batching(Batching.defaults()
                    .withSize(1 + random.nextInt(20))
                    .withRoom(50, 1 << 20)
                    .withLinger(Duration.ofMillis(1))
                    .withRetry(RetryPolicy.fixed(RetryPolicy.MAX_ATTEMPTS, Duration.ofNanos(100_000))));
            List<Thread> threads = IntStream.range(0, 4)
                    .mapToObj(thread -> Thread.ofVirtual().start(() -> {
                        for (int i = 0; i < 1_000; i++) {
                            publisher.publish(i % 3 == 0 ? "a" : "b", thread + " " + i);
                        }
                    }))
                    .toList();
            for (Thread thread : threads) {
                thread.join();
            }
            publisher.flush().get(30, TimeUnit.SECONDS);
            int found = 0;
            for (String name : List.of("a", "b")) {
                int[] last = {-1, -1, -1, -1};
                for (Message message : real.topic(name).orElseThrow().read(0, 100_000, Integer.MAX_VALUE)) {
                    List<String> parts = List.of(message.text().split(" ", 2));
                    int thread = Integer.parseInt(parts.get(0));
                    int number = Integer.parseInt(parts.get(1));
                    assertThat(number).as("seed %d", seed).isGreaterThan(last[thread]);
                    last[thread] = number;
                    found++;
                }
            }
            assertThat(found).as("seed %d", seed).isEqualTo(4_000);
            assertThat(publisher.waiting()).isZero();
        }
    }
}
