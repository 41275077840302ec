package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.Keys;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// A dead letter and the mark that its message is done are one: wherever the process ends, there is the one or
/// the other, and never both or none.
@Timeout(60)
class DeadLetterCommitTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final VirtualTimers timers = new VirtualTimers();
    private MemoryStore store = new MemoryStore();

    /// What the next process finds, once this one was killed.
    private final AtomicReference<MemoryStore> next = new AtomicReference<>();

    private Broker open() {
        return Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(store));
    }

    private static Receiver group(Broker broker) {
        return broker.subscription("jobs")
                .start(Start.earliest())
                .acknowledged()
                .group("workers")
                .receive();
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        return Objects.requireNonNull(receiver.receive());
    }

    private static List<String> letters(Broker broker) {
        return broker.deadLetters("jobs").list(0, 100).stream()
                .map(letter -> letter.message().text())
                .toList();
    }

    static Stream<Arguments> ends() {
        Function<MemoryStore, MemoryStore> kill = MemoryStore::afterKill;
        Function<MemoryStore, MemoryStore> powerLoss = MemoryStore::afterPowerLoss;
        Consumer<MemoryStore> nothing = store -> {};
        Consumer<MemoryStore> lostWrite = store -> store.failNextWrite(Reason.FAILED, false);
        Consumer<MemoryStore> write = store -> store.failNextWrite(Reason.FAILED, true);
        Consumer<MemoryStore> sync = store -> store.failNextSync(Reason.FAILED);
        return Stream.of(
                Arguments.of("killed", Durability.WRITTEN, kill, nothing),
                Arguments.of("killed", Durability.SYNCED, kill, nothing),
                Arguments.of("power lost", Durability.SYNCED, powerLoss, nothing),
                Arguments.of("killed after a write failed", Durability.WRITTEN, kill, lostWrite),
                Arguments.of("killed after a write failed that was carried out", Durability.WRITTEN, kill, write),
                Arguments.of("killed after a sync failed", Durability.SYNCED, kill, sync),
                Arguments.of("power lost after a sync failed", Durability.SYNCED, powerLoss, sync));
    }

    @ParameterizedTest(name = "{1}, {0}")
    @MethodSource("ends")
    void aMessageThatIsGivenUpIsThereOnce(
            String how, Durability level, Function<MemoryStore, MemoryStore> end, Consumer<MemoryStore> failure)
            throws InterruptedException {
        for (int writes = 0; endsAfter(writes, level, end, failure, false); writes++) {
            assertThat(writes).as("writes").isLessThan(100);
        }
    }

    @ParameterizedTest(name = "{1}, {0}")
    @MethodSource("ends")
    void soIsOneThatIsGivenUpAgain(
            String how, Durability level, Function<MemoryStore, MemoryStore> end, Consumer<MemoryStore> failure)
            throws InterruptedException {
        for (int writes = 0; endsAfter(writes, level, end, failure, true); writes++) {
            assertThat(writes).as("writes").isLessThan(100);
        }
    }

    /// @param again whether the message was given up before, and came back
    /// @return false when so much was never written
    private boolean endsAfter(
            int steps,
            Durability level,
            Function<MemoryStore, MemoryStore> end,
            Consumer<MemoryStore> failure,
            boolean again)
            throws InterruptedException {
        store = new MemoryStore();
        next.set(null);
        boolean came;
        try (Broker broker = open()) {
            broker.createTopic("jobs", TopicConfig.defaults().withDurability(level));
            Receiver receiver = group(broker);
            broker.publish("jobs", "bad");
            Delivery bad = next(receiver);
            if (again) {
                bad.reject("no good");
                await(broker, 1);
                assertThat(broker.deadLetters("jobs").redrive(null, null).done())
                        .isEqualTo(1);
                bad = next(receiver);
            }
            assertThat(broker.publish("jobs", "barrier")).isInstanceOf(PublishResult.Accepted.class);
            endAfter(steps, end);
            failure.accept(store);
            bad.reject("no better");
            await(broker, 1);
            broker.publish("jobs", "barrier");
            broker.publish("jobs", "barrier");
            came = next.get() != null;
            next.compareAndSet(null, store.afterKill());
            broker.close(Duration.ZERO);
        }
        check(steps, again);
        return came;
    }

    /// The process ends after so many more writes and syncs.
    private void endAfter(int steps, Function<MemoryStore, MemoryStore> end) {
        AtomicInteger left = new AtomicInteger(steps);
        MemoryStore ending = store;
        Runnable step = () -> {
            if (left.getAndDecrement() == 0) {
                next.set(end.apply(ending));
            }
        };
        ending.afterWrite(step);
        ending.afterSync(step);
    }

    /// Waits until there are so many dead letters, or the process has ended.
    private void await(Broker broker, int letters) {
        while (next.get() == null && letters(broker).size() < letters) {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            if (broker.publish("jobs", "barrier") instanceof PublishResult.Refused) {
                // What has failed is tried again every second.
                timers.advance(SECOND);
            }
        }
    }

    private void check(int steps, boolean again) throws InterruptedException {
        store = Objects.requireNonNull(next.get());
        try (Broker broker = open()) {
            Receiver receiver = group(broker);
            broker.publish("jobs", "end");
            List<String> found = new ArrayList<>(letters(broker));
            for (String text = ""; !text.equals("end"); ) {
                text = next(receiver).message().text();
                found.add(text);
            }
            found.removeIf(text -> !text.equals("bad"));
            assertThat(found).as("after " + steps + (again ? ", redriven" : "")).containsExactly("bad");
            broker.close(Duration.ZERO);
        }
    }

    private static Receiver buryingInALessSafeTopic(Broker broker) {
        broker.createTopic("jobs", TopicConfig.defaults().withDurability(Durability.SYNCED));
        broker.createTopic("graveyard", TopicConfig.defaults().withDurability(Durability.WRITTEN));
        Receiver receiver = broker.subscription("jobs")
                .acknowledged()
                .group("workers")
                .deadLetter("graveyard")
                .receive();
        broker.publish("jobs", "bad");
        return receiver;
    }

    @Test
    void aLetterInATopicThatIsLessSafeIsThereOnceWhenASyncFails() throws InterruptedException {
        try (Broker broker = open()) {
            Receiver receiver = buryingInALessSafeTopic(broker);
            Delivery bad = next(receiver);
            store.failNextSync(Reason.FAILED);
            bad.reject("no good");
            while (receiver.figures().deadLettered() == 0) {
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                timers.advance(SECOND);
            }
            assertThat(broker.deadLetters("graveyard").list(0, 10)).hasSize(1);
        }
    }

    @Test
    void aLetterIsAsSafeAsTheTopicOfItsMessage() throws InterruptedException {
        try (Broker broker = open()) {
            Receiver receiver = buryingInALessSafeTopic(broker);
            Delivery bad = next(receiver);
            long syncs = store.syncs();
            bad.reject("no good");
            while (receiver.figures().deadLettered() == 0) {
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                Thread.onSpinWait();
            }
            assertThat(store.syncs()).isGreaterThan(syncs);
            assertThat(broker.deadLetters("graveyard").list(0, 1))
                    .extracting(DeadLetter::lastError)
                    .containsExactly("no good");
        }
    }

    @ParameterizedTest(name = "{1}, {0}")
    @MethodSource("ends")
    void aLetterThatIsPublishedAnewIsThereOnce(
            String how, Durability level, Function<MemoryStore, MemoryStore> end, Consumer<MemoryStore> failure)
            throws InterruptedException {
        for (int writes = 0; republishedEndsAfter(writes, level, end, failure); writes++) {
            assertThat(writes).as("writes").isLessThan(100);
        }
    }

    /// @return false when so much was never written
    private boolean republishedEndsAfter(
            int steps, Durability level, Function<MemoryStore, MemoryStore> end, Consumer<MemoryStore> failure)
            throws InterruptedException {
        store = new MemoryStore();
        next.set(null);
        boolean came;
        try (Broker broker = open()) {
            broker.createTopic("jobs", TopicConfig.defaults().withDurability(level));
            broker.createTopic("repaired", TopicConfig.defaults().withDurability(level));
            Receiver receiver = group(broker);
            broker.publish("jobs", "bad");
            next(receiver).reject("no good");
            await(broker, 1);
            assertThat(broker.publish("jobs", "barrier")).isInstanceOf(PublishResult.Accepted.class);
            endAfter(steps, end);
            failure.accept(store);
            while (next.get() == null
                    && broker.deadLetters("jobs").redrive(null, "repaired").refused() != null) {
                timers.advance(SECOND);
            }
            broker.publish("jobs", "barrier");
            broker.publish("jobs", "barrier");
            came = next.get() != null;
            next.compareAndSet(null, store.afterKill());
            broker.close(Duration.ZERO);
        }
        store = Objects.requireNonNull(next.get());
        try (Broker broker = open()) {
            List<String> found = new ArrayList<>(letters(broker));
            broker.topic("repaired").orElseThrow().read(0, 10, 1_000).forEach(message -> found.add(message.text()));
            assertThat(found).as("after " + steps).containsExactly("bad");
            broker.close(Duration.ZERO);
        }
        return came;
    }

    @Test
    void theMarksOfRedrivenLettersGoWithTheirTopic() throws InterruptedException {
        try (Broker broker = open()) {
            broker.createTopic("jobs", TopicConfig.defaults().withDurability(Durability.WRITTEN));
            Receiver receiver = group(broker);
            broker.publish("jobs", "bad");
            next(receiver).reject("no good");
            await(broker, 1);
            assertThat(broker.deadLetters("jobs").redrive(null, "jobs").done()).isEqualTo(1);
            assertThat(next(receiver).ack()).isTrue();
            broker.publish("jobs", "barrier");
            assertThat(marks()).isEqualTo(1);
            assertThat(broker.deleteTopic("$dead/jobs")).isTrue();
            broker.publish("jobs", "barrier");
            assertThat(marks()).isZero();
        }
    }

    private int marks() {
        int found = 0;
        try (Store.Scan scan = store.scan(Table.OUTCOMES, Keys.of(Keys.LETTERS), Keys.of(Keys.LETTERS + 1))) {
            while (scan.next()) {
                found++;
            }
        }
        return found;
    }
}
