package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Route;
import dev.fanfare.RoutingConfig;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StoredRoutesTest {

    /// A filter of a program's own that has words.
    private record Longer(int than) implements Filter {

        @Override
        public boolean matches(Message message) {
            return message.text().length() > than;
        }

        @Override
        public Optional<String> words() {
            return Optional.of("longer than " + than);
        }
    }

    private final VirtualTimers timers = new VirtualTimers();
    private MemoryStore store = new MemoryStore();
    private RoutingConfig routing = RoutingConfig.defaults();
    private Broker broker = open();

    private Broker open() {
        return Broker.open(
                BrokerConfig.defaults().withTimers(timers).withStore(store).withRouting(routing));
    }

    private void losePower() {
        MemoryStore next = store.afterPowerLoss();
        broker.close(Duration.ZERO);
        store = next;
        broker = open();
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private List<String> names() {
        return broker.routes().list().stream().map(Route::name).toList();
    }

    @Test
    void routesThatWereAddedAreThereAgainInTheirOrder() {
        Route plain = Route.copy("z", "orders.*", "audit");
        Route filtered = Route.copy("a", "orders.*", "eu", "all")
                .when(Filter.headers(Map.of("region", "eu")))
                .when(Filter.types("made", "paid"));
        Route redirect = Route.redirect("r", "old", "new");
        broker.routes().add(plain);
        broker.routes().add(filtered);
        broker.routes().add(redirect);
        losePower();
        assertThat(broker.routes().list()).containsExactly(plain, filtered, redirect);
        broker.createTopic("new", TopicConfig.defaults().withDurability(Durability.WRITTEN));
        broker.publish("old", "x");
        assertThat(broker.topic("new").orElseThrow().visible()).isEqualTo(1);
    }

    @Test
    void oneThatWasRemovedStaysAway() {
        broker.routes().add(Route.copy("a", "x", "y"));
        broker.routes().add(Route.copy("b", "x", "z"));
        assertThat(broker.routes().remove("a")).isTrue();
        losePower();
        assertThat(names()).containsExactly("b");
        assertThat(broker.routes().remove("a")).isFalse();
        broker.routes().add(Route.copy("c", "x", "y"));
        losePower();
        assertThat(names()).containsExactly("b", "c");
    }

    @Test
    void thoseOfTheConfigurationAreNotStored() {
        routing = routing.withRoutes(List.of(Route.copy("configured", "x", "y")));
        broker.close();
        store = store.afterKill();
        broker = open();
        routing = RoutingConfig.defaults();
        losePower();
        assertThat(names()).isEmpty();
    }

    @Test
    void aFilterOfTheProgramsOwnComesBackByItsWords() {
        broker.routes().add(Route.copy("long", "x", "y").when(new Longer(3)));
        broker.routes().add(Route.copy("code", "x", "z").when(message -> true));
        routing = routing.withFilters(words -> new Longer(Integer.parseInt(words.substring("longer than ".length()))));
        losePower();
        assertThat(broker.routes().list())
                .containsExactly(Route.copy("long", "x", "y").when(new Longer(3)));
    }

    @Test
    void oneThatCantBeHadAnyMoreIsLeftOutAndCanBeRemoved() {
        broker.routes().add(Route.copy("long", "x", "y").when(new Longer(3)));
        broker.routes().add(Route.copy("back", "y", "w"));
        routing = routing.withRoutes(List.of(Route.copy("configured", "w", "y")));
        losePower();
        assertThat(names()).containsExactly("configured");
        assertThat(broker.routes().remove("long")).isTrue();
        assertThat(broker.routes().remove("long")).isFalse();
        routing = RoutingConfig.defaults();
        losePower();
        assertThat(names()).containsExactly("back");
    }

    @Test
    void oneThatCouldNotBeStoredDoesNotHold() {
        store.failNextWrite(Reason.FAILED, true);
        assertThatThrownBy(() -> broker.routes().add(Route.copy("a", "x", "y")))
                .isInstanceOfSatisfying(
                        FanfareException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL));
        assertThat(names()).isEmpty();
        // Stored after everything that was to be done again.
        while (broker.topic("barrier").isEmpty()) {
            timers.advance(Duration.ofSeconds(2));
            try {
                broker.createTopic("barrier", TopicConfig.defaults().withDurability(Durability.SYNCED));
            } catch (FanfareException again) {
                assertThat(again.code()).isEqualTo(ErrorCode.INTERNAL);
            }
        }
        losePower();
        assertThat(names()).isEmpty();
    }
}
