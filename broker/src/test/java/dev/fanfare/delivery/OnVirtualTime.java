package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.Receiver;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;

/// What tests of acknowledged subscriptions begin with: a broker in memory, on virtual time. What goes by itself
/// goes in real time, and is waited for.
abstract class OnVirtualTime {

    final VirtualTimers timers = new VirtualTimers();
    final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    final AcknowledgedBuilder on(String pattern) {
        return broker.subscription(pattern).acknowledged();
    }

    /// The next delivery, waited for in real time: the way from the publisher to the backlog leads over a loop.
    static Delivery next(Receiver receiver) throws InterruptedException {
        Delivery delivery = receiver.receive();
        assertThat(delivery).isNotNull();
        return delivery;
    }

    /// Waits until something is so.
    static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted())
                    .as("it took too long")
                    .isFalse();
            Thread.onSpinWait();
        }
    }

    /// Waits until so many are acknowledged.
    static void awaitDelivered(AcknowledgedSubscription subscription, long count) {
        until(() -> subscription.figures().delivered() >= count);
    }
}
