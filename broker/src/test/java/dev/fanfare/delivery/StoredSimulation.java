package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedSubscription.Figures;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Transaction;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/// One random history of a broker over a store: commits fail, whether they were carried out or not, the process is
/// killed, loses its power or closes, and another one goes on from what is stored. What must hold in it:
///
/// - what was accepted is in its topic once and stays where it is; what was refused is not ([StoredTopics]);
/// - what is known to be stored as acknowledged never comes again, and no key is reordered, whatever happened
///   between ([StoredName]);
/// - a transaction has happened as a whole or not at all, also when its publisher could not be told;
/// - in the end every message is acknowledged or a dead letter, once, for every group and durable name; and the
///   next process gives out none of them.
final class StoredSimulation implements AutoCloseable {

    private static final int STEPS = 60;
    private static final int MOST_NAMES = 3;
    private static final List<String> PATTERNS = List.of("jobs.a", "jobs.b", "jobs.*");
    private static final int MANY = 10_000;
    private static final int MOST_ROUNDS = 20_000;

    private final RandomGenerator random;
    private final VirtualTimers timers = new VirtualTimers();
    private final Durability durability;
    private final StoredTopics topics;
    private final List<StoredName> names = new ArrayList<>();
    private final Map<StoredName, List<Delivery>> held = new HashMap<>();
    private final List<Doubtful> doubtful = new ArrayList<>();
    private final StringBuilder told;
    private MemoryStore store = new MemoryStore();
    private Broker broker = open();

    /// A transaction that was refused because it could not be stored: whether it was is seen after the process
    /// has died, if nothing was stored before.
    private record Doubtful(List<String> published, Map<StoredName, List<String>> acknowledged) {}

    /// @param told takes what happens
    StoredSimulation(long seed, StringBuilder told) {
        this.told = told;
        random = new SplittableRandom(seed);
        durability = random.nextBoolean() ? Durability.WRITTEN : Durability.SYNCED;
        topics = new StoredTopics(
                random, durability, message -> names.forEach(each -> each.published(message)), this::tell);
        topics.make(broker);
        for (int i = 0; i < 1 + random.nextInt(MOST_NAMES); i++) {
            StoredName made = new StoredName("n" + i, PATTERNS.get(random.nextInt(PATTERNS.size())), random);
            names.add(made);
            held.put(made, new ArrayList<>());
            assertThat(made.join(broker)).as("it begins").isTrue();
        }
    }

    private Broker open() {
        return Broker.open(
                BrokerConfig.defaults().withTimers(timers).withStore(store).withAutoCreateTopics(false));
    }

    @Override
    public void close() {
        broker.close(Duration.ZERO);
    }

    private void tell(Object... words) {
        for (Object word : words) {
            told.append(word).append(' ');
        }
        told.append('\n');
    }

    void run() throws InterruptedException {
        names.forEach(each -> tell("begun", each, durability));
        for (int i = 0; i < STEPS; i++) {
            step();
            settle();
        }
        finish();
    }

    private void step() throws InterruptedException {
        StoredName one = names.get(random.nextInt(names.size()));
        switch (random.nextInt(36)) {
            case 0, 1, 2, 3, 4, 5, 6, 7, 8 -> publish();
            case 9, 10, 11, 12, 13, 14, 15 -> receive(one, 1 + random.nextInt(4));
            case 16, 17, 18, 19 -> acknowledge(one);
            case 20, 21, 22 -> fail(one);
            case 23, 24 -> advance(SimulatedTopics.ticks(random.nextInt(24)));
            case 25 -> leave(one);
            case 26, 27 -> tell("join", one.name(), one.join(broker));
            case 28, 29, 30 -> transaction(one);
            case 31 -> redrive(one);
            case 32, 33 -> breaks();
            default -> dies();
        }
    }

    /// Waits until what was published has come in, and looks at it.
    private void settle() {
        topics.check(broker);
        for (int tries = 0; !names.stream().allMatch(StoredName::hasAll); tries++) {
            assertThat(tries).as("looks until what was published has come in").isLessThan(1_000_000);
            LockSupport.parkNanos(tries < 1_000 ? 1 : 20_000);
            if (tries % 5_000 == 4_999) {
                // What was being read as the store was opened again is read a second later.
                timers.advance(Duration.ofSeconds(1));
            }
        }
    }

    // ---- what people do

    private void publish() {
        if (topics.publish(broker)) {
            stored();
        }
    }

    /// Something was stored, and with it all that was said before.
    private void stored() {
        topics.check(broker);
        topics.stored();
        doubtful.clear();
        names.forEach(StoredName::stored);
    }

    private int receive(StoredName one, int max) throws InterruptedException {
        List<Delivery> taken = one.receive(max, () -> {
            // What was delayed comes in on a thread of its own.
            topics.check(broker);
            return dead(one);
        });
        held(one).addAll(taken);
        taken.forEach(each -> tell("received", one.name(), each.message().text(), each.attempt()));
        return taken.size();
    }

    private List<Delivery> held(StoredName one) {
        List<Delivery> all = held.computeIfAbsent(one, made -> new ArrayList<>());
        all.removeIf(each -> !one.holds(each));
        return all;
    }

    private void acknowledge(StoredName one) {
        List<Delivery> all = held(one);
        if (!all.isEmpty()) {
            Delivery delivery = all.remove(random.nextInt(all.size()));
            one.acknowledge(delivery);
            tell("acknowledged", one.name(), delivery.message().text());
        }
    }

    private void fail(StoredName one) {
        List<Delivery> all = held(one);
        if (!all.isEmpty()) {
            Delivery delivery = all.remove(random.nextInt(all.size()));
            one.fail(delivery);
            tell("failed", one.name(), delivery.message().text());
        }
    }

