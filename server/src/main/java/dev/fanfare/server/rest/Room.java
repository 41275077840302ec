package dev.fanfare.server.rest;

import dev.fanfare.PublishResult;
import dev.fanfare.feed.Feed;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How long one call waits for room in a subscription whose policy is to block: as long as that says, all in all. On
/// the
/// connection's event loop.
final class Room {

    private final Call.Line line;
    private @Nullable Future<?> end;
    private boolean patient = true;
    private @Nullable Runnable waiting;

    Room(Call.Line line) {
        this.line = line;
    }

    /// Has something tried again when there may be room, or when the time is over, once.
    ///
    /// @param again refused once more, it asks here again
    /// @return false when waiting does not help, or there was enough of it
    boolean await(PublishResult.Refused refused, Runnable again) {
        Feed<?> full = refused.full();
        if (full == null || !patient) {
            return false;
        }
        waiting = again;
        if (end == null) {
            end = line.loop().schedule(this::giveUp, refused.waitMillis(), TimeUnit.MILLISECONDS);
        }
        full.onRoom(() -> line.loop().execute(this::tryAgain));
        return true;
    }

    private void giveUp() {
        patient = false;
        tryAgain();
    }

    private void tryAgain() {
        Runnable again = waiting;
        waiting = null;
        if (again != null && line.open().getAsBoolean()) {
            again.run();
        }
    }

    /// Nothing is waited for any more.
    void close() {
        waiting = null;
        if (end != null) {
            end.cancel(false);
        }
    }
}
