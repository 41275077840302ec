package dev.fanfare.server.feed;

import dev.fanfare.Topic;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A contiguous run of whole frames of a [WireFeed].
///
/// Frames are written by one thread at a time, under the feed's lock, and become readable when [#written] is stored: a
/// reader that
/// has seen it sees the bytes and the index below it. A chunk is held once by each [FeedReader] that has not passed it
/// and once by
/// the feed while it is the last; slices on their way to a socket hold the bytes by Netty's own count.
final class Chunk {

    final ByteBuf bytes;

    /// The number, in the feed, of the first frame in here.
    final long firstFrame;

    volatile @Nullable Chunk next;

    /// Guarded by the feed's lock.
    private int holders;

    /// Number of frames in the upper half, bytes in the lower: both are read at once.
    private volatile long written;

    /// Where each frame ends.
    private int[] ends = new int[8];

    /// Whose message each frame is and where it stands there; only in feeds of patterns, where frames of several topics
    /// mix.
    private Topic @Nullable [] topics;

    private long @Nullable [] offsets;

    Chunk(ByteBuf bytes, long firstFrame, int holders, boolean indexed) {
        this.bytes = bytes;
        this.firstFrame = firstFrame;
        this.holders = holders;
        if (indexed) {
            topics = new Topic[ends.length];
            offsets = new long[ends.length];
        }
    }

    /// Copies a frame in; there must be room.
    void append(byte[] frame, int from, int length, Topic topic, long offset) {
        long state = written;
        int frames = frames(state);
        if (frames == ends.length) {
            grow();
        }
        bytes.setBytes(bytes(state), frame, from, length);
        int end = bytes(state) + length;
        ends[frames] = end;
        if (topics != null && offsets != null) {
            topics[frames] = topic;
            offsets[frames] = offset;
        }
        written = (long) (frames + 1) << 32 | end;
    }

    private void grow() {
        int size = ends.length * 2;
        // The old arrays stay as they are for readers that hold them; what is written from now on goes to the new ones.
        ends = Arrays.copyOf(ends, size);
        if (topics != null && offsets != null) {
            topics = Arrays.copyOf(topics, size);
            offsets = Arrays.copyOf(offsets, size);
        }
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
        int index = (int) (frame - firstFrame);
        return index == 0 ? 0 : ends[index - 1];
    }

    /// The number of the frame after the last one that ends at or before `limit`, but at least one after `frame`.
    long lastWithin(long frame, int limit, int frames) {
        int index = Arrays.binarySearch(ends, (int) (frame - firstFrame), frames, limit);
        int fit = index >= 0 ? index + 1 : -index - 1;
        return Math.max(firstFrame + fit, frame + 1);
    }

    /// The topic of a frame, in a feed of a pattern.
    Topic topicOf(long frame) {
        if (topics == null) {
            throw new IllegalStateException("the feed of a single topic keeps no index of topics");
        }
        return topics[(int) (frame - firstFrame)];
    }

    /// The offset of a frame, in a feed of a pattern.
    long offsetOf(long frame) {
        if (offsets == null) {
            throw new IllegalStateException("the feed of a single topic keeps no index of offsets");
        }
        return offsets[(int) (frame - firstFrame)];
    }

    /// One more holder; under the feed's lock.
    void hold() {
        holders++;
    }

    /// One holder less; the last one gives the bytes back. Under the feed's lock.
    void release() {
        if (--holders == 0) {
            bytes.release();
        }
    }

    /// Whether nothing but the feed itself holds it; under the feed's lock.
    boolean heldByFeedOnly() {
        return holders == 1;
    }
}
