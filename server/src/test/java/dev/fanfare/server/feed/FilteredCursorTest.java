package dev.fanfare.server.feed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Filter;
import dev.fanfare.server.feed.FeedFixture.Settings;
import dev.fanfare.server.feed.FeedFixture.Subscriber;
import dev.fanfare.server.feed.WireCursor.Overflow;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A subscriber whose filter is overrun: it is told of what was lost where it is missing.
@Timeout(20)
class FilteredCursorTest {

    /// More than may wait for a filter are lost.
    private static final String LARGE = "x".repeat(1 << 20);

    private static final int MANY = 40;

    private final FeedFixture fixture = new FeedFixture();
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Loop loop = new Loop(channel.eventLoop());
    private final FakePeer peer = new FakePeer(loop);
    private final Semaphore steps = new Semaphore(0);

    /// Short texts match; at "wait" it waits.
    private final Filter filter = message -> {
        if (message.text().equals("wait")) {
            steps.acquire();
            return false;
        }
        return message.payload().size() < 100;
    };

    @AfterEach
    void everythingIsGivenBack() {
        steps.release(100);
        fixture.close();
        channel.runPendingTasks();
        assertThat(fixture.memoryHeld()).isZero();
        channel.close();
    }

    private Subscriber subscribe(Overflow overflow, int queue) {
        fixture.topic("t");
        Subscriber subscriber = new Subscriber(fixture, peer, "t", filter, Settings.of(overflow, queue));
        channel.runPendingTasks();
        return subscriber;
    }

    private void publish(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            fixture.publish("t", text + i);
        }
    }

    /// So many are lost behind what was published before, which is in the feed and has not been looked at.
    ///
    /// @return how many
    private long overrun(long inFeed) {
        long before = dropped();
        fixture.publish("t", "wait");
        until(() -> steps.hasQueuedThreads() && fixture.kind.feed().endFrames() == inFeed);
        for (int i = 0; i < MANY; i++) {
            fixture.publish("t", LARGE);
        }
        fixture.publish("t", "behind");
        steps.release();
        until(() -> fixture.kind.feed().endFrames() == inFeed + 1);
        return dropped() - before;
    }

    private long dropped() {
        return fixture.topic("t").counters().dropped();
    }

    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted())
                    .as("it took too long")
                    .isFalse();
            Thread.onSpinWait();
        }
    }

    private void untilOnLoop(BooleanSupplier condition) {
        until(() -> {
            channel.runPendingTasks();
            return condition.getAsBoolean();
        });
    }

    private List<String> heard() {
        return peer.texts.stream()
                .map(text -> text.startsWith("t ") ? text.split(" ", 3)[1] : text)
                .toList();
    }

    private static List<String> numbered(String text, int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> text + i).toList();
    }

    @Test
    void itIsToldBehindWhatCameBefore() {
        subscribe(Overflow.DROP_OLDEST, 100);
        publish("a", 0, 10);
        long first = overrun(10);
        publish("b", 0, 10);
        long second = overrun(21);
        untilOnLoop(() -> heard().size() == 24);

        assertThat(first).isPositive();
        List<String> expected = new ArrayList<>(numbered("a", 0, 10));
        expected.add("dropped " + first);
        expected.add("behind");
        expected.addAll(numbered("b", 0, 10));
        expected.add("dropped " + second);
        expected.add("behind");
        assertThat(heard()).isEqualTo(expected);
    }

    @Test
    void whatItPassesOverIsToldTogetherWithIt() {
        subscribe(Overflow.DROP_OLDEST, 5);
        peer.refuse();
        publish("a", 0, 1);
        untilOnLoop(() -> !peer.writes.isEmpty());
        publish("b", 0, 10);
        long lost = overrun(11);
        publish("c", 0, 4);
        untilOnLoop(() -> dropped() == lost + 10);
        peer.take();
        channel.runPendingTasks();

        List<String> expected = new ArrayList<>(List.of("a0", "dropped " + (lost + 10), "behind"));
        expected.addAll(numbered("c", 0, 4));
        assertThat(heard()).isEqualTo(expected);
    }

    @Test
    void whatIsMissingBetweenKeptMessagesIsToldBetweenThem() {
        subscribe(Overflow.DROP_NEWEST, 20);
        peer.refuse();
        publish("a", 0, 1);
        untilOnLoop(() -> !peer.writes.isEmpty());
        publish("b", 0, 5);
        long first = overrun(6);
        publish("c", 0, 5);
        long second = overrun(12);
        publish("d", 0, 20);
        untilOnLoop(() -> dropped() > first + second);
        long late = dropped() - first - second;
        peer.take();
        channel.runPendingTasks();

        List<String> expected = new ArrayList<>(numbered("a", 0, 1));
        expected.addAll(numbered("b", 0, 5));
        expected.add("dropped " + first);
        expected.add("behind");
        expected.addAll(numbered("c", 0, 5));
        expected.add("dropped " + second);
        expected.add("behind");
        expected.addAll(numbered("d", 0, 8));
        assertThat(heard()).containsSubsequence(expected);
        assertThat(heard().getLast()).isEqualTo("dropped " + late);
    }

    @Test
    void itIsToldThoughNothingCameBefore() {
        subscribe(Overflow.DROP_OLDEST, 100);
        long lost = overrun(0);
        untilOnLoop(() -> heard().size() == 2);
        assertThat(heard()).containsExactly("dropped " + lost, "behind");
    }
}
