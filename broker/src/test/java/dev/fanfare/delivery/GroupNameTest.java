package dev.fanfare.delivery;

import static dev.fanfare.delivery.GroupTest.all;
import static dev.fanfare.delivery.GroupTest.await;
import static dev.fanfare.delivery.GroupTest.next;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.ErrorCode;
import dev.fanfare.Expiry;
import dev.fanfare.FanfareException;
import dev.fanfare.Receiver;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the name of a group or durable subscription stands for and how long, on virtual time.
@Timeout(60)
class GroupNameTest {

    private static final Duration HOUR = Duration.ofHours(1);

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    private AcknowledgedBuilder on(String pattern) {
        return broker.subscription(pattern).acknowledged();
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            broker.publish("jobs", "" + i);
        }
    }

    @Test
    void theBacklogStaysWhenAllHaveGone() throws Exception {
        Receiver one = on("jobs").group("workers").receive();
        publish(1);
        next(one);
        one.close();
        publish(2);
        timers.advance(HOUR.minusMillis(1));
        Receiver two = on("jobs").group("workers").receive();
        assertThat(next(two).attempt()).isEqualTo(2);
        await(two, 3);
        assertThat(all(two)).hasSize(2);
        timers.advance(HOUR.multipliedBy(2));
        assertThat(two.ended()).isEmpty();
    }

    @Test
    void itExpiresWhenNobodyComesBack() {
        on("jobs").group("workers").expiry(Duration.ofMinutes(5)).receive().close();
        timers.advance(Duration.ofMinutes(5));
        assertThat(broker.stats().acknowledged()).isEmpty();
        assertThat(broker.topic("jobs").orElseThrow().subscribers()).isZero();
        assertThat(timers.pending()).isZero();
    }

    @Test
    void theBrokerSaysHowLongWhenItsMembersDoNot() {
        try (Broker other = Broker.open(BrokerConfig.defaults()
                .withTimers(timers)
                .withExpiry(new Expiry(Duration.ofMinutes(3), Duration.ofDays(1))))) {
            other.subscription("jobs").acknowledged().group("workers").receive().close();
            other.subscription("jobs.*")
                    .acknowledged()
                    .durable("each")
                    .receive()
                    .close();
            timers.advance(Duration.ofMinutes(3).minusMillis(1));
            assertThat(other.stats().acknowledged()).hasSize(2);
            timers.advance(Duration.ofMillis(1));
            assertThat(other.stats().acknowledged()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1S", "P366D"})
    void noExpiryIsBeyondItsBounds(Duration expiry) {
        assertThatThrownBy(() -> on("jobs").group("workers").expiry(expiry))
                .hasMessage("the expiry must be more than 0 and at most 365 days, not " + expiry);
        assertThatThrownBy(() -> new Expiry(HOUR, expiry)).isInstanceOf(FanfareException.class);
    }

    @Test
    void theFirstDecidesWhatTheNameMeans() {
        on("jobs").group("workers").receive();
        assertThatThrownBy(() -> on("other").group("workers").ordered().receive())
                .isInstanceOf(FanfareException.class)
                .hasMessage("the name 'workers' is used for something else: topic or pattern is jobs, not other; "
                        + "order is false, not true; use another name, or end that one first")
                .extracting("code")
                .isEqualTo(ErrorCode.BAD_REQUEST);
        assertThatThrownBy(() -> on("jobs").durable("workers").receive())
                .hasMessageContaining("it is a group, not a durable subscription");
    }

    @Test
    void endingItTellsItsMembersAndCountsWhatIsLost() throws Exception {
        Receiver one = on("jobs").group("workers").receive();
        publish(2);
        await(one, 2);
        assertThat(broker.endSubscription("workers")).isTrue();
        assertThat(broker.endSubscription("workers")).isFalse();
        assertThat(one.receive()).isNull();
        assertThat(one.ended()).contains(SubscriptionEnd.ENDED);
        assertThat(one.figures().dropped()).isEqualTo(2);
    }

    @Test
    void aDurableNameGoesOnCollectingAndIsTakenOver() throws Exception {
        Receiver one = on("jobs").durable("audit").receive();
        publish(2);
        Delivery first = next(one);
        await(one, 2);
        Receiver two = on("jobs").durable("audit").receive();
        assertThat(one.ended()).contains(SubscriptionEnd.TAKEN_OVER);
        assertThat(one.receive()).isNull();
        Delivery again = next(two);
        assertThat(again.message().offset()).isEqualTo(first.message().offset());
        assertThat(again.attempt()).isEqualTo(2);
        two.close();
        publish(1);
        Receiver three = on("jobs").durable("audit").receive();
        await(three, 3);
        assertThat(all(three)).hasSize(3);
    }

    @Test
    void ofManyWhoTakeADurableNameOverAtOnceOneHasIt() throws Exception {
        on("jobs").durable("audit").receive();
        for (int round = 0; round < 100; round++) {
            CountDownLatch begin = new CountDownLatch(4);
            Queue<Receiver> takers = new ConcurrentLinkedQueue<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    begin.countDown();
                    while (begin.getCount() > 0) {
                        Thread.onSpinWait();
                    }
                    takers.add(on("jobs").durable("audit").receive());
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(takers.stream().filter(taker -> taker.ended().isEmpty())).hasSize(1);
        }
        assertThat(broker.stats().acknowledged())
                .singleElement()
                .satisfies(figures -> assertThat(figures.members()).isEqualTo(1));
    }

    @Test
    void aNameInUseByASubscriptionIsRefused() {
        broker.subscription("jobs").name("workers").acknowledged().receive();
        assertThatThrownBy(() -> on("jobs").group("workers").receive())
                .hasMessageContaining("it is a subscription's own, not a group");
    }
}
