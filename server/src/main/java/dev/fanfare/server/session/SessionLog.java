package dev.fanfare.server.session;

import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.LogLimit;
import dev.fanfare.server.LogSubject;
import dev.fanfare.server.flight.ConnectionFlight;
import dev.fanfare.server.limits.Limits;
import dev.fanfare.server.metrics.ServerCounts;
import dev.fanfare.server.security.Audit;
import dev.fanfare.server.security.Identity;
import java.net.SocketAddress;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the log says of one connection: a line when it opens, a line when it closes, a line per refused request;
/// never a payload. However many connections come and go, the log stays readable: [LogLimit].
final class SessionLog {

    private static final Logger LOG = LoggerFactory.getLogger("dev.fanfare.session");
    private static final LogLimit LIMIT = new LogLimit(LOG);

    private static final Set<WireError.Code> AUDITED = EnumSet.of(
            WireError.Code.UNAUTHORIZED,
            WireError.Code.FORBIDDEN,
            WireError.Code.RATE_LIMITED,
            WireError.Code.LIMIT_REACHED);

    private final ServerCounts counts;
    private final Limits limits;
    private final Dialect dialect;
    private final String id;
    private final String who;
    private final SocketAddress peer;
    private final Audit audit;
    private String identity = "nobody known";
    private final long openedNanos;
    private long published;
    private long refused;
    private long dropped;
    private long sentBytes;

    SessionLog(
            ServerCounts counts,
            Limits limits,
            Dialect dialect,
            SocketAddress peer,
            String id,
            long openedNanos,
            Audit audit) {
        this.counts = counts;
        this.limits = limits;
        this.dialect = dialect;
        this.peer = peer;
        this.audit = audit;
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

    /// The peer is known to be this one.
    void is(Identity who) {
        identity = who.toString();
    }

    /// A topic was made because somebody used it.
    void made(String topic) {
        audit.record(Audit.Decision.DONE, identity, peer, "make topic " + topic, "by using it");
    }

    /// @param requestId null when the peer gave it none
    void refused(@Nullable String requestId, WireError error, long nowNanos) {
        refused++;
        counts.refused(
                new ServerCounts.Refused(dialect, "websocket", error.code().standard()));
        limits.count(error.limit());
        if (AUDITED.contains(error.code())) {
            audit.record(Audit.Decision.REFUSED, identity, peer, who, error.code() + ": " + error.message());
        }
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
