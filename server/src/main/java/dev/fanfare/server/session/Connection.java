package dev.fanfare.server.session;

import dev.fanfare.server.feed.Outbox;
import java.net.SocketAddress;

/// What a session needs of the transport it speaks through. On the connection's event loop.
public interface Connection {

    /// Where frames for the peer go.
    Outbox outbox();

    /// Who is at the other end.
    SocketAddress peer();

    /// Asks the peer for a sign of life.
    void ping();

    /// How many bytes the peer has not taken yet: unchanged between two looks means that it took none.
    long untakenBytes();

    /// How many bytes are kept of what the peer has begun to say, or what can't be read yet.
    long unreadBytes();

    /// Which message the peer has begun and not ended, by a number; 0 while there is none, or while it is not read on.
    long unfinishedMessage();

    /// How many bytes wait here that are this connection's own, not shared with others; unread ones included.
    long waitingBytes();

    /// Sends a close frame behind what already waits and gives the peer this long to take it.
    void close(int code, String reason, long lingerMillis);

    /// Ends the connection at once.
    void abort(String reason);

    /// Goes on reading after the session has paused.
    void readAgain();

    /// Called by [SessionLoop] every now and then, with the time.
    void tick(long nowNanos);
}
