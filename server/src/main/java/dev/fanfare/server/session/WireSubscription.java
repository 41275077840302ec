package dev.fanfare.server.session;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.FilteredKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.server.WireSubscriber;
import dev.fanfare.server.feed.Outbox;
import dev.fanfare.server.feed.WireCursor;
import dev.fanfare.server.feed.WireKind;
import dev.fanfare.server.flight.ConnectionFlight;
import dev.fanfare.server.security.Rights;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One subscription of a session: first a replay, then a cursor in a feed. On the connection's event loop.
final class WireSubscription implements Subscribed, WireCursor.Owner {

    private final Session session;
    private final Key key;
    private final Pattern pattern;
    private final Rights.View view;
    private final Outbox outbox;
    private final WireKind kind;
    private final ReplaySlices slices;
    private final @Nullable Filter filter;
    private final WireCursor.Overflow overflow;
    private final int queue;
    private final WireCursor cursor;
    private @Nullable Attachment attachment;
    private @Nullable ReplaySource replay;

    /// What recordings get of the replay; null when there is none.
    private ConnectionFlight.@Nullable Replaying flight;

    /// Its subscriber was told that it is subscribed.
    private boolean begun;

    private boolean closed;
    private long dropped;

    WireSubscription(
            Session session,
            Key key,
            Pattern pattern,
            Rights.View view,
            Outbox outbox,
            WireKind kind,
            ReplaySlices slices,
            @Nullable Filter filter,
            @Nullable DeliveryStrategy delivery,
            WireCursor.Overflow overflow,
            int queue) {
        this.session = session;
        this.key = key;
        this.pattern = pattern;
        this.view = view;
        this.outbox = outbox;
        this.kind = kind;
        this.slices = slices;
        this.filter = filter;
        this.overflow = overflow;
        this.queue = queue;
        this.cursor = new WireCursor(outbox, this, delivery, overflow, queue);
    }

    @Override
    public Key key() {
        return key;
    }

    @Override
    public Pattern pattern() {
        return pattern;
    }

    @Override
    public Rights.View view() {
        return view;
    }

    @Override
    public void open(Start start) {
        // Nothing goes out before its subscriber is told, and before what is replayed.
        cursor.hold();
        FeedKind<WireCursor> seen = filter == null ? kind : new FilteredKind<>(kind, filter);
        attachment = session.context().feeds().attach(pattern, start, seen, cursor);
    }

    /// Whether something in the feed may have to be passed over.
    private boolean waits() {
        return pattern.isWild() || filter != null;
    }

    @Override
    public Attachment.Opened opened() {
        Attachment attached = Objects.requireNonNull(attachment);
        if (waits()) {
            cursor.holdFor(attached, filter != null);
        }
        if (attached.state() == Attachment.State.REPLAYING) {
            replay = source(attached);
        }
        return attached.opened();
    }

    private ReplaySource source(Attachment attached) {
        Filter wanted = filter;
        ConnectionFlight.Replaying recorded =
                new ConnectionFlight.Replaying(pattern().text());
        flight = recorded;
        ReplaySource source = new ReplaySource(
                attached,
                kind,
                waits() ? null : slices,
                wanted == null ? null : (messages, then) -> sift(wanted, messages, then),
                this::dropped,
                messages -> {
                    recorded.read(messages.size());
                    session.context().replayed(messages);
                },
                () -> {
                    recorded.done();
                    flight = null;
                    caughtUp(attached);
                },
                session::later);
        source.whenFound(() -> outbox.offer(source));
        return source;
    }

    @Override
    public void spilled() {
        session.later(this::leaveFeed);
    }

    /// Goes on where it is stored, until it has caught up again; if a replay is not through, with that.
    private void leaveFeed() {
        Attachment attached = attachment;
        if (closed || attached == null || !begun) {
            return;
        }
        long from = cursor.spill(attached.joinedAt());
        if (from < 0 || !attached.replayFrom(from)) {
            return;
        }
        if (waits()) {
            cursor.holdFor(attached, filter != null);
        }
        if (replay == null) {
            replay = source(attached);
            outbox.offer(replay);
        }
    }

    /// A filter may take longer than the loop has time.
    private void sift(Filter wanted, List<Message> messages, Consumer<List<Message>> then) {
        SessionContext context = session.context();
        try {
            context.background().execute(() -> {
                List<Message> found = FilteredKind.matching(wanted, messages, context::find);
                session.execute(() -> then.accept(found), () -> {});
            });
        } catch (RejectedExecutionException closing) {
            // The server ends: who still replays is told with everybody else.
        }
    }

    @Override
    public void begin() {
        begun = true;
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
        } else {
            cursor.goLive();
        }
    }

    @Override
    public void giveUp() {
        cursor.giveUp();
    }

    @Override
    public void flush() {
        cursor.flush();
    }

    @Override
    public void close() {
        closed = true;
        if (replay != null) {
            replay.stop();
            outbox.withdraw(replay);
            replay = null;
        }
        if (flight != null) {
            flight.cut();
            flight = null;
        }
        if (attachment != null) {
            attachment.close();
        }
    }

    /// What it is now, and what is known of its connection.
    WireSubscriber described(String peer, String identity, long untakenBytes, long untakenMillis) {
        return new WireSubscriber(
                key.clientId(),
                key.topic(),
                peer,
                identity,
                cursor.lag(),
                queue,
                overflow.name().toLowerCase(Locale.ROOT),
                dropped + cursor.untold(),
                !begun || replay != null,
                outbox.blocked(),
                untakenBytes,
                untakenMillis);
    }

    @Override
    public void dropped(long count) {
        dropped += count;
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
