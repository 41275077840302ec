package dev.fanfare.routing;

import dev.fanfare.Message;
import dev.fanfare.feed.Feed;
import dev.fanfare.topic.TopicRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What waits to be copied by one rule, in the order of appending, and the thread that takes it: a virtual one
/// that is started when something waits, and ends when nothing does. A rule that is changed keeps its queue: what
/// was appended before the change is copied first, and as the rule was then; also when it redirects in between, and
/// what it redirects comes after.
final class CopyQueue {

    /// The queue that the thread copies from which asks.
    private static final ScopedValue<CopyQueue> COPIED = ScopedValue.newInstance();

    /// More queues than wait for each other in a row.
    private static final int ROW_MAX = 10_000;

    /// How many bytes of payload may wait.
    private static final long BOUND_BYTES = 16L << 20;

    private final String name;
    private final IntSupplier bound;
    private final LongSupplier blockMillis;

    /// The innermost lock.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition idle = lock.newCondition();

    /// @param rule as it was when the message was appended
    private record Waiting(Message message, CopyRoute rule) {}

    // Under the lock.
    private List<Waiting> queue = new ArrayList<>(0);
    private List<Runnable> roomWanted = new ArrayList<>(0);
    private List<Runnable> idleWanted = new ArrayList<>(0);

    /// Those in hand included. Written under the lock.
    private volatile int waiting;

    private volatile long waitingBytes;

    /// How many are to be added, by topics that do not have the rule any more. Written under the lock.
    private volatile long owed;

    /// Where what is in hand found no room. By the thread that copies.
    private volatile @Nullable CopyQueue waitsFor;

    /// Whether one of those that wait is being copied.
    private volatile boolean inHand;

    private final AtomicBoolean running = new AtomicBoolean();
    private volatile @Nullable Thread worker;
    private volatile boolean givenUp;

    /// @param name of the thread
    /// @param bound how many may wait, at the moment
    /// @param blockMillis how long publishers may wait for room, at the moment; 0: they are refused
    CopyQueue(String name, IntSupplier bound, LongSupplier blockMillis) {
        this.name = name;
        this.bound = bound;
        this.blockMillis = blockMillis;
    }

    /// See [Feed#admit].
    long admit() {
        return waiting < bound.getAsInt() && waitingBytes < BOUND_BYTES ? Feed.OPEN : closed();
    }

    /// The same, for what must come after all that waits. What another rule copies waits as long as that may take:
    /// refused, it would be lost.
    long admitBehind() {
        if (isIdle()) {
            return Feed.OPEN;
        }
        long answer = closed();
        return answer > 0 && COPIED.isBound() ? answer * Math.max(1, waiting()) : answer;
    }

    private long closed() {
        if (waitsForItself()) {
            return Feed.OPEN;
        }
        long millis = blockMillis.getAsLong();
        return millis > 0 ? millis : Feed.REFUSE;
    }

    /// Whether the thread that asks copies from this queue, or from one for which this one waits, perhaps over others:
    /// then it must not wait. That is the case where rules were changed to copy from targets that they had before.
    private boolean waitsForItself() {
        if (!COPIED.isBound()) {
            return false;
        }
        CopyQueue asking = COPIED.get();
        // Said before it is looked: of several that ask at once, the last one finds the circle.
        asking.waitsFor = this;
        CopyQueue next = this;
        for (int i = 0; i < ROW_MAX && next != null && next != asking; i++) {
            next = next.waitsFor;
        }
        return next == asking;
    }

    /// So many more will be added, or fewer: see [Feed#owes]. What waits for nothing to be left goes on on a thread of
    /// its own: the calling one is inside a section.
    void owes(long change) {
        List<Runnable> free;
        lock.lock();
        try {
            long now = owed;
            owed = now + change;
            free = freed();
        } finally {
            lock.unlock();
        }
        if (!free.isEmpty()) {
            Thread.startVirtualThread(() -> free.forEach(Runnable::run));
        }
    }

    private boolean isIdle() {
        // In this order, for who looks without the lock: what was owed waits before it is owed no more.
        return owed == 0 && waiting == 0;
    }

