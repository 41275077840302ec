package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What is stored of a durable name or group to which somebody comes back, or that ends, is what it is now.
@Timeout(60)
class ReturningNameTest extends Restarts {

    private static final Duration EXPIRY = Duration.ofHours(2);

    private static final TopicConfig DURABLE =
            TopicConfig.defaults().withHistory(10).withDurability(Durability.WRITTEN);

    private AcknowledgedBuilder on(String pattern) {
        return broker.subscription(pattern).acknowledged().expiry(EXPIRY);
    }

    private void publish(String topic, String text) {
        assertThat(broker.publish(topic, text)).isInstanceOf(PublishResult.Accepted.class);
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        return Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
    }

    @Test
    void aPatternThatWasToHearEverythingDoesThoughTheProcessDiedAsItBegan() throws Exception {
        broker.createTopic("jobs.a", DURABLE);
        publish("jobs.a", "before");
        timers.advance(EXPIRY);
        broker.subscription("jobs.*")
                .start(Start.earliest())
                .acknowledged()
                .durable("audit")
                .receive();
        publish("jobs.a", "after");
        // As if it had died when its name was stored and its place in the topic was not.
        Store.Batch batch = store.batch();
        batch.deleteRange(Table.POSITIONS, Keys.of(1), Keys.of(2));
        store.write(batch);
        kill();
        Receiver back = on("jobs.*").durable("audit").receive();
        assertThat(next(back).message().text()).isEqualTo("before");
        assertThat(next(back).message().text()).isEqualTo("after");
    }

    private void staysAfterSomebodyCameBack(Function<AcknowledgedBuilder, AcknowledgedBuilder> named)
            throws InterruptedException {
        broker.createTopic("jobs", DURABLE);
        named.apply(on("jobs")).receive().close();
        Receiver back = named.apply(on("jobs")).receive();
        publish("jobs", "not done");
        assertThat(next(back).message().text()).isEqualTo("not done");
        timers.advance(EXPIRY.multipliedBy(2));
        publish("jobs", "barrier");
        kill();
        // It was left long before the process ended, but somebody was there since.
        timers.advance(EXPIRY.minusMillis(1));
        assertThat(broker.stats().acknowledged()).hasSize(1);
        assertThat(next(named.apply(on("jobs")).receive()).message().text()).isEqualTo("not done");
    }

    @Test
    void aGroupSomebodyCameBackToStaysAfterTheProcessDied() throws Exception {
        staysAfterSomebodyCameBack(builder -> builder.group("workers"));
    }

    @Test
    void aDurableNameSomebodyCameBackToStaysAfterTheProcessDied() throws Exception {
        staysAfterSomebodyCameBack(builder -> builder.durable("audit"));
    }

    @Test
    void aDurableNameThatWasTakenOverStaysAfterTheProcessDied() throws Exception {
        broker.createTopic("jobs", DURABLE);
        on("jobs").durable("audit").receive();
        Receiver taker = on("jobs").durable("audit").receive();
        publish("jobs", "not done");
        assertThat(next(taker).message().text()).isEqualTo("not done");
        timers.advance(EXPIRY.multipliedBy(2));
        publish("jobs", "barrier");
        kill();
        timers.advance(EXPIRY.minusMillis(1));
        assertThat(broker.stats().acknowledged())
                .extracting(AcknowledgedSubscription.Figures::name)
                .containsExactly("audit");
    }

    /// Comes to a name while another thread ends it, once.
    private Receiver comeWhileItIsEnded(String name) throws InterruptedException {
        CountDownLatch ready = new CountDownLatch(1);
        AtomicBoolean came = new AtomicBoolean();
        Thread ending = Thread.ofPlatform().start(() -> {
            ready.countDown();
            boolean ended = false;
            while (!ended && !came.get()) {
                ended = broker.endSubscription(name);
            }
        });
        ready.await();
        Receiver receiver = on("jobs").group(name).receive();
        came.set(true);
        ending.join();
        return receiver;
    }

    @Test
    void theEndOfANameDoesNotTakeTheNewOneOfThatName() throws Exception {
        broker.createTopic("jobs", DURABLE);
        Map<String, Receiver> byName = new HashMap<>();
        for (int i = 0; i < 200; i++) {
            on("jobs").group("g" + i).receive().close();
        }
        for (int round = 0; round < 2; round++) {
            // In the second round nobody has come back to them since the process began.
            for (int i = 0; i < 200; i++) {
                String name = "g" + i;
                byName.put(name, comeWhileItIsEnded(name));
            }
            List<String> there = new ArrayList<>();
            byName.forEach((name, receiver) -> {
                if (receiver.ended().isEmpty()) {
                    there.add(name);
                }
            });
            publish("jobs", "barrier");
            kill();
            assertThat(broker.stats().acknowledged())
                    .extracting(AcknowledgedSubscription.Figures::name)
                    .containsExactlyInAnyOrderElementsOf(there);
        }
    }

    /// Its history is 10, and messages are forgotten some at a time.
    private void nobodyHolds(String topic) {
        for (int i = 0; i < 300; i++) {
            publish(topic, "m" + i);
        }
        assertThat(broker.topic(topic).orElseThrow().oldest()).isGreaterThan(200);
    }

    @Test
    void aNameThatIsEndedWhileItIsMadeHoldsNothing() throws Exception {
        broker.createTopic("jobs", DURABLE);
        for (int i = 0; i < 200; i++) {
            String name = "g" + i;
            comeWhileItIsEnded(name).close();
            broker.endSubscription(name);
        }
        assertThat(broker.stats().acknowledged()).isEmpty();
        nobodyHolds("jobs");
    }

    @Test
    void aNameThatEndsHoldsNothingOfATopicOfWhichNothingHasComeSinceTheProcessBegan() throws Exception {
        broker.createTopic("jobs.a", DURABLE);
        Receiver receiver = on("jobs.*").group("workers").receive();
        publish("jobs.a", "done");
        next(receiver).ack();
        publish("jobs.a", "barrier");
        next(receiver).ack();
        broker.createTopic("jobs.b", DURABLE);
        publish("jobs.b", "barrier");
        next(receiver).ack();
        kill();
        on("jobs.*").group("workers").receive();
        assertThat(broker.endSubscription("workers")).isTrue();
        nobodyHolds("jobs.a");
    }
}
