package dev.fanfare.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.ErrorCode;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Route;
import dev.fanfare.RouteStats;
import dev.fanfare.RoutingConfig;
import dev.fanfare.feed.Wakes;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Rules that copy.
class CopyTest {

    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withBlockTimeout(Duration.ofSeconds(20))
            .withRouting(RoutingConfig.defaults().withQueue(4)));

    @AfterEach
    void close() {
        broker.close();
    }

    @Test
    void aCopyKeepsEverythingButItsPlace() throws Exception {
        broker.publish("audit", "older");
        broker.routes().add(Route.copy("audit", "orders", "audit"));
        Heard audit = Heard.on(broker, "audit");

        PublishResult result = broker.publish(
                "orders",
                Message.json("{\"n\":1}")
                        .withId("m-1")
                        .withType("order")
                        .withKey("k")
                        .withReply("answers", "c-1"));

        assertThat(result.offset()).isZero();
        Message copy = audit.next();
        assertThat(copy.topic()).isEqualTo("audit");
        assertThat(copy.offset()).isEqualTo(1);
        assertThat(copy.epoch()).isEqualTo(broker.topic("audit").orElseThrow().epoch());
        assertThat(copy.id()).isEqualTo("m-1");
        assertThat(copy.type()).isEqualTo("order");
        assertThat(copy.key()).isEqualTo("k");
        assertThat(copy.replyTo()).isEqualTo("answers");
        assertThat(copy.correlationId()).isEqualTo("c-1");
        assertThat(copy.text()).isEqualTo("{\"n\":1}");
        assertThat(broker.topic("orders").orElseThrow().visible()).isEqualTo(1);
    }

    @Test
    void oneToManyAndManyToOne() throws Exception {
        broker.routes().add(Route.copy("out", "orders.*", "a", "b", "c"));
        broker.routes().add(Route.copy("in-1", "a", "all"));
        broker.routes().add(Route.copy("in-2", "b", "all"));
        Heard all = Heard.on(broker, "all");
        Heard third = Heard.on(broker, "c");

        broker.publish("orders.eu", "one");
        broker.publish("orders.us", "two");
        broker.publish("other", "three");

        assertThat(third.texts(2)).containsExactly("one", "two");
        assertThat(all.texts(4)).containsExactlyInAnyOrder("one", "one", "two", "two");
        assertThat(broker.topic("other").orElseThrow().visible()).isEqualTo(1);
    }

    @Test
    void aRuleHoldsForTopicsDeletedAndMadeLater() throws Exception {
        broker.routes().add(Route.copy("named", "orders", "x"));
        broker.routes().add(Route.copy("wild", "logs/**", "x"));
        Heard x = Heard.on(broker, "x");

        broker.createTopic("orders");
        broker.publish("orders", "1");
        assertThat(x.texts(1)).containsExactly("1");
        broker.deleteTopic("orders");
        broker.publish("orders", "2");
        assertThat(x.texts(1)).containsExactly("2");
        broker.publish("logs/a/b", "3");
        assertThat(x.texts(1)).containsExactly("3");
    }

    @Test
    void anAddedRuleHoldsForWhatComesAfterAndARemovedOneForNothingMore() throws Exception {
        broker.publish("orders", "before");
        broker.routes().add(Route.copy("r", "orders", "x"));
        Heard x = Heard.on(broker, "x");
        broker.publish("orders", "between");
        assertThat(broker.routes().remove("r")).isTrue();
        broker.publish("orders", "after");
        broker.publish("x", "end");

        assertThat(x.next(2)).extracting(Message::text).containsExactlyInAnyOrder("between", "end");
        assertThat(broker.routes().remove("r")).isFalse();
        assertThat(broker.routes().list()).isEmpty();
    }

    @Test
    void aRouteIsNoSubscription() {
        broker.createTopic("orders");
        broker.routes().add(Route.copy("a", "orders", "x"));
        broker.routes().add(Route.copy("b", "orders.**", "x"));
        broker.routes().add(Route.redirect("c", "old", "orders"));

        assertThat(broker.topic("orders").orElseThrow().subscribers()).isZero();
        assertThat(broker.feeds().subscriptions()).isZero();
        assertThat(broker.stats().subscriptions()).isEmpty();
    }

    @Test
    void copiesOfConcurrentPublishersHaveTheOrderOfTheSource() throws Exception {
        broker.routes().add(Route.copy("r", "orders", "x"));
        Heard source = Heard.on(broker, "orders");
        Heard copies = Heard.on(broker, "x");

        List<Thread> publishers = IntStream.range(0, 4)
                .mapToObj(p -> Thread.ofVirtual().start(() -> {
                    for (int i = 0; i < 500; i++) {
                        broker.publish("orders", p + ":" + i);
                    }
                }))
                .toList();

        assertThat(copies.texts(2_000)).isEqualTo(source.texts(2_000));
        for (Thread publisher : publishers) {
            publisher.join();
        }
        RouteStats stats = broker.stats().routes().getFirst();
        assertThat(stats.routed()).isEqualTo(2_000);
        assertThat(stats.failed()).isZero();
    }

    @Test
    void aTransportsPublishIsCopiedToo() throws Exception {
        broker.routes().add(Route.copy("r", "orders", "x"));
        Heard copies = Heard.on(broker, "x");
        Wakes wakes = new Wakes();

        broker.feeds().publish(broker.createTopic("orders"), Message.text("one"), wakes);
        wakes.flush();

        assertThat(copies.texts(1)).containsExactly("one");
    }

    @Test
    void aFullTargetHoldsUpTheSourceAndNothingIsLost() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        List<String> got = new ArrayList<>();
        CountDownLatch all = new CountDownLatch(40);
        broker.subscription("x")
                .queue(2)
                .overflow(Overflow.block(Duration.ofSeconds(20)))
                .handle(message -> {
                    open.await();
                    got.add(message.text());
                    all.countDown();
                });
        broker.routes().add(Route.copy("r", "orders", "x"));

        CountDownLatch held = new CountDownLatch(1);
        broker.listen(event -> {
            if (event instanceof BrokerEvent.Backpressure(var _, var who, var _) && who.equals("route r")) {
                held.countDown();
            }
        });
        Thread publisher = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < 40; i++) {
                assertThat(broker.publish("orders", "m" + i)).isInstanceOf(PublishResult.Accepted.class);
            }
        });
        assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
        long published = broker.topic("orders").orElseThrow().visible();
        assertThat(published).isBetween(4L, 9L);
        open.countDown();

        assertThat(all.await(20, TimeUnit.SECONDS)).isTrue();
        publisher.join();
        assertThat(got).isEqualTo(IntStream.range(0, 40).mapToObj(i -> "m" + i).toList());
    }

    @Test
    void aSourceRefusesWhenItsRouteIsFullAndMayNotWait() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        try (Broker impatient = Broker.open(BrokerConfig.defaults()
                .withBlockTimeout(Duration.ZERO)
                .withRouting(RoutingConfig.defaults()
                        .withRoutes(List.of(Route.copy("r", "orders", "x")))
                        .withMaxRoutes(1)
                        .withQueue(2)))) {
            // The route itself waits for this one, which says how long.
            impatient
                    .subscription("x")
                    .queue(1)
                    .overflow(Overflow.block(Duration.ofSeconds(20)))
                    .handle(message -> {
                        entered.countDown();
                        open.await();
                    });
            impatient.publish("orders", "0");
            assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
            PublishResult result;
            do {
                result = impatient.publish("orders", "more");
            } while (result instanceof PublishResult.Accepted);
            open.countDown();

            assertThat(result).isInstanceOfSatisfying(PublishResult.Refused.class, refused -> {
                assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
                assertThat(refused.reason()).contains("orders", "route 'r'");
            });
        }
    }

    @Test
    void whatATargetRefusesIsCountedAndToldOncePerSecond() throws Exception {
        try (Broker strict = Broker.open(BrokerConfig.defaults()
                .withAutoCreateTopics(false)
                .withRouting(
                        RoutingConfig.defaults().withRoutes(List.of(Route.copy("r", "orders", "missing", "x")))))) {
            strict.createTopic("orders");
            strict.createTopic("x");
            Heard x = Heard.on(strict, "x");
            LinkedBlockingQueue<BrokerEvent> events = new LinkedBlockingQueue<>();
            strict.listen(event -> {
                if (event instanceof BrokerEvent.RouteFailed) {
                    events.add(event);
                }
            });

            for (int i = 0; i < 50; i++) {
                strict.publish("orders", "m" + i);
            }

            x.next(50);
            assertThat(events.poll(20, TimeUnit.SECONDS))
                    .isEqualTo(new BrokerEvent.RouteFailed("r", "orders", "missing", "TOPIC_NOT_FOUND", 1));
            RouteStats stats = strict.routes().stats().getFirst();
            assertThat(stats.failed()).isEqualTo(50);
            assertThat(stats.routed()).isGreaterThanOrEqualTo(49);
        }
    }

    @Test
    void aFilterDecidesWhatIsCopiedAndOneThatFailsDoesNotTakeIt() throws Exception {
        broker.routes().add(Route.copy("eu", "orders", "eu").when(Filter.header("region", "eu")));
        broker.routes()
                .add(Route.copy("odd", "orders", "odd").when(message -> Integer.parseInt(message.text()) % 2 == 1));
        Heard eu = Heard.on(broker, "eu");
        Heard odd = Heard.on(broker, "odd");

        broker.publish("orders", Message.text("x").withHeaders(Map.of("region", "us")));
        broker.publish("orders", Message.text("1").withHeaders(Map.of("region", "us")));
        broker.publish("orders", Message.text("2").withHeaders(Map.of("region", "eu")));
        broker.publish("orders", Message.text("3"));

        assertThat(eu.texts(1)).containsExactly("2");
        assertThat(odd.texts(2)).containsExactly("1", "3");
        while (broker.routes().stats().getLast().routed() < 2) {
            // It is heard before it is counted.
            Thread.onSpinWait();
        }
        RouteStats stats = broker.routes().stats().getLast();
        assertThat(stats.filterFailures()).isEqualTo(1);
        assertThat(stats.routed()).isEqualTo(2);
    }

    @Test
    void aCopyLivesAsLongAsItsOriginal() throws Exception {
        VirtualTimers timers = new VirtualTimers();
        CountDownLatch open = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        try (Broker timed = Broker.open(BrokerConfig.defaults().withTimers(timers))) {
            timed.routes().add(Route.copy("r", "orders", "x").when(message -> {
                entered.countDown();
                open.await();
                return true;
            }));
            Heard x = Heard.on(timed, "x");
            timed.publish("orders", Message.text("long").withTtl(Duration.ofSeconds(10)));
            timed.publish("orders", Message.text("short").withTtl(Duration.ofSeconds(2)));
            timed.publish("orders", Message.text("ever"));
            assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
            timers.advance(Duration.ofSeconds(3));
            open.countDown();

            assertThat(x.next().ttlMillis()).isEqualTo(7_000);
            assertThat(x.next().text()).isEqualTo("ever");
        }
    }

    @Test
    void closingCopiesWhatWasPublishedThroughChains() throws Exception {
        List<String> got = new ArrayList<>();
        Broker closing = Broker.open(BrokerConfig.defaults()
                .withRouting(RoutingConfig.defaults()
                        .withRoutes(List.of(Route.copy("2", "b", "c"), Route.copy("1", "a", "b")))));
        closing.createTopic("c");
        closing.subscribe("c", message -> got.add(message.text()));
        for (int i = 0; i < 3_000; i++) {
            closing.publish("a", "m" + i);
        }

        closing.close();

        assertThat(got)
                .isEqualTo(IntStream.range(0, 3_000).mapToObj(i -> "m" + i).toList());
        assertThat(closing.publish("a", "late"))
                .isInstanceOfSatisfying(
                        PublishResult.Refused.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.SHUTTING_DOWN));
    }
}
