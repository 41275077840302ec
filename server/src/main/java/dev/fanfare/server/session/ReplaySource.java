package dev.fanfare.server.session;

import dev.fanfare.Message;
import dev.fanfare.feed.Attachment;
import dev.fanfare.server.feed.Source;
import dev.fanfare.server.feed.WireKind;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// A subscription that still reads the log: it hands out slices as fast as the peer takes them, however long its
/// queue may be, and tells its subscription when it has caught up.
final class ReplaySource extends Source {

    private static final int SLICE_MESSAGES = 512;

    private final Attachment attachment;
    private final WireKind kind;
    private final @Nullable ReplaySlices slices;
    private final LongConsumer dropped;
    private final Consumer<List<Message>> delivered;
    private final Runnable caughtUp;
    private boolean done;

    /// @param slices where encoded slices are shared; null for a pattern, whose messages are of several topics
    /// @param delivered told which messages are in each slice
    /// @param dropped told how many messages retention took away, before the slice behind the gap is handed out
    ReplaySource(
            Attachment attachment,
            WireKind kind,
            @Nullable ReplaySlices slices,
            LongConsumer dropped,
            Consumer<List<Message>> delivered,
            Runnable caughtUp) {
        this.attachment = attachment;
        this.slices = slices;
        this.kind = kind;
        this.dropped = dropped;
        this.delivered = delivered;
        this.caughtUp = caughtUp;
    }

    @Override
    protected @Nullable ByteBuf next(int limit) {
        if (done) {
            return null;
        }
        List<Message> messages = attachment.replay(SLICE_MESSAGES, limit);
        long lost = attachment.takeLost();
        if (lost > 0) {
            dropped.accept(lost);
        }
        if (messages.isEmpty()) {
            done = true;
            caughtUp.run();
            return null;
        }
        delivered.accept(messages);
        return slices == null ? ReplaySlices.encode(messages, kind) : slices.frames(messages, kind);
    }

    @Override
    protected boolean more() {
        return !done;
    }

    /// Nothing more is replayed.
    void stop() {
        done = true;
    }
}
