package dev.fanfare.routing;

import dev.fanfare.BrokerEvent;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Route;
import dev.fanfare.RouteStats;
import dev.fanfare.local.Events;
import dev.fanfare.time.Timers;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a rule did, also before it was changed. Failures are told and logged at once, then at most once per second with
/// the number since, by
/// whoever has the next one. Any thread.
final class RouteTally {

    private static final Logger LOG = LoggerFactory.getLogger(RouteTally.class);

    private static final long INTERVAL_NANOS = 1_000_000_000;

    private final Route route;
    private final Events events;
    private final Timers timers;
    private final LongAdder routed;
    private final LongAdder failed;
    private final LongAdder filterFailures;
    private final AtomicLong nextLog;

    /// Failures not told yet, and when they may be.
    private final AtomicLong untold;

    private final AtomicLong nextTelling;

    /// Nothing has been done yet.
    RouteTally(Route route, Events events, Timers timers) {
        this.route = route;
        this.events = events;
        this.timers = timers;
        this.routed = new LongAdder();
        this.failed = new LongAdder();
        this.filterFailures = new LongAdder();
        this.nextLog = new AtomicLong(timers.nanoTime());
        this.untold = new AtomicLong();
        this.nextTelling = new AtomicLong(timers.nanoTime());
    }

    /// Goes on where the rule was before it was changed.
    RouteTally(Route route, RouteTally before) {
        this.route = route;
        this.events = before.events;
        this.timers = before.timers;
        this.routed = before.routed;
        this.failed = before.failed;
        this.filterFailures = before.filterFailures;
        this.nextLog = before.nextLog;
        this.untold = before.untold;
        this.nextTelling = before.nextTelling;
    }

    Route route() {
        return route;
    }

    /// The time on the broker's clock.
    long now() {
        return timers.currentTimeMillis();
    }

    /// Whether the rule's filter lets the message pass.
    boolean takes(Message message) {
        Filter filter = route.filter();
        if (filter == null) {
            return true;
        }
        try {
            return filter.matches(message);
        } catch (Throwable thrown) {
            filterFailures.increment();
            long now = timers.nanoTime();
            long due = nextLog.get();
            if (now - due >= 0 && nextLog.compareAndSet(due, now + INTERVAL_NANOS)) {
                LOG.warn("The filter of route {} failed on a message of {}", route.name(), message.topic(), thrown);
            }
            return false;
        }
    }

    void routed() {
        routed.increment();
    }

    /// A target did not take a message.
    ///
    /// @param told whether the publisher was told
    void failed(String topic, String target, Refused refused, boolean told) {
        failed(1, topic, target, refused.code().name(), refused.reason(), told);
    }

    /// So many messages did not reach a target.
    void failed(long count, String topic, String target, String code, String reason, boolean told) {
        failed.add(count);
        long messages = untold.addAndGet(count);
        long now = timers.nanoTime();
        long due = nextTelling.get();
        if (now - due < 0 || !nextTelling.compareAndSet(due, now + INTERVAL_NANOS)) {
            return;
        }
        untold.addAndGet(-messages);
        if (!told) {
            LOG.warn(
                    "Route {}: {} of {} did not reach {}: {}",
                    route.name(),
                    messages == 1 ? "a message" : messages + " messages",
                    topic,
                    target,
                    reason);
        }
        events.emit(() -> new BrokerEvent.RouteFailed(route.name(), topic, target, code, messages));
    }

    RouteStats stats(long waiting) {
        return new RouteStats(route, routed.sum(), failed.sum(), filterFailures.sum(), waiting);
    }
}
