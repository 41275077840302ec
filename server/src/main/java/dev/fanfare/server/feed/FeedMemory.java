package dev.fanfare.server.feed;

import java.util.concurrent.atomic.LongAdder;

/// How many bytes of frames all feeds of the process hold, because a subscriber has not passed them. Any thread.
public final class FeedMemory {

    private static final LongAdder BYTES = new LongAdder();

    private FeedMemory() {}

    /// So much more is held.
    static void add(long bytes) {
        BYTES.add(bytes);
    }

    /// How many bytes are held.
    public static long bytes() {
        return BYTES.sum();
    }
}
