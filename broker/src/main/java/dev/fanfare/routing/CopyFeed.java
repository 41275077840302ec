package dev.fanfare.routing;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.topic.TopicRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What waits to be copied by one rule, in the order of appending, and the thread that takes it: a virtual one
/// that is started when something waits, and ends when nothing does.
final class CopyFeed implements Feed<Void> {

    /// How many bytes of payload may wait.
    private static final long BOUND_BYTES = 16L << 20;

    private final String name;
    private final IntSupplier bound;
    private final LongSupplier blockMillis;
    private final Consumer<Message> taker;
    private final Runnable pressed;

    /// The innermost lock.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition idle = lock.newCondition();

    // Under the lock.
    private List<Message> queue = new ArrayList<>(0);
    private List<Runnable> roomWanted = new ArrayList<>(0);
    private boolean closed;

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
    /// @param taker gets each message, outside of any lock, one after the other
    /// @param pressed told of each publish refused or made to wait: inside a section
    CopyFeed(String name, IntSupplier bound, LongSupplier blockMillis, Consumer<Message> taker, Runnable pressed) {
        this.name = name;
        this.bound = bound;
        this.blockMillis = blockMillis;
        this.taker = taker;
        this.pressed = pressed;
    }

    @Override
    public long admit() {
        if (waiting < bound.getAsInt() && waitingBytes < BOUND_BYTES) {
            return OPEN;
        }
        pressed.run();
        long millis = blockMillis.getAsLong();
        return millis > 0 ? millis : REFUSE;
    }

    @Override
    public void append(Topic topic, Message message, @Nullable Object prepared) {
        lock.lock();
        try {
            if (!closed) {
                queue.add(message);
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

    @Override
    public void wake() {
        if (waiting > 0 && !running.get() && running.compareAndSet(false, true)) {
            Thread.ofVirtual()
                    .name(name)
                    .start(() -> ScopedValue.where(TopicRegistry.ROUTING, true).run(this::work));
        }
    }

    private void work() {
        do {
            worker = Thread.currentThread();
            for (List<Message> batch = take(); !batch.isEmpty(); batch = take()) {
                for (Message message : batch) {
                    if (givenUp) {
                        return;
                    }
                    inHand = true;
                    taker.accept(message);
                    inHand = false;
                    done(message);
                }
            }
            worker = null;
            running.set(false);
            // Appended meanwhile: whoever did may have seen that this still runs.
        } while (waiting > 0 && running.compareAndSet(false, true));
    }

    private List<Message> take() {
        lock.lock();
        try {
            List<Message> batch = queue;
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

    @Override
    public boolean drainsHere() {
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
        close();
        Thread thread = worker;
        long left = waiting - (inHand ? 1L : 0L);
        // Whatever it waits for, in a filter or for room.
        if (thread != null) {
            thread.interrupt();
        }
        return left;
    }

    @Override
    public void attach(Void cursor) {}

    @Override
    public void detach(Void cursor) {}

    /// A topic is gone; there may be others.
    @Override
    public void end() {}

    /// No topic has it in its plan any more; what waits is still copied.
    @Override
    public void close() {
        List<Runnable> free;
        lock.lock();
        try {
            closed = true;
            free = roomWanted;
            roomWanted = new ArrayList<>(0);
        } finally {
            lock.unlock();
        }
        free.forEach(Runnable::run);
    }

    @Override
    public String toString() {
        return name;
    }
}
