package dev.fanfare.server.session;

import dev.fanfare.protocol.WireError;
import dev.fanfare.server.LogLimit;
import java.net.SocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the log says of one connection: a line when it opens, a line when it closes, a line per refused request;
/// never a payload. However many connections come and go, the log stays readable: [LogLimit].
final class SessionLog {

    private static final Logger LOG = LoggerFactory.getLogger("dev.fanfare.session");
    private static final LogLimit LIMIT = new LogLimit(LOG);

    private final String who;
    private final long openedNanos;
    private long published;
    private long refused;
    private long dropped;
    private long sentBytes;

    SessionLog(String dialect, SocketAddress peer, String id, long openedNanos) {
        this.who = dialect + " connection " + id + " from " + peer;
        this.openedNanos = openedNanos;
    }

    long openedNanos() {
        return openedNanos;
    }

    void opened() {
        LIMIT.info(openedNanos, "{} opened", who);
    }

    void published() {
        published++;
    }

    void published(int count) {
        published += count;
    }

    void sent(int bytes) {
        sentBytes += bytes;
    }

    void dropped(long count) {
        dropped += count;
    }

    void refused(WireError error, long nowNanos) {
        refused++;
        LIMIT.info(nowNanos, "{} refused: {}: {}", who, error.code(), error.message());
    }

    void closed(String reason, long nowNanos) {
        LIMIT.info(
                nowNanos,
                "{} {} after {} ms: published {}, refused {}, dropped {}, sent {} bytes",
                who,
                reason,
                (nowNanos - openedNanos) / 1_000_000,
                published,
                refused,
                dropped,
                sentBytes);
    }

    void failed(Throwable cause) {
        LOG.error("{} failed", LogLimit.printable(who), cause);
    }
}
