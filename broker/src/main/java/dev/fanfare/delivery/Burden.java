package dev.fanfare.delivery;

import dev.fanfare.log.TopicLog;
import org.jspecify.annotations.Nullable;

/// How much of a backlog is not done, whether that is more than it may be, and what makes room then. Guarded by
/// the backlog's lock.
final class Burden {

    private final Bound bound;

    /// Null when nothing makes room for anything.
    private final @Nullable Surplus surplus;

    private long open;

    // Of those that count against the queue.
    private long counted;
    private long bytes;

    /// What all that are not done cost.
    private long held;

    Burden(Bound bound) {
        this.bound = bound;
        this.surplus = bound.movesAside() ? new Surplus(bound) : null;
    }

    /// All that are not done.
    long open() {
        return open;
    }

    /// One came in.
    void came(Entry entry) {
        open++;
        held += TopicLog.cost(entry.message);
        if (!entry.replayed) {
            counted++;
            bytes += TopicLog.cost(entry.message);
        }
        rests(entry, false);
    }

    /// One is done.
    void left(Entry entry) {
        if (surplus != null) {
            surplus.left(entry);
        }
        open--;
        held -= TopicLog.cost(entry.message);
        if (!entry.replayed) {
            counted--;
            bytes -= TopicLog.cost(entry.message);
        }
    }

    /// All are forgotten.
    void clear() {
        open = 0;
        counted = 0;
        bytes = 0;
        held = 0;
    }

    /// Whether so much is not done that nothing more is to be read that was published before.
    boolean isCrowded() {
        return open >= bound.messages() || held >= bound.bytes();
    }

    /// Whether there is room again to go on reading.
    boolean isRoomy() {
        return open <= bound.messages() / 2 && held <= bound.bytes() / 2;
    }

    /// What counts against the queue: [Integer#MAX_VALUE] when the bytes are used up.
    long undone() {
        if (surplus != null && !surplus.isStuck()) {
            return 0;
        }
        return isFullOfBytes() ? Integer.MAX_VALUE : counted;
    }

    /// Whether publishers have to be told for another reason than the number of messages.
    boolean isFull() {
        return surplus == null ? isFullOfBytes() : surplus.isStuck();
    }

    /// The next that has to make room; null when there is some.
    @Nullable
    Entry surplus() {
        return surplus == null ? null : surplus.next(counted, bytes);
    }

    /// Nobody has it in hand.
    ///
    /// @param again whether somebody had
    void rests(Entry entry, boolean again) {
        if (surplus != null) {
            surplus.rests(entry, again);
        }
    }

    private boolean isFullOfBytes() {
        return bytes >= bound.bytes();
    }

    /// Somebody takes it.
    void takes(Entry entry) {
        if (surplus != null) {
            surplus.takes(entry);
        }
    }

    /// It was to make room, and could not be moved now.
    void stays(Entry entry) {
        if (surplus != null) {
            surplus.stays(entry);
        }
    }
}
