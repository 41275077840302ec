package dev.fanfare.local;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Pattern;
import dev.fanfare.time.Timers;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The feed of messages in process: a [Sequence] of references that every subscription of the pattern reads with
/// its own [Cursor].
///
/// Whether a message may be appended is one comparison of the end with [#gate], the lowest position at which one of
/// the *gated* cursors (those whose policy is not to drop) would be full. Cursors only move forward, so the gate is
/// at worst too low: only when it is reached are the cursors asked again. One that is found full is remembered and
/// asked first the next time.
///
/// A publisher that waits for room is released when every cursor that had none has half of its queue free, so that
/// it is not woken for each message. Those that were not full, or whose policy is not to wait for them, hold up
/// nobody.
final class LocalFeed implements Feed<Cursor> {

    private static final Station[] NO_STATIONS = {};
    private static final CallerSubscription[] NO_CALLERS = {};
    private static final Cursor[] NO_CURSORS = {};

    private final Pattern pattern;
    private final boolean wild;
    private final Sequence sequence;
    private final Timers timers;

    /// The appender's of a pattern's feed, and everybody's who changes who reads. The innermost lock.
    private final ReentrantLock lock = new ReentrantLock();

    // Written under the lock.
    private volatile Station[] stations = NO_STATIONS;
    private final List<CallerSubscription> callers = new ArrayList<>(0);
    private volatile CallerSubscription @Nullable [] callersNow = NO_CALLERS;

    /// Cursors that lose new messages when they are full: each has a sequence of its own, filled by the appender.
    private volatile Cursor[] collectors = NO_CURSORS;

    private volatile int readers;
    private final List<Cursor> gated = new ArrayList<>(0);
    private volatile long gate = Long.MAX_VALUE;
    private volatile long lowest = Long.MAX_VALUE;
    private volatile @Nullable Cursor fullest;

    /// The first one found without room when publishers were last to be released: it has to move before that is
    /// worth another look.
    private volatile @Nullable Cursor awaited;

    private volatile boolean roomWanted;
    private List<Runnable> waiting = new ArrayList<>(0);
    private int releaseFrom;

    private volatile boolean ended;
    private volatile @Nullable Topic topic;
    private @Nullable DeliveryStrategy seenDelivery;

    /// Who fills it waits until nobody has too much waiting, whatever the policy.
    private final boolean patient;

    LocalFeed(Pattern pattern, Timers timers, boolean behindFilter) {
        this.pattern = pattern;
        this.wild = pattern.isWild() || behindFilter;
        this.patient = behindFilter;
        this.timers = timers;
        this.sequence = new Sequence(timers, wild);
    }

    // ---- the publisher's

    @Override
    public long admit() {
        return sequence.end() < gate ? OPEN : judge();
    }

