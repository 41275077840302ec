package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.Commit;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.TopicConfig;
import dev.fanfare.Transaction;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a transaction acknowledges and publishes is one thing on the device, too.
@Timeout(60)
class StoredTransactionTest {

    private static final TopicConfig DURABLE =
            TopicConfig.defaults().withHistory(10).withDurability(Durability.WRITTEN);

    private final VirtualTimers timers = new VirtualTimers();
    private MemoryStore store = new MemoryStore();
    private Broker broker = open();

    private Broker open() {
        return Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(store));
    }

    private void goOnWith(MemoryStore next) {
        broker.close(Duration.ZERO);
        store = next;
        broker = open();
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private Receiver group(String topic) {
        return broker.subscription(topic)
                .acknowledged()
                .group("workers")
                .ackTimeout(Duration.ZERO)
                .receive();
    }

    private void publish(String topic, String... texts) {
        for (String text : texts) {
            assertThat(broker.publish(topic, text)).isInstanceOf(PublishResult.Accepted.class);
        }
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        return Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
    }

    /// The store is tried again every second.
    private void awaitPublished(String topic, String text) {
        while (!(broker.publish(topic, text) instanceof PublishResult.Accepted)) {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            timers.advance(Duration.ofSeconds(1));
        }
    }

    @Test
    void aTransactionAcknowledgesAndPublishesAsOneAlsoOnTheDevice() throws Exception {
        broker.createTopic("in", DURABLE);
        broker.createTopic("out", DURABLE);
        Receiver receiver = group("in");
        publish("in", "1", "2");
        Transaction.Result done =
                broker.transaction().publish("out", "one").ack(next(receiver)).commit();
        assertThat(done.committed()).isTrue();
        Delivery second = next(receiver);
        publish("out", "barrier");
        store.failNextWrite(Reason.FAILED, true);
        assertThat(broker.transaction()
                        .publish("out", "two")
                        .ack(second)
                        .commit()
                        .refused())
                .isNotNull()
                .satisfies(refused -> assertThat(refused.reason()).contains("told to fail"));
        Delivery again = next(receiver);
        assertThat(again.message().text()).isEqualTo("2");
        awaitPublished("out", "barrier");
        goOnWith(store.afterKill());
        assertThat(next(group("in")).message().text()).isEqualTo("2");
        assertThat(broker.topic("out").orElseThrow().read(0, 10, 1_000))
                .extracting(Message::text)
                .containsExactly("one", "barrier", "barrier");
    }

    @Test
    void whatWasPublishedBeforeATransactionStaysWhenItsSyncFails() throws Exception {
        topics();
        CountDownLatch goOn = together();
        CompletableFuture<PublishResult> second = broker.publishAsync("written", Message.text("second"));
        CompletableFuture<Transaction.Result> both = transaction("written", "synced", "third");
        store.failNextSync(Reason.FAILED);
        goOn.countDown();
        assertThat(both.join().committed()).isFalse();
        assertThat(second.join()).isInstanceOf(PublishResult.Accepted.class);
        assertThat(texts("written")).startsWith("first", "second").doesNotContain("third");
        awaitPublished("written", "barrier");
        goOnWith(store.afterKill());
        assertThat(texts("written"))
                .startsWith("first", "second")
                .endsWith("barrier")
                .doesNotContain("third");
    }

    /// Has what is published now wait for something else that is being written: it is committed together.
    private CountDownLatch together() throws InterruptedException {
        CountDownLatch writing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        store.beforeWrite(() -> {
            writing.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        var _ = broker.publishAsync("written", Message.text("first"));
        assertThat(writing.await(20, TimeUnit.SECONDS)).isTrue();
        return goOn;
    }

    private CompletableFuture<Transaction.Result> transaction(String one, String other, String text) {
        CompletableFuture<Transaction.Result> done = new CompletableFuture<>();
        Commit commit = broker.deliveries()
                .commit(
                        List.of(one, other),
                        List.of(Message.text(text), Message.text(text)),
                        List.of(),
                        done::complete);
        assertThat(commit).isNotNull();
        return done;
    }

    @Test
    void aTransactionBehindOneThatHasToBeSyncedIsAsSafeAsThat() throws Exception {
        topics();
        CountDownLatch goOn = together();
        CompletableFuture<Transaction.Result> before = transaction("written", "synced", "before");
        CompletableFuture<Transaction.Result> behind = transaction("written", "beside", "behind");
        store.failNextSync(Reason.FAILED);
        goOn.countDown();
        assertThat(before.join().committed()).isFalse();
        assertThat(behind.join().committed()).isFalse();
        assertThat(texts("beside")).isEmpty();
        awaitPublished("written", "barrier");
        goOnWith(store.afterKill());
        assertThat(texts("beside")).isEmpty();
        assertThat(texts("written")).startsWith("first").doesNotContain("before", "behind");
    }

    @Test
    void aTransactionIsSeenAsAWholeAlsoWhenOneBehindItHasToBeSynced() throws Exception {
        topics();
        CountDownLatch goOn = together();
        CompletableFuture<Transaction.Result> whole = transaction("written", "beside", "whole");
        CompletableFuture<Transaction.Result> behind = transaction("written", "synced", "behind");
        List<List<String>> seen = new ArrayList<>();
        store.beforeSync(() -> seen.add(List.of(
                String.join(" ", texts("written")), String.join(" ", texts("beside")), whole.isDone() ? "told" : "")));
        store.failNextSync(Reason.FAILED);
        goOn.countDown();
        assertThat(behind.join().committed()).isFalse();
        assertThat(whole.join().committed()).isTrue();
        assertThat(seen.getFirst()).containsExactly("first whole", "whole", "told");
        awaitPublished("written", "barrier");
        goOnWith(store.afterKill());
        assertThat(texts("beside")).containsExactly("whole");
        assertThat(texts("written")).startsWith("first", "whole").doesNotContain("behind");
    }

    private void topics() {
        broker.createTopic("written", DURABLE);
        broker.createTopic("beside", DURABLE);
        broker.createTopic("synced", DURABLE.withDurability(Durability.SYNCED));
    }

    private List<String> texts(String topic) {
        return broker.topic(topic).orElseThrow().read(0, 10, 1_000).stream()
                .map(Message::text)
                .toList();
    }

    @Test
    void aTransactionIsAsSafeAsTheTopicOfWhatItAcknowledges() throws Exception {
        broker.createTopic("out", DURABLE);
        broker.createTopic("in", DURABLE.withDurability(Durability.SYNCED));
        Receiver receiver = group("in");
        publish("in", "1", "2");
        assertThat(broker.transaction()
                        .publish("out", "one")
                        .ack(next(receiver))
                        .commit()
                        .committed())
                .isTrue();
        goOnWith(store.afterPowerLoss());
        assertThat(next(group("in")).message().text()).isEqualTo("2");
        assertThat(broker.topic("out").orElseThrow().read(0, 10, 1_000))
                .extracting(Message::text)
                .containsExactly("one");
    }

    @Test
    void whatATransactionAcknowledgedThatCouldNotBeSyncedIsNotDone() throws Exception {
        broker.createTopic("in", DURABLE.withDurability(Durability.SYNCED));
        broker.createTopic("out", DURABLE);
        Receiver receiver = group("in");
        publish("in", "1");
        Delivery first = next(receiver);
        publish("out", "barrier");
        store.failNextSync(Reason.FAILED);
        assertThat(broker.transaction()
                        .publish("out", "one")
                        .ack(first)
                        .commit()
                        .refused())
                .isNotNull();
        awaitPublished("out", "after");
        goOnWith(store.afterKill());
        assertThat(next(group("in")).message().text()).isEqualTo("1");
        assertThat(broker.topic("out").orElseThrow().read(0, 10, 1_000))
                .extracting(Message::text)
                .containsExactly("barrier", "after");
    }

    /// Acknowledges it in a transaction that can't be stored.
    private void acknowledgeInVain(Delivery delivery) {
        publish("out", "barrier");
        store.failNextWrite(Reason.FAILED, true);
        assertThat(broker.transaction()
                        .publish("out", "one")
                        .ack(delivery)
                        .commit()
                        .refused())
                .isNotNull();
        awaitPublished("out", "after");
    }

    private long delivered() {
        return broker.stats().topic("in").orElseThrow().delivered();
    }

    @Test
    void whatWasAcknowledgedInVainIsNotToldAsDelivered() throws Exception {
        broker.createTopic("in", DURABLE);
        broker.createTopic("out", DURABLE);
        BlockingQueue<Long> told = new LinkedBlockingQueue<>();
        broker.listen(event -> {
            if (event instanceof BrokerEvent.Delivered done && done.topic().equals("in")) {
                told.add(done.offset());
            }
        });
        Receiver receiver = group("in");
        publish("in", "1", "2");
        acknowledgeInVain(next(receiver));
        assertThat(delivered()).isZero();

        // The other one is told, and the first one not before.
        assertThat(next(receiver).message().text()).isEqualTo("1");
        Delivery second = next(receiver);
        assertThat(second.message().text()).isEqualTo("2");
        assertThat(broker.transaction()
                        .publish("out", "two")
                        .ack(second)
                        .commit()
                        .committed())
                .isTrue();
        assertThat(delivered()).isEqualTo(1);
        assertThat(told.take()).isEqualTo(1);
    }

    @Test
    void whatWaitedForItsNextAttemptWhenItWasAcknowledgedInVainComesOnce() throws Exception {
        broker.createTopic("in", DURABLE);
        broker.createTopic("out", DURABLE);
        Receiver receiver = group("in");
        publish("in", "1", "2");
        assertThat(next(receiver).nack(Duration.ofDays(1))).isTrue();
        Delivery second = next(receiver);
        assertThat(second.nack(Duration.ofDays(2))).isTrue();
        acknowledgeInVain(second);

        assertThat(receiver.figures().waiting()).isEqualTo(1);
        assertThat(next(receiver).message().text()).isEqualTo("2");
        timers.advance(Duration.ofDays(2));
        assertThat(next(receiver).message().text()).isEqualTo("1");
        assertThat(receiver.receive(Duration.ZERO)).isNull();
    }

    @Test
    void whatWasReadyAgainWhenItWasAcknowledgedInVainDoesNotComeBesideTheNextOfItsKey() throws Exception {
        broker.createTopic("in", DURABLE);
        broker.createTopic("out", DURABLE);
        Receiver receiver = group("in");
        for (int i = 1; i <= 2; i++) {
            assertThat(broker.publish("in", Message.text("" + i).withKey("k")))
                    .isInstanceOf(PublishResult.Accepted.class);
        }
        Delivery first = next(receiver);
        assertThat(first.nack(Duration.ZERO)).isTrue();
        acknowledgeInVain(first);

        Delivery second = next(receiver);
        assertThat(receiver.receive(Duration.ZERO)).as("another of the key").isNull();
        assertThat(second.ack()).isTrue();
        assertThat(next(receiver).message().text())
                .isNotEqualTo(second.message().text());
    }

    /// Publishes messages of one key.
    private void publishKeyed(String... texts) {
        for (String text : texts) {
            assertThat(broker.publish("in", Message.text(text).withKey("k")))
                    .isInstanceOf(PublishResult.Accepted.class);
        }
    }

    @Test
    void theNextOfItsKeyWaitsUntilAnAcknowledgementInATransactionIsStored() throws Exception {
        broker.createTopic("in", DURABLE);
        broker.createTopic("out", DURABLE);
        Receiver receiver = group("in");
        publishKeyed("1", "2", "3");
        Delivery first = next(receiver);
        publish("out", "barrier");
        CountDownLatch goOn = new CountDownLatch(1);
        store.beforeWrite(() -> await(goOn));
        CompletableFuture<Transaction.Result> done = acknowledged(first);
        Delivery early = receiver.receive(Duration.ZERO);
        store.beforeWrite(() -> {});
        goOn.countDown();
        assertThat(early).as("the next of its key").isNull();
        assertThat(done.join().committed()).isTrue();
        assertThat(next(receiver).message().text()).isEqualTo("2");
    }

    @Test
    void whatWasAcknowledgedInVainComesBeforeTheNextOfItsKey() throws Exception {
        broker.createTopic("in", DURABLE);
        broker.createTopic("out", DURABLE);
        Receiver receiver = group("in");
        publishKeyed("1", "2", "3");
        acknowledgeInVain(next(receiver));
        for (String text : List.of("1", "2", "3")) {
            Delivery delivery = next(receiver);
            assertThat(delivery.message().text()).isEqualTo(text);
            assertThat(receiver.receive(Duration.ZERO)).as("another of the key").isNull();
            assertThat(delivery.ack()).isTrue();
        }
        assertThat(receiver.figures().lag()).isZero();
    }

    @Test
    void anOrderedOneGoesOnInOrderAfterAnAcknowledgementInVain() throws Exception {
        broker.createTopic("in", DURABLE);
        broker.createTopic("out", DURABLE);
        Receiver receiver = broker.subscription("in")
                .acknowledged()
                .group("ordered")
                .ordered()
                .ackTimeout(Duration.ZERO)
                .receive();
        publish("in", "1", "2");
        acknowledgeInVain(next(receiver));
        Delivery again = next(receiver);
        assertThat(again.message().text()).isEqualTo("1");
        assertThat(again.ack()).isTrue();
        assertThat(next(receiver).message().text()).isEqualTo("2");
    }

    /// Acknowledges it in a transaction, without waiting for it to be stored.
    private CompletableFuture<Transaction.Result> acknowledged(Delivery delivery) {
        CompletableFuture<Transaction.Result> done = new CompletableFuture<>();
        var _ = broker.deliveries()
                .commit(List.of("out"), List.of(Message.text("one")), List.of(delivery), done::complete);
        return done;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
