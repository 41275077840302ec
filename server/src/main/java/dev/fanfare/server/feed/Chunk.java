package dev.fanfare.server.feed;

import dev.fanfare.Topic;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A contiguous run of whole frames of a [WireFeed].
///
/// Frames are written by one thread at a time, under the feed's lock, and become readable when [#written] is
/// stored: a reader that has seen it sees the bytes and the index below it. A chunk is held once by each
/// [FeedReader] that has not passed it and once by the feed while it is the last; slices on their way to a socket
/// hold the bytes by Netty's own count.
final class Chunk {

    private static final int FIRST_FRAMES = 8;

    final ByteBuf bytes;

    /// The number, in the feed, of the first frame in here.
    final long firstFrame;

    volatile @Nullable Chunk next;

    /// Guarded by the feed's lock.
    private int holders;

    /// Number of frames in the upper half, bytes in the lower: both are read at once.
    private volatile long written;

    /// Volatile: a reader may come upon an index that has grown since it looked at [#written].
    private volatile Index index;

    /// What is known of each frame.
    ///
    /// @param ends where it ends
    /// @param topics whose message it is; empty in the feed of a single topic
    /// @param offsets where that message stands in its topic
    private record Index(int[] ends, @Nullable Topic[] topics, long[] offsets) {

        Index(int size, boolean mixed) {
            this(new int[size], new Topic[mixed ? size : 0], new long[mixed ? size : 0]);
        }

        boolean mixed() {
            return topics.length > 0;
        }

        /// The old arrays stay as they are for readers that hold them; what is written from now on goes to the new
        /// ones.
        Index grown() {
            int size = ends.length * 2;
            return new Index(
                    Arrays.copyOf(ends, size),
                    mixed() ? Arrays.copyOf(topics, size) : topics,
                    mixed() ? Arrays.copyOf(offsets, size) : offsets);
        }
    }

    /// @param mixed whether frames of several topics come together here, so that it is kept whose each one is
    Chunk(ByteBuf bytes, long firstFrame, int holders, boolean mixed) {
        this.bytes = bytes;
        FeedMemory.add(bytes.capacity());
        this.firstFrame = firstFrame;
        this.holders = holders;
        this.index = new Index(FIRST_FRAMES, mixed);
    }

    /// Copies a frame in; there must be room.
    void append(byte[] frame, int from, int length, Topic topic, long offset) {
        long state = written;
        int frames = frames(state);
        Index to = index;
        if (frames == to.ends.length) {
            to = to.grown();
            index = to;
        }
        bytes.setBytes(bytes(state), frame, from, length);
        int end = bytes(state) + length;
        to.ends[frames] = end;
        if (to.mixed()) {
            to.topics[frames] = topic;
            to.offsets[frames] = offset;
        }
        written = (long) (frames + 1) << 32 | end;
    }

    boolean hasRoom(int length) {
        return bytes.capacity() - bytes(written) >= length;
    }

    /// Both counts, for [#frames(long)] and [#bytes(long)].
    long written() {
        return written;
    }

    static int frames(long written) {
        return (int) (written >>> 32);
    }

    static int bytes(long written) {
        return (int) written;
    }

    /// Where the frame with this number begins.
    int startOf(long frame) {
        int at = (int) (frame - firstFrame);
        return at == 0 ? 0 : index.ends[at - 1];
    }

    /// The number of the frame after the last one that ends at or before `limit`, but at least one after `frame`.
    long lastWithin(long frame, int limit, int frames) {
        int found = Arrays.binarySearch(index.ends, (int) (frame - firstFrame), frames, limit);
        int fit = found >= 0 ? found + 1 : -found - 1;
        return Math.max(firstFrame + fit, frame + 1);
    }

    /// The topic of a frame, in a feed of a pattern.
    Topic topicOf(long frame) {
        Topic topic = index.topics[(int) (frame - firstFrame)];
        if (topic == null) {
            throw new IllegalStateException("frame " + frame + " has not been written");
        }
        return topic;
    }

    /// The offset of a frame, in a feed of a pattern.
    long offsetOf(long frame) {
        return index.offsets[(int) (frame - firstFrame)];
    }

    /// One more holder; under the feed's lock.
    void hold() {
        holders++;
    }

    /// One holder less; the last one gives the bytes back. Under the feed's lock.
    void release() {
        if (--holders == 0) {
            FeedMemory.add(-bytes.capacity());
            bytes.release();
        }
    }

    /// Whether nothing but the feed itself holds it; under the feed's lock.
    boolean heldByFeedOnly() {
        return holders == 1;
    }
}
