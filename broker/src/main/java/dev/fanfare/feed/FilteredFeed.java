package dev.fanfare.feed;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The feed of subscriptions with the same filter. Publishers only add to a bounded queue; one reader, a virtual
/// thread of this feed that is parked while nothing waits, asks the filter and appends what matches to a feed of the
/// base kind, which the subscriptions read. Where several feeds of a topic have an equal filter, in other encodings or
/// for other patterns, it runs once for all of them: see [Verdict].
///
/// When the reader is overrun, the oldest that wait are lost, and every subscription is told of those that came
/// after it; where a subscription in process must not lose any, publishers are refused or wait instead, as its
/// policy says. The reader waits as long as that feed has no room.
///
/// A subscription may join while the reader still has messages before it that came earlier. It asks about what it
/// finds until the reader has passed the [#mark] of its joining.
///
/// @param <C> a subscriber's cursor
final class FilteredFeed<C> implements Feed<C> {

    /// How many messages may wait for the filter.
    static final int BACKLOG = 16_384;

    /// How many bytes of payload they may have, from the second on.
    static final long BACKLOG_BYTES = 16L << 20;

    /// How many are taken at once, before others get the processor.
    private static final int AT_ONCE = 64;

    private static final Logger LOG = LoggerFactory.getLogger(FilteredFeed.class);

    private final Pattern pattern;
    private final FilteredKind<C> kind;
    private final Feed<C> matching;

    /// Held while something is appended to [#matching] or a cursor placed there. Taken after a topic's section.
    private final ReentrantLock order = new ReentrantLock();

    /// The innermost lock, of everything below.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition idle = lock.newCondition();
    private final ArrayDeque<Message> messages = new ArrayDeque<>(0);
    private final ArrayDeque<Topic> topics = new ArrayDeque<>(0);
    private final ArrayDeque<Verdict> verdicts = new ArrayDeque<>(0);

    /// Who reads, each with how many had been added when it joined.
    private final IdentityHashMap<C, Long> cursors = new IdentityHashMap<>(1);

    private final Losses losses = new Losses();
    private List<Runnable> roomWanted = new ArrayList<>(0);
    private long added;

    /// How many the reader has taken that are not through.
    private int inHand;

    // Written under the lock.
    private volatile int waiting;
    private volatile long waitingBytes;
    private volatile int readers;

    /// How many of those that were added are through or lost, with all that were added before them.
    private volatile long passed;

    private volatile boolean ended;
    private volatile boolean closed;

    private final AtomicReference<@Nullable Thread> worker = new AtomicReference<>();
    private volatile boolean parked;

    FilteredFeed(Pattern pattern, FilteredKind<C> kind) {
        this.pattern = pattern;
        this.kind = kind;
        this.matching = kind.base().openBehindFilter(pattern);
    }

    // ---- the publisher's

    @Override
    public long admit() {
        return waiting < BACKLOG && waitingBytes < BACKLOG_BYTES || readers == 0 ? OPEN : matching.whenFull();
    }

    @Override
    public Optional<String> inTheWay() {
        return matching.inTheWay();
    }

    @Override
    public void append(Topic topic, Message message, @Nullable Object prepared) {
        if (readers == 0) {
            return;
        }
        lock.lock();
        try {
            if (readers == 0) {
                return;
            }
            messages.add(message);
            topics.add(topic);
            verdicts.add(prepared instanceof Verdict shared ? shared : Verdict.UNSHARED);
            added++;
            long bytes = waitingBytes + message.payload().size();
            int count = messages.size();
            // Where a subscription must lose none, publishers are held back instead: those let in already may pass the
            // bound.
            boolean full = count > BACKLOG || bytes > BACKLOG_BYTES && count > 1;
            boolean mayLose = full && matching.whenFull() == OPEN;
            while (mayLose && (count > BACKLOG || bytes > BACKLOG_BYTES && count > 1)) {
                bytes -= messages.remove().payload().size();
                losses.add(added - count, topics.remove());
                verdicts.remove();
                count--;
            }
            waitingBytes = bytes;
            waiting = count;
            passed();
        } finally {
            lock.unlock();
        }
    }

    /// Under the lock. What was lost behind what is in hand has not passed before that.
    private void passed() {
        if (inHand == 0) {
            passed = added - messages.size();
        }
    }

    @Override
    public void wake() {
        if (waiting == 0 && !ended) {
            return;
        }
        Thread running = worker.get();
        if (running == null) {
            Thread made =
                    Thread.ofVirtual().name("fanfare-filter-" + pattern.text()).unstarted(this::work);
            if (worker.compareAndSet(null, made)) {
                made.start();
            }
        } else if (parked) {
            parked = false;
            LockSupport.unpark(running);
        }
    }

    @Override
    public boolean drainsHere() {
        return Thread.currentThread() == worker.get() || matching.drainsHere();
    }

