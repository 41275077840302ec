package dev.fanfare.server.feed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.feed.FeedFixture.Settings;
import dev.fanfare.server.feed.FeedFixture.Subscriber;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What comes between the frames of a slice that a peer has only begun to take.
class OutboxTest {

    private final FeedFixture fixture = new FeedFixture();
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Loop loop = new Loop(channel.eventLoop());

    @AfterEach
    void everythingIsGivenBack() {
        fixture.close();
        assertThat(fixture.memoryHeld()).isZero();
        channel.close();
    }

    private void turn() {
        channel.runPendingTasks();
    }

    /// Four messages in one slice, of which the first has begun to leave.
    private Subscriber stuck(String pattern) {
        fixture.topic("t");
        Subscriber subscriber = new Subscriber(fixture, new FakePeer(loop), pattern, Settings.usual());
        subscriber.live(pattern.contains("*"));
        subscriber.peer.refuse();
        publish(4);
        return subscriber;
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            fixture.publish("t", "m");
        }
        turn();
    }

    @Test
    void aControlFrameGoesBehindTheOneFrameThatHasBegunToLeave() {
        for (String pattern : new String[] {"t", "*"}) {
            Subscriber subscriber = stuck(pattern);
            subscriber.peer.control("first");
            subscriber.peer.control("second");
            publish(1);
            subscriber.peer.take();
            turn();

            assertThat(subscriber.peer.takeTexts().stream().map(text -> text.substring(0, Math.min(5, text.length()))))
                    .containsExactly("t m 0", "first", "secon", "t m 1", "t m 2", "t m 3", "t m 4");
            subscriber.leave();
            fixture.broker.deleteTopic("t");
        }
    }

    @Test
    void whatIsTakenBackMayBeRefusedAgain() {
        Subscriber subscriber = stuck("t");
        subscriber.peer.control("first");
        subscriber.peer.takeOnce();
        subscriber.peer.control("second");
        subscriber.peer.takeOnce();
        subscriber.peer.takeOnce();
        subscriber.peer.take();
        turn();

        assertThat(subscriber.peer.texts).containsExactly("t m 0", "first", "second", "t m 1", "t m 2", "t m 3");
    }

    @Test
    void nothingOfASubscriptionThatEndedFollowsTheFrameThatHadBegun() {
        Subscriber subscriber = stuck("t");
        subscriber.leave();
        subscriber.peer.control("unsubscribed");
        subscriber.peer.take();
        turn();

        assertThat(subscriber.peer.texts).containsExactly("t m 0", "unsubscribed");
        assertThat(subscriber.peer.outbox.empty()).isTrue();
    }

    @Test
    void theEndOfATopicIsToldBehindWhatIsPending() {
        Subscriber subscriber = stuck("t");
        fixture.broker.deleteTopic("t");
        turn();
        subscriber.peer.control("pong");
        assertThat(subscriber.told).isEmpty();
        assertThat(subscriber.peer.outbox.empty()).isFalse();
        subscriber.peer.take();
        turn();

        assertThat(subscriber.peer.texts).containsExactly("t m 0", "pong", "t m 1", "t m 2", "t m 3", "ended");
    }

    @Test
    void whatIsHeldIsNotSentEvenIfItWasOnItsWay() {
        Subscriber subscriber = stuck("t");
        subscriber.peer.outbox.hold(true);
        subscriber.peer.control("out");
        publish(1);
        subscriber.peer.take();
        turn();
        assertThat(subscriber.peer.texts).containsExactly("t m 0", "out");

        subscriber.peer.outbox.hold(false);
        turn();
        assertThat(subscriber.peer.texts).containsExactly("t m 0", "out", "t m 1", "t m 2", "t m 3", "t m 4");
    }

    @Test
    void aConnectionThatEndsGivesBackWhatItHadTakenBack() {
        Subscriber subscriber = stuck("t");
        subscriber.peer.control("pong");
        subscriber.peer.close();
        turn();

        assertThat(subscriber.peer.texts).isEmpty();
    }
}
