package dev.fanfare.durable;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// A broker with a store that outlives it, for tests to end in all the ways a process ends.
abstract class Restarts {

    final VirtualTimers timers = new VirtualTimers();
    MemoryStore store = new MemoryStore();
    Broker broker;

    @BeforeEach
    final void begin() {
        broker = open();
    }

    Broker open() {
        return Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(store));
    }

    /// The process dies and another one begins.
    final void kill() {
        next(store.afterKill());
    }

    /// So does the machine: what was not synced is gone.
    final void losePower() {
        next(store.afterPowerLoss());
    }

    private void next(MemoryStore left) {
        broker.close(Duration.ZERO);
        store = left;
        broker = open();
    }

    /// The broker closes as it should, and another one begins.
    final void restart() {
        broker.close(Duration.ofSeconds(5));
        store = store.afterKill();
        broker = open();
    }

    @AfterEach
    final void close() {
        broker.close();
    }
}
