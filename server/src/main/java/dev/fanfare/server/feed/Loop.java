package dev.fanfare.server.feed;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What one event loop has to do at the end of its turn: offer what feeds have got to the connections, then send.
/// However many feeds and connections are concerned, the loop is woken once.
public final class Loop {

    private static final long RETIRE_AFTER_SECONDS = 1;

    private final EventLoop eventLoop;

    /// What to drain, the newest first, linked through [Woken#nextWoken]: a stack, because the loop takes all at once.
    private final AtomicReference<@Nullable Woken> woken = new AtomicReference<>();

    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final Runnable turn = this::turn;

    // From here on only touched on the loop.

    private final List<Outbox> outboxes = new ArrayList<>();
    private List<FeedReader> holding = new ArrayList<>();
    private boolean inTurn;
    private boolean retiring;

    /// The loop's part in delivering.
    public Loop(EventLoop eventLoop) {
        this.eventLoop = eventLoop;
    }

    /// Netty's loop.
    public EventLoop eventLoop() {
        return eventLoop;
    }

    /// Has it drained at the end of the turn; any thread, once until it is.
    public void wake(Woken one) {
        Woken before;
        do {
            before = woken.get();
            one.nextWoken = before;
        } while (!woken.compareAndSet(before, one));
        schedule();
    }

    /// Has an outbox pumped at the end of the turn; on the loop.
    void pumpLater(Outbox outbox) {
        if (!outbox.listed) {
            outbox.listed = true;
            outboxes.add(outbox);
            if (!inTurn) {
                schedule();
            }
        }
    }

    private void schedule() {
        if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
            execute(turn);
        }
    }

    /// Runs `action` on the loop, after what it is doing now. Any thread.
    ///
    /// @return false when the loop has shut down, and all its connections with it: the action never runs
    public boolean execute(Runnable action) {
        try {
            eventLoop.execute(action);
            return true;
        } catch (RejectedExecutionException shutDown) {
            return false;
        }
    }

    private void turn() {
        inTurn = true;
        try {
            // Cleared first: who is woken from here on is either taken below or schedules the next turn.
            scheduled.set(false);
            drainWoken();
            for (int i = 0; i < outboxes.size(); i++) {
                Outbox outbox = outboxes.get(i);
                outbox.listed = false;
                try {
                    outbox.pump();
                } catch (RuntimeException | Error e) {
                    outbox.fail(e); // one connection's bad luck is no other's
                }
            }
            outboxes.clear();
        } finally {
            inTurn = false;
        }
    }

    private void drainWoken() {
        Woken newestFirst = woken.getAndSet(null);
        Woken oldestFirst = null;
        while (newestFirst != null) {
            Woken next = newestFirst.nextWoken;
            newestFirst.nextWoken = oldestFirst;
            oldestFirst = newestFirst;
            newestFirst = next;
        }
        while (oldestFirst != null) {
            Woken one = oldestFirst;
            oldestFirst = one.nextWoken;
            one.nextWoken = null; // before its mark is cleared: from then on it may be pushed again
            one.drain();
        }
    }

    /// Runs `action` on the loop when `delay` has passed.
    public void after(Duration delay, Runnable action) {
        eventLoop.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// Notes that a reader holds chunks, so that they are given back when its feed falls quiet.
    void holds(FeedReader reader) {
        holding.add(reader);
        if (!retiring) {
            retiring = true;
            eventLoop.schedule(this::retire, RETIRE_AFTER_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void retire() {
        List<FeedReader> readers = holding;
        holding = new ArrayList<>();
        retiring = false;
        for (FeedReader reader : readers) {
            if (!reader.retire()) {
                holds(reader);
            }
        }
    }
}
