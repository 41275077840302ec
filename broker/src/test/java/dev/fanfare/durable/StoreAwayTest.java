package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.PublishResult.Scheduled;
import dev.fanfare.Receiver;
import dev.fanfare.Route;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.Keys;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// A store that is away for a while: what was refused has never been, and what is stored already is not lost for it.
class StoreAwayTest extends Restarts {

    private static final TopicConfig WRITTEN = TopicConfig.defaults().withDurability(Durability.WRITTEN);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private Topic topic(String name) {
        return broker.topic(name).orElseThrow();
    }

    private List<String> texts(String name) {
        return topic(name).read(0, 1_000, 1 << 20).stream().map(Message::text).toList();
    }

    private void publish(String topic, String text) {
        assertThat(broker.publish(topic, text)).isInstanceOf(Accepted.class);
    }

    /// Until the store is there again.
    private void recover(String topic, String text) {
        timers.advance(Duration.ofSeconds(1));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        PublishResult result = broker.publish(topic, text);
        while (result instanceof Refused) {
            assertThat(System.nanoTime()).as("%s", result).isLessThan(deadline);
            Thread.onSpinWait();
            result = broker.publish(topic, text);
        }
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        return Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
    }

    // ---- messages that wait for their time

    private static Message later(String id) {
        return Message.text("later").withId(id).withDelay(MINUTE);
    }

    private void aDelayedMessageThatIsRefusedHasNeverBeen(boolean carriedOut) {
        broker.createTopic("orders", WRITTEN.dedup(Duration.ofMinutes(10), 100));
        store.failNextWrite(Reason.FAILED, carriedOut);
        assertThat(broker.publish("orders", later("id"))).isInstanceOf(Refused.class);
        assertThat(topic("orders").delayed()).isZero();
        recover("orders", "one");
        timers.advance(MINUTE);
        publish("orders", "two");
        kill();
        timers.advance(MINUTE);
        publish("orders", "three");
        assertThat(texts("orders")).containsExactly("one", "two", "three");
    }

    @Test
    void aDelayedMessageThatWasNotStoredHasNeverBeen() {
        aDelayedMessageThatIsRefusedHasNeverBeen(false);
    }

    @Test
    void aDelayedMessageThatWasStoredAllTheSameHasNeverBeen() {
        aDelayedMessageThatIsRefusedHasNeverBeen(true);
    }

    @Test
    void aDelayedMessageWhoseTimeComesWhileTheStoreIsAwayComesOnceItIsThere() {
        broker.createTopic("orders", WRITTEN);
        assertThat(broker.publish("orders", later("id"))).isInstanceOf(Scheduled.class);
        timers.advance(MINUTE.minusMillis(1));
        store.failNextWrite(Reason.FAILED, false);
        assertThat(broker.publish("orders", "refused")).isInstanceOf(Refused.class);
        timers.advance(Duration.ofMillis(1));
        assertThat(broker.stats().delayedLost()).isZero();
        assertThat(topic("orders").delayed()).isEqualTo(1);
        recover("orders", "one");
        timers.advance(Duration.ofSeconds(1));
        publish("orders", "two");
        assertThat(texts("orders")).containsExactlyInAnyOrder("one", "later", "two");
    }

    @Test
    void itsIdIsNotRecognisedEither() {
        broker.createTopic("orders", WRITTEN.dedup(Duration.ofMinutes(10), 100));
        store.failNextWrite(Reason.FAILED, true);
        assertThat(broker.publish("orders", later("id"))).isInstanceOf(Refused.class);
        recover("orders", "one");
        PublishResult again = broker.publish("orders", later("id"));
        assertThat(again)
                .isInstanceOfSatisfying(
                        Scheduled.class,
                        scheduled -> assertThat(scheduled.duplicate()).isFalse());
        assertThat(topic("orders").delayed()).isEqualTo(1);
    }

    /// Has what is published by an action written in one commit with a message that has to be synced, which fails.
    private void written(Runnable action) {
        Semaphore mayWrite = new Semaphore(0);
        store.beforeWrite(mayWrite::acquireUninterruptibly);
        CompletableFuture<PublishResult> before = broker.publishAsync("orders", Message.text("before"));
        while (!mayWrite.hasQueuedThreads()) {
            Thread.onSpinWait();
        }
        action.run();
        CompletableFuture<PublishResult> synced =
                broker.publishAsync("orders", Message.text("synced").withDurability(Durability.SYNCED));
        store.failNextSync(Reason.FAILED);
        store.beforeWrite(() -> {});
        mayWrite.release();
        assertThat(before.join()).isInstanceOf(Accepted.class);
        assertThat(synced.join()).isInstanceOf(Refused.class);
        recover("orders", "then");
    }

