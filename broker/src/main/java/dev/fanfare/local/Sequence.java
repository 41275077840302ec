package dev.fanfare.local;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.time.Timers;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// An append-once sequence of messages in linked pieces. One appender at a time, any number of readers without a
/// lock.
///
/// It holds on to its last piece only. The earlier ones are kept by the readers that stand in them, each through
/// the link to the next, so a piece is garbage as soon as every reader has passed it. A reader that stands still
/// would keep everything after it: therefore the appender cuts a piece loose when it is more than [#keep] messages
/// back, and puts a [Chunk.Marker] in its place. Whoever reads more than that many behind the end must expect to be
/// overrun.
final class Sequence {

    private static final int SMALLEST = 4;
    private static final int LARGEST = 256;

    /// A piece is closed early when its payloads are larger than this together: what a quiet feed keeps is bounded.
    private static final long PIECE_BYTES = 64 << 10;

    /// Every so many messages one is stamped with the time; a reader's slices end at these positions.
    static final int STAMP_EVERY = 64;

    private static final VarHandle END;

    static {
        try {
            END = MethodHandles.lookup().findVarHandle(Sequence.class, "end", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /// A piece that is full, as long as somebody stands in it or before it.
    private static final class Full extends WeakReference<Chunk> {
        final long until;

        Full(Chunk chunk, long until) {
            super(chunk);
            this.until = until;
        }
    }

    private final Timers timers;
    private final boolean manyTopics;

    // The appender's.
    private final ArrayDeque<Full> full = new ArrayDeque<>(0);
    private WeakReference<Chunk.@Nullable Marker> marker = new WeakReference<>(null);
    private int used;
    private long bytes;
    private long keep;

    private volatile Chunk tail;
    private volatile boolean idle = true;
    private long end;

    /// @param manyTopics whether each message has to remember its topic
    Sequence(Timers timers, boolean manyTopics) {
        this.timers = timers;
        this.manyTopics = manyTopics;
        this.tail = new Chunk(0, SMALLEST, manyTopics);
    }

    /// How many messages back the furthest reader may be; more than once, the largest counts. By the appender, or
    /// with it kept out.
    void keep(long messages) {
        keep = Math.max(keep, messages);
    }

    /// By the appender.
    ///
    /// @param needed a position from which on nothing may be cut loose, however far back it is
    void append(Topic topic, Message message, long needed) {
        long position = end;
        Chunk chunk = tail;
        if (used == chunk.messages.length || bytes >= PIECE_BYTES) {
            chunk = turnOver(chunk, position, needed);
        }
        int index = used++;
        chunk.messages[index] = message;
        if (chunk.topics != null) {
            chunk.topics[index] = topic;
        }
        bytes += message.payload().storedSize();
        if ((position & (STAMP_EVERY - 1)) == 0 || idle) {
            idle = false;
            chunk.stamp(index, timers.nanoTime());
        }
        END.setRelease(this, position + 1);
    }

    private Chunk turnOver(Chunk last, long position, long needed) {
        Chunk next = new Chunk(position, Math.clamp(used * 2L, SMALLEST, LARGEST), manyTopics);
        full.addLast(new Full(last, position));
        last.next = next;
        tail = next;
        used = 0;
        bytes = 0;
        cutUntil(Math.min(position - keep, needed));
        return next;
    }

    private void cutUntil(long limit) {
        for (Full oldest = full.peekFirst(); oldest != null; oldest = full.peekFirst()) {
            Chunk chunk = oldest.get();
            if (chunk != null && oldest.until > limit) {
                return;
            }
            full.removeFirst();
            Chunk next = chunk == null ? null : chunk.next;
            if (chunk != null && next != null) {
                chunk.cut(markerAt(next));
            }
        }
    }

    private Chunk.Marker markerAt(Chunk oldest) {
        Chunk.Marker shared = marker.get();
        if (shared == null) {
            shared = new Chunk.Marker(oldest);
            marker = new WeakReference<>(shared);
        } else {
            shared.oldest = oldest;
        }
        return shared;
    }

    /// A reader has seen everything: the next message is worth a stamp.
    void drained() {
        if (!idle) {
            idle = true;
        }
    }

    /// The position of the next message.
    long end() {
        return (long) END.getAcquire(this);
    }

    /// The piece that the next message goes to, or the one before it. With the appender kept out.
    Chunk tail() {
        return tail;
    }
}
