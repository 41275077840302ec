package dev.fanfare.server.session;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Start;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.FeedAccess;
import dev.fanfare.feed.Pattern;
import dev.fanfare.server.feed.Outbox;
import dev.fanfare.server.feed.WireCursor;
import dev.fanfare.server.feed.WireKind;
import org.jspecify.annotations.Nullable;

/// One subscription of a session: first a replay, then a cursor in a feed. On the connection's event loop.
final class WireSubscription implements WireCursor.Owner {

    /// A subscription is the pair of client_id and topic (or pattern) on a connection.
    record Key(String clientId, String topic) {}

    private final Session session;
    private final Key key;
    private final Pattern pattern;
    private final Outbox outbox;
    private final WireCursor cursor;
    private @Nullable Attachment attachment;
    private @Nullable ReplaySource replay;
    private boolean closed;

    WireSubscription(
            Session session,
            Key key,
            Pattern pattern,
            Outbox outbox,
            @Nullable DeliveryStrategy delivery,
            WireCursor.Overflow overflow,
            int queue) {
        this.session = session;
        this.key = key;
        this.pattern = pattern;
        this.outbox = outbox;
        this.cursor = new WireCursor(outbox, this, delivery, overflow, queue);
    }

    Key key() {
        return key;
    }

    /// Takes its place. Nothing is delivered before [#begin]. For a pattern, any thread.
    Attachment attach(FeedAccess feeds, Start start, WireKind kind) {
        if (pattern.isWild()) {
            cursor.hold();
        }
        return feeds.attach(pattern, start, kind, cursor);
    }

    /// It has its place.
    Attachment.Opened attached(Attachment attached, WireKind kind, ReplaySlices slices) {
        attachment = attached;
        if (pattern.isWild()) {
            cursor.holdFor(attached);
        }
        if (attached.state() == Attachment.State.REPLAYING) {
            replay = new ReplaySource(
                    attached,
                    kind,
                    pattern.isWild() ? null : slices,
                    this::dropped,
                    session.context()::replayed,
                    () -> caughtUp(attached));
        }
        return attached.opened();
    }

    /// Delivers: the subscriber has been told that it is subscribed.
    void begin() {
        Attachment attached = attachment;
        if (replay != null) {
            outbox.offer(replay);
        } else if (attached != null) {
            caughtUp(attached);
        }
    }

    private void caughtUp(Attachment attached) {
        replay = null;
        if (closed) {
            return;
        }
        long lost = attached.takeLost();
        if (lost > 0) {
            dropped(lost);
        }
        if (attached.state() == Attachment.State.ENDED) {
            ended();
        } else if (pattern.isWild()) {
            cursor.goLive();
        } else {
            outbox.offer(cursor);
        }
    }

    /// What waits for the peer counts as lost.
    void giveUp() {
        cursor.giveUp();
    }

    /// Delivers what is there, whatever its batch still waits for.
    void flush() {
        cursor.flush();
    }

    /// Ends it without a word to the peer.
    void close() {
        closed = true;
        if (replay != null) {
            replay.stop();
            outbox.withdraw(replay);
            replay = null;
        }
        if (attachment != null) {
            attachment.close();
        }
    }

    @Override
    public void dropped(long count) {
        if (!closed) {
            session.tellDropped(key, count);
        }
    }

    @Override
    public void overflowed(long lag) {
        if (!closed) {
            session.overflowed(key, lag);
        }
    }

    @Override
    public void ended() {
        if (!closed) {
            session.ended(this);
        }
    }
}
