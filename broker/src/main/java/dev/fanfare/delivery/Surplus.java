package dev.fanfare.delivery;

import dev.fanfare.log.TopicLog;
import org.jspecify.annotations.Nullable;

/// Which messages make room when a backlog is full whose oldest ones are moved aside: those that nobody has in
/// hand, in the order in which they came, and what is on its way out. Guarded by the backlog's lock.
final class Surplus {

    private final Bound bound;
    private final Chain idle = new Chain();
    private long leaving;
    private long leavingBytes;

    /// Of those on their way, how many could not be moved.
    private int stuck;

    Surplus(Bound bound) {
        this.bound = bound;
    }

    /// Nobody has it in hand.
    ///
    /// @param again whether somebody had
    void rests(Entry entry, boolean again) {
        if (entry.replayed) {
            // It does not count.
            return;
        }
        entry.idle = true;
        if (again) {
            idle.addFirst(entry);
        } else {
            idle.add(entry);
        }
    }

    /// Somebody takes it, or it is done.
    void takes(Entry entry) {
        if (entry.idle) {
            entry.idle = false;
            idle.remove(entry);
        }
    }

    /// The next that has to go; null when there is room.
    ///
    /// @param counted messages not done
    /// @param bytes what they cost
    @Nullable
    Entry next(long counted, long bytes) {
        Entry oldest = idle.first();
        if (oldest == null || counted - leaving <= bound.messages() && bytes - leavingBytes <= bound.bytes()) {
            return null;
        }
        takes(oldest);
        oldest.leaving = Entry.Leaving.ON_ITS_WAY;
        leaving++;
        leavingBytes += TopicLog.cost(oldest.message);
        return oldest;
    }

    /// It could not be moved now.
    void stays(Entry entry) {
        if (entry.leaving == Entry.Leaving.ON_ITS_WAY) {
            entry.leaving = Entry.Leaving.STUCK;
            stuck++;
        }
    }

    /// It is done.
    void left(Entry entry) {
        takes(entry);
        if (entry.leaving != Entry.Leaving.NOT) {
            stuck -= entry.leaving == Entry.Leaving.STUCK ? 1 : 0;
            entry.leaving = Entry.Leaving.NOT;
            leaving--;
            leavingBytes -= TopicLog.cost(entry.message);
        }
    }

    /// Whether publishers have to wait, because what is to go can't.
    boolean isStuck() {
        return stuck > 0;
    }
}
