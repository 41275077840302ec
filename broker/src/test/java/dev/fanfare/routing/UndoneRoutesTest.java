package dev.fanfare.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.BrokerConfig;
import dev.fanfare.FanfareException;
import dev.fanfare.Route;
import dev.fanfare.RoutingConfig;
import dev.fanfare.TopicConfig;
import dev.fanfare.local.Events;
import dev.fanfare.time.VirtualTimers;
import dev.fanfare.topic.TopicRegistry;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A change of several routes that is refused half-way and can't be undone as a whole, because there is less room
/// than there was.
class UndoneRoutesTest {

    private static final Route A = Route.copy("a", "from.a", "to");
    private static final Route B = Route.copy("b", "from.b", "to");
    private static final Route C = Route.copy("c", "from.c", "to");
    private static final Route NEW = Route.copy("new", "from.new", "to");
    private static final Route REFUSED = Route.copy("refused", "from.b", "to");

    private final VirtualTimers timers = new VirtualTimers();
    private final Events events = new Events(timers);
    private final BrokerConfig config =
            BrokerConfig.defaults().withRouting(RoutingConfig.defaults().withRoutes(List.of(A, B, C)));

    /// Null until the routes are there.
    private @Nullable RouteTable changing;

    private final TopicRegistry registry = new TopicRegistry(this::config, timers, events);
    private final RouteTable table = new RouteTable(registry, this::config, timers, events);

    /// Since the new route was there, a topic may have one feed, whoever has it.
    private boolean less;

    private BrokerConfig config() {
        less |= changing != null && changing.list().contains(NEW);
        return config.withMaxFeedsPerTopic(less ? 1 : 10);
    }

    @AfterEach
    void close() {
        registry.stop();
        events.close(Duration.ZERO);
        timers.close();
    }

    @Test
    void whatCanBePutBackIsPutBackAndTheRestIsTold() {
        List.of("from.a", "from.b", "from.c", "from.new", "to")
                .forEach(topic -> registry.create(topic, TopicConfig.defaults()));
        new RouteTable(registry, this::config, timers, events).add(Route.copy("other", "from.b", "to"));
        table.begin();
        changing = table;
        RoutingConfig next = config.routing().withRoutes(List.of(NEW, REFUSED));
        assertThatThrownBy(() -> table.replace(config.routing().routes(), next))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("could not be put back: route 'b'");
        assertThat(table.list()).containsExactlyInAnyOrder(A, C);
    }
}
