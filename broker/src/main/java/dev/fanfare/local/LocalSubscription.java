package dev.fanfare.local;

import dev.fanfare.BrokerEvent;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.FilteredKind;
import dev.fanfare.store.StoreException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A subscription in process: reads its cursor and calls its handler. Its three kinds differ in the thread that
/// does so; whichever it is has the [Turn].
abstract sealed class LocalSubscription implements IntakeSource, Reader
        permits LoopSubscription, ThreadSubscription, CallerSubscription {

    private static final Logger LOG = LoggerFactory.getLogger(LocalSubscription.class);

    /// The most messages handled in one turn, and replayed in one slice.
    static final int TURN = 256;

    private static final int REPLAY_BYTES = 256 << 10;
    private static final Duration READ_AGAIN = Duration.ofSeconds(1);
    private static final long CLOSE_WAIT_SECONDS = 1;

    /// [#askUntil] as long as the feed behind a filter stands before where the subscription joined.
    private static final long UNSETTLED = Long.MAX_VALUE;

    private static final VarHandle REASON;

    static {
        try {
            REASON = MethodHandles.lookup().findVarHandle(LocalSubscription.class, "reason", SubscriptionEnd.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    final LocalDelivery delivery;
    final Loop loop;
    final Cursor cursor;
    private final Outlet outlet;
    private final SubscriptionSpec spec;
    private final Pacing pacing;
    private final Notice drops;
    private final Notice pressure;
    private final Tally tally;
    private final CountDownLatch over = new CountDownLatch(1);

    /// Its place in its station, −1 for none. The loop's.
    int stationIndex = -1;

    private final Turn turn = new Turn();
    private volatile @Nullable SubscriptionEnd reason;
    private volatile @Nullable Attachment attachment;
    private volatile @Nullable Station station;
    private volatile @Nullable DeliveryStrategy strategy;
    private volatile @Nullable Topic topic;
    private volatile boolean replaying = true;
    private final Pause pause = new Pause();
    private volatile Attachment.@Nullable Opened opened;

    /// What waited when batched delivery was last due, up to here, is delivered without asking again.
    private volatile long flushUntil;

    /// The feed's end when it was told to end while its thread was in the handler; what came later was not for it.
    private volatile long endedAt = Long.MAX_VALUE;

    /// A pattern's messages below this position have to be asked about.
    private long askUntil;

    LocalSubscription(LocalDelivery delivery, Loop loop, SubscriptionSpec spec) {
        this.delivery = delivery;
        this.loop = loop;
        this.spec = spec;
        this.strategy = spec.delivery();
        this.cursor = new Cursor(this, spec.queue(), spec.overflow(), spec.intake());
        this.pacing = new Pacing(loop, this::nudge);
        this.tally = new Tally(spec.pattern().isWild() ? delivery.patternCounters() : null);
        this.outlet = spec.intake() == null
                ? new Invocation(spec, delivery.events(), delivery.timers(), tally)
                : new Collector(spec.intake());
        String pattern = spec.pattern().text();
        String name = spec.name();
        this.drops = new Notice(delivery, loop, count -> new BrokerEvent.MessagesDropped(pattern, name, count));
        this.pressure = new Notice(delivery, loop, count -> new BrokerEvent.Backpressure(pattern, name, count));
    }

    // ---- the beginning

    /// Attaches it. On the thread that subscribes, which is the one that runs it until [#start] says otherwise.
    void attach() {
        Filter wanted = spec.filter();
        FeedKind<Cursor> kind = wanted == null ? delivery.kind() : new FilteredKind<>(delivery.kind(), wanted);
        Attachment made = delivery.feeds().attach(spec.pattern(), spec.start(), kind, cursor);
        attachment = made;
        opened = made.opened();
        Sequence source = cursor.sequence();
        if (wanted != null) {
            askUntil = UNSETTLED;
        } else {
            askUntil = source == null || !spec.pattern().isWild() ? 0 : source.end();
        }
        if (!spec.pattern().isWild()) {
            topic = delivery.topic(spec.pattern().text());
            tally.topic(topic);
        }
        if (made.state() == Attachment.State.LIVE) {
            goLive();
        }
    }

    /// Hands it over to the thread that will run it.
    abstract void start();

    /// It is in the feed and has replayed what came before: from now on publishers wake it.
    private void goLive() {
        replaying = false;
        LocalFeed feed = cursor.feed();
        if (feed == null) {
            return;
        }
        Topic followed = topic;
        if (followed != null) {
            feed.follow(followed);
        }
        enter(feed);
        if (cursor.isMissing()) {
            // Whoever told it while it replayed woke nobody.
            resume();
        }
    }

    /// Has the feed's publishers reach it.
    abstract void enter(LocalFeed feed);

    /// Joins its loop's station of the feed.
    void joinStation(LocalFeed feed) {
        Station joined = feed.stationOn(loop);
        station = joined;
        loop.execute(() -> {
            if (!isOver()) {
                joined.add(this);
            }
        });
    }

    /// Ends the turn that the thread that subscribes has had since the constructor.
    void leaveStart() {
        leaveTurn();
    }

    // ---- being woken

    /// On the loop: delivers, or has its own thread deliver, what is due.
    ///
    /// @param feedEnd up to this end of the feed, the same for all that are served in one go
    /// @return whether there is more to do at once
    abstract boolean serve(long feedEnd);

    /// Has it look for something to do soon: its strategy changed, its topic ended, its time has come. Any thread.
    abstract void nudge();

    /// Has a replay that stood still go on. Any thread.
    abstract void resume();

    /// Has the station look; before there is one, that is not needed.
    void requestStation() {
        Station joined = station;
        if (joined != null) {
            joined.request();
        }
    }

    /// On the loop: up to which end of the feed it need not be woken.
    long wantsWakeAt() {
        return pacing.gathering() && effectiveStrategy() instanceof DeliveryStrategy.Batched batched && cursor.shares()
                ? cursor.position() + Pacing.size(batched, cursor.bound())
                : 0;
    }

    /// On the loop: whether what waits is to be delivered now.
    ///
    /// @param feedEnd see [#serve]
    boolean isDue(long feedEnd) {
        if (mustFinish() || cursor.isMissing()) {
            return true;
        }
        long lag = cursor.lag(feedEnd);
        DeliveryStrategy now = effectiveStrategy();
        if (!pacing.isDue(now, lag, cursor.bound())) {
            return lag > 0 && cursor.position() < flushUntil;
        }
        flushUntil = cursor.position() + lag;
        if (now instanceof DeliveryStrategy.Batched) {
            delivery.events().emit(() -> new BrokerEvent.BatchFlush(pattern(), name(), lag));
        }
        return true;
    }

    /// Whether something waits that needs no asking: what a flush began, or anything when nothing is gathered.
    boolean mayGoOn() {
        return mustFinish()
                || !isPaused()
                        && (cursor.isMissing()
                                || cursor.lag() > 0
                                        && (cursor.position() < flushUntil
                                                || effectiveStrategy() instanceof DeliveryStrategy.Immediate));
    }

    DeliveryStrategy effectiveStrategy() {
        DeliveryStrategy own = strategy;
        if (own != null) {
            return own;
        }
        Topic followed = topic;
        DeliveryStrategy topics = followed == null ? null : followed.delivery();
        return topics == null ? LocalDelivery.IMMEDIATE : topics;
    }

    boolean gathers() {
        return pacing.gathering();
    }

    private boolean mustFinish() {
        LocalFeed feed = cursor.feed();
        return delivery.isClosing() || feed != null && feed.hasEnded();
    }

    // ---- a turn

    /// Calls the handler for what waits, at most [#TURN] messages. By one thread at a time.
    ///
    /// @param feedEnd what lies behind this end of the feed can wait
    /// @return whether something is left to do
    boolean turn(long feedEnd) {
        if (!turn.take()) {
            return false;
        }
        boolean more = false;
        try {
            more = replaying ? replay() : live(feedEnd);
        } finally {
            leaveTurn();
        }
        return more || isLeftBehind();
    }

    /// After a turn: whether somebody came for the turn in vain meanwhile and left something to do.
    boolean isLeftBehind() {
        return false;
    }

    private void leaveTurn() {
        LocalFeed feed = cursor.feed();
        if (!turn.leave()) {
            finish();
        } else if (feed != null) {
            // After the fence above: see LocalFeed#release.
            feed.moved(cursor);
        }
    }

    private boolean replay() {
        Attachment from = attachment;
        if (from == null) {
            return false;
        }
        if (mustPause()) {
            return false;
        }
        // Before asking: the reader may be done before this thread hears that there is one.
        pause.begin(Pause.For.READ);
        List<Message> slice;
        try {
            slice = from.replay(TURN, REPLAY_BYTES, () -> endPause(Pause.For.READ));
        } catch (StoreException e) {
            readFailed(e);
            return false;
        }
        if (slice == null) {
            return false;
        }
        pause.end(Pause.For.READ);
        long lost = from.takeLost();
        if (lost > 0) {
            lost(lost);
        }
        List<Message> found = wanted(slice);
        outlet.replayed(this, found, delivery::topic);
        cursor.advanceBy(found.size());
        if (!isRunning()) {
            return false;
        }
        switch (from.state()) {
            case REPLAYING -> {
                return true;
            }
            case LIVE -> goLive();
            case ENDED -> end(delivery.whyGone());
        }
        return true;
    }

    /// It is tried again, as whoever writes to the store does; until then the pause goes on.
    void readFailed(StoreException cause) {
        LOG.warn(
                "What subscription {} of {} has to read could not be read; it is tried again",
                name(),
                pattern(),
                cause);
        delivery.timers().schedule(READ_AGAIN, () -> endPause(Pause.For.READ));
    }

    /// However much is stored, only so much of it is in memory: see [#settled].
    private boolean mustPause() {
        Intake intake = spec.intake();
        if (intake == null || !intake.isCrowded()) {
            return false;
        }
        pause.begin(Pause.For.ROOM);
        return intake.isCrowded() || !pause.end(Pause.For.ROOM);
    }

    private void endPause(Pause.For what) {
        if (pause.end(what)) {
            resume();
        }
    }

    /// What of a replayed slice the filter lets through.
    private List<Message> wanted(List<Message> slice) {
        Filter filter = spec.filter();
        return filter == null ? slice : FilteredKind.matching(filter, slice, delivery::topic);
    }

    private boolean live(long feedEnd) {
        boolean last = mustFinish();
        Sequence source = cursor.sequence();
        LocalFeed feed = cursor.feed();
        if (source == null || feed == null || cursor.spills() && mustPause()) {
            return false;
        }
        int left = outlet.turn(effectiveStrategy());
        while (left > 0 && isRunning()) {
            int found = cursor.available(source, left, feedEnd);
            if (found == Cursor.SPILLED) {
                return spill();
            }
            if (found == 0) {
                break;
            }
            left -= outlet.slice(this, source, found);
            feed.moved(cursor);
        }
        outlet.finishTurn(this);
        if (cursor.lag(last ? Cursor.EVERYTHING : feedEnd) > 0) {
            return true;
        }
        if (last) {
            end(delivery.whyGone());
        }
        return false;
    }

    /// Too much waits for what may be in memory: leaves the feed, and reads the log until it has caught up.
    ///
    /// @return whether there is something to do at once
    private boolean spill() {
        outlet.finishTurn(this);
        Attachment from = attachment;
        if (from == null || !from.replayFrom(cursor.nextOffset())) {
            return false;
        }
        askUntil = spec.filter() == null ? 0 : UNSETTLED;
        replaying = true;
        Station joined = station;
        station = null;
        if (joined != null) {
            loop.execute(() -> joined.remove(this));
        }
        resume();
        return true;
    }

    /// Whether the turn may go on: looked at before each call of the handler.
    boolean isRunning() {
        return turn.isOpen();
    }

    /// Whether a message of a pattern's feed was replayed already.
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

    @Override
    public boolean runsHere() {
        return turn.isMine();
    }

    /// The topic, if it is subscribed to by name.
    @Nullable
    Topic topic() {
        return topic;
    }

    /// Whether what it reads has to be acknowledged.
    boolean isIntake() {
        return spec.intake() != null;
    }

    @Override
    public void settled() {
        Intake intake = spec.intake();
        if (intake != null && pause.isOn() && !intake.isCrowded()) {
            endPause(Pause.For.ROOM);
        }
        LocalFeed feed = cursor.feed();
        if (feed != null) {
            feed.moved(cursor);
        }
    }

    @Override
    public void tighten() {
        LocalFeed feed = cursor.feed();
        if (feed != null) {
            feed.tighten();
        }
    }

    // ---- losses

    @Override
    public void lost(long count) {
        tally.lost(count);
        drops.count(count);
    }

    @Override
    public void refusedOne() {
        tally.refusedOne();
        drops.count(1);
    }

    @Override
    public void missing() {
        resume();
    }

    @Override
    public void missed(long count) {
        tally.missed(count);
        drops.count(count);
    }

    @Override
    public void pressed() {
        pressure.count(1);
    }

    @Override
    public void tooSlow(long lag) {
        loop.execute(() -> {
            delivery.events().emit(() -> new BrokerEvent.SlowConsumer(pattern(), name(), lag));
            end(SubscriptionEnd.SLOW_CONSUMER);
        });
    }

    // ---- the end

    /// Ends it for this reason, unless it has ended: at once, or when the thread in its handler comes out.
    void end(SubscriptionEnd why) {
        REASON.compareAndSet(this, null, why);
        while (true) {
            if (turn.endIdle()) {
                finish();
                return;
            }
            Sequence source = cursor.sequence();
            endedAt = source == null ? 0 : source.end();
            if (turn.endRunning()) {
                // Its thread may stay in the handler: what feed and registry hold for it is given back now.
                detach();
                return;
            }
            if (turn.isOver()) {
                return;
            }
        }
    }

    private void detach() {
        Attachment joined = attachment;
        if (joined != null) {
            joined.close();
        }
    }

    /// By whoever made it ENDED, or by the thread that came out of the handler.
    private void finish() {
        turn.ended();
        SubscriptionEnd why = reason == null ? SubscriptionEnd.CLOSED : reason;
        long unread =
                why == SubscriptionEnd.CLOSED ? cursor.overrunAt(endedAt) : cursor.unreadAt(endedAt) + outlet.held();
        if (unread > 0) {
            lost(unread);
        }
        detach();
        cursor.release();
        tally.flush();
        drops.flush();
        pressure.flush();
        Station joined = station;
        if (joined != null) {
            loop.execute(() -> joined.remove(this));
        }
        delivery.remove(this);
        // Whoever keeps a subscription that has ended keeps no message with it.
        tally.topic(null);
        topic = null;
        station = null;
        attachment = null;
        gone();
        try {
            spec.onEnd().accept(why);
        } catch (RuntimeException | Error e) {
            LOG.warn("What subscription {} of {} does at its end failed", name(), pattern(), e);
        } finally {
            over.countDown();
        }
    }

    /// Whether the replay stands still.
    boolean isPaused() {
        return pause.isOn();
    }

    /// Whether it has not come to the feed yet.
    boolean isReplaying() {
        return replaying && !isOver();
    }

    /// Asks a handler that does not come back to give up.
    void interrupt() {}

    /// It has ended: its own thread, if it has one, can go.
    void gone() {}

    boolean isOver() {
        return turn.isOver();
    }

    @Override
    public void close() {
        if (runsHere()) {
            end(SubscriptionEnd.CLOSED);
            return;
        }
        end(SubscriptionEnd.CLOSED);
        try {
            if (!over.await(CLOSE_WAIT_SECONDS, TimeUnit.SECONDS)) {
                LOG.debug("The handler of subscription {} of {} still runs", name(), pattern());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- what it says of itself

    @Override
    public String pattern() {
        return spec.pattern().text();
    }

    @Override
    public String name() {
        return spec.name();
    }

    @Override
    public long lag() {
        return isOver() ? 0 : cursor.lag() - cursor.overrun() + outlet.held();
    }

    @Override
    public long delivered() {
        return tally.delivered();
    }

    @Override
    public long dropped() {
        return tally.dropped() + (isOver() ? 0 : cursor.overrun());
    }

    @Override
    public long failed() {
        return tally.failed();
    }

    @Override
    public @Nullable Boolean recovered() {
        Attachment.Opened granted = opened;
        return granted == null ? null : granted.recovered();
    }

    @Override
    public Attachment.Opened opened() {
        return Objects.requireNonNull(opened);
    }

    @Override
    public @Nullable DeliveryStrategy delivery() {
        return strategy;
    }

    @Override
    public void delivery(@Nullable DeliveryStrategy next) {
        strategy = next;
        delivery.events().emit(() -> new BrokerEvent.StrategySwapped(pattern(), name(), next));
        nudge();
    }

    @Override
    public Optional<SubscriptionEnd> ended() {
        return isOver() ? Optional.ofNullable(reason) : Optional.empty();
    }

    @Override
    public String toString() {
        return "Subscription[" + pattern() + ", " + name() + "]";
    }
}
