package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeadLetter;
import dev.fanfare.DeadLetters;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.Transaction;
import dev.fanfare.delivery.SimulatedSubscription.Held;
import dev.fanfare.feed.Pattern;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One random history of a broker, and what must hold in it:
///
/// - what is published without a refusal is in its topic once, and nothing else is ([SimulatedTopics]);
/// - nothing acknowledged is delivered again, no key is reordered, nothing comes too early, too late or twice
///   ([BacklogModel]), and whether an acknowledgement counts is as foreseen;
/// - nothing is delivered while a circuit breaker is open;
/// - a transaction happens as a whole or not at all;
/// - what may be done at all is bounded: publishers are refused exactly then, or the oldest message that nobody has
///   makes room ([ModelledBound]);
/// - after every step the figures of each subscription add up, and what they passed over because its time was
///   over is what the topics have counted;
/// - in the end every message is acknowledged, a dead letter, or counted as expired or dropped, for every
///   subscription and group, and the figures of each topic are the sums of theirs.
final class Simulation implements AutoCloseable {

    private static final int STEPS = 80;
    private static final int MOST_SUBSCRIPTIONS = 4;
    private static final List<String> PATTERNS = List.of("a.plain", "a.partitioned", "a.*", "**", "b");
    private static final int MANY = 10_000;
    private static final int MOST_ROUNDS = 5_000;

