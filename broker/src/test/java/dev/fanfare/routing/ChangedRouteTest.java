package dev.fanfare.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Route;
import dev.fanfare.RouteStats;
import dev.fanfare.RoutingConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Rules of the configuration that are changed while messages come.
class ChangedRouteTest {

    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withBlockTimeout(Duration.ofSeconds(20))
            .withMaxFeedsPerTopic(3)
            .withRouting(RoutingConfig.defaults().withRoutes(List.of(Route.copy("r", "orders", "kept")))));

    @AfterEach
    void close() {
        broker.close();
    }

    private void routes(Route... routes) {
        broker.reconfigure(broker.config().withRouting(broker.config().routing().withRoutes(List.of(routes))));
    }

    private void publish(String topic, String... texts) {
        for (String text : texts) {
            assertThat(broker.publish(topic, text)).isInstanceOf(PublishResult.Accepted.class);
        }
    }

    private RouteStats stats() {
        return broker.routes().stats().getFirst();
    }

    @Test
    void whatWaitsIsCopiedFirstAndAsTheRuleWasThen() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        LinkedBlockingQueue<String> got = new LinkedBlockingQueue<>();
        broker.subscription("kept")
                .queue(1)
                .overflow(Overflow.block(Duration.ofSeconds(20)))
                .handle(message -> {
                    entered.countDown();
                    open.await();
                    got.add(message.text());
                });
        Heard also = Heard.on(broker, "also");
        String[] before = IntStream.range(0, 20).mapToObj(i -> "old " + i).toArray(String[]::new);
        String[] after = IntStream.range(0, 20).mapToObj(i -> "new " + i).toArray(String[]::new);
        publish("orders", before);
        assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        routes(Route.copy("r", "orders", "kept", "also"));
        publish("orders", after);
        assertThat(stats().waiting()).isGreaterThan(30);
        open.countDown();

        assertThat(also.texts(20)).containsExactly(after);
        for (String text : Stream.concat(Stream.of(before), Stream.of(after)).toList()) {
            assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo(text);
        }
    }

    @Test
    void nothingIsPassedOverOrCopiedTwice() throws Exception {
        routes(Route.copy("r", "in.**", "kept"));
        Heard kept = Heard.on(broker, "kept");
        AtomicBoolean enough = new AtomicBoolean();
        LinkedBlockingQueue<Integer> published = new LinkedBlockingQueue<>();
        Thread publisher = Thread.ofVirtual().start(() -> {
            for (int i = 0; !enough.get(); i++) {
                publish("in.orders", "m" + i);
                published.add(i);
            }
        });
        for (int i = 0; i < 100; i++) {
            published.take();
            routes(
                    i % 2 == 0
                            ? Route.copy("r", "in.*", "kept")
                            : Route.copy("r", "in.orders", "kept", "other" + i % 3));
        }
        enough.set(true);
        publisher.join();
        publish("in.orders", "end");
        String text = kept.next().text();
        for (int i = 0; !text.equals("end"); i++) {
            assertThat(text).isEqualTo("m" + i);
            text = kept.next().text();
        }
    }

    @Test
    void itsPatternIsChangedForEveryTopic() throws Exception {
        Heard kept = Heard.on(broker, "kept");
        for (String topic : List.of("a.x", "a.y", "b.x")) {
            broker.createTopic(topic);
        }
        routes(Route.copy("r", "a.*", "kept"));
        publish("a.x", "1");
        publish("orders", "no");
        publish("b.x", "no");
        routes(Route.copy("r", "*.x", "kept"));
        publish("a.y", "no");
        publish("b.x", "2");
        publish("a.x", "3");
        publish("c.x", "made after");
        publish("a.z", "no");
        assertThat(kept.texts(4)).containsExactly("1", "2", "3", "made after");
        // The last one is counted when it has been heard.
        assertThat(stats().routed()).as("it goes on counting").isGreaterThanOrEqualTo(3);
        routes();
        publish("a.x", "no");
        publish("kept", "end");
        assertThat(kept.next().text()).isEqualTo("end");
    }

    @Test
    void oneThatIsRefusedIsAsItWas() throws Exception {
        Heard kept = Heard.on(broker, "kept");
        broker.createTopic("a.y");
        for (int i = 0; i < 3; i++) {
            broker.routes().add(Route.copy("other-" + i, "a.y", "elsewhere"));
        }
        publish("a.x", "no");
        assertThatThrownBy(() -> routes(Route.copy("r", "a.*", "kept"))).hasMessageContaining("max-feeds-per-topic");
        publish("a.x", "no");
        publish("a.new", "no");
        publish("orders", "yes");
        assertThat(kept.next().text()).isEqualTo("yes");
        assertThat(broker.routes().find("r")).contains(Route.copy("r", "orders", "kept"));
    }

    @Test
    void aCopyBecomesARedirectAndACopyAgain() throws Exception {
        Heard kept = Heard.on(broker, "kept");
        publish("orders", "1");
        assertThat(kept.next().text()).isEqualTo("1");
        routes(Route.redirect("r", "orders", "kept").when(Filter.types("moved")));
        broker.publish("orders", Message.text("2").withType("moved"));
        publish("orders", "stays");
        routes(Route.copy("r", "orders", "kept"));
        publish("orders", "3");
        assertThat(kept.texts(2)).containsExactly("2", "3");
        assertThat(broker.topic("orders").orElseThrow().visible()).isEqualTo(3);
        assertThat(stats().routed()).isGreaterThanOrEqualTo(2);
    }

    @Test
    void severalThatOnlyGoTogetherInTheEndAreChangedAll() throws Exception {
        routes(Route.copy("one", "a", "b"), Route.copy("two", "x", "y"));
        Heard x = Heard.on(broker, "x");
        Heard a = Heard.on(broker, "a");
        routes(Route.copy("one", "y", "x"), Route.copy("two", "b", "a"));
        publish("y", "1");
        publish("b", "2");
        assertThat(x.next().text()).isEqualTo("1");
        assertThat(a.next().text()).isEqualTo("2");
        assertThatThrownBy(() -> routes(Route.copy("one", "y", "x"), Route.copy("two", "x", "y")))
                .hasMessageContaining("circle");
        publish("b", "3");
        assertThat(a.next().text()).isEqualTo("3");
    }
}
