package dev.fanfare.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.Dispatch;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Start;
import dev.fanfare.Subscription;
import dev.fanfare.SubscriptionEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What holds whichever thread calls the handler.
class DispatchTest {

    private final Broker broker = Broker.open();

    static Stream<Dispatch> dispatches() {
        return Stream.of(Dispatch.virtualThread(), Dispatch.loop(), Dispatch.caller());
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private void publish(String topic, int count) {
        for (int i = 0; i < count; i++) {
            assertThat(broker.publish(topic, "m" + i)).isInstanceOf(PublishResult.Accepted.class);
        }
    }

    private static List<String> texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "m" + i).toList();
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void deliversEverythingInOrder(Dispatch dispatch) throws InterruptedException {
        Inbox inbox = Inbox.quick();
        Subscription subscription =
                broker.subscription("orders").dispatch(dispatch).handle(inbox);
        publish("orders", 10_000);
        assertThat(inbox.awaitTexts(10_000)).isEqualTo(texts(0, 10_000));
        subscription.close();
        assertThat(subscription.delivered()).isEqualTo(10_000);
        assertThat(subscription.dropped()).isZero();
        assertThat(subscription.ended()).contains(SubscriptionEnd.CLOSED);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void anInterruptOfAHandlerIsNobodyElses(Dispatch dispatch) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(20);
        AtomicInteger interrupted = new AtomicInteger();
        for (int i = 0; i < 2; i++) {
            broker.subscription("orders")
                    .dispatch(dispatch)
                    .onError((message, thrown) -> {})
                    .handle(message -> {
                        if (Thread.currentThread().isInterrupted()) {
                            interrupted.incrementAndGet();
                        }
                        done.countDown();
                        throw new InterruptedException("its own");
                    });
        }
        // Every publish on a thread of its own: on the publisher's thread the interrupt is its.
        for (int i = 0; i < 10; i++) {
            Thread.ofVirtual().start(() -> publish("orders", 1)).join();
        }
        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(interrupted.get()).isEqualTo(dispatch instanceof Dispatch.Caller ? 10 : 0);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void deliversListsToABatchHandler(Dispatch dispatch) throws InterruptedException {
        List<Message> all = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(5_000);
        Subscription subscription = broker.subscription("orders")
                .dispatch(dispatch)
                .handleBatch(messages -> {
                    assertThat(messages).isNotEmpty().hasSizeLessThanOrEqualTo(256);
                    all.addAll(messages);
                    messages.forEach(message -> done.countDown());
                });
        publish("orders", 5_000);
        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        subscription.close();
        assertThat(all).extracting(Message::text).isEqualTo(texts(0, 5_000));
        assertThat(subscription.delivered()).isEqualTo(5_000);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void replaysWhatIsKeptAndGoesOnLive(Dispatch dispatch) throws InterruptedException {
        publish("orders", 50);
        Inbox inbox = Inbox.quick();
        broker.subscription("orders").dispatch(dispatch).start(Start.lastN(20)).handle(inbox);
        broker.publish("orders", "live");
        List<String> expected = new ArrayList<>(texts(30, 50));
        expected.add("live");
        assertThat(inbox.awaitTexts(21)).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void hearsTopicsOfAPatternThatComeLater(Dispatch dispatch) throws InterruptedException {
        broker.publish("logs.a", "before");
        Inbox inbox = Inbox.quick();
        broker.subscription("logs.*").dispatch(dispatch).start(Start.earliest()).handle(inbox);
        broker.publish("logs.b", "later");
        broker.publish("other", "not for us");
        broker.publish("logs.a", "again");
        assertThat(inbox.awaitTexts(3)).containsExactly("before", "later", "again");
        assertThat(broker.topic("logs.a").orElseThrow().counters().delivered()).isLessThanOrEqualTo(2);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void aHandlerThatThrowsDisturbsNobody(Dispatch dispatch) throws InterruptedException {
        Inbox other = Inbox.quick();
        List<String> failures = new ArrayList<>();
        CountDownLatch failed = new CountDownLatch(50);
        broker.subscription("orders").dispatch(dispatch).handle(other);
        Subscription subscription = broker.subscription("orders")
                .dispatch(dispatch)
                .onError((message, thrown) -> {
                    failures.add(message.text() + " " + thrown.getMessage());
                    failed.countDown();
                })
                .handle(message -> {
                    if (message.offset() % 2 == 1) {
                        throw new IllegalStateException("odd");
                    }
                });
        publish("orders", 100);
        other.await(100);
        assertThat(failed.await(20, TimeUnit.SECONDS)).isTrue();
        subscription.close();
        assertThat(subscription.failed()).isEqualTo(50);
        assertThat(subscription.delivered()).isEqualTo(50);
        assertThat(failures).hasSize(50).startsWith("m1 odd", "m3 odd");
        assertThat(broker.topic("orders").orElseThrow().counters().failed()).isEqualTo(50);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void whatAHandlerPublishesIsDeliveredAfterItReturns(Dispatch dispatch) throws InterruptedException {
        List<String> seen = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(4);
        AtomicInteger depth = new AtomicInteger();
        broker.subscription("orders").dispatch(dispatch).handle(message -> {
            assertThat(depth.incrementAndGet()).isOne();
            seen.add(message.text());
            if (message.text().length() < 4) {
                broker.publish("orders", message.text() + "+");
            }
            depth.decrementAndGet();
            done.countDown();
        });
        broker.publish("orders", "a");
        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(seen).containsExactly("a", "a+", "a++", "a+++");
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void closedFromItsHandlerItHearsNothingMore(Dispatch dispatch) throws InterruptedException {
        CompletableFuture<Subscription> self = new CompletableFuture<>();
        CompletableFuture<SubscriptionEnd> end = new CompletableFuture<>();
        List<String> seen = new ArrayList<>();
        Inbox other = Inbox.quick();
        self.complete(broker.subscription("orders")
                .dispatch(dispatch)
                .onEnd(end::complete)
                .handle(message -> {
                    seen.add(message.text());
                    if (message.offset() == 4) {
                        self.join().close();
                    }
                }));
        broker.subscription("orders").dispatch(dispatch).handle(other);
        publish("orders", 100);
        other.await(100);
        assertThat(end).succeedsWithin(20, TimeUnit.SECONDS).isEqualTo(SubscriptionEnd.CLOSED);
        assertThat(seen).isEqualTo(texts(0, 5));
        assertThat(broker.topic("orders").orElseThrow().subscribers()).isOne();
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void noCallBeginsAfterClose(Dispatch dispatch) throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            AtomicInteger calls = new AtomicInteger();
            Subscription subscription = broker.subscription("orders")
                    .dispatch(dispatch)
                    .overflow(Overflow.dropOldest())
                    .handle(message -> calls.incrementAndGet());
            Thread publisher = Thread.ofVirtual().start(() -> publish("orders", 50));
            subscription.close();
            int atClose = calls.get();
            publisher.join();
            assertThat(calls).hasValue(atClose);
        }
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void endsWithItsTopicAfterWhatWasPublished(Dispatch dispatch) throws InterruptedException {
        CompletableFuture<SubscriptionEnd> end = new CompletableFuture<>();
        Inbox inbox = Inbox.quick();
        Inbox ofPattern = Inbox.quick();
        Subscription subscription = broker.subscription("orders")
                .dispatch(dispatch)
                .onEnd(end::complete)
                .handle(inbox);
        broker.subscription("*").dispatch(dispatch).handle(ofPattern);
        publish("orders", 500);
        assertThat(broker.deleteTopic("orders")).isTrue();
        assertThat(end).succeedsWithin(20, TimeUnit.SECONDS).isEqualTo(SubscriptionEnd.TOPIC_DELETED);
        assertThat(inbox.texts()).isEqualTo(texts(0, 500));
        assertThat(subscription.ended()).contains(SubscriptionEnd.TOPIC_DELETED);
        broker.publish("orders", "anew");
        assertThat(ofPattern.awaitTexts(501)).endsWith("m499", "anew");
        assertThat(inbox.texts()).hasSize(500);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void reachesAThousandSubscribers(Dispatch dispatch) throws InterruptedException {
        int subscribers = 1_000;
        int messages = 200;
        CountDownLatch done = new CountDownLatch(subscribers * messages);
        AtomicInteger wrong = new AtomicInteger();
        for (int i = 0; i < subscribers; i++) {
            AtomicInteger next = new AtomicInteger();
            broker.subscription("orders").dispatch(dispatch).handle(message -> {
                if (message.offset() != next.getAndIncrement()) {
                    wrong.incrementAndGet();
                }
                done.countDown();
            });
        }
        publish("orders", messages);
        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(wrong).hasValue(0);
    }

    @Test
    void theCallersThreadDeliversBeforePublishReturns() {
        Inbox inbox = Inbox.quick();
        AtomicReference<Thread> thread = new AtomicReference<>();
        broker.subscription("orders").dispatch(Dispatch.caller()).handle(message -> {
            inbox.handle(message);
            thread.set(Thread.currentThread());
        });
        broker.publish("orders", "a");
        assertThat(inbox.texts()).containsExactly("a");
        assertThat(thread).hasValue(Thread.currentThread());
    }

    @Test
    void replaysOnTheSubscribingThreadWhenTheCallerDelivers() {
        publish("orders", 30);
        Inbox inbox = Inbox.quick();
        broker.subscription("orders")
                .dispatch(Dispatch.caller())
                .start(Start.earliest())
                .handle(inbox);
        assertThat(inbox.texts()).isEqualTo(texts(0, 30));
    }

    @Test
    void aStuckHandlerOfOneThreadHoldsUpNoOther() throws InterruptedException {
        Inbox stuck = Inbox.stuck();
        Inbox quick = Inbox.quick();
        Subscription slow = broker.subscribe("orders", stuck);
        broker.subscribe("orders", quick);
        publish("orders", 500);
        quick.await(500);
        stuck.awaitEntered();
        assertThat(slow.lag()).isEqualTo(500);
        stuck.letGo();
        assertThat(stuck.await(500)).hasSize(500);
    }

    @Test
    void aHandlersMessagesNeverOverlapWhenManyThreadsPublish() throws InterruptedException {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        List<Long> offsets = new ArrayList<>();
        broker.subscription("orders").dispatch(Dispatch.caller()).handle(message -> {
            if (inside.getAndIncrement() != 0) {
                wrong.incrementAndGet();
            }
            offsets.add(message.offset());
            inside.decrementAndGet();
        });
        List<Thread> publishers = IntStream.range(0, 8)
                .mapToObj(i -> Thread.ofPlatform().start(() -> publish("orders", 2_000)))
                .toList();
        for (Thread publisher : publishers) {
            publisher.join();
        }
        broker.close();
        assertThat(wrong).hasValue(0);
        assertThat(offsets).hasSize(16_000).isSorted().doesNotHaveDuplicates();
    }
}
