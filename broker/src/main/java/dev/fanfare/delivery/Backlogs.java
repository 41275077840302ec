package dev.fanfare.delivery;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerLimit;
import dev.fanfare.Commit;
import dev.fanfare.DeadLetters;
import dev.fanfare.Delivery;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Dispatch;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Handler;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.Transaction;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.TopicCounters;
import dev.fanfare.local.Events;
import dev.fanfare.local.IntakeSource;
import dev.fanfare.local.LocalDelivery;
import dev.fanfare.local.SubscriptionSpec;
import dev.fanfare.time.Timers;
import dev.fanfare.topic.AtomicAppend;
import dev.fanfare.topic.LiveTopic;
import dev.fanfare.topic.TopicRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// All acknowledged subscriptions and groups of a broker. Any thread.
@SuppressWarnings("exports") // what only the broker calls names what only it sees
public final class Backlogs implements DeliveryAccess {

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

    /// The most acknowledged subscriptions and groups.
    private static final int NAMES_MAX = 100_000;

    private final LocalDelivery delivery;
    private final Supplier<BrokerConfig> config;
    private final TopicRegistry topics;
    private final Events events;
    private final DeadLetterDesk deadLetters;
    private final Map<String, Backlog> byName = new ConcurrentHashMap<>();

    /// Null when nothing outlives the process.
    private final @Nullable StoredBacklogs stored;

    private final NameLocks naming = new NameLocks();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile boolean closing;
    private final LongAdder transactionsCommitted = new LongAdder();
    private final LongAdder transactionsRefused = new LongAdder();

    /// There is none yet.
    public Backlogs(Supplier<BrokerConfig> config, TopicRegistry topics, LocalDelivery delivery, Events events) {
        this.delivery = delivery;
        this.config = config;
        this.topics = topics;
        this.events = events;
        this.deadLetters = new DeadLetterDesk(topics, () -> config.get().deadLetters(), events, this);
        topics.onDeletion(new Deletions(byName.values())::heard);
        this.stored = topics.storage()
                .map(committer -> new StoredBacklogs(committer, topics.timers(), byName.values()))
                .orElse(null);
    }

    /// Brings those back that are stored. Once, when the topics are there and before anything else.
    public void restore() {
        if (stored != null) {
            Map<Integer, LiveTopic> byNumber = new HashMap<>();
            topics.list("", "").forEach(topic -> {
                if (topic instanceof LiveTopic live && live.number() != 0) {
                    byNumber.put(live.number(), live);
                }
            });
            stored.restore(byNumber);
            topics.storage().ifPresent(committer -> deadLetters.restore(committer, byNumber));
        }
    }

    /// Begins a subscription with a handler.
    ///
    /// @throws FanfareException what [dev.fanfare.feed.FeedAccess#attach] says; `BAD_REQUEST` when the name is used
    ///     with other terms; `LIMIT_REACHED`
    public AcknowledgedSubscription handle(Demand demand, Handler handler, int concurrency) {
        HandlerWorker worker = new HandlerWorker(handler, this, demand.name(), concurrency);
        Member member = established(attach(demand.withWindow(Math.max(demand.window(), concurrency)), worker));
        worker.start(member);
        return new Handling(member, worker);
    }

    /// Begins a subscription whose user asks for messages. See [#handle].
    public Receiver receive(Demand demand) {
        Receiving receiving = new Receiving(topics.timers());
        receiving.start(established(attach(demand, receiving)));
        return receiving;
    }

    /// Waits until a member's name outlives the power, if it is new.
    ///
    /// @throws FanfareException when it could not be stored: it is no member any more
    private static Member established(Member member) {
        Commit commit = member.established();
        PublishResult.Refused failure = commit == null ? null : commit.await();
        if (failure != null) {
            member.leave();
            throw failure.exception();
        }
        return member;
    }

    /// Begins a subscription for a reactive subscriber, or tells it why it can't.
    public void flow(Demand demand, Flow.Subscriber<? super Delivery> subscriber) {
        Flowing worker = new Flowing(subscriber);
        Member member;
        try {
            member = established(attach(demand, worker));
        } catch (FanfareException e) {
            subscriber.onSubscribe(NOTHING);
            subscriber.onError(e);
            return;
        }
        worker.start(member);
    }

    @Override
    public Member attach(Demand demand, Worker worker) {
        while (true) {
            Backlog backlog = demand.kind() == Kind.OWN ? openOwn(demand) : obtain(demand);
            Member member = backlog.join(
                    demand.member(), demand.window(), demand.terms().ackTimeout(), worker);
            if (member != null) {
                return member;
            }
        }
    }

