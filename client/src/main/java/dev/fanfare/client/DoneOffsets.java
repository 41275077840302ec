package dev.fanfare.client;

import java.util.BitSet;

/// Which messages of a topic a subscription is done with, as far as later ones are known to be there. One that was not
/// heard while [#WINDOW] later ones were is taken for one that never comes. Owned by one thread at a time.
final class DoneOffsets {

    /// Of how many offsets in a row it is known.
    static final int WINDOW = 10_000;

    private final String epoch;

    /// The offset of the first bit. All before it are done, or taken for it.
    private long base;

    private long last;
    private BitSet done = new BitSet(0);

    /// Those that were done when the connection broke and have not come again since.
    private BitSet repeats = new BitSet(0);

    /// @param first the first that may come
    DoneOffsets(String epoch, long first) {
        this.epoch = epoch;
        this.base = first;
        this.last = first - 1;
    }

    String epoch() {
        return epoch;
    }

    /// Whether it knows of that log.
    boolean isOf(Position position) {
        return epoch.equals(position.epoch());
    }

    /// It came.
    void heard(long offset) {
        last = Math.max(last, offset);
        if (last - base >= WINDOW) {
            begin(last - WINDOW + 1);
        }
    }

    /// It is done.
    void add(long offset) {
        if (offset >= base) {
            done.set(index(offset));
            if (done.nextClearBit(0) > WINDOW / 2) {
                begin(base + done.nextClearBit(0));
            }
        }
    }

    boolean contains(long offset) {
        return offset >= base && offset <= last && done.get(index(offset));
    }

    /// Whether it is not known of all that came before the last one that they are done.
    boolean hasGaps() {
        return first() <= last;
    }

    /// The first that is not done.
    long first() {
        return base + done.nextClearBit(0);
    }

    /// Nothing before that one comes any more.
    void begin(long offset) {
        if (offset > base) {
            int by = (int) Math.min(offset - base, Integer.MAX_VALUE);
            done = done.get(by, Math.max(by, done.length()));
            repeats = repeats.get(by, Math.max(by, repeats.length()));
            base = offset;
            last = Math.max(last, offset - 1);
        }
    }

    /// The connection is gone: what is done and comes now was sent again.
    void broken() {
        repeats = (BitSet) done.clone();
    }

    /// Whether this one is done, and was sent again since the connection broke; says it once.
    boolean isRepeat(long offset) {
        boolean repeated = offset >= base && offset <= last && repeats.get(index(offset));
        if (repeated) {
            repeats.clear(index(offset));
        }
        return repeated;
    }

    /// How many of those from the first that is not done up to that one, without it, are not done.
    long missing(long until) {
        long from = first();
        int end = (int) Math.min(Math.max(until - base, 0), done.length());
        int start = Math.min(index(from), end);
        return Math.max(0, until - from - done.get(start, end).cardinality());
    }

    private int index(long offset) {
        return (int) (offset - base);
    }
}
