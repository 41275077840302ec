package dev.fanfare.local;

import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.FeedAccess;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.FilteredKind;
import dev.fanfare.store.StoreException;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/// A subscription's way from what is stored into its feed: what it replays, when that has to stand still, and
/// what of the feed it has replayed already. By whoever has the subscription's turn, unless said otherwise.
final class CatchUp {

    private static final int REPLAY_BYTES = 256 << 10;

    /// [#askUntil] as long as the feed behind a filter stands before where the subscription joined.
    private static final long UNSETTLED = Long.MAX_VALUE;

    private final LocalSubscription owner;
    private final LocalDelivery delivery;
    private final SubscriptionSpec spec;
    private final Cursor cursor;
    private final Pause pause = new Pause();
    private volatile boolean underWay = true;
    private volatile @Nullable Attachment attachment;
    private volatile Attachment.@Nullable Opened opened;

    /// A pattern's messages below this position have to be asked about.
    private long askUntil;

    CatchUp(LocalSubscription owner, LocalDelivery delivery, SubscriptionSpec spec, Cursor cursor) {
        this.owner = owner;
        this.delivery = delivery;
        this.spec = spec;
        this.cursor = cursor;
    }

    /// On the thread that subscribes.
    ///
    /// @return whether it is in the feed already, with nothing to replay
    boolean attach() {
        Filter wanted = spec.filter();
        FeedKind<Cursor> kind = wanted == null ? delivery.kind() : new FilteredKind<>(delivery.kind(), wanted);
        Intake intake = spec.intake();
        long expiredBy = intake == null ? FeedAccess.AS_IT_GOES : intake.expiredBy();
        ObjLongConsumer<Topic> begins = intake == null ? null : intake.begins();
        Attachment made = delivery.feeds().attach(spec.pattern(), spec.start(), kind, cursor, expiredBy, begins);
        attachment = made;
        opened = made.opened();
        Sequence source = cursor.sequence();
        if (wanted != null) {
            askUntil = UNSETTLED;
        } else {
            askUntil = source == null || !spec.pattern().isWild() ? 0 : source.end();
        }
        return made.state() == Attachment.State.LIVE;
    }

    /// Whether it has not come to the feed yet. Any thread.
    boolean isUnderWay() {
        return underWay;
    }

    /// It is in the feed and has replayed what came before.
    void done() {
        underWay = false;
    }

    Attachment.State state() {
        Attachment from = attachment;
        return from == null ? Attachment.State.ENDED : from.state();
    }

    /// See [Attachment#unreplayed]. Any thread.
    long unreplayed() {
        Attachment from = attachment;
        return from == null ? 0 : from.unreplayed();
    }

    /// What was granted. Any thread.
    Attachment.Opened opened() {
        return Objects.requireNonNull(opened);
    }

    /// See [Attachment.Opened#recovered]; null before that is known. Any thread.
    @Nullable
    Boolean recovered() {
        Attachment.Opened granted = opened;
        return granted == null ? null : granted.recovered();
    }

    // ---- the replay

    /// The next messages that the filter lets through; null when it stands still.
    @Nullable
    List<Message> next() {
        Attachment from = attachment;
        if (from == null || mustPause()) {
            return null;
        }
        // Before asking: the reader may be done before this thread hears that there is one.
        pause.begin(Pause.For.READ);
        List<Message> slice;
        try {
            slice = from.replay(LocalSubscription.TURN, REPLAY_BYTES, this::readOn);
        } catch (StoreException e) {
            owner.readFailed(e);
            return null;
        }
        if (slice == null) {
            return null;
        }
        pause.end(Pause.For.READ);
        long lost = from.takeLost();
        if (lost > 0) {
            owner.lost(lost);
        }
        Filter filter = spec.filter();
        return filter == null ? slice : FilteredKind.matching(filter, slice, delivery::topic);
    }

    /// What it waits for was read, or is to be tried again. Any thread.
    void readOn() {
        endPause(Pause.For.READ);
    }

    /// However much is stored, only so much of it is in memory: see [#settled].
    boolean mustPause() {
        Intake intake = spec.intake();
        if (intake == null || !intake.isCrowded()) {
            return false;
        }
        pause.begin(Pause.For.ROOM);
        return intake.isCrowded() || !pause.end(Pause.For.ROOM);
    }

    /// There may be room again in its intake. Any thread.
    void settled() {
        Intake intake = spec.intake();
        if (intake != null && pause.isOn() && !intake.isCrowded()) {
            endPause(Pause.For.ROOM);
        }
    }

    private void endPause(Pause.For what) {
        if (pause.end(what)) {
            owner.resume();
        }
    }

    /// Whether it stands still. Any thread.
    boolean isPaused() {
        return pause.isOn();
    }

    // ---- the feed

    /// Leaves the feed, and goes on where it is stored.
    ///
    /// @return false when it can't
    boolean leaveFeed() {
        Attachment from = attachment;
        if (from == null || !from.replayFrom(cursor.nextOffset())) {
            return false;
        }
        askUntil = spec.filter() == null ? 0 : UNSETTLED;
        underWay = true;
        return true;
    }

    /// Whether a message of the feed was replayed already.
    boolean skips(Topic from, long offset, long position) {
        Attachment noted = attachment;
        if (position >= askUntil || noted == null) {
            return false;
        }
        Sequence source = cursor.sequence();
        if (askUntil == UNSETTLED && source != null && noted.settled()) {
            askUntil = source.end();
        }
        return noted.skips(from, offset);
    }

    /// See [IntakeSource#passing]. Any thread.
    @Nullable
    BooleanSupplier passing() {
        Attachment from = attachment;
        Sequence source = cursor.sequence();
        if (underWay || from == null || source == null) {
            return null;
        }
        long mark = from.mark();
        return new BooleanSupplier() {
            private long end = -1;

            @Override
            public boolean getAsBoolean() {
                if (end < 0 && from.isPast(mark)) {
                    end = source.end();
                }
                // In this order: where it jumps ahead of what it replays, it is under way before that.
                return end >= 0 && cursor.position() >= end && !underWay;
            }
        };
    }

    // ---- the end

    /// Gives back what feed and registry hold for it. Any thread.
    void detach() {
        Attachment joined = attachment;
        if (joined != null) {
            joined.close();
        }
    }

    /// Nothing is asked any more.
    void forget() {
        attachment = null;
    }
}
