package dev.fanfare.local;

import dev.fanfare.BatchHandler;
import dev.fanfare.BrokerEvent;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Dispatch;
import dev.fanfare.Handler;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.time.Timers;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Calls a subscription's handler, and sees to it that what it throws disturbs nobody. Used by one thread at a
/// time.
final class Invocation implements Outlet {

    private static final Logger LOG = LoggerFactory.getLogger(Invocation.class);

    private static final long LOG_INTERVAL_NANOS = 1_000_000_000;

    /// A handler that takes longer for a message is slow: the topic is told of each of its messages at once.
    private static final long SLOW_NANOS = 20_000;

    private final SubscriptionSpec spec;
    private final Events events;
    private final Timers timers;
    private final Tally tally;
    private final @Nullable Handler each;
    private final @Nullable BatchHandler batch;

    /// Whether the thread that calls the handler is the broker's; the publisher's is only lent.
    private final boolean ownThread;

    // What is gathered for the batch handler, and whose each message is.
    private final List<Message> gathered = new ArrayList<>(0);
    private final List<@Nullable Topic> origins = new ArrayList<>(0);
    private long gatheredStamp;
    private volatile int held;

    private boolean slow;
    private long nextLog;
    private boolean logged;

    Invocation(SubscriptionSpec spec, Events events, Timers timers, Tally tally) {
        this.spec = spec;
        this.events = events;
        this.timers = timers;
        this.tally = tally;
        this.each = spec.each();
        this.batch = spec.batch();
        this.ownThread = !(spec.dispatch() instanceof Dispatch.Caller);
    }

    /// A batch handler gets all of one turn in one list.
    @Override
    public int turn(DeliveryStrategy strategy) {
        return batch != null && strategy instanceof DeliveryStrategy.Batched batched
                ? Math.max(batched.size(), LocalSubscription.TURN)
                : LocalSubscription.TURN;
    }

    /// Hands on `found` messages that lie together in the cursor's piece, or fewer when the subscription ends or is
    /// overrun meanwhile. For a batch handler they are only gathered: [#finishTurn] hands them on.
    ///
    /// @return how many the cursor has moved
    @Override
    public int slice(LocalSubscription of, Sequence source, int found) {
        Handler handler = each;
        if (handler == null) {
            return gather(of, found);
        }
        if (found == 1) {
            return handOver(of, source, found, handler);
        }
        long begun = timers.nanoTime();
        int moved = handOver(of, source, found, handler);
        slow = timers.nanoTime() - begun > moved * SLOW_NANOS;
        return moved;
    }

    private int handOver(LocalSubscription of, Sequence source, int found, Handler handler) {
        return of.cursor.chunk().topics == null
                ? ofOne(of, source, found, handler)
                : ofMany(of, source, found, handler);
    }

    /// The innermost loop of delivery.
    private int ofOne(LocalSubscription of, Sequence source, int found, Handler handler) {
        Cursor cursor = of.cursor;
        Chunk chunk = cursor.chunk();
        int from = cursor.index();
        boolean told = events.listeningToMessages();
        int moved = 0;
        for (; moved < found && of.isRunning() && !cursor.isOverrun(source); moved++) {
            Message message = chunk.messages[from + moved];
            if (message == null) {
                // Cut loose just now: the cursor has to find its place again.
                break;
            }
            tally.delivered(call(handler, message, told));
            cursor.advance(message);
            if (slow) {
                tally.flush();
            }
            if (moved == 0) {
                sample(chunk.stamp(from), tally.topic());
            }
        }
        return moved;
    }

    private int ofMany(LocalSubscription of, Sequence source, int found, Handler handler) {
        Cursor cursor = of.cursor;
        Chunk chunk = cursor.chunk();
        int from = cursor.index();
        boolean told = events.listeningToMessages();
        int moved = 0;
        for (; moved < found && of.isRunning() && !cursor.isOverrun(source); moved++) {
            Message message = chunk.messages[from + moved];
            Topic origin = chunk.topic(from + moved);
            if (message == null || origin == null) {
                break;
            }
            if (!of.skips(origin, message.offset(), cursor.position())) {
                tally.topic(origin);
                tally.delivered(call(handler, message, told));
                if (slow) {
                    tally.flush();
                }
                if (moved == 0) {
                    sample(chunk.stamp(from), origin);
                }
            }
            cursor.advance(message);
        }
        return moved;
    }

