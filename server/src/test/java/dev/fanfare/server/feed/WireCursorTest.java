package dev.fanfare.server.feed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Start;
import dev.fanfare.feed.Attachment;
import dev.fanfare.server.feed.FeedFixture.Settings;
import dev.fanfare.server.feed.FeedFixture.Subscriber;
import dev.fanfare.server.feed.WireCursor.Overflow;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A subscriber whose peer refuses bytes: what it loses, what it keeps, and what it is told.
class WireCursorTest {

    private final FeedFixture fixture = new FeedFixture();
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Loop loop = new Loop(channel.eventLoop());

    @BeforeEach
    void aTopic() {
        fixture.topic("t");
    }

    @AfterEach
    void everythingIsGivenBack() {
        fixture.close();
        assertThat(fixture.memoryHeld()).isZero();
        channel.close();
    }

    private void turn() {
        channel.runPendingTasks();
    }

    private Subscriber subscribe(Overflow overflow, int queue) {
        return new Subscriber(fixture, new FakePeer(loop), "t", Settings.of(overflow, queue));
    }

    private void publish(String topic, int count) {
        for (int i = 0; i < count; i++) {
            fixture.publish(topic, "m");
        }
        turn();
    }

    private static List<String> events(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "t m " + i).toList();
    }

    @SafeVarargs
    private static List<String> joined(List<String>... parts) {
        List<String> all = new ArrayList<>();
        for (List<String> part : parts) {
            all.addAll(part);
        }
        return all;
    }

    /// One message is with the transport and stays there.
    private Subscriber stuck(Overflow overflow, int queue) {
        Subscriber subscriber = subscribe(overflow, queue);
        subscriber.peer.refuse();
        publish("t", 1);
        return subscriber;
    }

    @Test
    void whatWaitsForASubscriberThatTakesNothingIsTheDepthOfItsTopic() {
        Subscriber ahead = subscribe(Overflow.DROP_OLDEST, 50);
        Subscriber subscriber = stuck(Overflow.DROP_OLDEST, 50);
        assertThat(depth()).isZero();
        publish("t", 7);
        assertThat(depth()).isEqualTo(7);
        assertThat(ahead.peer.texts).hasSize(8);

        subscriber.peer.take();
        turn();
        assertThat(depth()).isZero();
    }

    private long depth() {
        return fixture.broker.stats().topic("t").orElseThrow().queueDepth();
    }

    @Test
    void aFullQueueIsNoOverflow() {
        for (Overflow overflow : Overflow.values()) {
            Subscriber subscriber = stuck(overflow, 5);
            publish("t", 5);
            subscriber.peer.take();
            turn();

            assertThat(subscriber.told).isEmpty();
            assertThat(subscriber.peer.texts).hasSize(6);
            subscriber.leave();
        }
    }

    @Test
    void dropOldestKeepsTheNewestAndTellsBeforeTheFirstEventAfterTheGap() {
        Subscriber subscriber = stuck(Overflow.DROP_OLDEST, 5);
        publish("t", 10);
        publish("t", 1);
        assertThat(subscriber.told).isEmpty();

        subscriber.peer.take();
        turn();

        assertThat(subscriber.peer.texts).isEqualTo(joined(events(0, 1), List.of("dropped 6"), events(7, 12)));
        assertThat(fixture.topic("t").counters().dropped()).isEqualTo(6);
        assertThat(fixture.topic("t").counters().delivered()).isEqualTo(6);
    }

    @Test
    void eachNoticeCountsWhatWasLostSinceTheLastOne() {
        Subscriber subscriber = stuck(Overflow.DROP_OLDEST, 2);
        publish("t", 5);
        subscriber.peer.takeOnce();
        turn();
        publish("t", 4);
        subscriber.peer.take();
        turn();

        assertThat(subscriber.told).containsExactly("dropped 3", "dropped 2");
        assertThat(subscriber.peer.texts)
                .isEqualTo(
                        joined(events(0, 1), List.of("dropped 3"), events(4, 6), List.of("dropped 2"), events(8, 10)));
    }

    @Test
    void dropNewestKeepsWhatWaitsAndLosesWhatComes() {
        Subscriber subscriber = stuck(Overflow.DROP_NEWEST, 5);
        publish("t", 8);
        publish("t", 3);
        subscriber.peer.take();
        turn();
        publish("t", 2);

        assertThat(subscriber.peer.texts).isEqualTo(joined(events(0, 6), List.of("dropped 6"), events(12, 14)));
        assertThat(fixture.topic("t").counters().dropped()).isEqualTo(6);
    }

    @Test
    void dropNewestTellsOfEachLossWhereItHappened() {
        Subscriber subscriber = stuck(Overflow.DROP_NEWEST, 2);
        publish("t", 5);
        subscriber.peer.takeOnce();
        publish("t", 6);
        subscriber.peer.take();
        turn();
        publish("t", 1);

        assertThat(subscriber.peer.texts)
                .isEqualTo(
                        joined(events(0, 3), List.of("dropped 3"), events(6, 8), List.of("dropped 4"), events(12, 13)));
    }

    @Test
    void whatDropNewestKeepsLeavesInSlicesToo() {
        Subscriber subscriber = stuck(Overflow.DROP_NEWEST, 100);
        String large = "x".repeat(10_000);
        for (int i = 0; i < 101; i++) {
            fixture.publish("t", large);
        }
        turn();

        subscriber.peer.take();
        turn();

        assertThat(subscriber.peer.texts).hasSize(1 + 100 + 1);
        assertThat(subscriber.peer.writes).allMatch(bytes -> bytes <= Outbox.SLICE_BYTES);
        subscriber.leave();
        assertThat(fixture.memoryHeld()).isZero();
    }

    @Test
    void disconnectTellsHowFarItIsBehind() {
        Subscriber subscriber = stuck(Overflow.DISCONNECT, 5);
        publish("t", 5);
        assertThat(subscriber.told).isEmpty();
        publish("t", 1);

        assertThat(subscriber.told).containsExactly("overflowed 6");
    }

    @Test
    void whatWasNotOfferedDoesNotCount() {
        Subscriber subscriber = subscribe(Overflow.DISCONNECT, 5);

        publish("t", 1000);

        assertThat(subscriber.told).isEmpty();
        assertThat(subscriber.peer.texts).isEqualTo(events(0, 1000));
    }

    @Test
    void aSlowPeerDisturbsNoOther() {
        Subscriber slow = stuck(Overflow.DROP_OLDEST, 5);
        Subscriber healthy = subscribe(Overflow.DROP_OLDEST, 5);
        for (int i = 0; i < 100; i++) {
            publish("t", 10);
        }

        assertThat(healthy.told).isEmpty();
        assertThat(healthy.peer.texts).isEqualTo(events(1, 1001));
        slow.peer.take();
        turn();
        assertThat(slow.peer.texts).isEqualTo(joined(events(0, 1), List.of("dropped 995"), events(996, 1001)));
    }

    @Test
    void aSubscriberOfAPatternHearsEveryTopicOnceInOrder() {
        fixture.topic("a.x");
        fixture.topic("a.y");
        publish("a.x", 3);
        Subscriber subscriber = new Subscriber(fixture, new FakePeer(loop), "a.*", Settings.usual(), Start.earliest());
        publish("a.x", 2);
        publish("a.y", 1);
        replay(subscriber);
        turn();
        publish("a.y", 1);

        assertThat(subscriber.peer.texts).containsExactly("a.x m 3", "a.x m 4", "a.y m 0", "a.y m 1");
    }

    /// Reads the replay through, which is somebody else's to send, and goes live.
    private static List<String> replay(Subscriber subscriber) {
        List<String> replayed = new ArrayList<>();
        while (subscriber.attachment.state() == Attachment.State.REPLAYING) {
            Objects.requireNonNull(subscriber.attachment.replay(10, 1000, () -> {}))
                    .forEach(m -> replayed.add(m.topic() + " m " + m.offset()));
        }
        subscriber.live(true);
        return replayed;
    }

    @Test
    void lossesBehindAReplayOfAPatternAreCountedToo() {
        fixture.topic("a.x");
        publish("a.x", 3);
        Subscriber subscriber = new Subscriber(
                fixture, new FakePeer(loop), "a.*", Settings.of(Overflow.DROP_OLDEST, 2), Start.earliest());
        subscriber.peer.refuse();
        subscriber.peer.control("a reply");
        turn();
        publish("a.x", 5);
        assertThat(replay(subscriber)).containsExactly("a.x m 0", "a.x m 1", "a.x m 2");
        subscriber.peer.take();
        turn();

        assertThat(subscriber.peer.texts).containsExactly("a reply", "dropped 3", "a.x m 6", "a.x m 7");
    }

    /// Three messages are replayed and stay with the transport; it is in the feed, and waits for them to leave.
    private Subscriber stuckInReplay(Overflow overflow, int queue) {
        publish("t", 3);
        Subscriber subscriber =
                new Subscriber(fixture, refusing(), "t", Settings.of(overflow, queue), Start.earliest());
        turn();
        return subscriber;
    }

    private FakePeer refusing() {
        FakePeer peer = new FakePeer(loop);
        peer.refuse();
        return peer;
    }

    @Test
    void whatComesBehindTheLastSliceOfAReplayOverflowsAsWell() {
        Subscriber subscriber = stuckInReplay(Overflow.DROP_OLDEST, 2);
        publish("t", 5);
        subscriber.peer.take();
        turn();

        assertThat(subscriber.peer.texts).isEqualTo(joined(events(0, 3), List.of("dropped 3"), events(6, 8)));
    }

    @Test
    void dropNewestKeepsWhatComesFirstBehindAReplay() {
        Subscriber subscriber = stuckInReplay(Overflow.DROP_NEWEST, 2);
        publish("t", 5);
        publish("t", 4);
        subscriber.peer.take();
        turn();
        publish("t", 1);

        assertThat(subscriber.peer.texts).isEqualTo(joined(events(0, 5), List.of("dropped 7"), events(12, 13)));
    }

    @Test
    void disconnectTellsBehindAReplayHowFarItIsBehind() {
        Subscriber subscriber = stuckInReplay(Overflow.DISCONNECT, 2);
        publish("t", 2);
        assertThat(subscriber.told).isEmpty();
        publish("t", 1);
        assertThat(subscriber.told).containsExactly("overflowed 3");

        subscriber.cursor.giveUp();
        assertThat(fixture.topic("t").counters().dropped()).isEqualTo(3);
    }

    @Test
    void whoeverSpillsBehindAReplayReadsOnWhereItIsStored() {
        Subscriber subscriber = stuckInReplay(Overflow.SPILL, 2);
        publish("t", 5);
        assertThat(fixture.memoryHeld()).isLessThan(1_024);
        for (int i = 0; i < 100; i++) {
            publish("t", 5);
            if (i % 20 == 10) {
                subscriber.peer.takeOnce();
            }
        }
        subscriber.peer.take();
        turn();
        publish("t", 1);

        assertThat(subscriber.told).isEmpty();
        assertThat(subscriber.peer.texts).isEqualTo(events(0, 3 + 5 + 500 + 1));
        assertThat(fixture.topic("t").counters().dropped()).isZero();
    }

    @Test
    void leavingForgetsWhatWasNotRead() {
        Subscriber subscriber = stuck(Overflow.DROP_OLDEST, 5);
        publish("t", 3);
        subscriber.leave();
        subscriber.peer.take();
        turn();
        publish("t", 1);

        assertThat(subscriber.peer.texts).isEqualTo(events(0, 1));
        assertThat(fixture.memoryHeld()).isZero();
    }
}
