package dev.fanfare.log;

import dev.fanfare.store.Keys;
import dev.fanfare.store.StoreException;

/// What was forgotten of a log and is not yet deleted from the device: it goes when it is worth it. By whoever
/// commits.
@SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes at a time
final class Forgotten {

    /// From how much on it is deleted: so many messages, or so many bytes.
    private static final long WORTH_MESSAGES = 10_000;

    private static final long WORTH_BYTES = 4 << 20;

    private static final int OFFSET_AT = Integer.BYTES;

    private final int number;
    private final StoredMessages stored;

    /// Below this offset, at which a record begins, everything was deleted.
    private volatile long deletedBelow;

    // Since then, or since it was looked for last.
    private volatile long messages;
    private volatile long bytes;

    /// Whether it is not known what those who used the store before have left there.
    private boolean inherited;

    /// @param number the topic's in the store
    /// @param oldest the lowest offset that is kept
    Forgotten(int number, StoredMessages stored, long oldest) {
        this.number = number;
        this.stored = stored;
        this.inherited = oldest > 0;
    }

    /// In the section: so many were forgotten that cost so much.
    void add(long count, long cost) {
        messages = messages + count;
        bytes = bytes + cost;
    }

    /// Whether a record may be stored that begins at an offset: below what was deleted it would bring that
    /// back.
    boolean mayHold(long offset) {
        return deletedBelow <= offset;
    }

    /// What is to be deleted: from one key up to another; empty when it is not worth it yet. What others have
    /// left is, however little: nobody knows how often they did.
    byte[][] range(long oldest, long visible) {
        if (!inherited && messages < WORTH_MESSAGES && bytes < WORTH_BYTES) {
            return new byte[0][];
        }
        long begin = begin(oldest, visible);
        if (inherited && !stored.hasBelow(begin)) {
            inherited = false;
            deletedBelow = begin;
        }
        return begin <= deletedBelow
                ? new byte[0][]
                : new byte[][] {Keys.of(number, deletedBelow), Keys.of(number, begin)};
    }

    /// Where the record begins that holds the oldest message.
    private long begin(long oldest, long visible) {
        if (oldest >= visible) {
            return oldest;
        }
        try {
            return stored.beginOf(oldest);
        } catch (StoreException e) {
            // It is tried again when there is more, not at each commit.
            reset();
            if (e.reason() == StoreException.Reason.CORRUPT) {
                // Nothing is deleted that may hold it.
                return deletedBelow;
            }
            throw e;
        }
    }

    /// What [#range] answered was deleted.
    void deleted(byte[][] range) {
        deletedBelow = Keys.longAt(range[1], OFFSET_AT);
        reset();
    }

    private void reset() {
        messages = 0;
        bytes = 0;
        inherited = false;
    }
}
