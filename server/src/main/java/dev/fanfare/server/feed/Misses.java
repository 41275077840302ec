package dev.fanfare.server.feed;

import java.util.ArrayDeque;

/// What one cursor misses of a feed because it never came there, each where it is missing. Whoever appends to
/// the feed adds, the cursor takes.
final class Misses {

    /// [#next] when nothing is missing any more.
    static final long NONE = Long.MAX_VALUE;

    /// @param before the frame that was appended next
    private record Miss(long before, long count) {}

    /// Only one of them at a frame.
    private final ArrayDeque<Miss> all = new ArrayDeque<>(1);

    private volatile long next = NONE;

    /// Before that frame is appended.
    synchronized void add(long before, long count) {
        Miss last = all.peekLast();
        boolean same = last != null && last.before() == before;
        if (same) {
            all.removeLast();
        }
        all.add(new Miss(before, count + (same ? last.count() : 0)));
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