    @Test
    void aDelayedMessageThatWasWrittenStaysAlthoughWhatHadToBeSyncedWithItIsRefused() {
        broker.createTopic("orders", WRITTEN.dedup(Duration.ofMinutes(10), 100));
        AtomicReference<CompletableFuture<PublishResult>> answer = new AtomicReference<>();
        written(() -> answer.set(broker.publishAsync("orders", later("id"))));
        assertThat(answer.get().join()).isInstanceOf(Scheduled.class);
        for (int life = 0; life < 2; life++) {
            assertThat(topic("orders").delayed()).isEqualTo(1);
            assertThat(broker.publish("orders", later("id")))
                    .isInstanceOfSatisfying(
                            Scheduled.class,
                            again -> assertThat(again.duplicate()).isTrue());
            kill();
        }
        timers.advance(MINUTE);
        publish("orders", "end");
        assertThat(texts("orders")).containsOnlyOnce("later");
    }

    @Test
    void aDelayedMessageThatAskedForMoreThanItsTopicPromisesComesOnceAlthoughTheSyncFails() {
        broker.createTopic("orders", WRITTEN);
        assertThat(broker.publish("orders", later("id").withDurability(Durability.SYNCED)))
                .isInstanceOf(Scheduled.class);
        written(() -> timers.advance(MINUTE));
        for (int life = 0; life < 2; life++) {
            timers.advance(MINUTE);
            publish("orders", "end");
            assertThat(texts("orders")).containsOnlyOnce("later");
            kill();
        }
    }

    // ---- names

    @Test
    void whoComesToANameThatIsStoredHasItAlthoughTheStoreIsAway() throws Exception {
        broker.createTopic("jobs", WRITTEN);
        Receiver first =
                broker.subscription("jobs").acknowledged().durable("audit").receive();
        publish("jobs", "a");
        Delivery delivery = next(first);
        store.refuseReopen(Reason.FAILED);
        store.failNextWrite(Reason.FAILED, false);
        delivery.ack();
        assertThat(broker.publish("jobs", "refused")).isInstanceOf(Refused.class);
        Receiver second =
                broker.subscription("jobs").acknowledged().durable("audit").receive();
        assertThat(first.ended()).contains(SubscriptionEnd.TAKEN_OVER);
        store.refuseReopen(null);
        recover("jobs", "b");
        assertThat(next(second).message().text()).isEqualTo("b");
    }

    // ---- a store that comes back with less

