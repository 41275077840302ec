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
import dev.fanfare.store.StoreException.Reason;
import dev.fanfare.store.Table;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
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
}
