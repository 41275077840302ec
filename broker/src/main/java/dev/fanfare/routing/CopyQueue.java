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
/// was appended before the change is copied first, and as the rule was then.
final class CopyQueue {

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

    /// Those in hand included. Written under the lock.
    private volatile int waiting;

    private volatile long waitingBytes;

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

    /// See [Feed#admit]. The thread that copies may add to what it takes from: it would wait for itself. That is the
    /// case
    /// where a rule has been changed to copy from a target of its own before.
    long admit() {
        if (drainsHere() || (waiting < bound.getAsInt() && waitingBytes < BOUND_BYTES)) {
            return Feed.OPEN;
        }
        long millis = blockMillis.getAsLong();
        return millis > 0 ? millis : Feed.REFUSE;
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
                    .start(() -> ScopedValue.where(TopicRegistry.ROUTING, true).run(this::work));
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
        List<Runnable> free = List.of();
        lock.lock();
        try {
            count(-1, -message.payload().storedSize());
            if (!roomWanted.isEmpty() && hasRoom()) {
                free = roomWanted;
                roomWanted = new ArrayList<>(0);
            }
            if (waiting == 0) {
                idle.signalAll();
            }
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

    /// Whether this thread copies what waits.
    boolean drainsHere() {
        return Thread.currentThread() == worker;
    }

    int waiting() {
        return waiting;
    }

    boolean awaitIdle(Duration atMost) throws InterruptedException {
        if (drainsHere()) {
            return true;
        }
        long left = atMost.toNanos();
        lock.lock();
        try {
            while (waiting > 0 && left > 0) {
                left = idle.awaitNanos(left);
            }
            return waiting == 0;
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

    /// Lets those that wait for room look again.
    void letGo() {
        List<Runnable> free;
        lock.lock();
        try {
            free = roomWanted;
            roomWanted = new ArrayList<>(0);
        } finally {
            lock.unlock();
        }
        free.forEach(Runnable::run);
    }
}
