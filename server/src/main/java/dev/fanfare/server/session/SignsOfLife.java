package dev.fanfare.server.session;

/// When a connection was last heard and last written to, and whether its peer still takes anything. On the connection's
/// event loop.
final class SignsOfLife {

    private long receivedNanos;
    private long sentNanos;
    private long pingedNanos;

    /// A ping was sent, and nothing was heard since.
    private boolean asked;
    private long message;
    private long messageSinceNanos;
    private long untakenBytes;
    private long untakenSinceNanos;

    SignsOfLife(long nowNanos) {
        this.receivedNanos = nowNanos;
        this.sentNanos = nowNanos;
    }

    void received(long nowNanos) {
        receivedNanos = nowNanos;
        asked = false;
    }

    void sent(long nowNanos) {
        sentNanos = nowNanos;
    }

    /// The peer has taken what was sent.
    void progressed() {
        untakenBytes = 0;
    }

    /// Whether the peer must be gone: it has been silent for so long since it was asked. Who was not asked is not gone,
    /// however short a heartbeat has become meanwhile.
    ///
    /// @param heartbeatNanos how long either side may be silent
    boolean gone(long nowNanos, long heartbeatNanos) {
        return asked && nowNanos - pingedNanos >= heartbeatNanos;
    }

    /// For how long the same message has been begun and not ended, as far as it was looked at.
    ///
    /// @param unfinished its number; 0 when there is none
    long unfinishedNanos(long nowNanos, long unfinished) {
        if (unfinished == 0 || unfinished != message) {
            message = unfinished;
            messageSinceNanos = nowNanos;
        }
        return nowNanos - messageSinceNanos;
    }

    /// Whether it is time to ask the peer for a sign of life; once per silence.
    boolean pingDue(long nowNanos, long heartbeatNanos) {
        if (asked || nowNanos - receivedNanos < heartbeatNanos) {
            return false;
        }
        asked = true;
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
