package dev.fanfare.delivery;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeadLetters;
import dev.fanfare.Delivery;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Dispatch;
import dev.fanfare.FanfareException;
import dev.fanfare.Handler;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.local.Events;
import dev.fanfare.local.IntakeSource;
import dev.fanfare.local.LocalDelivery;
import dev.fanfare.local.SubscriptionSpec;
import dev.fanfare.topic.TopicRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// All acknowledged subscriptions and groups of a broker. Any thread.
public final class Backlogs {

    private static final Flow.Subscription NOTHING = new Flow.Subscription() {
        @Override
        public void request(long count) {
            // There is nothing.
        }

        @Override
        public void cancel() {
            // There is nothing to cancel.
        }
    };

    private final LocalDelivery delivery;
    private final TopicRegistry topics;
    private final Events events;
    private final DeadLetterDesk deadLetters;
    private final Map<String, Backlog> byName = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile boolean closing;

    /// There is none yet.
    public Backlogs(BrokerConfig config, TopicRegistry topics, LocalDelivery delivery, Events events) {
        this.delivery = delivery;
        this.topics = topics;
        this.events = events;
        this.deadLetters = new DeadLetterDesk(topics, config.deadLetters(), events, this);
    }

    /// Begins a subscription that has its backlog for itself.
    ///
    /// @throws dev.fanfare.FanfareException what [dev.fanfare.feed.FeedAccess#attach] says
    Backlog open(String name, Terms terms, Start start) {
        String unique = name;
        Backlog made = new Backlog(unique, terms, topics.timers(), events, deadLetters, this);
        for (int i = 2; byName.putIfAbsent(unique, made) != null; i++) {
            unique = name + "#" + i;
            made = new Backlog(unique, terms, topics.timers(), events, deadLetters, this);
        }
        try {
            fill(made, start);
        } catch (RuntimeException | Error e) {
            byName.remove(unique);
            throw e;
        }
        return made;
    }

    /// Begins a subscription with a handler.
    public AcknowledgedSubscription handle(
            String name, Terms terms, Start start, Handler handler, int window, int concurrency) {
        Backlog backlog = open(name, terms, start);
        HandlerWorker worker = new HandlerWorker(handler, this, backlog.name(), concurrency);
        worker.start(backlog.join(backlog.name(), Math.max(window, concurrency), worker));
        return new Handling(backlog, worker);
    }

    /// Begins a subscription whose user asks for messages.
    public Receiver receive(String name, Terms terms, Start start, int window) {
        return new Receiving(open(name, terms, start), topics.timers(), window);
    }

    /// Begins a subscription for a reactive subscriber, or tells it why it can't.
    public void flow(String name, Terms terms, Start start, int window, Flow.Subscriber<? super Delivery> subscriber) {
        Backlog backlog;
        try {
            backlog = open(name, terms, start);
        } catch (FanfareException e) {
            subscriber.onSubscribe(NOTHING);
            subscriber.onError(e);
            return;
        }
        Flowing worker = new Flowing(subscriber, () -> backlog.end(SubscriptionEnd.CLOSED));
        worker.start(backlog.join(backlog.name(), window, worker));
    }

    private void fill(Backlog made, Start start) {
        Terms terms = made.terms();
        IntakeSource source = delivery.subscribe(new SubscriptionSpec(
                terms.pattern(),
                made.name(),
                Dispatch.loop(),
                start,
                terms.queue(),
                terms.overflow(),
                DeliveryStrategy.immediate(),
                null,
                null,
                made,
                null,
                null,
                why -> {
                    // What came in before the broker began to close is still worked on: see close.
                    if (why != SubscriptionEnd.BROKER_CLOSED) {
                        made.end(why);
                    }
                }));
        made.filledBy(source);
    }

    /// The one with this name.
    @Nullable
    Backlog find(String name) {
        return byName.get(name);
    }

    /// Whether what some subscription gives up goes to that topic.
    boolean takesDeadLetters(String topic) {
        return byName.values().stream()
                .anyMatch(backlog -> topic.equals(backlog.terms().deadLetter()));
    }

    /// By a backlog: it has ended.
    void remove(Backlog ended) {
        byName.remove(ended.name(), ended);
    }

    /// By a worker: something was done, or it has ended.
    void progress() {
        if (closing) {
            lock.lock();
            try {
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /// The figures of all, in no order.
    public List<AcknowledgedSubscription.Figures> figures() {
        return byName.values().stream().map(Backlog::figures).toList();
    }

    /// The dead letters of a topic.
    ///
    /// @throws dev.fanfare.FanfareException `TOPIC_NOT_FOUND`
    public DeadLetters deadLetters(String topic) {
        return deadLetters.of(topic);
    }

    /// Whether the calling thread is in a handler.
    public boolean isInHandler() {
        return byName.values().stream().anyMatch(Backlog::runsHere);
    }

    /// The broker is about to close its topics: that does not make them deleted.
    public void announceClose() {
        closing = true;
    }

    boolean isClosing() {
        return closing;
    }

    /// When nothing can be published any more: lets handlers finish what can be done now, for at most `grace` of real
    /// time, then ends all.
    public void close(Duration grace) {
        lock.lock();
        try {
            long left = grace.toNanos();
            while (left > 0 && byName.values().stream().anyMatch(Backlog::isBusy)) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        byName.values().forEach(backlog -> backlog.end(SubscriptionEnd.BROKER_CLOSED));
    }
}
