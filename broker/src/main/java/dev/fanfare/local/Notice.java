package dev.fanfare.local;

import dev.fanfare.BrokerEvent;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/// Tells of what happens too often to be told each time: at once, then at most once per second with the number
/// since. Any thread, inside a topic's section too: the event is made and sent on the loop.
final class Notice {

    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final Events events;
    private final Timers timers;
    private final Loop loop;
    private final LongFunction<BrokerEvent> event;
    private final AtomicLong pending = new AtomicLong();
    private final AtomicBoolean scheduled = new AtomicBoolean();

    /// @param event made of the number of times
    Notice(LocalDelivery delivery, Loop loop, LongFunction<BrokerEvent> event) {
        this.events = delivery.events();
        this.timers = delivery.timers();
        this.loop = loop;
        this.event = event;
    }

    void count(long times) {
        if (!events.listening()) {
            return;
        }
        pending.addAndGet(times);
        if (scheduled.compareAndSet(false, true)) {
            loop.execute(this::tell);
        }
    }

    private void tell() {
        flush();
        timers.schedule(INTERVAL, this::next);
    }

    private void next() {
        scheduled.set(false);
        if (pending.get() > 0 && scheduled.compareAndSet(false, true)) {
            loop.execute(this::tell);
        }
    }

    /// Tells what has not been told, now: not inside a section.
    void flush() {
        long times = pending.getAndSet(0);
        if (times > 0) {
            events.emit(() -> event.apply(times));
        }
    }
}
