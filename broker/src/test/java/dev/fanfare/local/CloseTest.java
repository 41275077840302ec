package dev.fanfare.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerEvent;
import dev.fanfare.Dispatch;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.Payload;
import dev.fanfare.PublishResult;
import dev.fanfare.Subscription;
import dev.fanfare.SubscriptionEnd;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is left of a broker when it is closed, and what its feeds keep while it is not.
class CloseTest {

    static Stream<Dispatch> dispatches() {
        return Stream.of(Dispatch.virtualThread(), Dispatch.loop(), Dispatch.caller());
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void closingDeliversWhatWasPublished(Dispatch dispatch) {
        Broker broker = Broker.open();
        CompletableFuture<SubscriptionEnd> end = new CompletableFuture<>();
        Inbox inbox = Inbox.quick();
        broker.subscription("orders").dispatch(dispatch).onEnd(end::complete).handle(inbox);
        for (int i = 0; i < 1_000; i++) {
            broker.publish("orders", "m" + i);
        }
        broker.close();
        assertThat(inbox.texts()).hasSize(1_000);
        assertThat(end).isCompletedWithValue(SubscriptionEnd.BROKER_CLOSED);
        assertThat(broker.publish("orders", "late"))
                .isInstanceOfSatisfying(
                        PublishResult.Refused.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.SHUTTING_DOWN));
    }

    @Test
    void aHandlerThatStaysDoesNotKeepTheBrokerOpen() throws InterruptedException {
        Broker broker = Broker.open();
        CompletableFuture<SubscriptionEnd> end = new CompletableFuture<>();
        Inbox stuck = Inbox.stuck();
        broker.subscription("orders").onEnd(end::complete).handle(stuck);
        broker.publish("orders", "m");
        stuck.awaitEntered();
        broker.close(Duration.ofMillis(10));
        assertThat(end).as("interrupted").succeedsWithin(20, TimeUnit.SECONDS).isEqualTo(SubscriptionEnd.BROKER_CLOSED);
    }

    @ParameterizedTest
    @MethodSource("dispatches")
    void aHandlerMayCloseTheBroker(Dispatch dispatch) {
        Broker broker = Broker.open();
        CompletableFuture<SubscriptionEnd> end = new CompletableFuture<>();
        broker.subscription("orders").dispatch(dispatch).onEnd(end::complete).handle(message -> broker.close());
        broker.publish("orders", "m");
        assertThat(end).succeedsWithin(20, TimeUnit.SECONDS).isEqualTo(SubscriptionEnd.BROKER_CLOSED);
    }

    @Test
    void whatIsNotDeliveredWithinTheGraceIsCountedAndTold() throws InterruptedException {
        Broker broker = Broker.open();
        List<BrokerEvent> told = new CopyOnWriteArrayList<>();
        broker.listen(told::add);
        Inbox stuck = Inbox.stuck();
        Subscription subscription = broker.subscription("orders").name("stuck").handle(stuck);
        for (int i = 0; i < 10; i++) {
            broker.publish("orders", "m");
        }
        stuck.awaitEntered();
        broker.close(Duration.ofMillis(10));
        assertThat(subscription.ended()).contains(SubscriptionEnd.BROKER_CLOSED);
        assertThat(subscription.failed() + subscription.dropped())
                .as("the interrupted one and the others")
                .isEqualTo(10);
        assertThat(told).contains(new BrokerEvent.MessagesDropped("orders", "stuck", 9));
    }

    @Test
    void aLoopsHandlerThatClosesTheBrokerLosesNothingOfItsNeighbours() throws InterruptedException {
        Broker broker = Broker.open();
        Inbox threads = Inbox.quick();
        Inbox loops = Inbox.quick();
        CompletableFuture<Boolean> closed = new CompletableFuture<>();
        broker.subscription("orders").dispatch(Dispatch.loop()).handle(message -> {
            if (message.offset() == 0) {
                for (int i = 0; i < 10; i++) {
                    broker.publish("others", "m" + i);
                }
                broker.close(Duration.ofHours(1));
                closed.complete(true);
            }
        });
        for (int i = 0; i < 8; i++) {
            // One at least shares the loop.
            broker.subscription("others").dispatch(Dispatch.loop()).handle(loops);
            broker.subscription("others").handle(threads);
        }
        broker.publish("orders", "close");
        assertThat(closed).succeedsWithin(20, TimeUnit.SECONDS).isEqualTo(true);
        assertThat(loops.texts()).hasSize(80);
        assertThat(threads.texts()).hasSize(80);
    }

