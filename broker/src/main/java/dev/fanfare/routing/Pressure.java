package dev.fanfare.routing;

import dev.fanfare.BrokerEvent;
import dev.fanfare.Route;
import dev.fanfare.local.Events;
import dev.fanfare.time.Timers;
import java.util.concurrent.atomic.AtomicLong;

/// Tells that publishers were refused or made to wait because a rule has too much to copy: at most once per
/// second. Inside a section: an event is only put into queues.
final class Pressure {

    private static final long INTERVAL_NANOS = 1_000_000_000;

    private final Route route;
    private final Events events;
    private final Timers timers;
    private final AtomicLong untold = new AtomicLong();
    private final AtomicLong nextTelling;

    Pressure(Route route, Events events, Timers timers) {
        this.route = route;
        this.events = events;
        this.timers = timers;
        this.nextTelling = new AtomicLong(timers.nanoTime());
    }

    void count() {
        if (!events.listening()) {
            return;
        }
        long publishes = untold.incrementAndGet();
        long now = timers.nanoTime();
        long due = nextTelling.get();
        if (now - due >= 0 && nextTelling.compareAndSet(due, now + INTERVAL_NANOS)) {
            untold.addAndGet(-publishes);
            events.emit(() -> new BrokerEvent.Backpressure(route.from(), "route " + route.name(), publishes));
        }
    }
}