    private static byte[] key(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    private void comesBackWithoutWhatIsNotAMessage(String text) {
        store.loseAtReopen(Table.TOPICS, Keys.of(0));
        store.loseAtReopen(Table.TOPICS, Keys.of(1));
        store.loseAtReopen(Table.MARKS, Keys.of(1));
        store.loseAtReopen(Table.SUBSCRIPTIONS, new byte[0]);
        store.loseAtReopen(Table.SUBSCRIPTIONS, key("workers"));
        store.loseAtReopen(Table.POSITIONS, Keys.of(1, 1));
        store.loseAtReopen(Table.OUTCOMES, Keys.of(1, 1, 2L));
        store.loseAtReopen(Table.ROUTES, key("r"));
        store.failNextWrite(Reason.FAILED, false);
        assertThat(broker.publish("jobs", "refused")).isInstanceOf(Refused.class);
        recover("jobs", text);
        kill();
    }

    private Receiver workers() {
        return broker.subscription("jobs").acknowledged().group("workers").receive();
    }

    @Test
    void whatIsKnownIsSaidAgainWhenAStoreComesBackWithLess() throws Exception {
        broker.createTopic("jobs", WRITTEN);
        broker.routes().add(Route.copy("r", "from", "to"));
        Receiver receiver = workers();
        List.of("a", "b", "c").forEach(text -> publish("jobs", text));
        next(receiver).ack();
        Delivery second = next(receiver);
        next(receiver).ack();
        assertThat(second.message().text()).isEqualTo("b");
        String epoch = topic("jobs").epoch();
        // With somebody there, with nobody there since the process began, and with somebody who has done nothing.
        comesBackWithoutWhatIsNotAMessage("d");
        comesBackWithoutWhatIsNotAMessage("e");
        workers();
        comesBackWithoutWhatIsNotAMessage("f");
        assertThat(topic("jobs").epoch()).isEqualTo(epoch);
        assertThat(texts("jobs")).containsExactly("a", "b", "c", "d", "e", "f");
        assertThat(((Accepted) broker.publish("jobs", "g")).offset()).isEqualTo(6);
        assertThat(broker.createTopic("other", WRITTEN).epoch()).isNotEqualTo(epoch);
        assertThat(broker.routes().list()).extracting(Route::name).containsExactly("r");
        Receiver again = workers();
        for (String text : List.of("b", "d", "e", "f", "g")) {
            assertThat(next(again).message().text()).isEqualTo(text);
        }
    }

    @Test
    void soAreTheIdsThatAreRecognisedAndTheMessagesThatWait() {
        broker.createTopic("orders", WRITTEN.dedup(Duration.ofMinutes(10), 100));
        for (String id : List.of("a", "b", "c")) {
            assertThat(broker.publish("orders", Message.text(id).withId(id))).isInstanceOf(Accepted.class);
        }
        assertThat(broker.publish("orders", later("late"))).isInstanceOf(Scheduled.class);
        assertThat(broker.publish("orders", later("soon").withDelay(Duration.ofSeconds(1))))
                .isInstanceOf(Scheduled.class);
        timers.advance(Duration.ofSeconds(1));
        publish("orders", "d");
        for (long offset = 0; offset < 5; offset++) {
            store.loseAtReopen(Table.IDS, Keys.of(1, offset));
        }
        store.loseAtReopen(Table.DELAYED, Keys.of(1, 0L));
        store.failNextWrite(Reason.FAILED, false);
        assertThat(broker.publish("orders", Message.text("refused").withId("refused")))
                .isInstanceOf(Refused.class);
        recover("orders", "e");
        kill();
        for (String id : List.of("a", "b", "c", "soon")) {
            assertThat(broker.publish("orders", Message.text(id).withId(id)))
                    .isInstanceOfSatisfying(
                            Accepted.class,
                            again -> assertThat(again.duplicate()).as(id).isTrue());
        }
        assertThat(broker.publish("orders", Message.text("new").withId("refused")))
                .isInstanceOfSatisfying(
                        Accepted.class, again -> assertThat(again.duplicate()).isFalse());
        assertThat(broker.publish("orders", later("late")))
                .isInstanceOfSatisfying(
                        Scheduled.class, again -> assertThat(again.duplicate()).isTrue());
        assertThat(topic("orders").delayed()).isEqualTo(1);
        timers.advance(MINUTE);
        publish("orders", "f");
        assertThat(texts("orders")).containsExactly("a", "b", "c", "later", "d", "e", "new", "later", "f");
    }

    // ---- messages that wait, when a store comes back with less

    @Test
    void aDelayedMessageThatCameDoesNotComeAgainAlthoughTheStoreHasForgottenThatItCame() {
        broker.createTopic("orders", WRITTEN);
        broker.createTopic("others", WRITTEN);
        for (String topic : List.of("orders", "others")) {
            for (int i = 0; i < 3; i++) {
                Duration delay = i == 1 ? Duration.ofHours(1) : MINUTE;
                assertThat(broker.publish(topic, Message.text("later " + i).withDelay(delay)))
                        .isInstanceOf(Scheduled.class);
            }
        }
        for (long number = 0; number < 6; number++) {
            store.bringBackAtReopen(Table.DELAYED, Keys.of(number < 3 ? 1 : 2, number));
        }
        timers.advance(MINUTE);
        publish("orders", "one");
        publish("others", "one");
        store.failNextWrite(Reason.FAILED, false);
        assertThat(broker.publish("orders", "refused")).isInstanceOf(Refused.class);
        recover("orders", "two");
        kill();
        timers.advance(MINUTE);
        publish("orders", "three");
        publish("others", "three");
        assertThat(texts("orders")).containsExactly("later 0", "later 2", "one", "two", "three");
        assertThat(texts("others")).containsExactly("later 0", "later 2", "one", "three");
        timers.advance(Duration.ofHours(1));
        publish("orders", "four");
        assertThat(texts("orders")).containsSubsequence("three", "later 1", "four");
    }

    @Test
    void whatIsSaidAgainIsSaidInBatchesOfABoundedSize() {
        broker.createTopic("orders", WRITTEN);
        for (int i = 0; i < 50; i++) {
            assertThat(broker.publish(
                            "orders", Message.text("x".repeat(400_000)).withDelay(MINUTE)))
                    .isInstanceOf(Scheduled.class);
        }
        store.loseAtReopen(Table.DELAYED, Keys.of(1, 7L));
        store.failNextWrite(Reason.FAILED, false);
        assertThat(broker.publish("orders", "refused")).isInstanceOf(Refused.class);
        recover("orders", "one");
        assertThat(store.largestBatch()).isBetween(4L << 20, 7L << 20);
        kill();
        assertThat(topic("orders").delayed()).isEqualTo(50);
    }

    @Test
    void whereverTheProcessEndsWhileItIsSaidAgainEachDelayedMessageComesOnce() {
        for (int writes = 0; endsWhileItIsSaidAgain(writes); writes++) {
            assertThat(writes).as("writes").isLessThan(30);
        }
    }

    /// @return false when so much was never written
    private boolean endsWhileItIsSaidAgain(int writes) {
        broker.close(Duration.ZERO);
        store = new MemoryStore();
        broker = open();
        broker.createTopic("orders", WRITTEN.withHistoryBytes(1 << 26));
        String large = "x".repeat(1 << 20);
        for (int i = 0; i < 12; i++) {
            Duration delay = i % 2 == 0 ? MINUTE : Duration.ofHours(1);
            assertThat(broker.publish("orders", Message.text(i + large).withDelay(delay)))
                    .isInstanceOf(Scheduled.class);
        }
        timers.advance(MINUTE);
        publish("orders", "one");
        store.bringBackAtReopen(Table.DELAYED, Keys.of(1, 11L));
        store.failNextWrite(Reason.FAILED, false);
        assertThat(broker.publish("orders", "refused")).isInstanceOf(Refused.class);
        AtomicInteger left = new AtomicInteger(writes);
        AtomicReference<MemoryStore> next = new AtomicReference<>();
        MemoryStore ending = store;
        ending.afterWrite(() -> {
            if (left.getAndDecrement() == 0) {
                next.set(ending.afterKill());
            }
        });
        timers.advance(Duration.ofSeconds(1));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (next.get() == null && broker.publish("orders", "two") instanceof Refused) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
        boolean came = next.get() != null;
        next.compareAndSet(null, store.afterKill());
        broker.close(Duration.ZERO);
        store = Objects.requireNonNull(next.get());
        broker = open();
        timers.advance(Duration.ofHours(2));
        publish("orders", "end");
        List<String> found = topic("orders").read(0, 1_000, 1 << 26).stream()
                .map(message -> message.text().replace(large, ""))
                .filter(text -> Character.isDigit(text.charAt(0)))
                .sorted(Comparator.comparingInt(Integer::parseInt))
                .toList();
        assertThat(found)
                .as("after " + writes)
                .containsExactlyElementsOf(
                        IntStream.range(0, 12).mapToObj(String::valueOf).toList());
        return came;
    }

    @Test
    void aDeadLetterThatWasRedrivenIsNoneAlthoughTheStoreHasForgottenIt() throws Exception {
        broker.createTopic("jobs", WRITTEN);
        Receiver receiver = workers();
        List.of("a", "b").forEach(text -> publish("jobs", text));
        for (int i = 0; i < 2; i++) {
            next(receiver).reject("no good");
        }
        while (broker.deadLetters("jobs").count() < 2) {
            publish("jobs-barrier", "x");
        }
        // One is done, the other one is on its way.
        assertThat(broker.deadLetters("jobs").redrive(null, null).done()).isEqualTo(2);
        next(receiver).ack();
        publish("jobs", "c");
        int letters = 2;
        store.loseAtReopen(Table.OUTCOMES, Keys.of(Keys.LETTERS, letters, 0L));
        store.loseAtReopen(Table.OUTCOMES, Keys.of(Keys.LETTERS, letters, 1L));
        store.failNextWrite(Reason.FAILED, false);
        assertThat(broker.publish("jobs", "refused")).isInstanceOf(Refused.class);
        recover("jobs", "d");
        kill();
        assertThat(broker.deadLetters("jobs").list(0, 10))
                .extracting(letter -> letter.message().text())
                .containsExactly("b");
    }
}
