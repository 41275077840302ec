package dev.fanfare.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Ordering;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Route;
import dev.fanfare.RoutingConfig;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Wakes;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A rule that copied redirects from now on, or the other way round: each message is taken by the one or the other, and
/// what was published first comes first.
class RouteHandoverTest {

    private static final Route COPY = Route.copy("r", "orders", "kept");
    private static final Route REDIRECT = Route.redirect("r", "orders", "kept");

    private final VirtualTimers timers = new VirtualTimers();
    private final CountDownLatch open = new CountDownLatch(1);
    private MemoryStore store = new MemoryStore();
    private Broker broker = open();

    private Broker open() {
        return Broker.open(BrokerConfig.defaults()
                .withTimers(timers)
                .withStore(store)
                .withRouting(RoutingConfig.defaults().withRoutes(List.of(COPY))));
    }

    @AfterEach
    void close() {
        open.countDown();
        broker.close();
    }

    private void routes(Route... routes) {
        broker.reconfigure(broker.config().withRouting(broker.config().routing().withRoutes(List.of(routes))));
    }

    /// Copies nothing before the test says so.
    private Route held(Route route) {
        return route.when(message -> {
            try {
                return open.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                return false;
            }
        });
    }

    private Topic durable(String name) {
        return broker.createTopic(name, TopicConfig.defaults().withDurability(Durability.WRITTEN));
    }

    /// As a transport does, which waits for nothing.
    private PublishResult begin(Topic topic, String text) {
        Wakes wakes = new Wakes();
        PublishResult result = broker.feeds().publish(topic, Message.text(text), wakes);
        wakes.flush();
        return result;
    }

    private void publish(String topic, String... texts) {
        for (String text : texts) {
            assertThat(broker.publish(topic, text)).isInstanceOf(PublishResult.Accepted.class);
        }
    }

    private CompletableFuture<Void> publishing(String topic, String... texts) {
        return CompletableFuture.runAsync(
                () -> publish(topic, texts), task -> Thread.ofVirtual().start(task));
    }

    private static String[] texts(String what, int count) {
        return IntStream.range(0, count).mapToObj(i -> what + " " + i).toArray(String[]::new);
    }

    /// Until a publisher waits for room, on the clock.
    private void awaitOneMoreWaits(int before) {
        while (timers.pending() == before) {
            Thread.onSpinWait();
        }
    }

