package dev.fanfare.server.session;

import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.LogLimit;
import dev.fanfare.server.LogSubject;
import dev.fanfare.server.flight.ConnectionFlight;
import dev.fanfare.server.metrics.ServerCounts;
import java.net.SocketAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the log says of one connection: a line when it opens, a line when it closes, a line per refused request;
/// never a payload. However many connections come and go, the log stays readable: [LogLimit].
final class SessionLog {

    private static final Logger LOG = LoggerFactory.getLogger("dev.fanfare.session");
    private static final LogLimit LIMIT = new LogLimit(LOG);

    private final ServerCounts counts;
    private final Dialect dialect;
    private final SocketAddress peer;
    private final String id;
    private final String who;
    private final long openedNanos;
    private long published;
    private long refused;
    private long dropped;
    private long sentBytes;

    SessionLog(ServerCounts counts, Dialect dialect, SocketAddress peer, String id, long openedNanos) {
        this.counts = counts;
        this.dialect = dialect;
        this.peer = peer;
        this.id = id;
        this.who = dialect.name().toLowerCase(Locale.ROOT) + " connection " + id + " from " + peer;
        this.openedNanos = openedNanos;
    }

    long openedNanos() {
        return openedNanos;
    }

    void opened() {
        counts.opened(dialect);
        ConnectionFlight.opened(id, dialect, peer);
        LIMIT.info(LogSubject.of(id), openedNanos, "{} opened", who);
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

    /// @param requestId null when the peer gave it none
    void refused(@Nullable String requestId, WireError error, long nowNanos) {
        refused++;
        counts.refused(
                new ServerCounts.Refused(dialect, "websocket", error.code().standard()));
        LIMIT.info(new LogSubject(id, requestId), nowNanos, "{} refused: {}: {}", who, error.code(), error.message());
    }

    void closed(String reason, long nowNanos) {
        ConnectionFlight.closed(
                id, reason, new ConnectionFlight.Life(nowNanos - openedNanos, published, refused, dropped, sentBytes));
        LIMIT.info(
                LogSubject.of(id),
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
        LogSubject.of(id).during(() -> LOG.error("{} failed", LogLimit.printable(who), cause));
    }
}
