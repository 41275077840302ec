package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.AcknowledgedSubscription.Figures;
import dev.fanfare.Broker;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.Delivery;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.SubscriptionBuilder;
import dev.fanfare.Topic;
import dev.fanfare.feed.Pattern;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A subscription or group of a simulated history, its members, and the model of it. Its members all ask for
/// messages, or are all handlers: handlers have done what they can between two steps of the history.
final class SimulatedSubscription {

    /// Which messages may be wanted. The same objects for all: equal filters share a feed.
    private static final List<Filter> FILTERS = List.of(
            Filter.types("t0", "t1"),
            Filter.header("h", "1"),
            message -> Integer.parseInt(message.text()) % 3 != 0,
            message -> {
                if (message.key() == null) {
                    throw new IllegalStateException("a filter that fails");
                }
                return true;
            });

    /// How long things may take that happen by themselves.
    static final long SETTLED_WITHIN_NANOS = 20_000_000_000L;
    private static final int SEEN_SETTLED = 3;
    private static final int MOST_MEMBERS = 3;

    /// A message that a member asked for.
    ///
    /// @param ticket see [BacklogModel#taken]
    record Held(SimulatedSubscription of, Delivery delivery, long ticket) {

        Message message() {
            return delivery.message();
        }

        Verdict ackCounts() {
            return of.model.ackCounts(message(), ticket);
        }

        boolean nackCounts() {
            return of.model.nackCounts(message(), ticket);
        }
    }

    private final String name;
    private final String pattern;
    private final Kind kind;
    private final boolean pushes;
    private final boolean discards;
    private final Duration expiry;
    private final RandomGenerator random;
    private final int salt;
    private final Broker broker;
    private final BacklogModel model;
    private final AcknowledgedBuilder builder;
    private final List<Attached> members = new ArrayList<>();
    private final boolean watchesCircuit;
    private final boolean filtered;
    private @Nullable Attached last;
    private long abandonedAt;
    private boolean over;

    /// Handlers throw no more.
    private volatile boolean healthy;

    private volatile @Nullable AssertionError broken;

    SimulatedSubscription(
            String name,
            String pattern,
            RandomGenerator random,
            Broker broker,
            SimulatedTopics topics,
            VirtualTimers timers) {
        this.name = name;
        this.pattern = pattern;
        this.random = random;
        this.broker = broker;
        this.salt = random.nextInt();
        this.kind = Kind.values()[random.nextInt(Kind.values().length)];
        // Which message makes room would depend on how fast a handler is.
        boolean bounded = topics.areNarrow() && !Pattern.of(pattern).isWild();
        this.pushes = random.nextBoolean() && !bounded;
        // What makes room is known by its dead letter.
        this.discards = random.nextInt(6) == 0 && !bounded;
        // Between two ticks: what comes in at a tick is lost with it, or is not, but not by chance.
        this.expiry = random.nextBoolean()
                ? Duration.ofDays(300)
                : SimulatedTopics.ticks(1 + random.nextInt(80)).plus(SimulatedTopics.TICK.dividedBy(2));
        // What waits before a filter for room behind it is in no figure.
        Filter filter = random.nextInt(3) == 0 && !bounded ? FILTERS.get(random.nextInt(FILTERS.size())) : null;
        this.filtered = filter != null;
        boolean ordered = random.nextInt(4) == 0;
        boolean buriesExpired = random.nextBoolean();
        // Of several handlers of a group another one may be at work when a circuit opens.
        this.watchesCircuit = random.nextBoolean() && !(pushes && kind == Kind.GROUP);
        ModelledRetry retry = ModelledRetry.any(random);
        // What was there before would be read on only when there is room.
        boolean earliest = random.nextInt(4) == 0 && !bounded;

        SubscriptionBuilder begun = broker.subscription(pattern).name(name);
        if (filter != null) {
            begun.filter(filter);
        }
        if (earliest) {
            begun.start(Start.earliest());
        }
        this.builder = begun.acknowledged()
                .maxInFlight(1 + random.nextInt(5))
                .retry(retry.policy())
                .overflow(Overflow.refuse())
                .expiry(expiry);
        if (ordered) {
            builder.ordered();
        }
        if (buriesExpired) {
            builder.expiredToDeadLetters();
        }
        if (discards) {
            builder.withoutDeadLetters();
        }
        if (watchesCircuit) {
            builder.circuitBreaker(breaker());
        }
        switch (kind) {
            case GROUP -> builder.group(name);
            case DURABLE -> builder.durable(name);
            case OWN -> {}
        }
        this.model = new BacklogModel(
                name,
                pattern,
                filter,
                retry,
                new ModelledBound(broker, name, broker.topic(pattern).orElse(null), kind == Kind.OWN),
                new ModelledLanes(ordered, kind == Kind.GROUP),
                buriesExpired,
                topics,
                timers);
        broker.topics().forEach(topic -> model.begin(topic, earliest ? topic.oldest() : topic.visible()));
        if (earliest) {
            broker.topics()
                    .filter(topic -> Pattern.of(pattern).matches(topic.name()))
                    .forEach(topics::willReplay);
        }
        join();
    }

