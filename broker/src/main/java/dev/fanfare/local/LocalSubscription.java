package dev.fanfare.local;

import dev.fanfare.BrokerEvent;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.store.StoreException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
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

    private static final Duration READ_AGAIN = Duration.ofSeconds(1);
    private static final long CLOSE_WAIT_SECONDS = 1;

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
    final CatchUp catchUp;
    final Timing timing;
    final Seat seat;
    private final Outlet outlet;
    private final SubscriptionSpec spec;
    private final Notice drops;
    private final Notice pressure;
    private final Tally tally;
    private final CountDownLatch over = new CountDownLatch(1);

    /// Its place in its station, −1 for none. The loop's.
    int stationIndex = -1;

    private final Turn turn = new Turn();
    private volatile @Nullable SubscriptionEnd reason;
    private volatile @Nullable Topic topic;

    /// The feed's end when it was told to end while its thread was in the handler; what came later was not for it.
    private volatile long endedAt = Long.MAX_VALUE;

    LocalSubscription(LocalDelivery delivery, Loop loop, SubscriptionSpec spec) {
        this.delivery = delivery;
        this.loop = loop;
        this.spec = spec;
        this.cursor = new Cursor(this, spec.queue(), spec.overflow(), spec.intake());
        this.catchUp = new CatchUp(this, delivery, spec, cursor);
        this.seat = new Seat(this, loop);
        this.timing = new Timing(this, delivery, cursor, loop, spec.delivery());
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
        boolean live = catchUp.attach();
        if (!spec.pattern().isWild()) {
            topic = delivery.topic(spec.pattern().text());
            tally.topic(topic);
        }
        if (live) {
            goLive();
        }
    }

    /// Hands it over to the thread that will run it.
    abstract void start();

    /// It is in the feed and has replayed what came before: from now on publishers wake it.
    private void goLive() {
        catchUp.done();
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

    /// Whether something waits that needs no asking.
    boolean mayGoOn() {
        return mustFinish() || !catchUp.isPaused() && timing.mayGoOn();
    }

    /// Whether what waits is the last.
    boolean mustFinish() {
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
            more = catchUp.isUnderWay() ? replay() : live(feedEnd);
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
        List<Message> found = catchUp.next();
        if (found == null) {
            return false;
        }
        outlet.replayed(this, found, delivery::topic);
        cursor.advanceBy(found.size());
        if (!isRunning()) {
            return false;
        }
        switch (catchUp.state()) {
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
        delivery.timers().schedule(READ_AGAIN, catchUp::readOn);
    }

    private boolean live(long feedEnd) {
        boolean last = mustFinish();
        Sequence source = cursor.sequence();
        LocalFeed feed = cursor.feed();
        if (source == null || feed == null || cursor.spills() && catchUp.mustPause()) {
            return false;
        }
        int left = outlet.turn(timing.effective());
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
        if (!catchUp.leaveFeed()) {
            return false;
        }
        seat.leave();
        resume();
        return true;
    }

    /// Whether the turn may go on: looked at before each call of the handler.
    boolean isRunning() {
        return turn.isOpen();
    }

    /// Whether a message of a pattern's feed was replayed already.
    boolean skips(Topic from, long offset, long position) {
        return catchUp.skips(from, offset, position);
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
        catchUp.settled();
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
                catchUp.detach();
                return;
            }
            if (turn.isOver()) {
                return;
            }
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
        catchUp.detach();
        cursor.release();
        tally.flush();
        drops.flush();
        pressure.flush();
        seat.leave();
        delivery.remove(this);
        // Whoever keeps a subscription that has ended keeps no message with it.
        tally.topic(null);
        topic = null;
        catchUp.forget();
        gone();
        try {
            spec.onEnd().accept(why);
        } catch (RuntimeException | Error e) {
            LOG.warn("What subscription {} of {} does at its end failed", name(), pattern(), e);
        } finally {
            over.countDown();
        }
    }

    @Override
    public boolean isReplaying() {
        return catchUp.isUnderWay() && !isOver();
    }

    @Override
    public long unreplayed() {
        return isReplaying() ? catchUp.unreplayed() : 0;
    }

    @Override
    public @Nullable BooleanSupplier passing() {
        return catchUp.passing();
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
        return catchUp.recovered();
    }

    @Override
    public Attachment.Opened opened() {
        return catchUp.opened();
    }

    @Override
    public @Nullable DeliveryStrategy delivery() {
        return timing.own();
    }

    @Override
    public void delivery(@Nullable DeliveryStrategy next) {
        timing.own(next);
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
