package dev.fanfare.server.feed;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Something that has frames for one connection: a cursor in a feed, or a replay. An [Outbox] asks its sources in
/// turn. All of it on the connection's event loop.
public abstract class Source {

    /// Links the outbox's list of ready sources: a connection has one or two, so a list of its own would cost more than
    /// they do.
    @Nullable
    Source nextReady;

    boolean queued;

    /// The next whole frames: at most `limit` bytes, but at least one frame; null when there is nothing (more) now.
    /// Whoever asks releases the buffer. May add control frames to the outbox, which go out first.
    protected abstract @Nullable ByteBuf next(int limit);

    /// Whether [#next] is worth asking again.
    protected abstract boolean more();
}
