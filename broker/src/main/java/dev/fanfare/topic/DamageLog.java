package dev.fanfare.topic;

import dev.fanfare.BrokerEvent;
import dev.fanfare.local.Events;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What can't be read of a store: it is logged, counted, and told as an event, also to listeners that come later.
/// Any thread.
public final class DamageLog {

    private static final Logger LOG = LoggerFactory.getLogger(DamageLog.class);

    private final String place;
    private final Events events;
    private final LongAdder found = new LongAdder();

    /// @param place where the store is
    DamageLog(String place, Events events) {
        this.place = place;
        this.events = events;
    }

    /// Messages of a topic can't be read.
    ///
    /// @param from the first offset
    /// @param to after the last one
    void messages(String topic, long from, long to) {
        LOG.error("Messages {} to {} of topic {} can't be read: {} is damaged", from, to - 1, topic, place);
        found.increment();
        events.emitLasting(new BrokerEvent.MessagesDamaged(topic, from, to));
    }

    /// Something else can't be read.
    ///
    /// @param what it is, and what became of it, for people
    public void lost(String what) {
        LOG.error("{}: {} is damaged", what, place);
        toldByStore(what);
    }

    /// The store has found and logged that something is damaged.
    ///
    /// @param what it is, and what became of it, for people
    void toldByStore(String what) {
        found.increment();
        events.emitLasting(new BrokerEvent.StorageDamaged(place, what));
    }

    /// How often something was found that can't be read.
    long found() {
        return found.sum();
    }
}
