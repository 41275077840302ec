package dev.fanfare.local;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Dispatch;
import dev.fanfare.Subscription;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.FeedAccess;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.TopicCounters;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Everything of one broker that delivers in process: its loops and its subscriptions. Any thread.
public final class LocalDelivery {

    static final DeliveryStrategy IMMEDIATE = DeliveryStrategy.immediate();

    /// How long a loop may take to come out of the handlers it is in, at the end, before it is interrupted.
    private static final long LOOP_END_MILLIS = 1_000;

    /// How long handlers may take to come out when they are interrupted.
    private static final Duration INTERRUPTED = Duration.ofSeconds(1);

    /// How often a loop whose handler closes the broker looks for its other tasks.
    private static final long LOOK_NANOS = 1_000_000;

    private final FeedAccess feeds;
    private final Timers timers;
    private final Events events;
    private final Function<String, @Nullable Topic> topics;
    private final FeedKind<Cursor> kind = new LocalKind();
    private final List<Loop> loops;
    private final AtomicInteger nextLoop = new AtomicInteger();
    private final TopicCounters patternCounters = new TopicCounters();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition fewer = lock.newCondition();
    private final Set<LocalSubscription> live = new HashSet<>();
    private volatile boolean announced;
    private volatile boolean closing;

    private final class LocalKind implements FeedKind<Cursor> {
        @Override
        public Feed<Cursor> open(Pattern pattern) {
            return new LocalFeed(pattern, timers, false);
        }

        @Override
        public Feed<Cursor> openBehindFilter(Pattern pattern) {
            return new LocalFeed(pattern, timers, true);
        }

        @Override
        public boolean missed(Cursor cursor, Topic topic, long count) {
            return cursor.missed(count);
        }
    }

    /// Without a thread yet: a loop starts with its first task.
    ///
    /// @param topics finds a topic by its name
    public LocalDelivery(FeedAccess feeds, Timers timers, Events events, Function<String, @Nullable Topic> topics) {
        this.feeds = feeds;
        this.timers = timers;
        this.events = events;
        this.topics = topics;
        int count = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        this.loops = IntStream.range(0, count)
                .mapToObj(i -> new Loop(timers, "fanfare-delivery-" + i))
                .toList();
    }

    /// Begins a subscription. With caller dispatch it has replayed when this returns.
    ///
    /// @throws dev.fanfare.FanfareException what [FeedAccess#attach] says
    public IntakeSource subscribe(SubscriptionSpec spec) {
        Loop loop = loops.get(Math.floorMod(nextLoop.getAndIncrement(), loops.size()));
        LocalSubscription made = switch (spec.dispatch()) {
            case Dispatch.VirtualThread _ -> new ThreadSubscription(this, loop, spec);
            case Dispatch.Loop _ -> new LoopSubscription(this, loop, spec);
            case Dispatch.Caller _ -> new CallerSubscription(this, loop, spec);
        };
        made.attach();
        lock.lock();
        try {
            live.add(made);
        } finally {
            lock.unlock();
        }
        if (closing) {
            // Whoever closes may not have seen it.
            made.end(SubscriptionEnd.BROKER_CLOSED);
        }
        made.start();
        return made;
    }

    /// The subscriptions there are now, without those that fill an intake.
    public List<Subscription> subscriptions() {
        lock.lock();
        try {
            return live.stream()
                    .filter(each -> !each.isIntake())
                    .map(each -> (Subscription) each)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /// What subscriptions of patterns lost, of whatever topic it was.
    public TopicCounters patternCounters() {
        return patternCounters;
    }

    FeedAccess feeds() {
        return feeds;
    }

    FeedKind<Cursor> kind() {
        return kind;
    }

    Timers timers() {
        return timers;
    }

    Events events() {
        return events;
    }

    @Nullable
    Topic topic(String name) {
        return topics.apply(name);
    }

    /// Whether subscriptions end as soon as nothing waits for them.
    boolean isClosing() {
        return closing;
    }

    void remove(LocalSubscription ended) {
        lock.lock();
        try {
            live.remove(ended);
            fewer.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// The broker is about to close: what ends from now on ends because of that.
    public void announceClose() {
        announced = true;
    }

    /// Why a subscription ends whose topic is gone.
    SubscriptionEnd whyGone() {
        return announced ? SubscriptionEnd.BROKER_CLOSED : SubscriptionEnd.TOPIC_DELETED;
    }

    /// When nothing can be published or subscribed any more: lets every subscription finish what waits for it, and
    /// ends those that have not after `grace`; then the loops. A handler that does not return even when interrupted
    /// keeps its thread.
    public void close(Duration grace) {
        closing = true;
        List<LocalSubscription> left = snapshot();
        for (LocalSubscription subscription : left) {
            if (subscription.runsHere()) {
                // Its handler closes the broker: it can't be waited for.
                remove(subscription);
                subscription.end(SubscriptionEnd.BROKER_CLOSED);
            } else {
                subscription.nudge();
            }
        }
        awaitEnds(grace);
        for (LocalSubscription subscription : snapshot()) {
            subscription.end(SubscriptionEnd.BROKER_CLOSED);
            subscription.interrupt();
        }
        // What an interrupted handler had in hand and behind it is counted and told before the listeners go.
        awaitEnds(INTERRUPTED);
        loops.forEach(Loop::stop);
        try {
            for (Loop loop : loops) {
                loop.join(LOOP_END_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Whether the calling thread is in a handler.
    public boolean isInHandler() {
        return snapshot().stream().anyMatch(LocalSubscription::runsHere);
    }

    private List<LocalSubscription> snapshot() {
        lock.lock();
        try {
            return List.copyOf(live);
        } finally {
            lock.unlock();
        }
    }

    /// With the lock given up meanwhile.
    private void runWaiting(Loop loop) {
        lock.unlock();
        try {
            loop.runWaiting();
        } finally {
            lock.lock();
        }
    }

    private void awaitEnds(Duration grace) {
        lock.lock();
        try {
            long left = grace.toNanos();
            while (!live.isEmpty() && left > 0) {
                long step = left;
                if (Thread.currentThread() instanceof Loop.LoopThread here) {
                    // A handler closes the broker: its neighbours need this loop to finish.
                    step = Math.min(left, LOOK_NANOS);
                    runWaiting(here.loop());
                }
                left -= step - fewer.awaitNanos(step);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }
}
