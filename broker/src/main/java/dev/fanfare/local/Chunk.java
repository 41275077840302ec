package dev.fanfare.local;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A piece of a [Sequence]: an array of references, the position of the first, and the way to the next piece.
///
/// Slots are written by the appender before it raises the sequence's end with release, and read by whoever has read
/// that end with acquire. Only [#cut] empties them again; a reader that meets an empty slot below the end was
/// overrun.
final class Chunk {

    /// From a piece that was cut loose to the oldest one that was not. All readers that are too far behind share
    /// it, and it lives as long as one of them is there: so it, not the feed, keeps what they will go on with.
    static final class Marker {
        volatile Chunk oldest;

        Marker(Chunk oldest) {
            this.oldest = oldest;
        }
    }

    final long first;
    final @Nullable Message[] messages;

    /// Where each message came from; null in the feed of one topic.
    final @Nullable Topic @Nullable [] topics;

    /// When some of the messages were appended, in nanoseconds of the broker's clock; 0 for the others.
    private long @Nullable [] stamps;

    volatile @Nullable Chunk next;
    volatile @Nullable Marker marker;

    Chunk(long first, int size, boolean manyTopics) {
        this.first = first;
        this.messages = new @Nullable Message[size];
        this.topics = manyTopics ? new @Nullable Topic[size] : null;
    }

    /// Where the message came from; null if it was cut loose, or the feed is that of one topic.
    @Nullable
    Topic topic(int index) {
        return topics == null ? null : topics[index];
    }

    /// By the appender, before the message is published.
    void stamp(int index, long nanos) {
        if (stamps == null) {
            stamps = new long[messages.length];
        }
        stamps[index] = nanos == 0 ? 1 : nanos;
    }

    /// When the message was appended; 0 if nobody noted it.
    long stamp(int index) {
        return stamps == null ? 0 : stamps[index];
    }

    /// By the appender: keeps nothing alive any more but the marker.
    void cut(Marker loose) {
        // A reader that finds no next piece looks for the marker: it must be there by then.
        marker = loose;
        next = null;
        Arrays.fill(messages, null);
        if (topics != null) {
            Arrays.fill(topics, null);
        }
    }
}