    private void holdWrites() {
        store.beforeWrite(() -> {
            try {
                open.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void whatIsNotStoredYetIsTakenByTheRuleThatThereWas() throws Exception {
        Topic orders = durable("orders");
        Heard kept = Heard.on(broker, "kept");
        publish("orders", "stored");
        assertThat(kept.next().text()).isEqualTo("stored");
        holdWrites();
        for (String text : texts("old", 40)) {
            assertThat(begin(orders, text)).isInstanceOf(PublishResult.Pending.class);
        }
        routes(Route.copy("r", "orders", "kept", "also"));
        Heard also = Heard.on(broker, "also");
        assertThat(begin(orders, "between")).isInstanceOf(PublishResult.Pending.class);
        routes(REDIRECT);
        CompletableFuture<Void> redirected = publishing("orders", "new");
        open.countDown();
        redirected.get(20, TimeUnit.SECONDS);
        assertThat(kept.texts(42))
                .containsExactlyElementsOf(Stream.concat(Stream.of(texts("old", 40)), Stream.of("between", "new"))
                        .toList());
        assertThat(also.texts(1)).containsExactly("between");
        assertThat(orders.visible()).isEqualTo(42);
    }

    @Test
    void whatWaitsBehindOthersInOneOrderIsTakenByTheRuleThatThereWas() throws Exception {
        TopicConfig inOrder = TopicConfig.defaults().withOrdering(Ordering.GLOBAL);
        Topic slow = broker.createTopic("slow", inOrder.withDurability(Durability.WRITTEN));
        Topic orders = broker.createTopic("orders", inOrder);
        Heard kept = Heard.on(broker, "kept");
        holdWrites();
        assertThat(begin(slow, "first")).isInstanceOf(PublishResult.Pending.class);
        assertThat(begin(orders, "old")).isInstanceOf(PublishResult.Pending.class);
        routes(REDIRECT);
        CompletableFuture<Void> redirected = publishing("orders", "new");
        open.countDown();
        redirected.get(20, TimeUnit.SECONDS);
        assertThat(kept.texts(2)).containsExactly("old", "new");
    }

    @Test
    void whatARedirectLeftInItsTopicIsNotCopiedLater() throws Exception {
        Topic orders = durable("orders");
        Heard kept = Heard.on(broker, "kept");
        routes(REDIRECT.when(Filter.types("moved")));
        holdWrites();
        assertThat(begin(orders, "stays")).isInstanceOf(PublishResult.Pending.class);
        routes(COPY);
        assertThat(begin(orders, "copied")).isInstanceOf(PublishResult.Pending.class);
        open.countDown();
        assertThat(kept.next().text()).isEqualTo("copied");
        assertThat(orders.visible()).isEqualTo(2);
    }

    @Test
    void whatWasNotStoredIsWaitedForNoMore() throws Exception {
        Topic orders = durable("orders");
        Heard kept = Heard.on(broker, "kept");
        holdWrites();
        PublishResult.Pending lost = (PublishResult.Pending) begin(orders, "lost");
        routes(REDIRECT);
        CompletableFuture<Void> redirected = publishing("orders", "new");
        store.failNextWrite(Reason.FAILED, false);
        open.countDown();
        assertThat(lost.await()).isInstanceOf(Refused.class);
        redirected.get(20, TimeUnit.SECONDS);
        assertThat(kept.next().text()).isEqualTo("new");
        assertThat(orders.visible()).isZero();
    }

    @Test
    void aDelayedMessageIsTakenByTheRuleOfItsTime() throws Exception {
        Heard kept = Heard.on(broker, "kept");
        durable("orders");
        broker.publish("orders", Message.text("1").withDelay(Duration.ofSeconds(10)));
        broker.publish(
                "orders", Message.text("2").withDelay(Duration.ofSeconds(11)).withDurability(Durability.SYNCED));
        routes(REDIRECT);
        timers.advance(Duration.ofSeconds(20));
        assertThat(kept.texts(2)).containsExactly("1", "2");
        assertThat(broker.topic("orders").orElseThrow().visible()).isZero();
        assertThat(broker.topic("orders").orElseThrow().delayed()).isZero();
        // Nor do they come again.
        publish("orders", "3");
        restart();
        timers.advance(Duration.ofSeconds(20));
        assertThat(broker.topic("orders").orElseThrow().delayed()).isZero();
        assertThat(broker.topic("orders").orElseThrow().visible()).isZero();
    }

    @Test
    void aDelayedMessageMovesToADurableTargetInOneCommit() {
        durable("orders");
        durable("kept");
        broker.publish("orders", Message.text("1").withDelay(Duration.ofSeconds(10)));
        routes(REDIRECT);
        timers.advance(Duration.ofSeconds(20));
        publish("kept", "2");
        restart();
        timers.advance(Duration.ofSeconds(20));
        assertThat(broker.topic("orders").orElseThrow().visible()).isZero();
        assertThat(broker.topic("kept").orElseThrow().read(0, 9, 99))
                .extracting(Message::text)
                .containsExactly("1", "2");
    }

    private void restart() {
        broker.close();
        store = store.afterKill();
        broker = open();
    }

    @Test
    void whoWaitsForRoomIsRedirectedWhenThereIsSome() throws Exception {
        broker.subscription("orders")
                .queue(1)
                .overflow(Overflow.block(Duration.ofHours(1)))
                .handle(message -> open.await());
        Heard kept = Heard.on(broker, "kept");
        Topic orders = broker.topic("orders").orElseThrow();
        PublishResult result = begin(orders, "copied");
        while (result instanceof PublishResult.Accepted) {
            assertThat(kept.next().text()).isEqualTo("copied");
            result = begin(orders, "copied");
        }
        int waiting = timers.pending();
        CompletableFuture<Void> waits = publishing("orders", "waited");
        awaitOneMoreWaits(waiting);
        long before = orders.visible();
        routes(REDIRECT);
        open.countDown();
        waits.get(20, TimeUnit.SECONDS);
        assertThat(kept.next().text()).isEqualTo("waited");
        assertThat(orders.visible()).isEqualTo(before);
    }

    @Test
    void whatIsRedirectedComesAfterWhatIsStillToBeCopied() throws Exception {
        routes(held(COPY));
        Heard kept = Heard.on(broker, "kept");
        publish("orders", texts("old", 20));
        routes(REDIRECT);
        CompletableFuture<Void> redirected = publishing("orders", texts("new", 20));
        // A transport is told what to wait for.
        PublishResult result = begin(broker.topic("orders").orElseThrow(), "transport");
        assertThat(result).isInstanceOfSatisfying(Refused.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
            assertThat(refused.reason()).contains("'orders'", "route 'r'", "before it was changed");
            assertThat(refused.waitMillis()).isPositive();
        });
        CountDownLatch room = new CountDownLatch(1);
        Feed<?> full = ((Refused) result).full();
        assertThat(full).isNotNull();
        full.onRoom(room::countDown);
        assertThat(room.getCount()).isOne();
        assertThat(broker.routes().stats().getFirst().waiting()).isEqualTo(20);
        open.countDown();
        redirected.get(20, TimeUnit.SECONDS);
        assertThat(room.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(kept.texts(40))
                .containsExactlyElementsOf(Stream.concat(Stream.of(texts("old", 20)), Stream.of(texts("new", 20)))
                        .toList());
    }

    @Test
    void whoWaitsForCopiesIsRefusedInTheEnd() {
        routes(held(COPY));
        publish("orders", "old");
        routes(REDIRECT);
        CompletableFuture<PublishResult> redirected = new CompletableFuture<>();
        int waiting = timers.pending();
        Thread.ofVirtual().start(() -> redirected.complete(broker.publish("orders", "new")));
        awaitOneMoreWaits(waiting);
        timers.advance(broker.config().blockTimeout());
        assertThat(redirected.join()).isInstanceOfSatisfying(Refused.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
            assertThat(refused.reason()).contains("route 'r'");
        });
        assertThat(broker.topic("orders").orElseThrow().visible()).isEqualTo(1);
    }

    @Test
    void whatAnotherRuleCopiesWaitsAsLongAsItTakes() throws Exception {
        routes(held(COPY), Route.copy("before", "in", "orders"));
        Heard kept = Heard.on(broker, "kept");
        publish("orders", texts("old", 2));
        routes(REDIRECT, Route.copy("before", "in", "orders"));
        int waiting = timers.pending();
        publish("in", "new");
        awaitOneMoreWaits(waiting);
        timers.advance(broker.config().blockTimeout());
        open.countDown();
        assertThat(kept.texts(3)).containsExactly("old 0", "old 1", "new");
        assertThat(broker.routes().stats()).allMatch(stats -> stats.failed() == 0);
    }

    @Test
    void whatIsCopiedAgainComesAfterWhatWasToBeCopiedBefore() throws Exception {
        routes(held(COPY));
        Heard kept = Heard.on(broker, "kept");
        publish("orders", texts("old", 20));
        routes(REDIRECT);
        routes(COPY);
        publish("orders", texts("new", 20));
        open.countDown();
        assertThat(kept.texts(40))
                .containsExactlyElementsOf(Stream.concat(Stream.of(texts("old", 20)), Stream.of(texts("new", 20)))
                        .toList());
    }

    @Test
    void routesWhoseFullQueuesAreEachOthersTargetsDoNotWaitForEachOther() throws Exception {
        RoutingConfig narrow = RoutingConfig.defaults().withQueue(3);
        broker.reconfigure(broker.config()
                .withRouting(
                        narrow.withRoutes(List.of(held(Route.copy("1", "a", "b")), held(Route.copy("2", "c", "d"))))));
        Heard e = Heard.on(broker, "e");
        Heard f = Heard.on(broker, "f");
        publish("a", texts("a", 3));
        publish("c", texts("c", 3));
        routes(Route.copy("1", "d", "e"), Route.copy("2", "b", "f"));
        open.countDown();
        // Virtual time does not pass: nobody is refused because somebody waited too long.
        assertThat(f.texts(3)).containsExactly(texts("a", 3));
        assertThat(e.texts(3)).containsExactly(texts("c", 3));
        assertThat(broker.routes().stats()).allMatch(stats -> stats.failed() == 0);
    }

    @Test
    void nothingIsPassedOverOrTakenTwiceWhateverTheRuleBecomes() throws Exception {
        Topic orders = durable("orders");
        Heard kept = Heard.on(broker, "kept");
        AtomicBoolean enough = new AtomicBoolean();
        LinkedBlockingQueue<Integer> published = new LinkedBlockingQueue<>();
        Thread publisher = Thread.ofVirtual().start(() -> {
            for (int i = 0; !enough.get(); i++) {
                if (begin(orders, "m" + i) instanceof Refused) {
                    publish("orders", "m" + i);
                }
                published.add(i);
            }
        });
        for (int i = 0; i < 100; i++) {
            published.take();
            routes(i % 2 == 0 ? REDIRECT : COPY);
        }
        enough.set(true);
        publisher.join();
        publish("orders", "end");
        String text = kept.next().text();
        for (int i = 0; !text.equals("end"); i++) {
            assertThat(text).isEqualTo("m" + i);
            text = kept.next().text();
        }
    }
}
