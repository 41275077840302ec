package dev.fanfare.delivery;

import java.util.Collection;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Where messages that are not done stand: behind others in their lane, ready to be taken, waiting for their time, or
/// with a member. Guarded by the backlog's lock.
final class Standing {

    private final Terms terms;
    private final Kind kind;

    final Ready ready;
    final InFlight inFlight = new InFlight();
    Waiting waiting = new Waiting();
    private Lanes lanes;

    /// @param members learn who has something of its own to take
    Standing(Terms terms, Kind kind, Membership members) {
        this.terms = terms;
        this.kind = kind;
        this.ready = new Ready(members);
        this.lanes = new Lanes(terms, kind == Kind.GROUP);
    }

    /// One came in.
    void enter(Entry entry) {
        if (lanes.add(entry)) {
            offer(entry, false);
        }
    }

    /// One may be taken, unless the next attempt that it was waiting for when the process ended is not due.
    ///
    /// @param first before all others
    void offer(Entry entry, boolean first) {
        if (entry.notBefore != 0) {
            entry.to(Stage.RETRY_SCHEDULED);
            entry.due = entry.notBefore;
            entry.notBefore = 0;
            waiting.add(entry);
            return;
        }
        ready.offer(entry, first);
    }

    /// Nobody is to come to it, but it stays in its lane.
    void withdraw(Entry entry) {
        if (entry.stage() == Stage.QUEUED) {
            ready.withdraw(entry);
        } else if (entry.stage() == Stage.RETRY_SCHEDULED) {
            waiting.withdraw(entry);
        }
    }

    /// One is done: what comes after it in its lane may be taken.
    void leave(Entry done) {
        if (done.waits) {
            waiting.done();
        }
        Entry next = lanes.advance(done);
        if (next != null) {
            offer(next, false);
        }
    }

    /// The one with which time has to do first; null for none.
    @Nullable
    Entry first() {
        Entry next = waiting.first();
        Entry out = inFlight.first();
        return next == null || out != null && out.due - next.due < 0 ? out : next;
    }

    /// Some of them more than once.
    void forEach(Consumer<Entry> action) {
        inFlight.forEach(action);
        lanes.forEach(action);
        ready.forEach(action);
        waiting.forEach(action);
    }

    /// Several of these lanes are done: what comes after them may be taken.
    void leave(Collection<Lane> of) {
        of.forEach(lane -> {
            Entry next = lanes.sweep(lane);
            if (next != null) {
                offer(next, false);
            }
        });
    }

    /// Lets go of those that are done and would be passed over.
    void sweep() {
        ready.sweep();
        waiting.sweep();
    }

    /// Drops all, at once: there may be millions, and the thread may be an event loop.
    void clear() {
        ready.clear();
        waiting = new Waiting();
        lanes = new Lanes(terms, kind == Kind.GROUP);
    }
}
