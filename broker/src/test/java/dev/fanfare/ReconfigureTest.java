package dev.fanfare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A broker that goes on with another configuration.
class ReconfigureTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Route AUDIT = Route.copy("audit", "orders", "kept");

    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withTimers(new VirtualTimers())
            .withTopics(TopicConfig.defaults().withHistoryBytes(1 << 20))
            .withRouting(RoutingConfig.defaults().withRoutes(List.of(AUDIT))));

    @AfterEach
    void close() {
        broker.close();
    }

    private void change(UnaryOperator<BrokerConfig> change) {
        broker.reconfigure(change.apply(broker.config()));
    }

    private void routes(UnaryOperator<RoutingConfig> change) {
        change(config -> config.withRouting(change.apply(config.routing())));
    }

    private List<String> names() {
        return broker.routes().list().stream().map(Route::name).toList();
    }

    private static ErrorCode code(PublishResult result) {
        return result instanceof PublishResult.Refused refused ? refused.code() : ErrorCode.INTERNAL;
    }

    @Test
    void whatMayWaitIsLimitedAnew() {
        Message later = Message.text("later").withDelay(SECOND);
        assertThat(broker.publish("t", later)).isInstanceOf(PublishResult.Scheduled.class);
        broker.onCommand("asked", command -> Message.text("done"));
        change(config -> config.withPending(new Pending(1, 1 << 20, 0)));
        assertThat(code(broker.publish("t", later))).isEqualTo(ErrorCode.LIMIT_REACHED);
        assertThatThrownBy(
                        () -> broker.request("asked", Message.text("?"), SECOND).join())
                .hasMessageContaining("max-requests");
        change(config -> config.withPending(new Pending(2, 0, 1)));
        assertThat(code(broker.publish("t", later))).isEqualTo(ErrorCode.BACKPRESSURE);
        assertThat(broker.request("asked", Message.text("?"), SECOND).join().text())
                .isEqualTo("done");
    }

    @Test
    void historiesThatHoldMoreThanTheyMayForgetAtOnce() {
        for (int i = 0; i < 20; i++) {
            broker.publish("t", "x".repeat(10_000));
        }
        assertThat(broker.historyMemoryUsed()).isGreaterThan(200_000);
        change(config -> config.withHistoryMemory(100_000));
        assertThat(broker.historyMemoryUsed()).isLessThanOrEqualTo(100_000);
        assertThat(broker.historyForgotten()).isPositive();
        assertThat(broker.topic("t").orElseThrow().oldest()).isPositive();
    }

    @Test
    void routesComeAndGoAndThoseAddedOtherwiseStay() {
        broker.routes().add(Route.copy("mine", "orders", "mine"));
        Route next = Route.redirect("old", "order", "orders");
        routes(routing -> routing.withRoutes(List.of(next)));
        assertThat(names()).containsExactly("mine", "old");
        broker.publish("order", "1");
        assertThat(broker.topic("orders").orElseThrow().visible()).isEqualTo(1);
        assertThat(broker.topic("kept")).isEmpty();
        broker.routes().remove("old");
        routes(routing -> routing.withRoutes(List.of(next, AUDIT)));
        assertThat(names()).as("what was removed otherwise stays so").containsExactly("mine", "audit");
    }

    @Test
    void aChangedRouteIsAnotherOne() {
        routes(routing -> routing.withRoutes(List.of(Route.copy("audit", "orders", "elsewhere"))));
        assertThat(broker.routes().find("audit").orElseThrow().to()).containsExactly("elsewhere");
    }

    @Test
    void routesThatDoNotGoTogetherChangeNothing() {
        broker.routes().add(Route.copy("back", "kept", "mine"));
        BrokerConfig before = broker.config();
        for (Route wrong : List.of(Route.copy("circle", "mine", "kept"), Route.copy("back", "a", "b"))) {
            assertThatThrownBy(() -> change(config ->
                            config.withMaxTopics(7).withRouting(config.routing().withRoutes(List.of(wrong)))))
                    .hasMessageContaining(wrong.name());
        }
        assertThatThrownBy(() ->
                        routes(routing -> routing.withMaxRoutes(1).withRoutes(List.of(Route.copy("more", "a", "b")))))
                .hasMessageContaining("max-routes");
        assertThat(broker.config()).isEqualTo(before);
        assertThat(names()).containsExactly("audit", "back");
        routes(routing -> routing.withMaxRoutes(1));
        assertThatThrownBy(() -> broker.routes().add(Route.copy("more", "a", "b")))
                .hasMessageContaining("max-routes");
    }

    @Test
    void theQueueOfARouteThatIsThereIsLimitedAnew() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        broker.subscription("kept")
                .queue(1)
                .overflow(Overflow.block(Duration.ofSeconds(20)))
                .handle(message -> {
                    entered.countDown();
                    open.await();
                });
        for (int i = 0; i < 20; i++) {
            broker.publish("orders", "x");
        }
        assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        change(config -> config.withBlockTimeout(Duration.ZERO)
                .withRouting(config.routing().withQueue(2)));
        assertThat(code(broker.publish("orders", "one more"))).isEqualTo(ErrorCode.BACKPRESSURE);
        open.countDown();
    }

    @Test
    void whatIsFixedIsRefused() {
        assertThatThrownBy(() -> change(config -> config.withTimers(new VirtualTimers())))
                .hasMessageContaining("close it and open another");
    }
}
