package dev.fanfare.feed;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Dispatch;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.Payload;
import dev.fanfare.PublishResult;
import dev.fanfare.Start;
import dev.fanfare.Subscription;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FilterTest {

    private static final Filter EVEN = message -> Integer.parseInt(message.text()) % 2 == 0;

    private final Broker broker = Broker.open(BrokerConfig.defaults());

    @AfterEach
    void close() {
        broker.close();
    }

    private record Order(int id) {}

    private record Refund(int id) {}

    @Test
    void onlyWhatMatchesIsDelivered() throws Exception {
        broker.createTopic("t");
        var seen = new LinkedBlockingQueue<String>();
        broker.subscription("t").filter(EVEN).handle(message -> seen.add(message.text()));
        for (int i = 0; i < 10; i++) {
            broker.publish("t", "" + i);
        }
        for (int i = 0; i < 10; i += 2) {
            assertThat(seen.poll(10, SECONDS)).isEqualTo("" + i);
        }
        assertThat(seen).isEmpty();
    }

    @Test
    void typesClassesAndHeaders() throws Exception {
        try (Broker typed = Broker.open(BrokerConfig.defaults()
                .withCodec(value -> Payload.text(String.valueOf(value)))
                .withAutoCreateTopics(true))) {
            var orders = new LinkedBlockingQueue<String>();
            var eu = new LinkedBlockingQueue<String>();
            typed.subscription("t").filter(Filter.type(Order.class)).handle(m -> orders.add(m.text()));
            typed.subscription("t")
                    .types("a", "b")
                    .filter(Filter.header("region", "eu"))
                    .handle(m -> eu.add(m.text()));
            typed.publish("t", new Refund(1));
            typed.publish("t", new Order(2));
            typed.publish("t", Message.text("no").withType("a"));
            typed.publish("t", Message.text("no").withType("c").withHeaders(Map.of("region", "eu")));
            typed.publish("t", Message.text("yes").withType("b").withHeaders(Map.of("region", "eu", "x", "y")));
            assertThat(orders.poll(10, SECONDS)).isEqualTo("Order[id=2]");
            assertThat(eu.poll(10, SECONDS)).isEqualTo("yes");
            assertThat(orders).isEmpty();
        }
    }

    @Test
    void equalFiltersRunOncePerMessage() throws Exception {
        broker.createTopic("t");
        var asked = new AtomicInteger();
        Filter counting = message -> {
            asked.incrementAndGet();
            return true;
        };
        int subscribers = 100;
        var left = new CountDownLatch(subscribers * 10);
        for (int i = 0; i < subscribers; i++) {
            broker.subscription("t")
                    .filter(counting)
                    .types("a")
                    .dispatch(Dispatch.loop())
                    .handle(message -> left.countDown());
        }
        for (int i = 0; i < 10; i++) {
            broker.publish("t", Message.text("").withType("a"));
        }
        assertThat(left.await(10, SECONDS)).isTrue();
        assertThat(asked).hasValue(10);
    }

    @Test
    void declaredFiltersAreEqualWhenTheySayTheSame() {
        assertThat(Filter.types("a", "b")).isEqualTo(Filter.types("b", "a"));
        assertThat(Filter.headers(Map.of("a", "b"))).isEqualTo(Filter.header("a", "b"));
        assertThat(EVEN.and(Filter.types("a"))).isEqualTo(EVEN.and(Filter.types("a")));
        assertThatThrownBy(Filter::types).isInstanceOf(FanfareException.class).hasMessageContaining("at least one");
    }

    @Test
    void whatAFilterThrowsIsNoMatchAndCounted() throws Exception {
        broker.createTopic("t");
        var seen = new LinkedBlockingQueue<String>();
        broker.subscription("t").filter(EVEN).handle(message -> seen.add(message.text()));
        broker.publish("t", "x");
        broker.publish("t", "2");
        assertThat(seen.poll(10, SECONDS)).isEqualTo("2");
        assertThat(broker.stats().topic("t").orElseThrow().filterFailures()).isOne();
    }

    @Test
    void neitherThePublisherNorItsLockRunsTheFilter() throws Exception {
        broker.createTopic("t");
        var ran = new LinkedBlockingQueue<Thread>();
        var held = new Semaphore(0);
        var seen = new LinkedBlockingQueue<String>();
        broker.subscription("t")
                .filter(message -> {
                    ran.add(Thread.currentThread());
                    held.acquire();
                    return true;
                })
                .dispatch(Dispatch.caller())
                .handle(message -> seen.add(message.text()));
        assertThat(broker.publish("t", "1")).isInstanceOf(PublishResult.Accepted.class);
        assertThat(ran.poll(10, SECONDS)).isNotEqualTo(Thread.currentThread());
        assertThat(broker.publish("t", "2")).isInstanceOf(PublishResult.Accepted.class);
        held.release(2);
        assertThat(seen.poll(10, SECONDS)).isEqualTo("1");
        assertThat(seen.poll(10, SECONDS)).isEqualTo("2");
    }

    @Test
    void replayGoesThroughTheFilterAndIsJudgedOnTheLog() throws Exception {
        var topic = broker.createTopic("t");
        for (int i = 0; i < 10; i++) {
            broker.publish("t", "" + i);
        }
        var seen = new LinkedBlockingQueue<String>();
        Subscription subscription = broker.subscription("t")
                .filter(EVEN)
                .start(new Start.After(new dev.fanfare.Position(topic.epoch(), 3)))
                .handle(message -> seen.add(message.text()));
        assertThat(subscription.recovered()).isTrue();
        assertThat(seen.poll(10, SECONDS)).isEqualTo("4");
        assertThat(seen.poll(10, SECONDS)).isEqualTo("6");
        assertThat(seen.poll(10, SECONDS)).isEqualTo("8");
        var last = new LinkedBlockingQueue<String>();
        broker.subscription("*").filter(EVEN).start(Start.lastN(3)).handle(message -> last.add(message.text()));
        assertThat(last.poll(10, SECONDS)).isEqualTo("8");
        broker.publish("t", "11");
        broker.publish("t", "12");
        assertThat(seen.poll(10, SECONDS)).isEqualTo("12");
        assertThat(last.poll(10, SECONDS)).isEqualTo("12");
    }

    @Test
    void whoJoinsWhileTheFilterIsBehindHearsOnlyWhatComesAfter() throws Exception {
        broker.createTopic("t");
        var held = new Semaphore(0);
        var early = new LinkedBlockingQueue<String>();
        var late = new LinkedBlockingQueue<String>();
        var wild = new LinkedBlockingQueue<String>();
        Filter slow = message -> {
            held.acquire();
            return true;
        };
        broker.subscription("t").filter(slow).handle(message -> early.add(message.text()));
        broker.subscription("*").filter(slow).handle(message -> {});
        broker.publish("t", "1");
        broker.publish("t", "2");
        broker.subscription("t").filter(slow).handle(message -> late.add(message.text()));
        broker.subscription("*").filter(slow).handle(message -> wild.add(message.text()));
        broker.publish("t", "3");
        held.release(1_000);
        for (String each : List.of("1", "2", "3")) {
            assertThat(early.poll(10, SECONDS)).isEqualTo(each);
        }
        assertThat(late.poll(10, SECONDS)).isEqualTo("3");
        assertThat(wild.poll(10, SECONDS)).isEqualTo("3");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void neitherGapNorDuplicateNorDisorderWhereReplayMeetsTheFeed(long seed) throws Exception {
        var random = new Random(seed);
        // Nothing that is replayed may be forgotten meanwhile: that would be a loss, and counted.
        var kept = broker.config().topics().withHistory(10_000);
        broker.createTopic("a.t", kept);
        broker.createTopic("b.t", kept);
        int count = 4_000;
        Filter some = message -> message.offset() % 3 == 0;
        var publishers = List.of("a.t", "b.t").stream()
                .map(name -> Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < count; i++) {
                        broker.publish(name, "" + i);
                    }
                }))
                .toList();
        var all = new ArrayList<ConcurrentLinkedQueue<Message>>();
        for (int i = 0; i < 20; i++) {
            var seen = new ConcurrentLinkedQueue<Message>();
            all.add(seen);
            broker.subscription(random.nextBoolean() ? "a.t" : random.nextBoolean() ? "b.t" : "*.t")
                    .filter(some)
                    .start(random.nextBoolean() ? Start.latest() : Start.earliest())
                    .dispatch(random.nextBoolean() ? Dispatch.loop() : Dispatch.virtualThread())
                    .queue(random.nextBoolean() ? 1 : 5_000)
                    .handle(seen::add);
        }
        for (Thread publisher : publishers) {
            publisher.join();
        }
        broker.close();
        for (var seen : all) {
            for (String name : List.of("a.t", "b.t")) {
                long[] offsets = seen.stream()
                        .filter(message -> message.topic().equals(name))
                        .mapToLong(Message::offset)
                        .toArray();
                if (offsets.length > 0) {
                    assertThat(offsets)
                            .as("seed " + seed)
                            .containsExactly(LongStream.rangeClosed(offsets[0] / 3, (count - 1) / 3)
                                    .map(each -> each * 3)
                                    .toArray());
                }
            }
        }
    }

    @Test
    void anOverrunIsToldToAllItsSubscriptions() throws Exception {
        broker.createTopic("t");
        var held = new Semaphore(0);
        Filter slow = message -> {
            held.acquire();
            return true;
        };
        var last = new CountDownLatch(2);
        var subscriptions = IntStream.range(0, 2)
                .mapToObj(i -> broker.subscription("t")
                        .filter(slow)
                        .overflow(Overflow.dropOldest())
                        .queue(100_000)
                        .handle(message -> {
                            if (message.text().equals("last")) {
                                last.countDown();
                            }
                        }))
                .toList();
        int more = FilteredFeed.BACKLOG + 1_000;
        for (int i = 0; i < more; i++) {
            broker.publish("t", "");
        }
        broker.publish("t", "last");
        held.release(more);
        assertThat(last.await(10, SECONDS)).isTrue();
        subscriptions.forEach(each -> assertThat(each.dropped()).isBetween(900L, 1_001L));
        assertThat(broker.stats().topic("t").orElseThrow().dropped())
                .isEqualTo(
                        subscriptions.stream().mapToLong(Subscription::dropped).sum());
    }

    /// The filter has messages in hand that are older than those dropped: a subscription that joins meanwhile
    /// replays them, and is told of what was dropped after it had joined.
    @Test
    void whoJoinsWhileOthersAreOverrunHearsNothingTwiceAndIsToldOfItsOwnLosses() throws Exception {
        broker.createTopic("t", broker.config().topics().withHistory(100_000).withHistoryBytes(1L << 30));
        var steps = new Semaphore(0);
        var asked = new AtomicInteger();
        Filter slow = message -> {
            if (Thread.currentThread().getName().startsWith("fanfare-filter")) {
                asked.incrementAndGet();
                steps.acquire();
            }
            return true;
        };
        var heard = new ConcurrentLinkedQueue<Long>();
        Subscription early = broker.subscription("t")
                .filter(slow)
                .overflow(Overflow.dropOldest())
                .queue(100_000)
                .handle(message -> {});
        int inHand = 64;
        broker.publish("t", "");
        until(() -> asked.get() == 1);
        publish(inHand);
        steps.release();
        until(() -> asked.get() == 2);
        publish(FilteredFeed.BACKLOG);
        Subscription late = broker.subscription("t")
                .filter(slow)
                .start(Start.earliest())
                .overflow(Overflow.dropOldest())
                .queue(100_000)
                .handle(message -> heard.add(message.offset()));
        long joined = 1L + inHand + FilteredFeed.BACKLOG;
        until(() -> heard.size() == joined);

        publish(FilteredFeed.BACKLOG + inHand);
        steps.release();
        until(() -> asked.get() == 3);
        // It looks at the one that is through.
        late.delivery(DeliveryStrategy.immediate());
        until(() -> late.lag() == 0);
        steps.release(1_000_000);
        until(() -> asked.get() > 1 + inHand);
        publish(1);

        long end = joined + FilteredFeed.BACKLOG + inHand + 1;
        until(() -> heard.contains(end - 1));
        long dropped = (long) FilteredFeed.BACKLOG + inHand;
        assertThat(heard)
                .containsExactlyElementsOf(LongStream.range(0, end)
                        .filter(offset -> offset < joined || offset > inHand + dropped)
                        .boxed()
                        .toList());
        assertThat(early.dropped()).isEqualTo(dropped);
        assertThat(late.dropped()).isEqualTo(inHand);
        assertThat(broker.stats().topic("t").orElseThrow().dropped()).isEqualTo(dropped + inHand);
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            broker.publish("t", "");
        }
    }

    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted())
                    .as("it took too long")
                    .isFalse();
            Thread.onSpinWait();
        }
    }

    @Test
    void whoMustNotLoseHoldsPublishersBackEvenBehindAFilter() throws Exception {
        broker.createTopic("t");
        var held = new Semaphore(0);
        var seen = new AtomicInteger();
        broker.subscription("t")
                .overflow(Overflow.refuse())
                .queue(1)
                .filter(m -> true)
                .handle(message -> {
                    held.acquire();
                    seen.incrementAndGet();
                });
        int accepted = 0;
        while (broker.publish("t", "") instanceof PublishResult.Accepted) {
            accepted++;
        }
        assertThat(accepted).isGreaterThanOrEqualTo(FilteredFeed.BACKLOG);
        held.release(accepted);
        broker.close();
        assertThat(seen).hasValue(accepted);
        assertThat(broker.stats().dropped()).isZero();
    }

    @Test
    void deletingTheTopicEndsTheSubscriptionAfterWhatWaits() throws Exception {
        broker.createTopic("t");
        var held = new Semaphore(0);
        var seen = new AtomicInteger();
        var over = new CountDownLatch(1);
        broker.subscription("t")
                .filter(message -> {
                    held.acquire();
                    return true;
                })
                .onEnd(why -> over.countDown())
                .handle(message -> seen.incrementAndGet());
        for (int i = 0; i < 100; i++) {
            broker.publish("t", "");
        }
        broker.deleteTopic("t");
        held.release(100);
        assertThat(over.await(10, SECONDS)).isTrue();
        assertThat(seen).hasValue(100);
    }

    @Test
    void distinctFiltersAreLimited() {
        try (Broker small = Broker.open(BrokerConfig.defaults().withMaxPatterns(2))) {
            small.createTopic("t");
            small.subscription("t").types("a").handle(message -> {});
            Subscription second = small.subscription("t").types("b").handle(message -> {});
            small.subscription("t").types("b").handle(message -> {}).close();
            assertThatThrownBy(() -> small.subscription("t").types("c").handle(message -> {}))
                    .isInstanceOfSatisfying(
                            FanfareException.class,
                            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.LIMIT_REACHED))
                    .hasMessageContaining("max-patterns (2");
            second.close();
            small.subscription("t").types("c").handle(message -> {});
        }
    }

    @Test
    void acknowledgedSubscriptionsHaveFiltersToo() throws Exception {
        broker.createTopic("t");
        var seen = new LinkedBlockingQueue<String>();
        broker.subscription("t").filter(EVEN).acknowledged().handle(message -> seen.add(message.text()));
        for (int i = 0; i < 5; i++) {
            broker.publish("t", "" + i);
        }
        for (String each : List.of("0", "2", "4")) {
            assertThat(seen.poll(10, SECONDS)).isEqualTo(each);
        }
    }

    @Test
    void whoMustNotLoseLosesNothingToTheBoundInBytesEither() throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        Filter slow = message -> {
            held.await();
            return true;
        };
        BlockingQueue<Long> heard = new LinkedBlockingQueue<>();
        broker.subscription("t")
                .filter(slow)
                .overflow(Overflow.refuse())
                .queue(10_000)
                .handle(message -> heard.add(message.offset()));
        byte[] large = new byte[60_000];
        long accepted = 0;
        while (broker.publish("t", large) instanceof PublishResult.Accepted) {
            accepted++;
        }
        assertThat(accepted).isGreaterThan(250);
        held.countDown();
        for (long offset = 0; offset < accepted; offset++) {
            assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo(offset);
        }
    }

    @Test
    void aFilterThatThrowsAnErrorKeepsNobodyFromAnything() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        broker.subscription("t")
                .filter(message -> {
                    if (message.text().equals("bad")) {
                        throw new Error("no filter of ours");
                    }
                    return true;
                })
                .handle(message -> heard.add(message.text()));
        broker.publish("t", "bad");
        broker.publish("t", "good");
        assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("good");
    }
}
