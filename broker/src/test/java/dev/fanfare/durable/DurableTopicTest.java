package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerEvent;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Position;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.Transaction;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.StoreException.Reason;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DurableTopicTest extends Restarts {

    private static final TopicConfig WRITTEN = TopicConfig.defaults().withDurability(Durability.WRITTEN);
    private static final TopicConfig SYNCED = TopicConfig.defaults().withDurability(Durability.SYNCED);

    private Topic topic(String name) {
        return broker.topic(name).orElseThrow();
    }

    private static List<String> texts(Topic topic) {
        return topic.read(0, 1_000, 1 << 20).stream().map(Message::text).toList();
    }

    private static Accepted accepted(PublishResult result) {
        assertThat(result).isInstanceOf(Accepted.class);
        return (Accepted) result;
    }

    @Test
    void whatWasAcknowledgedIsThereAfterTheProcessDied() {
        Topic topic = broker.createTopic("orders", WRITTEN);
        Accepted first = accepted(broker.publish(
                "orders", Message.json("{\"n\":1}").withType("t").withKey("k").withId("id-1")));
        accepted(broker.publish("orders", "two"));
        assertThat(first.durability()).isEqualTo(Durability.WRITTEN);
        kill();
        assertThat(topic("orders").epoch()).isEqualTo(topic.epoch());
        assertThat(topic("orders").config()).isEqualTo(WRITTEN);
        List<Message> kept = topic("orders").read(0, 10, 1 << 20);
        assertThat(kept).extracting(Message::text).containsExactly("{\"n\":1}", "two");
        assertThat(kept.getFirst().id()).isEqualTo("id-1");
        assertThat(kept.getFirst().key()).isEqualTo("k");
        assertThat(kept.getFirst().type()).isEqualTo("t");
        assertThat(kept.getFirst().timestampMillis()).isEqualTo(first.timestampMillis());
        assertThat(accepted(broker.publish("orders", "three")).offset()).isEqualTo(2);
    }

    @Test
    void whatIsSyncedSurvivesThePowerAndWhatIsWrittenOnlyTheProcess() {
        broker.createTopic("synced", SYNCED);
        accepted(broker.publish("synced", "safe"));
        broker.createTopic("written", WRITTEN);
        accepted(broker.publish("written", "gone"));
        losePower();
        assertThat(texts(topic("synced"))).containsExactly("safe");
        assertThat(broker.topic("written")).isEmpty();
    }

    @Test
    void aPlaceThatIsLostWithThePowerIsNotTakenForAnother() {
        Topic synced = broker.createTopic("synced", SYNCED);
        Topic written = broker.createTopic("written", WRITTEN);
        accepted(broker.publish("written", "one"));
        accepted(broker.publish("synced", "one"));
        Accepted lost = accepted(broker.publish("written", "lost"));
        losePower();
        assertThat(texts(topic("written"))).containsExactly("one");
        Accepted other = accepted(broker.publish("written", "other"));
        assertThat(other.offset()).isEqualTo(lost.offset());
        assertThat(other.epoch()).isNotEqualTo(written.epoch());
        assertThat(topic("synced").epoch()).isEqualTo(synced.epoch());
        kill();
        assertThat(topic("written").epoch()).isEqualTo(other.epoch());
        losePower();
        assertThat(topic("written").epoch()).isNotEqualTo(other.epoch());
    }

    @Test
    void aCopyThatIsBroughtBackGivesNoPlaceTwice() {
        for (String name : List.of("synced", "written")) {
            broker.createTopic(name, name.equals("synced") ? SYNCED : WRITTEN);
            accepted(broker.publish(name, "one"));
        }
        String synced = topic("synced").epoch();
        MemoryStore copy = store.copy();
        Accepted after = accepted(broker.publish("synced", "after the copy"));
        broker.close(Duration.ZERO);
        store = copy;
        broker = open();
        for (String name : List.of("synced", "written")) {
            assertThat(texts(topic(name))).containsExactly("one");
        }
        Accepted other = accepted(broker.publish("synced", "other"));
        assertThat(other.offset()).isEqualTo(after.offset());
        assertThat(other.epoch()).isNotEqualTo(synced);
        kill();
        assertThat(topic("synced").epoch()).isEqualTo(other.epoch());
    }

    @Test
    void aPublishMayAskToBeSaferThanItsTopic() {
        broker.createTopic("written", WRITTEN);
        accepted(broker.publish("written", "one"));
        assertThat(accepted(broker.publish("written", Message.text("two").withDurability(Durability.SYNCED)))
                        .durability())
                .isEqualTo(Durability.SYNCED);
        losePower();
        assertThat(texts(topic("written"))).containsExactly("one", "two");
    }

    @Test
    void whatCantBeHadIsRefused() {
        try (Broker memory = Broker.open()) {
            assertThatThrownBy(() -> memory.createTopic("t", WRITTEN))
                    .isInstanceOfSatisfying(FanfareException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.BAD_REQUEST);
                        assertThat(e).hasMessageContaining("'t'").hasMessageContaining("data folder");
                    });
            assertThat(memory.publish("m", Message.text("x").withDurability(Durability.WRITTEN)))
                    .isInstanceOfSatisfying(
                            Refused.class, refused -> assertThat(refused.code()).isEqualTo(ErrorCode.BAD_REQUEST));
        }
    }

    @Test
    void nobodySeesAMessageBeforeItIsAsSafeAsItsTopicPromises() throws Exception {
        broker.createTopic("synced", SYNCED);
        Semaphore mayWrite = new Semaphore(0);
        Semaphore maySync = new Semaphore(0);
        store.beforeWrite(mayWrite::acquireUninterruptibly);
        store.beforeSync(maySync::acquireUninterruptibly);
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        broker.subscribe("synced", message -> heard.add(message.text()));
        CompletableFuture<PublishResult> result = broker.publishAsync("synced", Message.text("m"));
        CountDownLatch written = new CountDownLatch(1);
        store.afterWrite(written::countDown);
        assertThat(topic("synced").visible()).isZero();
        mayWrite.release(1_000);
        assertThat(written.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(topic("synced").visible()).isZero();
        assertThat(result).isNotDone();
        maySync.release(1_000);
        assertThat(accepted(result.get(20, TimeUnit.SECONDS)).offset()).isZero();
        assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("m");
    }

    @Test
    void whatCouldNotBeStoredHasNeverBeen() {
        broker.createTopic("orders", WRITTEN);
        accepted(broker.publish("orders", "one"));
        for (boolean carriedOut : new boolean[] {false, true}) {
            store.failNextWrite(Reason.FAILED, carriedOut);
            assertThat(broker.publish("orders", "lost")).isInstanceOfSatisfying(Refused.class, refused -> {
                assertThat(refused.code()).isEqualTo(ErrorCode.INTERNAL);
                assertThat(refused.reason()).contains("nothing was published");
            });
            assertThat(broker.publish("orders", "too soon")).isInstanceOf(Refused.class);
            timers.advance(Duration.ofSeconds(1));
            awaitPublished("orders", "then " + carriedOut);
        }
        assertThat(texts(topic("orders"))).containsExactly("one", "then false", "then true");
        kill();
        assertThat(texts(topic("orders"))).containsExactly("one", "then false", "then true");
        assertThat(topic("orders").visible()).isEqualTo(3);
    }

    /// Until the store is opened again publishes are refused.
    private void awaitPublished(String topic, String text) {
        long begun = System.nanoTime();
        long deadline = begun + TimeUnit.SECONDS.toNanos(20);
        int advanced = 0;
        while (!(broker.publish(topic, text) instanceof Accepted)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            // The store is tried again every second; no further than that, or what is out is not acknowledged in time.
            if (advanced < 25 && System.nanoTime() - begun > advanced * TimeUnit.MILLISECONDS.toNanos(50)) {
                timers.advance(Duration.ofSeconds(1));
                advanced++;
            }
            Thread.onSpinWait();
        }
    }

    @Test
    void aFullDeviceRefusesDurablePublishesAndServesTheRest() {
        broker.createTopic("orders", WRITTEN);
        accepted(broker.publish("orders", "one"));
        store.capacity(0);
        assertThat(broker.publish("orders", "two")).isInstanceOfSatisfying(Refused.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
            assertThat(refused.reason()).contains("full");
        });
        accepted(broker.publish("in memory", "x"));
        assertThat(texts(topic("orders"))).containsExactly("one");
        store.capacity(Long.MAX_VALUE);
        accepted(broker.publish("orders", "three"));
        assertThat(texts(topic("orders"))).containsExactly("one", "three");
    }

    @Test
    void thatThereIsRoomAgainIsToldAlthoughNobodyPublishes() throws Exception {
        broker.createTopic("orders", WRITTEN);
        BlockingQueue<BrokerEvent> told = new LinkedBlockingQueue<>();
        broker.listen(event -> {
            if (event instanceof BrokerEvent.StorageFailed || event instanceof BrokerEvent.StorageRecovered) {
                told.add(event);
            }
        });
        store.capacity(0);
        assertThat(broker.publish("orders", "two")).isInstanceOf(Refused.class);
        assertThat(told.poll(20, TimeUnit.SECONDS)).isInstanceOf(BrokerEvent.StorageFailed.class);
        timers.advance(Duration.ofSeconds(3));
        store.capacity(Long.MAX_VALUE);
        timers.advance(Duration.ofSeconds(1));
        assertThat(told.poll(20, TimeUnit.SECONDS)).isInstanceOf(BrokerEvent.StorageRecovered.class);
        assertThat(told).isEmpty();
    }

    @Test
    void aStoreThatCantBeAskedForItsRoomIsARefusal() {
        broker.createTopic("orders", WRITTEN);
        accepted(broker.publish("orders", "one"));
        Runnable broken = () -> {
            throw new StoreException(Reason.FAILED, "could not ask");
        };
        store.beforeRoom(broken);
        Message later = Message.text("later").withDelay(Duration.ofMinutes(1));
        for (Message message : List.of(Message.text("now"), later)) {
            assertThat(broker.publish("orders", message)).isInstanceOfSatisfying(Refused.class, refused -> {
                assertThat(refused.code()).isEqualTo(ErrorCode.INTERNAL);
                assertThat(refused.reason()).contains("could not ask");
            });
        }
        store.beforeRoom(() -> {});
        accepted(broker.publish("orders", "two"));
    }

    @Test
    void theSpaceOfWhatWasForgottenComesBackHoweverOftenTheProcessDies() {
        broker.createTopic("orders", WRITTEN.withHistory(1));
        for (int life = 0; life < 5; life++) {
            for (int i = 0; i < 20; i++) {
                accepted(broker.publish("orders", "x".repeat(10_000)));
            }
            kill();
        }
        accepted(broker.publish("orders", "x"));
        // What is to be deleted is when the next one is written.
        accepted(broker.publish("orders", "y"));
        assertThat(store.size()).isLessThan(50_000);
        assertThat(texts(topic("orders"))).containsExactly("y");
    }

    @Test
    void whatCouldNotBeDeletedIsDeletedLater() {
        broker.createTopic("orders", WRITTEN.withHistory(0));
        for (int i = 0; i < 4; i++) {
            accepted(broker.publish("orders", "x".repeat(1_000_000)));
        }
        AtomicInteger writes = new AtomicInteger();
        store.beforeWrite(() -> {
            if (writes.incrementAndGet() == 2) {
                store.failNextWrite(Reason.FAILED, false);
            }
        });
        accepted(broker.publish("orders", "x".repeat(1_000_000)));
        while (writes.get() < 2) {
            Thread.onSpinWait();
        }
        awaitPublished("orders", "then");
        accepted(broker.publish("orders", "last"));
        assertThat(store.size()).isLessThan(50_000);
    }

    @Test
    void aTransactionIsThereAsAWholeOrNotAtAll() {
        broker.createTopic("a", WRITTEN);
        broker.createTopic("b", SYNCED);
        broker.createTopic("c");
        Transaction.Result result = broker.transaction()
                .publish("a", "1")
                .publish("b", "2")
                .publish("c", "3")
                .commit();
        assertThat(result.committed()).isTrue();
        store.failNextWrite(Reason.FAILED, true);
        assertThat(broker.transaction()
                        .publish("a", "x")
                        .publish("b", "x")
                        .publish("c", "x")
                        .commit()
                        .committed())
                .isFalse();
        assertThat(texts(topic("c"))).containsExactly("3");
        timers.advance(Duration.ofSeconds(1));
        awaitPublished("a", "4");
        losePower();
        assertThat(texts(topic("a"))).startsWith("1");
        assertThat(texts(topic("b"))).containsExactly("2");
    }

    @Test
    void aTopicInMemoryKeepsItsOrderWhileATransactionOfItIsStored() throws Exception {
        broker.createTopic("durable", WRITTEN);
        broker.createTopic("memory");
        Semaphore mayWrite = new Semaphore(0);
        store.beforeWrite(mayWrite::acquireUninterruptibly);
        CompletableFuture<Transaction.Result> committed = CompletableFuture.supplyAsync(() -> broker.transaction()
                .publish("durable", "d")
                .publish("memory", "first")
                .commit());
        while (!mayWrite.hasQueuedThreads()) {
            Thread.onSpinWait();
        }
        CompletableFuture<PublishResult> second = broker.publishAsync("memory", Message.text("second"));
        assertThat(texts(topic("memory"))).isEmpty();
        mayWrite.release(1_000);
        assertThat(committed.get(20, TimeUnit.SECONDS).committed()).isTrue();
        accepted(second.get(20, TimeUnit.SECONDS));
        assertThat(texts(topic("memory"))).containsExactly("first", "second");
    }

    @Test
    void repeatsAreRecognisedAfterTheProcessDied() {
        broker.createTopic("orders", WRITTEN.dedup(Duration.ofMinutes(1), 100));
        Accepted first = accepted(broker.publish("orders", Message.text("one").withId("id-1")));
        kill();
        Accepted again = accepted(broker.publish("orders", Message.text("one").withId("id-1")));
        assertThat(again.duplicate()).isTrue();
        assertThat(again.offset()).isEqualTo(first.offset());
        timers.advance(Duration.ofMinutes(1));
        assertThat(accepted(broker.publish("orders", Message.text("one").withId("id-1")))
                        .duplicate())
                .isFalse();
    }

    @Test
    void delayedMessagesAndTheirIdsOutliveTheProcess() {
        broker.createTopic("orders", WRITTEN.dedup(Duration.ofMinutes(10), 100));
        Message later = Message.text("later").withId("id-1").withDelay(Duration.ofMinutes(1));
        assertThat(broker.publish("orders", later)).isInstanceOf(PublishResult.Scheduled.class);
        kill();
        assertThat(topic("orders").delayed()).isEqualTo(1);
        assertThat(broker.publish("orders", later))
                .isInstanceOfSatisfying(
                        PublishResult.Scheduled.class,
                        scheduled -> assertThat(scheduled.duplicate()).isTrue());
        timers.advance(Duration.ofMinutes(1));
        awaitVisible("orders", 1);
        assertThat(texts(topic("orders"))).containsExactly("later");
        kill();
        assertThat(topic("orders").delayed()).isZero();
        assertThat(texts(topic("orders"))).containsExactly("later");
    }

    private void awaitVisible(String topic, long offset) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (topic(topic).visible() < offset) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void aDeletedTopicStaysDeletedAndItsNameBeginsAnew() {
        Topic first = broker.createTopic("orders", WRITTEN);
        accepted(broker.publish("orders", "old"));
        assertThat(broker.deleteTopic("orders")).isTrue();
        kill();
        assertThat(broker.topic("orders")).isEmpty();
        Topic second = broker.createTopic("orders", WRITTEN);
        assertThat(second.epoch()).isNotEqualTo(first.epoch());
        accepted(broker.publish("orders", "new"));
        kill();
        assertThat(texts(topic("orders"))).containsExactly("new");
    }

    @Test
    void aSubscriberResumesAcrossTheDeathOfTheProcess() throws Exception {
        broker.createTopic("orders", WRITTEN.withHistory(100_000).withHistoryBytes(1 << 30));
        for (int i = 0; i < 5_000; i++) {
            var _ = broker.publishAsync("orders", Message.text("m" + i));
        }
        accepted(broker.publish("orders", "last"));
        Position position = new Position(topic("orders").epoch(), 99);
        kill();
        BlockingQueue<Long> heard = new LinkedBlockingQueue<>();
        var subscription = broker.subscription("orders")
                .start(new Start.After(position))
                .handle(message -> heard.add(message.offset()));
        assertThat(subscription.recovered()).isTrue();
        for (long offset = 100; offset <= 5_000; offset++) {
            assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo(offset);
        }
    }
}