    private CircuitBreaker breaker() {
        int window = 1 + random.nextInt(6);
        return new CircuitBreaker(
                20 + random.nextInt(80),
                SimulatedTopics.ticks(random.nextInt(12)),
                20 + random.nextInt(80),
                1 + random.nextInt(window),
                window,
                SimulatedTopics.ticks(1 + random.nextInt(60)),
                1 + random.nextInt(3));
    }

    String name() {
        return name;
    }

    String pattern() {
        return pattern;
    }

    BacklogModel model() {
        return model;
    }

    Kind kind() {
        return kind;
    }

    boolean isOver() {
        return over;
    }

    boolean discards() {
        return discards;
    }

    /// How many messages it has lost.
    long dropped() {
        return Objects.requireNonNull(last).figures().dropped();
    }

    // ---- members

    void join() {
        if (over || members.size() == MOST_MEMBERS || kind == Kind.OWN && !members.isEmpty()) {
            return;
        }
        if (kind == Kind.DURABLE) {
            // It takes over.
            members.forEach(model::left);
        }
        model.joins();
        Duration ackTimeout = pushes ? Duration.ZERO : SimulatedTopics.ticks(random.nextInt(3) * 10);
        builder.ackTimeout(ackTimeout);
        Attached joined = (Attached) (pushes ? builder.handle(this::handle) : builder.receive());
        if (!ackTimeout.isZero()) {
            model.gives(joined, ackTimeout);
        }
        members.removeIf(member -> member.ended().isPresent());
        members.add(joined);
        last = joined;
    }

    void leave() {
        if (over || members.isEmpty()) {
            return;
        }
        Attached one = members.remove(random.nextInt(members.size()));
        model.left(one);
        if (kind == Kind.OWN) {
            end(false);
        }
        one.close();
        abandonedAt = broker.timers().nanoTime();
    }

    void joinIfNobodyDid() {
        if (members.isEmpty()) {
            join();
        }
    }

    /// It ends, now or in a moment.
    ///
    /// @param lost whether what is not done counts as lost
    void end(boolean lost) {
        over = true;
        model.ended(lost);
    }

    // ---- work

    /// Asks for messages.
    List<Held> receive(int max) throws InterruptedException {
        if (pushes || members.isEmpty()) {
            return List.of();
        }
        Attached member = members.get(random.nextInt(members.size()));
        CircuitBreaker.State before = member.figures().circuit();
        List<Delivery> taken = ((Receiver) member).receive(max, Duration.ZERO);
        assertThat(before == CircuitBreaker.State.OPEN && !taken.isEmpty())
                .as(name + " gets something though its circuit is open")
                .isFalse();
        List<Held> held = new ArrayList<>();
        for (Delivery delivery : taken) {
            Message message = delivery.message();
            long ticket = model.taken(member, topic(message), message, delivery.attempt());
            held.add(new Held(this, delivery, ticket));
        }
        return held;
    }

