package dev.fanfare.server.session;

import dev.fanfare.Message;
import dev.fanfare.feed.Attachment;
import dev.fanfare.server.feed.Source;
import dev.fanfare.server.feed.WireKind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A subscription that still reads the log: it hands out slices as fast as the peer takes them, however long its queue
/// may be, and
/// tells its subscription when it has caught up.
final class ReplaySource extends Source {

    private static final int SLICE_MESSAGES = 512;

    private final Attachment attachment;
    private final WireKind kind;
    private final Runnable caughtUp;
    private boolean done;

    ReplaySource(Attachment attachment, WireKind kind, Runnable caughtUp) {
        this.attachment = attachment;
        this.kind = kind;
        this.caughtUp = caughtUp;
    }

    @Override
    protected @Nullable ByteBuf next(int limit) {
        if (done) {
            return null;
        }
        List<Message> messages = attachment.replay(SLICE_MESSAGES, limit);
        if (messages.isEmpty()) {
            done = true;
            caughtUp.run();
            return null;
        }
        ByteBuf slice = ByteBufAllocator.DEFAULT.directBuffer(messages.size() * 256);
        for (Message message : messages) {
            kind.encode(message, slice);
        }
        return slice;
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