    private final RandomGenerator random;
    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withTimers(timers)
            .withAutoCreateTopics(false)
            .withDeadLetters(TopicConfig.defaults().withHistory(MANY)));

    /// Whether messages have a time to live.
    private final boolean ages;

    private final SimulatedTopics topics;
    private final List<SimulatedSubscription> all = new ArrayList<>();
    private final List<SimulatedSubscription> live = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();
    private final StringBuilder transcript;

    /// @param transcript takes what happens, as far as the seed determines it: all but the order in which several
    ///     handlers did their work
    Simulation(long seed, StringBuilder transcript) {
        this.transcript = transcript;
        // Neighbouring seeds of a java.util.Random would draw alike, and most of all at the beginning.
        random = new SplittableRandom(seed);
        boolean narrow = random.nextInt(3) == 0;
        // What makes room may be what nobody has come to and is too old: of that nobody could say what became of it.
        ages = random.nextBoolean() && !narrow;
        topics = new SimulatedTopics(random, broker, ages, narrow);
        for (int i = 0; i < 1 + random.nextInt(MOST_SUBSCRIPTIONS); i++) {
            begin();
        }
    }

    @Override
    public void close() {
        broker.close(Duration.ZERO);
    }

    /// How it begins: its topics, how many subscriptions there are, and what the first of them is.
    String shape() {
        return topics + (ages ? ", messages age, " : ", ") + all.size() + " subscriptions, "
                + all.stream().findFirst();
    }

    void run() throws InterruptedException {
        for (int i = 0; i < STEPS; i++) {
            step();
            settle();
        }
        finish();
    }

    private void step() throws InterruptedException {
        switch (random.nextInt(32)) {
            case 0, 1, 2, 3, 4, 5, 6, 7 -> topics.publish(topic -> room(topic, 1));
            case 8, 9, 10, 11, 12, 13 -> receive();
            case 14, 15, 16, 17 -> acknowledge();
            case 18, 19, 20 -> fail();
            case 21, 22, 23 -> advance(SimulatedTopics.ticks(random.nextInt(24)));
            case 24 -> any().ifPresent(SimulatedSubscription::join);
            case 25 -> leave();
            case 26, 27 -> transaction();
            case 28, 29 -> redrive();
            case 30 -> deleteOrMake();
            default -> endOrBegin();
        }
    }

    private void tell(String what, Object... details) {
        transcript.append(what);
        for (Object detail : details) {
            transcript.append(' ').append(detail);
        }
        transcript.append('\n');
    }

    /// Waits until nothing happens by itself any more, and checks what can be seen then.
    ///
    /// A message on its way through a filter may be taken for one that was passed over, until the topics say
    /// that there is none.
    private void settle() {
        topics.check();
        long giveUp = System.nanoTime() + SimulatedSubscription.SETTLED_WITHIN_NANOS;
        do {
            live.forEach(SimulatedSubscription::settle);
        } while (expired() != expiredByTopics() && System.nanoTime() < giveUp);
        assertThat(expired())
                .as("expired, by " + all.stream().map(Simulation::expired).toList() + " and "
                        + topics.all().stream().map(this::expired).toList())
                .isEqualTo(expiredByTopics());
        live.removeIf(SimulatedSubscription::isOver);
    }

    private static String expired(SimulatedSubscription one) {
        return one + (one.isOver() ? ", over: " : ": ") + one.model().expired();
    }

    private String expired(Topic topic) {
        return topic.name() + " " + topic.epoch() + ": " + topic.counters().expired() + " without "
                + topics.leftOut(topic);
    }

    private long expired() {
        return all.stream().mapToLong(each -> each.model().expired()).sum();
    }

    private long expiredByTopics() {
        return topics.all().stream()
                .mapToLong(topic -> topic.counters().expired() - topics.leftOut(topic))
                .sum();
    }

    private Optional<SimulatedSubscription> any() {
        return live.isEmpty() ? Optional.empty() : Optional.of(live.get(random.nextInt(live.size())));
    }

    // ---- subscriptions

    private void begin() {
        String pattern = PATTERNS.get(random.nextInt(PATTERNS.size()));
        if (Pattern.of(pattern).isWild() || broker.topic(pattern).isPresent()) {
            SimulatedSubscription begun =
                    new SimulatedSubscription("s" + all.size(), pattern, random, broker, topics, timers);
            all.add(begun);
            live.add(begun);
            tell("begun", begun);
        }
    }

    private void endOrBegin() {
        if (live.size() < MOST_SUBSCRIPTIONS) {
            begin();
        } else if (random.nextInt(3) == 0) {
            any().ifPresent(one -> {
                boolean ends = one.kind() != Kind.OWN;
                if (ends) {
                    one.end(true);
                }
                assertThat(broker.endSubscription(one.name())).isEqualTo(ends);
                tell("ended", one);
            });
        }
    }

    private void leave() {
        any().ifPresent(SimulatedSubscription::leave);
    }

    private void deleteOrMake() {
        Topic deleted = topics.deleteOrMake();
        if (deleted != null) {
            tell("deleted", deleted.name());
            live.stream().filter(each -> each.pattern().equals(deleted.name())).forEach(each -> each.end(true));
            live.forEach(each -> each.model().deleted(deleted));
        }
    }

    // ---- deliveries

    private void receive() throws InterruptedException {
        SimulatedSubscription one = any().orElse(null);
        if (one != null) {
            receive(one, 1 + random.nextInt(4));
        }
    }

    private int receive(SimulatedSubscription one, int max) throws InterruptedException {
        List<Held> taken = one.receive(max);
        held.addAll(taken);
        taken.forEach(each -> tell("received", one, text(each), each.delivery().attempt()));
        return taken.size();
    }

    private static String text(Held one) {
        return one.message().text();
    }

    private Held let() {
        return held.remove(random.nextInt(held.size()));
    }

    private void acknowledge() {
        if (!held.isEmpty()) {
            acknowledge(let());
        }
    }

    private void acknowledge(Held one) {
        Verdict expected = one.ackCounts();
        boolean counts = one.delivery().ack();
        assertThat(expected.allows(counts))
                .as(one.of() + " acknowledges " + one.delivery() + ": " + counts + " instead of " + expected)
                .isTrue();
        if (counts) {
            one.of().model().acked(one.message());
        } else {
            one.of().model().refused(one.message(), one.ticket());
        }
        tell("acknowledged", one.of(), text(one), counts);
    }

    private void fail() {
        if (held.isEmpty()) {
            return;
        }
        Held one = let();
        BacklogModel model = one.of().model();
        Message message = one.message();
        boolean expected = one.nackCounts();
        Duration delay = SimulatedTopics.ticks(random.nextInt(10));
        boolean counts = switch (random.nextInt(3)) {
            case 0 -> {
                Throwable cause = random.nextInt(3) == 0 ? null : ModelledRetry.failure(random.nextInt(4));
                boolean counted =
                        cause == null ? one.delivery().nack() : one.delivery().nack(cause);
                if (counted) {
                    model.failed(message, null, cause);
                }
                yield counted;
            }
            case 1 -> {
                boolean counted = one.delivery().nack(delay);
                if (counted) {
                    model.failed(message, delay, null);
                }
                yield counted;
            }
            default -> {
                boolean counted = one.delivery().reject("by chance");
                if (counted) {
                    model.rejected(message);
                }
                yield counted;
            }
        };
        assertThat(counts).as(one.of() + " fails on " + one.delivery()).isEqualTo(expected);
        tell("failed", one.of(), text(one), counts);
        // It may be tried again all the same, late.
        if (random.nextInt(4) == 0) {
            held.add(one);
        }
    }

    private void transaction() {
        Transaction transaction = broker.transaction();
        List<Held> acks = new ArrayList<>();
        Set<Object> distinct = new HashSet<>();
        for (int i = random.nextInt(4); i > 0 && !held.isEmpty(); i--) {
            Held one = let();
            if (distinct.add(List.of(one.of(), ModelledMessage.Place.of(one.message())))) {
                acks.add(one);
                transaction.ack(one.delivery());
            } else {
                // Another attempt of the same message. It may be the one that counts.
                held.add(one);
            }
        }
        List<Message> messages = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            String name = topics.anyName();
            Message draft = topics.draft();
            transaction.publish(name, draft);
            names.add(name);
            messages.add(draft);
        }
        if (random.nextInt(4) == 0) {
            // It is never committed: nothing has happened.
            held.addAll(acks);
            tell("abandoned", names);
            return;
        }
        List<Verdict> counts = acks.stream().map(Held::ackCounts).toList();
        boolean topicsThere = names.stream().allMatch(name -> broker.topic(name).isPresent());
        Verdict expected = topicsThere ? room(names, acks.isEmpty()) : Verdict.NO;
        for (Verdict each : counts) {
            expected = expected.and(each);
        }
        Transaction.Result result = transaction.commit();
        assertThat(expected.allows(result.committed()))
                .as("a transaction of " + acks + " and " + names + " is expected to be committed: " + expected
                        + ", but: " + result)
                .isTrue();
        if (result.committed()) {
            acks.forEach(one -> one.of().model().acked(one.message()));
            for (int i = 0; i < names.size(); i++) {
                topics.await(broker.topic(names.get(i)).orElseThrow(), messages.get(i), Duration.ZERO);
            }
        } else {
            held.addAll(acks);
        }
        tell("transaction", names, acks.stream().map(Simulation::text).toList(), result.committed());
    }

    /// Whether a topic takes so many more messages.
    private Verdict room(Topic topic, int more) {
        Verdict room = Verdict.YES;
        for (SimulatedSubscription one : live) {
            room = room.and(one.model().room(topic, more));
        }
        return room;
    }

    /// Whether topics take these messages. What is acknowledged with them may make room.
    private Verdict room(List<String> names, boolean nothingAcknowledged) {
        Verdict room = Verdict.YES;
        for (String name : names) {
            Topic topic = broker.topic(name).orElseThrow();
            room = room.and(room(topic, Collections.frequency(names, name)));
        }
        return room == Verdict.NO && !nothingAcknowledged ? Verdict.EITHER : room;
    }

    // ---- dead letters

    private List<DeadLetter> letters(String topic) {
        try {
            return broker.deadLetters(topic).list(0, MANY);
        } catch (FanfareException never) {
            return List.of();
        }
    }

    /// Sends one dead letter of a topic on its way again, or all of them one by one.
    private void redrive() {
        String topic = topics.anyName();
        List<DeadLetter> letters = letters(topic).stream()
                .sorted(Comparator.comparing((DeadLetter each) -> each.subscription())
                        .thenComparingLong(each -> each.message().timestampMillis())
                        .thenComparing(each -> each.message().text()))
                .toList();
        if (letters.isEmpty()) {
            return;
        }
        String to = random.nextInt(4) == 0 ? topics.anyName() : null;
        if (random.nextBoolean()) {
            letters.forEach(each -> redrive(topic, each, to));
        } else {
            redrive(topic, letters.get(random.nextInt(letters.size())), to);
        }
    }

    private void redrive(String topic, DeadLetter letter, @Nullable String to) {
        Message message = letter.message();
        Topic home = broker.topic(message.topic())
                .filter(there -> there.epoch().equals(message.epoch()))
                .orElse(null);
        SimulatedSubscription of = of(letter);
        boolean back = to == null && home != null && !of.isOver();
        Topic target = broker.topic(to == null ? message.topic() : to).orElse(null);
        Verdict expected = back ? Verdict.YES : target == null ? Verdict.NO : room(target, 1);
        if (back) {
            of.model().redriven(message);
        }
        DeadLetters.Redriven result = broker.deadLetters(topic).redrive(List.of(letter.offset()), to);
        boolean done = result.done() == 1;
        assertThat(expected.allows(done))
                .as("redriving " + letter + " to " + to + " is done: " + expected + ", but: " + result)
                .isTrue();
        assertThat(result.refused() == null).isEqualTo(done);
        if (!back && target != null && done) {
            of.model().publishedAnew(message);
            topics.await(target, message, Duration.ZERO);
            // Some of its texts may be in more than one place; each is looked at before there is another one.
            settle();
        }
        tell("redriven", letter.subscription(), message.text(), String.valueOf(to), result.done());
    }

    private SimulatedSubscription of(DeadLetter letter) {
        return all.stream()
                .filter(each -> each.name().equals(letter.subscription()))
                .findFirst()
                .orElseThrow();
    }

    // ---- time and the end

    /// Moves time, tick by tick: handlers do what they can before the next one.
    private void advance(Duration span) {
        for (Duration left = span; left.isPositive(); left = left.minus(SimulatedTopics.TICK)) {
            timers.advance(SimulatedTopics.TICK);
            live.forEach(SimulatedSubscription::timePassed);
            settle();
        }
    }

    private void finish() throws InterruptedException {
        live.forEach(SimulatedSubscription::heals);
        live.forEach(SimulatedSubscription::joinIfNobodyDid);
        for (int round = 0; live.stream().anyMatch(each -> each.model().isBusy()); round++) {
            assertThat(round).as("rounds until everything is done").isLessThan(MOST_ROUNDS);
            int got = 0;
            for (SimulatedSubscription one : live) {
                got += receive(one, 100);
            }
            held.forEach(this::acknowledge);
            held.clear();
            settle();
            if (got == 0) {
                advance(SimulatedTopics.ticks(4));
            }
        }
        verify();
    }

    private void verify() {
        assertThat(broker.stats().delayedLost()).as("delayed and lost").isEqualTo(topics.delayedLost());
        for (SimulatedSubscription one : all) {
            List<Message> letters = new ArrayList<>();
            for (String topic : SimulatedTopics.NAMES) {
                letters(topic).stream()
                        .filter(letter -> letter.subscription().equals(one.name()))
                        .forEach(letter -> letters.add(letter.message()));
            }
            if (one.discards()) {
                assertThat(letters).as("dead letters of " + one).isEmpty();
            } else {
                one.model().checkDead(letters);
            }
        }
        List<BacklogModel> models =
                all.stream().map(SimulatedSubscription::model).toList();
        topics.all().forEach(topic -> Tally.verify(topic, models, topics.leftOut(topic)));
        long dropped = all.stream().mapToLong(SimulatedSubscription::dropped).sum();
        // What is lost with a subscription is counted when it has ended.
        long giveUp = System.nanoTime() + SimulatedSubscription.SETTLED_WITHIN_NANOS;
        while (droppedByTopics() != dropped && System.nanoTime() < giveUp) {
            Thread.onSpinWait();
        }
        assertThat(droppedByTopics()).as("dropped, by topics and patterns").isEqualTo(dropped);
    }

    private long droppedByTopics() {
        return topics.all().stream()
                        .mapToLong(topic -> topic.counters().dropped())
                        .sum()
                + broker.stats().droppedByPatterns();
    }
}
