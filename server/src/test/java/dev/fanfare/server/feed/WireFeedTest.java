package dev.fanfare.server.feed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.server.feed.FeedFixture.Settings;
import dev.fanfare.server.feed.FeedFixture.Subscriber;
import dev.fanfare.server.feed.WireCursor.Overflow;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a feed gives its subscribers, and what it holds, step by step on loops that stand still until told.
class WireFeedTest {

    private final FeedFixture fixture = new FeedFixture();
    private final EmbeddedChannel firstLoop = new EmbeddedChannel();
    private final EmbeddedChannel secondLoop = new EmbeddedChannel();
    private final Loop loop = new Loop(firstLoop.eventLoop());
    private final Loop other = new Loop(secondLoop.eventLoop());

    @BeforeEach
    void timeStandsStill() {
        firstLoop.freezeTime();
        secondLoop.freezeTime();
        fixture.topic("t");
    }

    @AfterEach
    void everythingIsGivenBack() {
        fixture.close();
        assertThat(fixture.memoryHeld()).isZero();
        firstLoop.close();
        secondLoop.close();
    }

    private void turn() {
        firstLoop.runPendingTasks();
        secondLoop.runPendingTasks();
    }

    private void pass(Duration time) {
        for (EmbeddedChannel channel : List.of(firstLoop, secondLoop)) {
            channel.advanceTimeBy(time.toMillis(), TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
            channel.runPendingTasks();
        }
    }

    private void publish(int from, int to) {
        for (int i = from; i < to; i++) {
            fixture.publish("t", "m");
        }
    }

    private static List<String> events(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "t m " + i).toList();
    }

    private Subscriber subscribe(Loop on, Settings settings) {
        return new Subscriber(fixture, new FakePeer(on), "t", settings);
    }

    private Subscriber subscribe(Loop on) {
        return subscribe(on, Settings.usual());
    }

    @Test
    void whoIsBehindGetsOneSlice() {
        Subscriber subscriber = subscribe(loop);

        publish(0, 50);
        turn();

        assertThat(subscriber.peer.texts).isEqualTo(events(0, 50));
        assertThat(subscriber.peer.writes.size()).isLessThan(5); // the first chunks are small
    }

    @Test
    void slicesAreWholeFramesOf64KiBAtMost() {
        Subscriber subscriber = subscribe(loop);
        String text = "x".repeat(3000);
        for (int i = 0; i < 300; i++) {
            fixture.publish("t", text);
        }
        turn();

        assertThat(subscriber.peer.texts).hasSize(300); // a torn frame would not have been read
        assertThat(subscriber.peer.writes).allMatch(bytes -> bytes <= Outbox.SLICE_BYTES);
        assertThat(subscriber.peer.writes).anyMatch(bytes -> bytes > Outbox.SLICE_BYTES - 3100);
    }

    @Test
    void framesMayBeLargerThanAnyChunk() {
        Subscriber subscriber = subscribe(loop);
        String large = "y".repeat(500_000);

        fixture.publish("t", "before");
        fixture.publish("t", large);
        fixture.publish("t", "after");
        turn();

        assertThat(subscriber.peer.texts).containsExactly("t before 0", "t " + large + " 1", "t after 2");
    }

    @Test
    void aQuietFeedHoldsNoMemory() {
        Subscriber here = subscribe(loop);
        Subscriber there = subscribe(other);
        publish(0, 5000);
        turn();
        assertThat(fixture.memoryHeld()).isPositive();

        pass(Duration.ofSeconds(1));
        pass(Duration.ofSeconds(1));

        assertThat(fixture.memoryHeld()).isZero();
        publish(5000, 5003);
        turn();
        assertThat(here.peer.texts).isEqualTo(events(0, 5003));
        assertThat(there.peer.texts).isEqualTo(events(0, 5003));
    }

    @Test
    void aSubscriberThatComesWhileTheFeedFallsQuietHoldsNoMemory() {
        subscribe(loop);
        publish(0, 1);
        turn();
        Subscriber late = subscribe(other);

        pass(Duration.ofSeconds(1));
        pass(Duration.ofSeconds(1));

        assertThat(fixture.memoryHeld()).isZero();
        publish(1, 2);
        turn();
        assertThat(late.peer.texts).containsExactly("t m 1");
    }

