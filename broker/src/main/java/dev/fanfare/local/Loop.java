package dev.fanfare.local;

import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One thread that delivers for many subscriptions, a slice of each at a time. Started by the first task, parked
/// when there is none: an idle loop costs nothing. A daemon thread: a broker never keeps a process alive.
///
/// Deadlines of batched delivery wait in one queue of the loop, with one timer for the earliest.
final class Loop {

    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);

    /// How often an idle loop looks again before it parks: a few microseconds, so that under load the publisher
    /// need not unpark it.
    private static final int SPINS = 200;

    /// A loop's thread: it must never wait for room in a feed.
    static final class LoopThread extends Thread {
        private final Loop loop;

        LoopThread(Loop loop, String name) {
            super(loop::run, name);
            this.loop = loop;
            setDaemon(true);
        }

        /// The loop it is the thread of.
        Loop loop() {
            return loop;
        }
    }

    private record Deadline(long nanos, Runnable action) {}

    private final Timers timers;
    private final String name;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    /// Also before the thread is started: the first task does that.
    private volatile boolean parked = true;
    private volatile boolean stopping;
    private @Nullable LoopThread thread;

    // The loop's own.
    private final PriorityQueue<Deadline> deadlines = new PriorityQueue<>(Comparator.comparingLong(Deadline::nanos));
    private Timers.@Nullable Timer timer;
    private long timerAt;

    Loop(Timers timers, String name) {
        this.timers = timers;
        this.name = name;
    }

    /// Runs the task soon, after those that were there before. Any thread; may be called inside a topic's section.
    void execute(Runnable task) {
        tasks.offer(task);
        if (parked) {
            parked = false;
            LockSupport.unpark(started());
        }
    }

    private synchronized LoopThread started() {
        LoopThread running = thread;
        if (running == null) {
            running = new LoopThread(this, name);
            thread = running;
            running.start();
        }
        return running;
    }

    private void run() {
        while (true) {
            Runnable task = tasks.poll();
            if (task != null) {
                run(task);
            } else if (stopping) {
                break;
            } else {
                idle();
            }
        }
        if (timer != null) {
            timer.cancel();
        }
    }

    /// Runs what waits now, inside of the task that calls this. On the loop.
    void runWaiting() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            run(task);
        }
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.error("A task of a delivery loop failed", e);
        }
    }

    /// Whether another task waits. On the loop.
    boolean isAwaited() {
        return !tasks.isEmpty();
    }

    private void idle() {
        for (int i = 0; i < SPINS; i++) {
            if (!tasks.isEmpty()) {
                return;
            }
            Thread.onSpinWait();
        }
        parked = true;
        // A task offered before `parked` was seen would wait for ever.
        while (parked && tasks.isEmpty() && !stopping) {
            LockSupport.park(this);
            // A handler's, or meant for one: it must not keep the thread from parking.
            Thread.interrupted();
        }
        parked = false;
    }

    // ---- deadlines, on the loop

    /// The loop's clock, in nanoseconds.
    long nanoTime() {
        return timers.nanoTime();
    }

    /// Runs `action` on the loop at that time or a little later.
    void at(long nanos, Runnable action) {
        deadlines.add(new Deadline(nanos, action));
        arm();
    }

    private void arm() {
        Deadline first = deadlines.peek();
        if (first == null || timer != null && timerAt - first.nanos <= 0) {
            return;
        }
        if (timer != null) {
            timer.cancel();
        }
        timerAt = first.nanos;
        timer = timers.schedule(
                Duration.ofNanos(Math.max(0, first.nanos - timers.nanoTime())), () -> execute(this::expire));
    }

    private void expire() {
        timer = null;
        long now = timers.nanoTime();
        for (Deadline first = deadlines.peek(); first != null && first.nanos - now <= 0; first = deadlines.peek()) {
            deadlines.poll();
            run(first.action);
        }
        arm();
    }

    // ---- the end

    /// Runs what is there, then ends. Any thread.
    synchronized void stop() {
        stopping = true;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /// Waits for the thread's end, for at most so many milliseconds, then interrupts it and waits as long again.
    void join(long millis) throws InterruptedException {
        Thread running;
        synchronized (this) {
            running = thread;
        }
        if (running == null || running == Thread.currentThread()) {
            return;
        }
        running.join(millis);
        if (running.isAlive()) {
            running.interrupt();
            running.join(millis);
        }
    }
}
