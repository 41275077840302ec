package dev.fanfare.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Route;
import dev.fanfare.RoutingConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Which rules are allowed.
class RulesTest {

    private final Broker broker = Broker.open(
            BrokerConfig.defaults().withRouting(RoutingConfig.defaults().withMaxRoutes(200)));

    @AfterEach
    void close() {
        broker.close();
    }

    private static void refused(ErrorCode code, ThrowingCallable call, String... words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        FanfareException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContainingAll(words);
    }

    private void add(Route route) {
        broker.routes().add(route);
    }

    @Test
    void anIllegalRuleIsRefused() {
        refused(ErrorCode.BAD_REQUEST, () -> Route.copy("", "a", "b"), "name");
        refused(ErrorCode.BAD_REQUEST, () -> Route.copy("a b", "a", "b"), "name");
        refused(ErrorCode.BAD_REQUEST, () -> Route.copy("x".repeat(65), "a", "b"), "64");
        refused(ErrorCode.BAD_REQUEST, () -> Route.copy("r", "a.**.b", "b"), "**");
        refused(ErrorCode.BAD_REQUEST, () -> Route.copy("r", "a", "b.*"), "b.*");
        refused(ErrorCode.BAD_REQUEST, () -> Route.copy("r", "a"), "1 to 100");
        String[] many = IntStream.range(0, 101).mapToObj(i -> "t" + i).toArray(String[]::new);
        refused(ErrorCode.BAD_REQUEST, () -> Route.copy("r", "a", many), "1 to 100");
        assertThat(Route.copy("r", "a", "b", "b").to()).containsExactly("b");
    }

    @Test
    void circlesAreRefusedAndNamed() {
        refused(ErrorCode.BAD_REQUEST, () -> add(Route.copy("self", "a", "a")), "self", "circle");
        refused(ErrorCode.BAD_REQUEST, () -> add(Route.copy("self", "a.**", "b", "a.b.c")), "circle");
        add(Route.copy("1", "a", "b"));
        add(Route.redirect("2", "b", "x", "c.d"));
        refused(
                ErrorCode.BAD_REQUEST,
                () -> add(Route.copy("3", "c.*", "a")),
                "circle: 3 (c.* -> a), then 1 (a -> b), then 2 (b -> x, c.d), then 3 (c.* -> a)");
        assertThat(broker.routes().list()).extracting(Route::name).containsExactly("1", "2");
        broker.routes().remove("1");
        add(Route.copy("3", "c.*", "a"));
    }

    @Test
    void aNameIsGivenOnceAndThereIsABound() {
        add(Route.copy("r", "a", "b"));
        refused(ErrorCode.BAD_REQUEST, () -> add(Route.copy("r", "c", "d")), "'r'", "exists");
        for (int i = 1; i < 200; i++) {
            add(Route.copy("r" + i, "a" + i, "b"));
        }
        refused(ErrorCode.LIMIT_REACHED, () -> add(Route.copy("last", "x", "y")), "200");
        assertThat(broker.routes().find("r7")).contains(Route.copy("r7", "a7", "b"));
    }

    @Test
    void chainsHaveABound() {
        for (int i = 0; i < RouteGraph.MAX_CHAIN; i++) {
            add(Route.redirect("r" + i, "t" + i, "t" + (i + 1)));
        }
        assertThat(broker.publish("t0", "x").offset()).isZero();
        assertThat(broker.topic("t" + RouteGraph.MAX_CHAIN).orElseThrow().visible())
                .isEqualTo(1);
        refused(
                ErrorCode.BAD_REQUEST,
                () -> add(Route.redirect("more", "t" + RouteGraph.MAX_CHAIN, "end")),
                "chain of more than " + RouteGraph.MAX_CHAIN);
        refused(ErrorCode.BAD_REQUEST, () -> add(Route.redirect("more", "begin", "t0")), "chain");
    }

    @Test
    void comingsAndGoingsAreTold() throws Exception {
        LinkedBlockingQueue<BrokerEvent> events = new LinkedBlockingQueue<>();
        broker.listen(events::add);
        add(Route.copy("r", "a", "b"));
        broker.routes().remove("r");

        assertThat(events.poll(20, TimeUnit.SECONDS))
                .isEqualTo(new BrokerEvent.RouteAdded("r", "a", List.of("b")))
                .extracting(BrokerEvent::name)
                .isEqualTo("route_added");
        assertThat(events.poll(20, TimeUnit.SECONDS)).isEqualTo(new BrokerEvent.RouteRemoved("r"));
    }

    @Test
    void aConfigurationWithACircleIsRefused() {
        RoutingConfig none = RoutingConfig.defaults();
        refused(
                ErrorCode.BAD_REQUEST,
                () -> none.withRoutes(List.of(Route.copy("1", "a", "b"), Route.copy("2", "*", "a"))),
                "circle");
        refused(
                ErrorCode.BAD_REQUEST,
                () -> none.withRoutes(List.of(Route.copy("1", "a", "b"), Route.copy("1", "c", "d"))),
                "exists");
        refused(
                ErrorCode.BAD_REQUEST,
                () -> none.withMaxRoutes(1).withRoutes(List.of(Route.copy("1", "a", "b"), Route.copy("2", "c", "d"))),
                "maxRoutes");
    }

    /// What is accepted never sends a message round: checked against a search that knows nothing of graphs.
    @Test
    void randomRulesNeverMakeACircle() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        String[] froms = {"a", "b", "c", "d", "e", "x.a", "x.b", "x.*", "x.**", "*", "y.*"};
        String[] targets = {"a", "b", "c", "d", "e", "x.a", "x.b", "y.a"};
        int accepted = 0;
        for (int run = 0; run < 300; run++) {
            RouteGraph graph = new RouteGraph();
            List<Route> present = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                Route route = Route.copy(
                        "r" + i,
                        froms[random.nextInt(froms.length)],
                        targets[random.nextInt(targets.length)],
                        targets[random.nextInt(targets.length)]);
                List<Route> more = new ArrayList<>(present);
                more.add(route);
                boolean circle =
                        Arrays.stream(targets).anyMatch(topic -> comesBack(topic, topic, more, new HashSet<>()));
                boolean refused = false;
                try {
                    graph.add(route);
                    present.add(route);
                    accepted++;
                } catch (FanfareException e) {
                    refused = true;
                }
                assertThat(refused).as("seed %d, %s", seed, more).isEqualTo(circle);
                if (!present.isEmpty() && random.nextInt(4) == 0) {
                    graph.remove(present.remove(random.nextInt(present.size())).name());
                }
            }
        }
        assertThat(accepted).isPositive();
    }

    private static boolean comesBack(String topic, String goal, List<Route> routes, Set<String> seen) {
        for (Route route : routes) {
            if (route.takesFrom(topic)) {
                for (String target : route.to()) {
                    if (target.equals(goal) || seen.add(target) && comesBack(target, goal, routes, seen)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }
}
