package dev.fanfare.server.session;

import dev.fanfare.Message;
import dev.fanfare.feed.Attachment;
import dev.fanfare.server.feed.Source;
import dev.fanfare.server.feed.WireKind;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// A subscription that still reads the log: it hands out slices as fast as the peer takes them, however long its
/// queue may be, and tells its subscription when it has caught up.
final class ReplaySource extends Source {

    private static final int SLICE_MESSAGES = 512;

    /// Of messages that are looked through one by one.
    private static final int SIFTED_MESSAGES = 128;

    /// Looks through messages where that may take its time.
    interface Sieve {

        /// Has `then` told on the loop, later, which of the messages are wanted.
        void sift(List<Message> messages, Consumer<List<Message>> then);
    }

    private final Attachment attachment;
    private final WireKind kind;
    private final @Nullable ReplaySlices slices;
    private final @Nullable Sieve sieve;
    private final LongConsumer dropped;
    private final Consumer<List<Message>> delivered;
    private final Runnable caughtUp;
    private final Executor loop;
    private boolean done;

    /// While a slice is being read from a device or is in the sieve: nothing can be handed out. Then what was
    /// found, and who is to ask for it.
    private boolean waiting;

    private List<Message> found = List.of();
    private Runnable again = () -> {};

    /// @param slices where encoded slices are shared; null for a pattern, whose messages are of several topics,
    ///     and behind a filter
    /// @param sieve of a filter; null when every message is wanted
    /// @param delivered told which messages are in each slice
    /// @param dropped told how many messages retention took away, before the slice behind the gap is handed out
    /// @param loop the connection's event loop
    ReplaySource(
            Attachment attachment,
            WireKind kind,
            @Nullable ReplaySlices slices,
            @Nullable Sieve sieve,
            LongConsumer dropped,
            Consumer<List<Message>> delivered,
            Runnable caughtUp,
            Executor loop) {
        this.attachment = attachment;
        this.slices = slices;
        this.sieve = sieve;
        this.kind = kind;
        this.dropped = dropped;
        this.delivered = delivered;
        this.caughtUp = caughtUp;
        this.loop = loop;
    }

    /// @param action run on the loop when there is something to ask for again
    void whenFound(Runnable action) {
        again = action;
    }

    @Override
    protected @Nullable ByteBuf next(int limit) {
        if (done || waiting) {
            return null;
        }
        List<Message> wanted = found;
        found = List.of();
        if (!wanted.isEmpty()) {
            return handOut(wanted);
        }
        List<Message> messages = attachment.replay(
                sieve == null ? SLICE_MESSAGES : SIFTED_MESSAGES, limit, () -> loop.execute(() -> found(List.of())));
        if (messages == null) {
            waiting = true;
            return null;
        }
        long lost = attachment.takeLost();
        if (lost > 0) {
            dropped.accept(lost);
        }
        if (messages.isEmpty()) {
            done = true;
            caughtUp.run();
            return null;
        }
        if (sieve == null) {
            return handOut(messages);
        }
        waiting = true;
        sieve.sift(messages, this::found);
        return null;
    }

    /// On the loop, later: what was waited for has come.
    private void found(List<Message> wanted) {
        waiting = false;
        found = wanted;
        if (!done) {
            again.run();
        }
    }

    private ByteBuf handOut(List<Message> messages) {
        delivered.accept(messages);
        return slices == null ? ReplaySlices.encode(messages, kind) : slices.frames(messages, kind);
    }

    @Override
    protected boolean more() {
        return !done && !waiting;
    }

    /// Nothing more is replayed.
    void stop() {
        done = true;
    }
}
