package dev.fanfare.server.session;

import dev.fanfare.PublishResult;
import dev.fanfare.feed.Feed;
import dev.fanfare.protocol.Request;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The one request of a session that waits for room in a subscription whose policy is to block: this connection, and no
/// other, is not read until there is room or the time is up. On the connection's event loop.
final class Patience {

    private final Session session;
    private final SessionLoop loop;
    private @Nullable Request held;

    /// The one whose time runs: it is held again when there was room and others were faster.
    private @Nullable Request timed;

    Patience(Session session, SessionLoop loop) {
        this.session = session;
        this.loop = loop;
    }

    /// Whether one waits: nothing is read meanwhile.
    boolean waits() {
        return held != null;
    }

    /// The connection is gone: nothing waits any more.
    void close() {
        held = null;
    }

    /// Holds a request that was refused for lack of room.
    ///
    /// @param refused with the feed that is full
    /// @param again tries it again
    /// @param giveUp answers that it was refused
    void hold(Request request, PublishResult.Refused refused, Runnable again, Runnable giveUp) {
        Feed<?> full = Objects.requireNonNull(refused.full());
        held = request;
        if (timed != request) {
            timed = request;
            loop.delivery().after(Duration.ofMillis(refused.waitMillis()), () -> resume(request, giveUp));
        }
        full.onRoom(() -> session.later(() -> resume(request, again)));
    }

    private void resume(Request request, Runnable action) {
        if (held == request) {
            held = null;
            action.run();
            if (held == null) {
                timed = null;
                session.readAgain();
            }
        }
    }
}