    private void advance(Duration span) {
        tell("time goes by,", span);
        timers.advance(span);
    }

    private void leave(StoredName one) {
        one.leave();
        tell("left", one.name());
    }

    private void transaction(StoredName one) {
        Transaction transaction = broker.transaction();
        List<Delivery> acks = new ArrayList<>();
        List<Delivery> all = held(one);
        while (!all.isEmpty() && acks.size() < 2) {
            acks.add(all.remove(random.nextInt(all.size())));
        }
        acks.forEach(transaction::ack);
        List<Message> drafts = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(3); i++) {
            drafts.add(topics.draft());
        }
        List<String> targets = drafts.stream().map(each -> topics.any()).toList();
        for (int i = 0; i < drafts.size(); i++) {
            transaction.publish(targets.get(i), drafts.get(i));
        }
        Transaction.Result result = transaction.commit();
        List<String> texts = drafts.stream().map(Message::text).toList();
        List<String> done = acks.stream().map(each -> each.message().text()).toList();
        tell("transaction", one.name(), texts, done, result.committed());
        if (result.committed()) {
            acks.forEach(each -> one.acknowledged(each, true));
            for (int i = 0; i < drafts.size(); i++) {
                topics.told(targets.get(i), drafts.get(i), result.published().get(i));
            }
            stored();
        } else {
            drafts.forEach(topics::refused);
            all.addAll(acks);
            acks.forEach(one::inDoubt);
            doubtful.add(new Doubtful(texts, Map.of(one, done)));
        }
    }

    // ---- dead letters

    private Map<String, DeadLetter> dead(StoredName one) {
        Map<String, DeadLetter> letters = new HashMap<>();
        for (String topic : StoredTopics.NAMES) {
            if (broker.topic("$dead/" + topic).isPresent()) {
                for (DeadLetter letter : broker.deadLetters(topic).list(0, MANY)) {
                    if (letter.subscription().equals(one.name())) {
                        assertThat(letters.put(letter.message().text(), letter))
                                .as("a dead letter once: " + letter)
                                .isNull();
                    }
                }
            }
        }
        return letters;
    }

    private void redrive(StoredName one) {
        List<DeadLetter> letters = List.copyOf(dead(one).values());
        if (!letters.isEmpty()) {
            DeadLetter letter = letters.get(random.nextInt(letters.size()));
            int done = broker.deadLetters(letter.message().topic())
                    .redrive(List.of(letter.offset()), null)
                    .done();
            tell("redriven", one.name(), letter.message().text(), done);
            if (done == 1) {
                one.redriven(letter.message().text());
            }
        }
    }

    // ---- what happens to the process

    /// The next time that something is to be stored, that fails.
    private void breaks() {
        boolean carriedOut = random.nextBoolean();
        tell("breaks", carriedOut);
        if (durability == Durability.SYNCED && random.nextBoolean()) {
            store.failNextSync(Reason.FAILED);
        } else {
            store.failNextWrite(Reason.FAILED, carriedOut);
        }
    }

    private void dies() {
        boolean powerLoss = durability == Durability.SYNCED && random.nextBoolean();
        tell(powerLoss ? "loses its power" : "is killed");
        MemoryStore next = powerLoss ? store.afterPowerLoss() : store.afterKill();
        broker.close(Duration.ZERO);
        store = next;
        broker = open();
        held.values().forEach(List::clear);
        topics.checkAll(broker);
        names.forEach(StoredName::died);
        topics.died();
        doubtful.forEach(this::resolve);
        doubtful.clear();
        if (random.nextInt(4) > 0) {
            names.forEach(each -> each.join(broker));
        }
    }

    private void resolve(Doubtful one) {
        List<String> there = one.published().stream().filter(topics::isThere).toList();
        assertThat(there).as("a transaction as a whole, or nothing of it").isIn(List.of(), one.published());
        if (!there.isEmpty()) {
            one.acknowledged().forEach((name, texts) -> texts.forEach(name::turnsOutDone));
        }
    }

    // ---- the end

    /// Until the store is there again nothing is accepted.
    private void barrier() {
        for (int tries = 0; ; tries++) {
            assertThat(tries).as("tries until something is stored").isLessThan(MOST_ROUNDS);
            String name = topics.any();
            Message draft = topics.draft();
            if (topics.publishAgain(broker, name, draft)) {
                stored();
                return;
            }
            timers.advance(Duration.ofSeconds(1));
            LockSupport.parkNanos(20_000);
        }
    }

    private void finish() throws InterruptedException {
        drain();
        barrier();
        drain();
        barrier();
        // All but the last one is known to be done: the next process does not give out any of it.
        dies();
        drain();
        for (StoredName each : names) {
            each.checkEnd(dead(each));
        }
    }

    private void drain() throws InterruptedException {
        barrier();
        for (int round = 0; !isDone(); round++) {
            assertThat(round)
                    .as(
                            "rounds until everything is done; %s is to come; %s; %s",
                            topics.waiting(),
                            names.stream().map(StoredName::missing).toList(),
                            broker.stats().acknowledged())
                    .isLessThan(MOST_ROUNDS);
            int got = 0;
            for (StoredName one : names) {
                if (!one.isServed()) {
                    one.join(broker);
                }
                settle();
                got += receive(one, 100);
                held(one).forEach(one::acknowledge);
                held(one).clear();
            }
            if (got == 0) {
                timers.advance(SimulatedTopics.ticks(4));
                LockSupport.parkNanos(20_000);
            }
            settle();
        }
    }

    private boolean isDone() {
        return topics.waiting().isEmpty()
                && names.stream().allMatch(each -> each.isDone(dead(each)))
                && broker.stats().acknowledged().stream()
                                .mapToLong(Figures::lag)
                                .sum()
                        == 0;
    }
}
