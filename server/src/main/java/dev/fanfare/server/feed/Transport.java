package dev.fanfare.server.feed;

import io.netty.buffer.ByteBuf;

/// The writing half of a connection. On its event loop.
public interface Transport {

    /// Passes bytes on and owns them from now on.
    void write(ByteBuf bytes);

    /// Sends what was written, as far as the peer takes it.
    void flush();

    /// Whether bytes that were written still wait for the peer. When that ends, the outbox's [Outbox#pump] is called.
    boolean blocked();

    /// Ends the connection soon, but not from inside this call: something was wrong in here, not at the peer.
    void fail(Throwable cause);

    /// Whether anything can still be sent.
    boolean open();
}