    /// Under the lock: what has waited for what is the case now.
    private List<Runnable> freed() {
        List<Runnable> free = new ArrayList<>(0);
        if (!roomWanted.isEmpty() && hasRoom()) {
            free.addAll(roomWanted);
            roomWanted = new ArrayList<>(0);
        }
        if (isIdle()) {
            free.addAll(idleWanted);
            idleWanted = new ArrayList<>(0);
            idle.signalAll();
        }
        return free;
    }

    /// @param rule gets the message, outside of any lock, after all that was added before
    void add(Message message, CopyRoute rule) {
        lock.lock();
        try {
            if (!givenUp) {
                queue.add(new Waiting(message, rule));
                count(1, message.payload().storedSize());
            }
        } finally {
            lock.unlock();
        }
    }

    /// Under the lock.
    private void count(int change, long bytes) {
        int now = waiting;
        waiting = now + change;
        long size = waitingBytes;
        waitingBytes = size + bytes;
    }

    void wake() {
        if (waiting > 0 && !running.get() && running.compareAndSet(false, true)) {
            Thread.ofVirtual()
                    .name(name)
                    .start(() -> ScopedValue.where(TopicRegistry.ROUTING, true)
                            .where(COPIED, this)
                            .run(this::work));
        }
    }

    private void work() {
        do {
            worker = Thread.currentThread();
            for (List<Waiting> batch = take(); !batch.isEmpty(); batch = take()) {
                for (Waiting next : batch) {
                    if (givenUp) {
                        return;
                    }
                    inHand = true;
                    next.rule.copy(next.message);
                    waitsFor = null;
                    inHand = false;
                    done(next.message);
                }
            }
            worker = null;
            running.set(false);
            // Appended meanwhile: whoever did may have seen that this still runs.
        } while (waiting > 0 && running.compareAndSet(false, true));
    }

    private List<Waiting> take() {
        lock.lock();
        try {
            List<Waiting> batch = queue;
            queue = new ArrayList<>(0);
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void done(Message message) {
        List<Runnable> free;
        lock.lock();
        try {
            count(-1, -message.payload().storedSize());
            free = freed();
        } finally {
            lock.unlock();
        }
        free.forEach(Runnable::run);
    }

    /// Publishers that wait are let go when half of the queue is free, so that they are not woken for each
    /// message.
    private boolean hasRoom() {
        return waiting <= bound.getAsInt() / 2 && waitingBytes <= BOUND_BYTES / 2;
    }

    /// Runs the action when half of the queue is free, or at [#letGo].
    void onRoom(Runnable action) {
        lock.lock();
        try {
            if (!givenUp && !hasRoom()) {
                roomWanted.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        action.run();
    }

    /// Runs the action when nothing is left to be copied, or at [#letGo].
    void onIdle(Runnable action) {
        lock.lock();
        try {
            if (!givenUp && !isIdle()) {
                idleWanted.add(action);
                return;
            }
        } finally {
            lock.unlock();
        }
        action.run();
    }

    /// Whether this thread copies what waits.
    boolean drainsHere() {
        return Thread.currentThread() == worker;
    }

    /// How many wait, those included that are still to be added.
    long waiting() {
        return waiting + owed;
    }

    boolean awaitIdle(Duration atMost) throws InterruptedException {
        if (drainsHere()) {
            return true;
        }
        long left = atMost.toNanos();
        lock.lock();
        try {
            while (!isIdle() && left > 0) {
                left = idle.awaitNanos(left);
            }
            return isIdle();
        } finally {
            lock.unlock();
        }
    }

    /// Nothing is copied any more, but for what is in hand.
    ///
    /// @return how many are not
    long giveUp() {
        givenUp = true;
        letGo();
        Thread thread = worker;
        long left = waiting - (inHand ? 1L : 0L);
        // Whatever it waits for, in a filter or for room.
        if (thread != null) {
            thread.interrupt();
        }
        return left;
    }

    /// Lets those that wait for room, or for nothing to be left, look again.
    void letGo() {
        List<Runnable> free;
        lock.lock();
        try {
            free = roomWanted;
            free.addAll(idleWanted);
            roomWanted = new ArrayList<>(0);
            idleWanted = new ArrayList<>(0);
        } finally {
            lock.unlock();
        }
        free.forEach(Runnable::run);
    }
}