    private int gather(LocalSubscription of, int found) {
        Cursor cursor = of.cursor;
        Chunk chunk = cursor.chunk();
        int from = cursor.index();
        if (gathered.isEmpty()) {
            gatheredStamp = chunk.stamp(from);
        }
        int moved = 0;
        for (; moved < found; moved++) {
            Message message = chunk.messages[from + moved];
            Topic origin = chunk.topics == null ? tally.topic() : chunk.topic(from + moved);
            if (message == null || chunk.topics != null && origin == null) {
                break;
            }
            if (origin == null || !of.skips(origin, message.offset(), cursor.position())) {
                gathered.add(message);
                origins.add(origin);
            }
            cursor.advance(message);
        }
        held = gathered.size();
        return moved;
    }

    /// Messages that the batch handler has in hand; the cursor has passed them. Any thread.
    @Override
    public int held() {
        return held;
    }

    /// Hands on what was gathered, and tells the topics what became of their messages.
    @Override
    public void finishTurn(LocalSubscription of) {
        BatchHandler handler = batch;
        if (handler != null && !gathered.isEmpty()) {
            if (of.isRunning()) {
                call(handler, List.copyOf(gathered));
                held = 0;
                sample(gatheredStamp, origins.getFirst());
            }
            // If it does not run any more, they count as unread.
            gathered.clear();
            origins.clear();
        }
        settleInterrupt();
        tally.flush();
    }

    /// Hands on what was replayed; stops when the subscription ends.
    ///
    /// @param topics finds a topic by its name
    @Override
    public void replayed(LocalSubscription of, List<Message> slice, Function<String, @Nullable Topic> topics) {
        String name = "";
        Topic origin = null;
        boolean told = events.listeningToMessages();
        for (Message message : slice) {
            if (!name.equals(message.topic())) {
                name = message.topic();
                origin = topics.apply(name);
                if (origin != null && !origin.epoch().equals(message.epoch())) {
                    // Deleted and made again since: the new one has nothing to do with it.
                    origin = null;
                }
            }
            if (each == null) {
                gathered.add(message);
                origins.add(origin);
                gatheredStamp = 0;
            } else if (of.isRunning()) {
                tally.topic(origin);
                tally.delivered(call(each, message, told));
            }
        }
        finishTurn(of);
    }

    private int call(Handler handler, Message message, boolean told) {
        try {
            if (told) {
                delivering(message);
            }
            handler.handle(message);
            if (told) {
                delivered(message);
            }
            return 1;
        } catch (Throwable thrown) {
            tally.failed(1);
            failed(message, thrown);
            return 0;
        }
    }

    private void call(BatchHandler handler, List<Message> messages) {
        boolean told = events.listeningToMessages();
        Throwable failure = null;
        try {
            if (told) {
                messages.forEach(this::delivering);
            }
            handler.handle(messages);
        } catch (Throwable thrown) {
            failure = thrown;
        }
        for (int i = 0; i < messages.size(); i++) {
            tally.topic(origins.get(i));
            if (failure != null) {
                tally.failed(1);
                failed(messages.get(i), failure);
            } else {
                tally.delivered(1);
                if (told) {
                    delivered(messages.get(i));
                }
            }
        }
    }

    private void delivering(Message message) {
        events.emitMessage(() -> BrokerEvent.Delivering.of(message, spec.name(), 0));
    }

    private void delivered(Message message) {
        events.emitMessage(
                () -> new BrokerEvent.Delivered(message.topic(), message.offset(), message.id(), spec.name()));
    }

    private void failed(Message message, Throwable thrown) {
        if (thrown instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
        settleInterrupt();
        events.emit(() -> new BrokerEvent.Failed(message.topic(), message.offset(), message.id(), spec.name(), thrown));
        try {
            if (spec.onError() != null) {
                spec.onError().accept(message, thrown);
            } else {
                log(message, thrown);
            }
        } catch (RuntimeException | Error e) {
            LOG.warn("The error handler of subscription {} of {} failed", spec.name(), spec.pattern(), e);
        }
    }

    /// An interrupt is the handler's own affair, and must not meet the next call, or somebody else's, on a thread
    /// of the broker's. On the publisher's thread it was meant for that one, and stays.
    private void settleInterrupt() {
        if (ownThread || Thread.currentThread() instanceof Loop.LoopThread) {
            Thread.interrupted();
        }
    }

    private void log(Message message, Throwable thrown) {
        long now = timers.nanoTime();
        if (!logged || now - nextLog >= 0) {
            logged = true;
            nextLog = now + LOG_INTERVAL_NANOS;
            LOG.warn(
                    "The handler of subscription {} of {} failed on message {} of {}",
                    spec.name(),
                    spec.pattern(),
                    message.offset(),
                    message.topic(),
                    thrown);
        }
    }

    private void sample(long stamp, @Nullable Topic origin) {
        if (stamp != 0 && origin != null) {
            origin.counters().latency(timers.nanoTime() - stamp);
        }
    }
}
