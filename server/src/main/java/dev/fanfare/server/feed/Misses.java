package dev.fanfare.server.feed;

import java.util.ArrayDeque;

/// What one cursor misses of a feed because it never came there, each where it is missing. Whoever appends to
/// the feed adds, the cursor takes. While it takes none, no more than [#MOST] places are known: what is missing after
/// the last of them counts there.
final class Misses {

    /// [#next] when nothing is missing any more.
    static final long NONE = Long.MAX_VALUE;

    static final int MOST = 256;

    /// @param before the frame that was appended next
    private record Miss(long before, long count) {}

    /// Only one of them at a frame.
    private final ArrayDeque<Miss> all = new ArrayDeque<>(1);

    private volatile long next = NONE;

    /// Before that frame is appended.
    synchronized void add(long before, long count) {
        Miss last = all.peekLast();
        if (last != null && (last.before() == before || all.size() == MOST)) {
            all.removeLast();
            all.add(new Miss(last.before(), last.count() + count));
        } else {
            all.add(new Miss(before, count));
        }
        next = all.element().before();
    }

    /// The number of the first frame before which something is missing.
    long next() {
        return next;
    }

    /// How many are missing before this frame, those that were taken left out.
    long take(long frame) {
        return next > frame ? 0 : takeAny(frame);
    }

    private synchronized long takeAny(long frame) {
        long count = 0;
        while (!all.isEmpty() && all.element().before() <= frame) {
            count += all.remove().count();
        }
        next = all.isEmpty() ? NONE : all.element().before();
        return count;
    }
}