    private long judge() {
        lock.lock();
        try {
            long end = sequence.end();
            Cursor last = fullest;
            if (last != null && last.gatedAt >= 0 && end - last.settled() >= last.bound()) {
                return refusal(last);
            }
            long nextGate = Long.MAX_VALUE;
            long nextLowest = Long.MAX_VALUE;
            for (int i = gated.size() - 1; i >= 0; i--) {
                Cursor cursor = gated.get(i);
                long position = cursor.position();
                long settled = cursor.settled();
                if (end - settled < cursor.bound()) {
                    nextGate = Math.min(nextGate, settled + cursor.bound());
                    nextLowest = Math.min(nextLowest, position);
                } else if (cursor.overflow() instanceof Overflow.Disconnect) {
                    ungate(cursor);
                    cursor.owner().tooSlow(end - settled);
                } else {
                    fullest = cursor;
                    return refusal(cursor);
                }
            }
            lowest = nextLowest;
            gate = nextGate;
            return OPEN;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long whenFull() {
        lock.lock();
        try {
            for (Cursor cursor : gated) {
                if (!(cursor.overflow() instanceof Overflow.Disconnect)) {
                    return refusal(cursor);
                }
            }
            return OPEN;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<String> inTheWay() {
        Cursor full = fullest;
        return full == null ? Optional.empty() : Optional.of(full.owner().name());
    }

    private static long refusal(Cursor full) {
        full.owner().pressed();
        if (full.overflow() instanceof Overflow.Block block && block.timeout().toMillis() > 0) {
            full.waitedFor = true;
            return block.timeout().toMillis();
        }
        return REFUSE;
    }

    @Override
    public void append(Topic from, Message message, @Nullable Object prepared) {
        if (readers == 0) {
            return;
        }
        if (!wild) {
            add(from, message);
            return;
        }
        lock.lock();
        try {
            add(from, message);
        } finally {
            lock.unlock();
        }
    }

    private void add(Topic from, Message message) {
        sequence.append(from, message, lowest);
        Cursor[] own = collectors;
        for (Cursor cursor : own) {
            collect(cursor, from, message);
        }
    }

    private static void collect(Cursor cursor, Topic from, Message message) {
        Sequence own = cursor.sequence();
        if (own == null) {
            return;
        }
        if (own.end() - cursor.position() < cursor.bound()) {
            own.append(from, message, 0);
        } else {
            from.counters().dropped(1);
            cursor.owner().refusedOne();
        }
    }

    @Override
    public void wake() {
        wakeLoops();
        for (CallerSubscription caller : callersNow()) {
            caller.offered();
        }
    }

    @Override
    public void wakeFromTransport() {
        wakeLoops();
        for (CallerSubscription caller : callersNow()) {
            caller.offeredElsewhere();
        }
    }

    private void wakeLoops() {
        // Between raising the end and reading the marks; see Station.
        VarHandle.fullFence();
        Station[] loops = stations;
        if (loops.length > 0) {
            long end = deliveryChanged() ? Long.MAX_VALUE : sequence.end();
            for (Station station : loops) {
                station.wake(end);
            }
        }
    }

    private CallerSubscription[] callersNow() {
        CallerSubscription[] now = callersNow;
        return now == null ? listCallers() : now;
    }

    /// Whether the topic's strategy is another one than at the last wake-up, so that readers that gather must be
    /// asked.
    private boolean deliveryChanged() {
        Topic known = topic;
        if (known == null) {
            return false;
        }
        DeliveryStrategy now = known.delivery();
        boolean changed = now != seenDelivery;
        if (changed) {
            seenDelivery = now;
        }
        return changed;
    }

    private CallerSubscription[] listCallers() {
        lock.lock();
        try {
            CallerSubscription[] now = callers.toArray(NO_CALLERS);
            callersNow = now;
            return now;
        } finally {
            lock.unlock();
        }
    }

    /// Has the next publish ask the cursors whether they have room, whatever was known before. Any thread.
    void tighten() {
        lock.lock();
        try {
            if (!gated.isEmpty()) {
                gate = 0;
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- waiting for room

    @Override
    public boolean drainsHere() {
        if (Thread.currentThread() instanceof Loop.LoopThread) {
            return true;
        }
        Cursor full = fullest;
        return full != null && full.owner().runsHere();
    }

    @Override
    public void onRoom(Runnable action) {
        lock.lock();
        try {
            waiting.add(action);
            roomWanted = true;
        } finally {
            lock.unlock();
        }
        release();
    }

    /// A cursor has moved on: called by its reader after each slice.
    void moved(Cursor cursor) {
        if (roomWanted && cursor == awaited) {
            release();
        }
    }

    /// Lets those who wait go on if every cursor they may wait for has room again. Not under the lock of anything.
    private void release() {
        List<Runnable> free;
        lock.lock();
        try {
            for (int i = 0, count = gated.size(); i < count; i++) {
                if (releaseFrom >= count) {
                    releaseFrom = 0;
                }
                Cursor cursor = gated.get(releaseFrom);
                // Named first, then asked, with a fence between: its reader moves first, then looks whether it is
                // the one. So either it has room here, or its reader comes and asks again.
                awaited = cursor;
                VarHandle.fullFence();
                boolean waitedFor = patient
                        ? !(cursor.overflow() instanceof Overflow.Disconnect)
                        : cursor.overflow() instanceof Overflow.Block;
                if (waitedFor && !hasRoom(cursor)) {
                    return;
                }
                cursor.waitedFor = false;
                releaseFrom++;
            }
            free = waiting;
            waiting = new ArrayList<>(0);
            roomWanted = false;
        } finally {
            lock.unlock();
        }
        free.forEach(Runnable::run);
    }

    private static boolean hasRoom(Cursor cursor) {
        return cursor.unsettled() <= (cursor.waitedFor ? cursor.bound() / 2 : cursor.bound() - 1);
    }

    // ---- who reads

    @Override
    public void attach(Cursor cursor) {
        lock.lock();
        try {
            countReaders(1);
            if (cursor.overflow() instanceof Overflow.DropNewest) {
                Sequence own = new Sequence(timers, wild);
                own.keep(Long.MAX_VALUE / 2);
                cursor.attach(this, own);
                collectors = Arrays.copyOf(collectors, collectors.length + 1);
                collectors[collectors.length - 1] = cursor;
                return;
            }
            sequence.keep(cursor.bound());
            cursor.attach(this, sequence);
            if (cursor.isGated()) {
                cursor.gatedAt = gated.size();
                gated.add(cursor);
                gate = Math.min(gate, cursor.settled() + cursor.bound());
                lowest = Math.min(lowest, cursor.position());
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void detach(Cursor cursor) {
        lock.lock();
        try {
            if (!cursor.leave()) {
                return;
            }
            countReaders(-1);
            ungate(cursor);
            // A feed outlives its subscriptions: it must not keep them.
            if (fullest == cursor) {
                fullest = null;
            }
            if (awaited == cursor) {
                awaited = null;
            }
            if (cursor.overflow() instanceof Overflow.DropNewest) {
                List<Cursor> left = new ArrayList<>(Arrays.asList(collectors));
                left.remove(cursor);
                collectors = left.toArray(NO_CURSORS);
            }
            if (callers.remove(cursor.owner())) {
                callersNow = null;
            }
        } finally {
            lock.unlock();
        }
        if (roomWanted) {
            release();
        }
    }

    /// Under the lock.
    private void countReaders(int change) {
        int now = readers;
        readers = now + change;
    }

    /// Under the lock.
    private void ungate(Cursor cursor) {
        int at = cursor.gatedAt;
        if (at < 0) {
            return;
        }
        cursor.gatedAt = -1;
        Cursor last = gated.removeLast();
        if (last != cursor) {
            gated.set(at, last);
            last.gatedAt = at;
        }
        if (gated.isEmpty()) {
            gate = Long.MAX_VALUE;
            lowest = Long.MAX_VALUE;
        }
    }

    /// The station of the feed on that loop. Any thread.
    Station stationOn(Loop loop) {
        lock.lock();
        try {
            for (Station station : stations) {
                if (station.loop() == loop) {
                    return station;
                }
            }
            Station station = new Station(loop, sequence);
            Station[] more = Arrays.copyOf(stations, stations.length + 1);
            more[stations.length] = station;
            stations = more;
            return station;
        } finally {
            lock.unlock();
        }
    }

    /// From now on publishers offer their thread to this subscription.
    void addCaller(CallerSubscription caller) {
        lock.lock();
        try {
            callers.add(caller);
            callersNow = null;
        } finally {
            lock.unlock();
        }
    }

    /// The topic whose strategy the readers follow that have none of their own.
    void follow(Topic followed) {
        if (topic == null) {
            topic = followed;
        }
    }

    // ---- the end

    @Override
    public void end() {
        ended = true;
        for (Station station : stations) {
            station.request();
        }
        for (CallerSubscription caller : listCallers()) {
            caller.nudge();
        }
    }

    /// What the readers without a sequence of their own read.
    Sequence sequence() {
        return sequence;
    }

    /// Whether nothing will be appended any more. To be asked before a cursor's lag.
    boolean hasEnded() {
        return ended;
    }

    @Override
    public void close() {
        List<Runnable> free;
        lock.lock();
        try {
            free = waiting;
            waiting = new ArrayList<>(0);
            roomWanted = false;
        } finally {
            lock.unlock();
        }
        free.forEach(Runnable::run);
    }

    @Override
    public String toString() {
        return "LocalFeed[" + pattern + "]";
    }
}