    @Test
    void aListenerHearsWhatHappenedBeforeTheEnd() {
        Broker broker = Broker.open();
        CountDownLatch open = new CountDownLatch(1);
        List<BrokerEvent> told = new CopyOnWriteArrayList<>();
        broker.listen(event -> {
            await(open);
            told.add(event);
        });
        for (int i = 0; i < 100; i++) {
            broker.createTopic("t" + i);
        }
        CompletableFuture<Void> closing = CompletableFuture.runAsync(broker::close, Thread::startVirtualThread);
        open.countDown();
        assertThat(closing).succeedsWithin(20, TimeUnit.SECONDS);
        assertThat(told).hasSize(100);
    }

    @Test
    void aListenerThatStaysIsInterruptedWhenTheGraceIsOver() {
        Broker broker = Broker.open();
        CountDownLatch never = new CountDownLatch(1);
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        broker.listen(event -> interrupted.complete(await(never)));
        broker.createTopic("a");
        broker.createTopic("b");
        broker.close(Duration.ofMillis(10));
        assertThat(interrupted).succeedsWithin(20, TimeUnit.SECONDS).isEqualTo(false);
    }

    /// Whether it came to that.
    private static boolean await(CountDownLatch latch) {
        try {
            latch.await();
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    @Test
    void noThreadIsLeft() throws InterruptedException {
        Broker broker = Broker.open();
        broker.listen(event -> {});
        for (Dispatch dispatch : dispatches().toList()) {
            Inbox inbox = Inbox.quick();
            broker.subscription("orders").dispatch(dispatch).handle(inbox);
            broker.publish("orders", "m");
            inbox.await(1);
        }
        List<Thread> before = loops();
        assertThat(before).isNotEmpty();
        broker.close();
        assertThat(before).noneMatch(Thread::isAlive);
    }

    private static List<Thread> loops() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread instanceof Loop.LoopThread)
                .toList();
    }

    @Test
    void noMemoryIsLeft() {
        List<WeakReference<Object>> gone = new ArrayList<>();
        Subscription kept = useAndClose(gone);
        awaitCleared(() -> gone.stream().allMatch(reference -> reference.get() == null));
        assertThat(kept.ended()).contains(SubscriptionEnd.BROKER_CLOSED);
    }

    private static Subscription useAndClose(List<WeakReference<Object>> gone) {
        try (Broker broker = Broker.open()) {
            Subscription subscription = broker.subscribe("orders", message -> {});
            broker.subscription("orders")
                    .dispatch(Dispatch.caller())
                    .handle(message -> gone.add(new WeakReference<>(message)));
            for (int i = 0; i < 10; i++) {
                broker.publish("orders", "m");
            }
            return subscription;
        }
    }

    @Test
    void aStuckReaderKeepsOnlyWhatItsQueueHolds() throws InterruptedException {
        try (Broker broker = Broker.open()) {
            Inbox stuck = Inbox.stuck();
            List<WeakReference<Message>> seen = new ArrayList<>();
            broker.subscription("orders")
                    .queue(100)
                    .overflow(Overflow.dropOldest())
                    .handle(stuck);
            broker.subscription("orders")
                    .dispatch(Dispatch.caller())
                    .handle(message -> seen.add(new WeakReference<>(message)));
            for (int i = 0; i < 20_000; i++) {
                broker.publish("orders", Message.of(Payload.wrap(new byte[100], Payload.BINARY)));
            }
            stuck.awaitEntered();
            // Its queue of 100, the history of 100, the one in the handler, and what shares a piece with them.
            awaitCleared(() -> alive(seen) < 2_000);
            stuck.letGo();
        }
    }

    private static long alive(List<WeakReference<Message>> seen) {
        return seen.stream().filter(reference -> reference.get() != null).count();
    }

    @Test
    void whatEverybodyHasReadIsNotKept() throws InterruptedException {
        try (Broker broker = Broker.open()) {
            Inbox inbox = Inbox.quick();
            List<WeakReference<Payload>> seen = new ArrayList<>();
            broker.subscription("orders").dispatch(Dispatch.loop()).handle(message -> {
                seen.add(new WeakReference<>(message.payload()));
                inbox.handle(Message.text("got"));
            });
            for (int i = 0; i < 200; i++) {
                broker.publish("orders", Message.of(Payload.wrap(new byte[64 << 10], Payload.BINARY)));
            }
            inbox.await(200);
            // A history of 1 MiB holds 15 of these, the feed one or two.
            awaitCleared(() ->
                    seen.stream().filter(reference -> reference.get() != null).count() < 20);
        }
    }

    private static void awaitCleared(BooleanSupplier cleared) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (!cleared.getAsBoolean()) {
            assertThat(System.nanoTime()).as("garbage was collected").isLessThan(deadline);
            System.gc();
        }
    }
}