    @Test
    void theLastReaderOfAChunkMayLeaveInsteadOfReadingIt() {
        Subscriber healthy = subscribe(loop);
        Subscriber stuck = subscribe(other);
        stuck.peer.refuse();
        publish(0, 1);
        turn();
        publish(1, 2);
        turn();
        pass(Duration.ofSeconds(1));
        assertThat(fixture.memoryHeld()).isPositive();

        stuck.leave();
        stuck.peer.close();
        pass(Duration.ofSeconds(1));

        assertThat(fixture.memoryHeld()).isZero();
        publish(2, 3);
        turn();
        assertThat(healthy.peer.texts).isEqualTo(events(0, 3));
    }

    @Test
    void memoryIsHeldForASlowSubscriberOnlyUntilItHasRead() {
        Subscriber slow = subscribe(loop, Settings.of(Overflow.DROP_OLDEST, 10_000));
        Subscriber healthy = subscribe(loop);
        slow.peer.refuse();
        publish(0, 1000);
        turn();
        pass(Duration.ofSeconds(1));
        assertThat(fixture.memoryHeld()).isPositive();

        slow.peer.take();
        turn();
        pass(Duration.ofSeconds(1));

        assertThat(slow.peer.texts).isEqualTo(events(0, 1000));
        assertThat(healthy.peer.texts).isEqualTo(events(0, 1000));
        assertThat(fixture.memoryHeld()).isZero();
    }

    @Test
    void leavingGivesEverythingBack() {
        Subscriber one = subscribe(loop, Settings.of(Overflow.DROP_NEWEST, 10));
        Subscriber two = subscribe(other);
        one.peer.refuse();
        two.peer.refuse();
        publish(0, 100);
        turn();
        publish(100, 200);
        turn();

        one.leave();
        two.leave();
        one.peer.close();
        two.peer.close();

        assertThat(fixture.memoryHeld()).isZero();
    }

    @Test
    void whoComesSeesWhatComesThenAndNothingBefore() {
        subscribe(loop);
        publish(0, 10);
        Subscriber late = subscribe(loop);
        publish(10, 12);
        turn();

        assertThat(late.peer.texts).isEqualTo(events(10, 12));
    }

    @Test
    void publishersWaitForRoomUntilTheLoopsHaveLooked() {
        subscribe(loop);
        subscribe(other);
        List<String> ran = new ArrayList<>();
        fixture.publish("t", "z".repeat(WireFeed.CONGESTED_BYTES));
        WireFeed feed = fixture.kind.feed();
        assertThat(feed.congested()).isTrue();

        feed.onRoom(() -> ran.add("room"));
        firstLoop.runPendingTasks();
        assertThat(ran).isEmpty();
        secondLoop.runPendingTasks();

        assertThat(ran).containsExactly("room");
        assertThat(feed.congested()).isFalse();
        feed.onRoom(() -> ran.add("at once"));
        assertThat(ran).containsExactly("room", "at once");
    }

    @Test
    void publishersGoOnWhenTheSubscriberTheyWaitForLeaves() {
        Subscriber subscriber = subscribe(loop);
        subscribe(other);
        List<String> ran = new ArrayList<>();
        fixture.publish("t", "z".repeat(WireFeed.CONGESTED_BYTES));
        fixture.kind.feed().onRoom(() -> ran.add("room"));
        secondLoop.runPendingTasks();
        assertThat(ran).isEmpty();

        subscriber.leave();

        assertThat(ran).containsExactly("room");
    }

    @Test
    void aDeletedTopicsSubscribersAreToldWhenTheyHaveReadWhatIsLeft() {
        Subscriber healthy = subscribe(loop);
        Subscriber slow = subscribe(other);
        slow.peer.refuse();
        publish(0, 1);
        turn();
        publish(1, 3);
        fixture.broker.deleteTopic("t");
        turn();

        assertThat(healthy.peer.texts).containsExactly("t m 0", "t m 1", "t m 2", "ended");
        assertThat(slow.told).isEmpty();
        slow.peer.take();
        turn();
        assertThat(slow.peer.texts).containsExactly("t m 0", "t m 1", "t m 2", "ended");
        assertThat(slow.told).containsExactly("ended");
    }

    @Test
    void aBatchIsOfferedWhenItIsLargeEnough() {
        Subscriber batched = subscribe(
                loop, new Settings(DeliveryStrategy.batched(3, Duration.ofMillis(20)), Overflow.DROP_OLDEST, 100));
        Subscriber immediate = subscribe(loop);
        turn();

        publish(0, 1);
        turn();
        publish(1, 2);
        turn();
        assertThat(batched.peer.texts).isEmpty();
        assertThat(immediate.peer.texts).isEqualTo(events(0, 2));

        publish(2, 3);
        turn();
        assertThat(batched.peer.texts).isEqualTo(events(0, 3));
        assertThat(batched.peer.writes).hasSize(1);
    }

