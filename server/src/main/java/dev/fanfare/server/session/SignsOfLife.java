package dev.fanfare.server.session;

/// When a connection was last heard and last written to, and whether its peer still takes anything. On the connection's
/// event loop.
final class SignsOfLife {

    private long receivedNanos;
    private long sentNanos;
    private long pingedNanos;
    private long untakenBytes;
    private long untakenSinceNanos;

    SignsOfLife(long nowNanos) {
        this.receivedNanos = nowNanos;
        this.sentNanos = nowNanos;
        this.pingedNanos = nowNanos - 1;
    }

    void received(long nowNanos) {
        receivedNanos = nowNanos;
    }

    void sent(long nowNanos) {
        sentNanos = nowNanos;
    }

    /// The peer has taken what was sent.
    void progressed() {
        untakenBytes = 0;
    }

    /// Whether the peer has been silent for so long that it must be gone.
    ///
    /// @param heartbeatNanos how long either side may be silent
    boolean gone(long nowNanos, long heartbeatNanos) {
        return nowNanos - receivedNanos >= 2 * heartbeatNanos;
    }

    /// Whether it is time to ask the peer for a sign of life; once per silence.
    boolean pingDue(long nowNanos, long heartbeatNanos) {
        if (nowNanos - receivedNanos < heartbeatNanos || pingedNanos - receivedNanos >= 0) {
            return false;
        }
        pingedNanos = nowNanos;
        return true;
    }

    /// Whether it is time to give one; a peer that takes nothing gets one per heartbeat, not one with every look.
    boolean heartbeatDue(long nowNanos, long heartbeatNanos) {
        if (nowNanos - sentNanos < heartbeatNanos) {
            return false;
        }
        sentNanos = nowNanos;
        return true;
    }

    /// For how long no byte of what is on its way was taken, as far as it was looked at.
    ///
    /// @param untaken bytes on their way
    long stuckNanos(long nowNanos, long untaken) {
        if (untaken == 0 || untaken != untakenBytes) {
            untakenBytes = untaken;
            untakenSinceNanos = nowNanos;
        }
        return nowNanos - untakenSinceNanos;
    }
}