    /// The topic of a message that was delivered: it is there by then.
    private Topic topic(Message message) {
        Topic topic = broker.topic(message.topic()).orElseThrow();
        assertThat(topic.visible()).as(name + " is given " + message).isGreaterThan(message.offset());
        return topic;
    }

    private void handle(Message message) {
        ModelledRetry.Failure failure = null;
        try {
            Attached me = members.isEmpty() ? null : members.getFirst();
            assertThat(watchesCircuit && me != null && me.figures().circuit() == CircuitBreaker.State.OPEN)
                    .as(name + " gets something though its circuit is open")
                    .isFalse();
            model.taken(Thread.currentThread(), topic(message), message, 0);
            int attempt = model.attempt(message);
            int chance = Objects.hash(salt, message.topic(), message.text(), attempt) * 0x9E3779B9 >> 16;
            if (!healthy && Math.floorMod(chance, 3) == 0) {
                failure = ModelledRetry.failure(chance / 3);
                model.failed(message, null, failure);
            } else {
                model.acked(message);
            }
        } catch (AssertionError | RuntimeException e) {
            broken = new AssertionError(this + " on " + message, e);
            throw e;
        }
        if (failure != null) {
            throw failure;
        }
    }

    void heals() {
        healthy = true;
    }

    // ---- time

    /// Time has moved.
    void timePassed() {
        model.timePassed();
        if (!over && members.isEmpty() && broker.timers().nanoTime() - abandonedAt >= expiry.toNanos()) {
            end(true);
        }
    }

    /// Waits until nothing happens by itself any more. Then the figures add up.
    ///
    /// What is on its way through a filter is in no figure, and one that moves on may be in two: of a
    /// subscription with a filter that has to be seen several times, one after the other.
    void settle() {
        Attached any = Objects.requireNonNull(last);
        long giveUp = System.nanoTime() + SETTLED_WITHIN_NANOS;
        int seen = 0;
        for (int tries = 0; seen < (filtered ? SEEN_SETTLED : 1); tries++) {
            seen = isSettled(any) ? seen + 1 : 0;
            assertThat(System.nanoTime() < giveUp)
                    .as(this + (over ? ", which is over: " : ": ") + model.difference(any.figures()))
                    .isTrue();
            if (tries < 2_000) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(20_000);
            }
        }
    }

    /// In this order: what has come in can't be missed, and a handler that was at work meanwhile has changed a
    /// figure. What a filter leaves out of a replay can be seen in no figure; it counts as expired when its
    /// time is over before it is read.
    private boolean isSettled(Attached any) {
        broker.topics().forEach(model::catchUp);
        AssertionError failure = broken;
        if (failure != null) {
            throw failure;
        }
        if (any.backlog().isReplaying() || any.backlog().unread() > 0 || over != isEnded()) {
            return false;
        }
        Figures before = any.figures();
        if (pushes && any.backlog().isBusy()
                || any.backlog().unread() > 0
                || !any.figures().equals(before)) {
            return false;
        }
        if (pushes && !over && !members.isEmpty() && before.circuit() != CircuitBreaker.State.OPEN) {
            model.allTaken();
        }
        boolean fits = model.difference(before).isEmpty();
        if (fits) {
            model.seen(before);
        }
        return fits;
    }

    /// Whether its members know that it has ended.
    private boolean isEnded() {
        return over
                ? members.stream().allMatch(member -> member.ended().isPresent())
                : members.stream().anyMatch(member -> member.ended().isPresent());
    }

    @Override
    public String toString() {
        return name + " (" + kind + (pushes ? ", handlers" : "") + ") of " + pattern;
    }
}