    @Test
    void aBatchIsOfferedWhenItHasWaitedLongEnough() {
        Subscriber batched = subscribe(
                loop, new Settings(DeliveryStrategy.batched(10, Duration.ofMillis(20)), Overflow.DROP_OLDEST, 100));
        publish(0, 2);
        turn();

        pass(Duration.ofMillis(19));
        assertThat(batched.peer.texts).isEmpty();
        pass(Duration.ofMillis(1));
        assertThat(batched.peer.texts).isEqualTo(events(0, 2));
        publish(2, 3);
        turn();
        pass(Duration.ofMillis(20));
        assertThat(batched.peer.texts).isEqualTo(events(0, 3));
    }

    @Test
    void aTopicsStrategyIsSwappedWhileMessagesFlow() {
        Subscriber subscriber = subscribe(loop);
        publish(0, 1);
        turn();
        fixture.topic("t").delivery(DeliveryStrategy.batched(2, Duration.ofSeconds(1)));
        publish(1, 2);
        turn();
        assertThat(subscriber.peer.texts).isEqualTo(events(0, 1));
        fixture.topic("t").delivery(null);
        publish(2, 3);
        turn();

        assertThat(subscriber.peer.texts).isEqualTo(events(0, 3));
    }

    @Test
    void whoGathersLingersNoLongerThanTheNewStrategySays() {
        fixture.topic("t").delivery(DeliveryStrategy.batched(10, Duration.ofMinutes(1)));
        Subscriber subscriber = subscribe(loop);
        publish(0, 2);
        turn();
        fixture.topic("t").delivery(DeliveryStrategy.batched(10, Duration.ofMillis(20)));
        turn();
        pass(Duration.ofMillis(19));
        assertThat(subscriber.peer.texts).isEmpty();
        pass(Duration.ofMillis(1));
        assertThat(subscriber.peer.texts).isEqualTo(events(0, 2));

        // The minute that nobody waits for any more ends no other batch.
        pass(Duration.ofMillis(60_000 - 30));
        publish(2, 3);
        turn();
        pass(Duration.ofMillis(19));
        assertThat(subscriber.peer.texts).isEqualTo(events(0, 2));
        pass(Duration.ofMillis(1));
        assertThat(subscriber.peer.texts).isEqualTo(events(0, 3));
    }

    @Test
    void whoGathersAsItsKindSaysIsWokenWhenThatChanges() {
        fixture.delivery = DeliveryStrategy.batched(10, Duration.ofMinutes(1));
        Subscriber named = subscribe(loop);
        Subscriber pattern = new Subscriber(fixture, new FakePeer(other), "*", Settings.usual());
        pattern.live(true);
        publish(0, 2);
        turn();
        fixture.delivery = DeliveryStrategy.batched(2, Duration.ofMinutes(1));
        fixture.kind.wire.wake();
        turn();
        assertThat(named.peer.texts).isEqualTo(events(0, 2));
        assertThat(pattern.peer.texts).isEqualTo(events(0, 2));

        publish(2, 3);
        turn();
        fixture.delivery = DeliveryStrategy.immediate();
        fixture.kind.wire.wake();
        turn();
        assertThat(named.peer.texts).isEqualTo(events(0, 3));
        assertThat(pattern.peer.texts).isEqualTo(events(0, 3));
    }

    @Test
    void aDeletedTopicsBatchDoesNotWait() {
        Subscriber batched = subscribe(
                loop, new Settings(DeliveryStrategy.batched(10, Duration.ofMinutes(1)), Overflow.DROP_OLDEST, 100));
        publish(0, 2);
        turn();
        fixture.broker.deleteTopic("t");
        turn();

        assertThat(batched.peer.texts).containsExactly("t m 0", "t m 1", "ended");
    }

    @Test
    void thousandsMayLeaveInAnyOrder() {
        List<Subscriber> subscribers = IntStream.range(0, 1000)
                .mapToObj(i -> subscribe(i % 2 == 0 ? loop : other))
                .toList();
        publish(0, 1);
        turn();
        for (int i = 0; i < subscribers.size(); i += 3) {
            subscribers.get(i).leave();
        }
        publish(1, 2);
        turn();
        for (int i = 0; i < subscribers.size(); i++) {
            assertThat(subscribers.get(i).peer.texts).isEqualTo(i % 3 == 0 ? events(0, 1) : events(0, 2));
        }
        subscribers.forEach(Subscriber::leave);
        assertThat(fixture.memoryHeld()).isZero();
    }
}
