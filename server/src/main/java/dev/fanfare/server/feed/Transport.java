package dev.fanfare.server.feed;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// The writing half of a connection. On its event loop.
public interface Transport {

    /// Passes bytes on and owns them from now on.
    void write(ByteBuf bytes);

    /// Sends what was written, as far as the peer takes it.
    void flush();

    /// Whether bytes that were written still wait for the peer. When that ends, the outbox's [Outbox#pump] is
    /// called.
    boolean blocked();

    /// Takes back the whole frames of what was written last that the peer has not begun to take, while [#blocked];
    /// null if there are none or they can't be taken back. Whoever asks releases the buffer.
    @Nullable
    ByteBuf recall();

    /// Ends the connection soon, but not from inside this call: something was wrong in here, not at the peer.
    void fail(Throwable cause);

    /// Whether anything can still be sent.
    boolean open();
}