    @Override
    public void onRoom(Runnable action) {
        lock.lock();
        try {
            if (!closed && !hasRoom()) {
                roomWanted.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        action.run();
    }

    /// Publishers that wait are let go when half of the queue is free, so that they are not woken for each message.
    private boolean hasRoom() {
        return readers == 0 || waiting <= BACKLOG / 2 && waitingBytes <= BACKLOG_BYTES / 2;
    }

    @Override
    public CompletableFuture<Long> lag() {
        return matching.lag();
    }

    // ---- the reader's

    @SuppressWarnings("ThreadPriorityCheck") // virtual threads that compute are not preempted
    private void work() {
        List<Message> taken = new ArrayList<>(AT_ONCE);
        List<Topic> origins = new ArrayList<>(AT_ONCE);
        List<Verdict> asked = new ArrayList<>(AT_ONCE);
        while (!closed) {
            take(taken, origins, asked);
            if (taken.isEmpty()) {
                if (ended) {
                    matching.end();
                    return;
                }
                rest();
                continue;
            }
            for (int i = 0; i < taken.size() && !closed; i++) {
                offer(origins.get(i), taken.get(i), asked.get(i));
                lock.lock();
                try {
                    inHand--;
                    passed();
                } finally {
                    lock.unlock();
                }
            }
            matching.wakeFromTransport();
            if (matching.congested()) {
                awaitRoom(matching::onRoom);
            }
            // A filter that only computes would keep others from the processor.
            Thread.yield();
        }
    }

    private void rest() {
        parked = true;
        while (parked && waiting == 0 && !ended && !closed) {
            LockSupport.park(this);
        }
        parked = false;
    }

    private void take(List<Message> taken, List<Topic> origins, List<Verdict> asked) {
        taken.clear();
        origins.clear();
        asked.clear();
        List<Losses.Run> lost;
        IdentityHashMap<C, Long> told = new IdentityHashMap<>(0);
        List<Runnable> free = List.of();
        lock.lock();
        try {
            long bytes = waitingBytes;
            while (taken.size() < AT_ONCE && !messages.isEmpty()) {
                Message message = messages.remove();
                bytes -= message.payload().size();
                taken.add(message);
                origins.add(topics.remove());
                asked.add(verdicts.remove());
            }
            waitingBytes = bytes;
            waiting = messages.size();
            inHand = taken.size();
            lost = losses.take(added - waiting);
            if (!lost.isEmpty()) {
                told.putAll(cursors);
            }
            if (hasRoom() && !roomWanted.isEmpty()) {
                free = roomWanted;
                roomWanted = new ArrayList<>(0);
            }
            if (taken.isEmpty()) {
                idle.signalAll();
            }
        } finally {
            lock.unlock();
        }
        free.forEach(Runnable::run);
        tell(lost, told);
    }

    private void tell(List<Losses.Run> lost, IdentityHashMap<C, Long> joined) {
        for (Losses.Run run : lost) {
            run.counts().forEach((topic, count) -> {
                long losers = joined.entrySet().stream()
                        .filter(one -> one.getValue() <= run.from() && kind.missed(one.getKey(), topic, count))
                        .count();
                topic.counters().dropped(count * losers);
            });
        }
    }

    private void offer(Topic topic, Message message, Verdict verdict) {
        if (readers == 0 || !verdict.of(kind.filter(), topic, message)) {
            return;
        }
        try {
            Object prepared = kind.base().prepare(topic, message);
            while (!closed && !appended(topic, message, prepared)) {
                matching.wakeFromTransport();
                awaitRoom(matching::onRoom);
            }
        } catch (RuntimeException | Error e) {
            LOG.error("A filtered feed of {} did not take {}: a bug", pattern, message, e);
        }
    }

    private boolean appended(Topic topic, Message message, @Nullable Object prepared) {
        order.lock();
        try {
            if (matching.admit() != OPEN) {
                return false;
            }
            matching.append(topic, message, prepared);
            return true;
        } finally {
            order.unlock();
        }
    }

    /// Parks until there is room, or the feed is closed.
    private void awaitRoom(Consumer<Runnable> ask) {
        Thread me = Thread.currentThread();
        boolean[] free = new boolean[1];
        ask.accept(() -> {
            synchronized (free) {
                free[0] = true;
            }
            LockSupport.unpark(me);
        });
        while (!closed && !isSet(free)) {
            LockSupport.park(this);
        }
    }

    private static boolean isSet(boolean[] flag) {
        synchronized (flag) {
            return flag[0];
        }
    }

    // ---- who reads

    @Override
    public void attach(C cursor) {
        order.lock();
        try {
            lock.lock();
            try {
                cursors.put(cursor, added);
                losses.joined(added);
                readers = cursors.size();
            } finally {
                lock.unlock();
            }
            matching.attach(cursor);
        } finally {
            order.unlock();
        }
    }

    @Override
    public void detach(C cursor) {
        List<Runnable> free = List.of();
        lock.lock();
        try {
            cursors.remove(cursor);
            readers = cursors.size();
            if (cursors.isEmpty()) {
                free = forget();
            }
        } finally {
            lock.unlock();
        }
        matching.detach(cursor);
        free.forEach(Runnable::run);
    }

    /// Nobody wants what waits. Under the lock.
    private List<Runnable> forget() {
        messages.clear();
        topics.clear();
        verdicts.clear();
        losses.clear();
        passed();
        waiting = 0;
        waitingBytes = 0;
        idle.signalAll();
        List<Runnable> free = roomWanted;
        roomWanted = new ArrayList<>(0);
        return free;
    }

    @Override
    public long mark() {
        lock.lock();
        try {
            return added;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isPast(long mark) {
        return passed >= mark;
    }

    @Override
    public boolean awaitPassed(Duration atMost) throws InterruptedException {
        if (drainsHere()) {
            return true;
        }
        long left = atMost.toNanos();
        lock.lock();
        try {
            while (passed < added && left > 0 && !closed) {
                left = idle.awaitNanos(left);
            }
            return passed >= added;
        } finally {
            lock.unlock();
        }
    }

    // ---- the end

    @Override
    public void end() {
        ended = true;
        wake();
    }

    @Override
    public void close() {
        List<Runnable> free;
        closed = true;
        lock.lock();
        try {
            free = forget();
        } finally {
            lock.unlock();
        }
        Thread running = worker.get();
        if (running != null) {
            LockSupport.unpark(running);
        }
        matching.close();
        free.forEach(Runnable::run);
    }

    @Override
    public String toString() {
        return "FilteredFeed[" + pattern + ", " + kind.filter() + "]";
    }
}