    private Backlog openOwn(Demand demand) {
        Optional<Backlog> made = openOwn(demand.name(), demand);
        for (int i = 2; made.isEmpty(); i++) {
            made = openOwn(demand.name() + "#" + i, demand);
        }
        return made.get();
    }

    /// Nothing when the name is taken, or somebody may come back to it.
    private Optional<Backlog> openOwn(String name, Demand demand) {
        return naming.locked(
                name,
                () -> byName.containsKey(name) || isDormant(name)
                        ? Optional.empty()
                        : Optional.of(open(name, demand, null)));
    }

    /// Of two who come with a new name at once, one makes it; the other waits and joins.
    private Backlog obtain(Demand demand) {
        return naming.locked(demand.name(), () -> {
            Backlog there = byName.get(demand.name());
            if (there == null) {
                if (byName.size() >= NAMES_MAX) {
                    throw new FanfareException(
                            BrokerLimit.NAMES,
                            "'" + demand.name() + "' would be one more acknowledged subscription or group than "
                                    + NAMES_MAX + ": end those that nobody uses");
                }
                Dormant before = stored == null ? null : stored.wake(demand);
                there = open(demand.name(), demand, before);
            }
            check(there, demand);
            return there;
        });
    }

    private static void check(Backlog there, Demand demand) {
        Claim.check(there.name(), there.owner(), demand.claim());
        String difference = there.kind() == demand.kind()
                ? there.terms().difference(demand.terms())
                : "it is " + there.kind().label() + ", not " + demand.kind().label();
        if (!difference.isEmpty()) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "the name '" + demand.name() + "' is used for something else: " + difference
                            + "; use another name, or end that one first");
        }
    }

    /// Makes one. Under the lock of its name, which is free.
    ///
    /// @param before what is stored of it; null for a new one
    private Backlog open(String name, Demand asked, @Nullable Dormant before) {
        TopicConfig topic = topicConfig(asked.terms().pattern());
        Demand demand = asked.terms().expiry().isZero()
                ? asked.withExpiry(config.get().expiry().of(topic))
                : asked;
        Keeper keeper = stored == null || demand.kind() == Kind.OWN ? null : stored.keeper(demand, before);
        long created = before == null
                ? topics.timers().currentTimeMillis()
                : before.form().createdMillis();
        Bound bound = Bound.of(demand.terms(), demand.kind(), topic);
        Backlog made = new Backlog(
                name,
                demand.kind(),
                before == null ? demand.owner() : before.form().owner(),
                demand.terms(),
                bound,
                topics.timers(),
                events,
                deadLetters,
                this,
                keeper,
                created);
        byName.put(name, made);
        try {
            fill(
                    made,
                    before == null
                            ? demand.start()
                            : before.start(demand.terms().pattern().isWild()));
        } catch (RuntimeException | Error e) {
            if (before == null) {
                remove(made, SubscriptionEnd.ENDED);
            } else if (byName.remove(name, made) && stored != null) {
                stored.waitOn(before);
            }
            throw e;
        }
        return made;
    }

    /// Publishes and acknowledges in one go: see [dev.fanfare.Transaction#commit].
    public Transaction.Result commit(List<String> names, List<Message> messages, List<? extends Delivery> acks) {
        CompletableFuture<Transaction.Result> done = new CompletableFuture<>();
        Commit commit = commit(names, messages, acks, done::complete);
        if (commit != null) {
            PublishResult.Refused failure = commit.await();
            if (failure != null && !commit.isDone()) {
                return Transaction.Result.refused(failure, null); // interrupted
            }
        }
        return done.join();
    }

    @Override
    public @Nullable Commit commit(
            List<String> names,
            List<Message> messages,
            List<? extends Delivery> acks,
            Consumer<Transaction.Result> then) {
        Acknowledgements acknowledgements;
        AtomicAppend.Outcome outcome;
        String topic = null;
        try {
            acknowledgements = new Acknowledgements(acks);
            AtomicAppend append = new AtomicAppend(topics);
            for (int i = 0; i < names.size(); i++) {
                topic = names.get(i);
                append.add(topic, messages.get(i));
            }
            topic = null;
            outcome = append.run(acknowledgements);
            acknowledgements.tell();
        } catch (FanfareException e) {
            refused(PublishResult.Refused.of(e), topic, then);
            return null;
        }
        Commit commit = outcome.commit();
        if (commit != null) {
            commit.onDone(failure -> finish(acknowledgements, outcome, failure, null, then));
        } else {
            finish(acknowledgements, outcome, outcome.refused(), outcome.topic(), then);
        }
        return commit;
    }

    private void finish(
            Acknowledgements acknowledgements,
            AtomicAppend.Outcome outcome,
            PublishResult.@Nullable Refused refused,
            @Nullable String topic,
            Consumer<Transaction.Result> then) {
        if (refused == null) {
            acknowledgements.stored();
            transactionsCommitted.increment();
            events.emit(
                    () -> new BrokerEvent.TransactionCommitted(outcome.results().size(), acknowledgements.size()));
            then.accept(Transaction.Result.committed(outcome.results()));
        } else {
            refused(refused, topic, then);
        }
    }

    private void refused(PublishResult.Refused refused, @Nullable String topic, Consumer<Transaction.Result> then) {
        transactionsRefused.increment();
        events.emit(() -> new BrokerEvent.TransactionRefused(topic, refused.code(), refused.reason()));
        then.accept(Transaction.Result.refused(refused, topic));
    }

    @Override
    public Optional<Commit> end(String name) {
        Backlog backlog = byName.get(name);
        boolean ended;
        if (backlog == null) {
            ended = stored != null && stored.end(name);
        } else {
            ended = backlog.kind() != Kind.OWN;
            if (ended) {
                backlog.end(SubscriptionEnd.ENDED);
            }
        }
        return ended ? Optional.of(stored == null ? Commit.done() : stored.settled()) : Optional.empty();
    }

    private void fill(Backlog made, Start start) {
        Terms terms = made.terms();
        IntakeSource source = delivery.subscribe(new SubscriptionSpec(
                terms.pattern(),
                made.name(),
                // What a filter costs in a replay is not for a loop that others share.
                terms.filter() == null ? Dispatch.loop() : Dispatch.virtualThread(),
                start,
                made.bound().queue(),
                made.bound().publishers(),
                DeliveryStrategy.immediate(),
                null,
                null,
                made,
                terms.filter(),
                null,
                why -> {
                    // What came in before the broker began to close is still worked on: see close.
                    if (why != SubscriptionEnd.BROKER_CLOSED) {
                        made.end(why);
                    }
                }));
        made.filledBy(source);
    }

    /// The settings of a topic; for one that does not exist yet and for a pattern, those that topics are made with.
    private TopicConfig topicConfig(Pattern pattern) {
        return pattern.isWild()
                ? config.get().topics()
                : topics.find(pattern.text())
                        .map(Topic::config)
                        .orElseGet(() -> config.get().topics(pattern.text()));
    }

    /// Whether nobody has come back to a name since the process began.
    boolean isDormant(String name) {
        return stored != null && stored.isDormant(name);
    }

    /// The one with this name.
    @Nullable
    Backlog find(String name) {
        return byName.get(name);
    }

    /// Whether what some subscription gives up goes to that topic.
    boolean takesDeadLetters(String topic) {
        return byName.values().stream()
                        .anyMatch(backlog -> topic.equals(backlog.terms().deadLetter()))
                || topics.list("", "")
                        .anyMatch(each -> topic.equals(each.config().deadLetter()));
    }

    /// One has ended. What is stored of it is taken out once, and before its name may be used anew.
    void remove(Backlog ended, SubscriptionEnd why) {
        byName.computeIfPresent(ended.name(), (name, there) -> {
            if (there != ended) {
                return there;
            }
            Keeper keeper = ended.keeper();
            if (keeper != null && stored != null && why != SubscriptionEnd.BROKER_CLOSED) {
                stored.ended(name, keeper);
            }
            return null;
        });
    }

    /// By a backlog that has ended: what it had not done is lost.
    void lost(Backlog ended, long messages) {
        Pattern pattern = ended.terms().pattern();
        TopicCounters counters = pattern.isWild()
                ? delivery.patternCounters()
                : topics.find(pattern.text()).map(Topic::counters).orElse(delivery.patternCounters());
        counters.dropped(messages);
    }

    /// By a backlog: its last member left, or one came after that.
    void attended(Backlog backlog, boolean somebody) {
        if (stored != null) {
            stored.attended(backlog, somebody);
        }
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

    Timers timers() {
        return topics.timers();
    }

    /// How many transactions were done.
    public long transactionsCommitted() {
        return transactionsCommitted.sum();
    }

    /// Of how many transactions nothing was done.
    public long transactionsRefused() {
        return transactionsRefused.sum();
    }

    /// The figures of all, in no order.
    public List<AcknowledgedSubscription.Figures> figures() {
        Stream<AcknowledgedSubscription.Figures> here = byName.values().stream().map(Backlog::figures);
        return stored == null
                ? here.toList()
                : Stream.concat(here, stored.figures().stream()).toList();
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

    /// The broker is about to close: see [#close].
    public void announceClose() {
        closing = true;
    }

    /// When nothing can be published any more: lets handlers finish what can be done now, for at most `grace`
    /// of real time, then ends all.
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
        if (stored != null) {
            stored.close();
        }
    }
}
