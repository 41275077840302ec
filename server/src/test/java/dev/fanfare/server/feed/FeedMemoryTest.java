package dev.fanfare.server.feed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.feed.FeedFixture.Settings;
import dev.fanfare.server.feed.FeedFixture.Subscriber;
import dev.fanfare.server.feed.WireCursor.Overflow;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Subscribers that stop reading while a publisher goes on: what is held for them has a bound that does not depend on
/// how much is published, and the others notice nothing.
class FeedMemoryTest {

    private static final int SLOW = 12;
    private static final int HEALTHY = 4;
    private static final int QUEUE = 50;
    private static final int MESSAGE_BYTES = 4_096;
    private static final int MESSAGES = 10_000;

    /// Of each subscriber that stopped: the chunk in which its one slice in flight lies, and copies of what waits
    /// where the policy keeps the oldest. Of all of them together: what waits in the feed, the chunk it begins in,
    /// the one it ends in, and what a loop has not looked at.
    private static final long CHUNK_BYTES = 128 * 1024;

    private static final long QUEUE_BYTES = (QUEUE + 1) * (MESSAGE_BYTES + 100L);
    private static final long BOUND =
            SLOW * (CHUNK_BYTES + QUEUE_BYTES) + QUEUE_BYTES + 2 * CHUNK_BYTES + WireFeed.CONGESTED_BYTES;

    private final FeedFixture fixture = new FeedFixture();
    private final List<EmbeddedChannel> channels = List.of(new EmbeddedChannel(), new EmbeddedChannel());
    private final List<Loop> loops =
            channels.stream().map(channel -> new Loop(channel.eventLoop())).toList();

    @ParameterizedTest
    @EnumSource(Overflow.class)
    void whatIsHeldForSubscribersOfATopicThatStoppedReadingIsBounded(Overflow overflow) {
        flood("t.0", overflow, 1);
    }

    // A pattern's subscription can't spill.
    @ParameterizedTest
    @EnumSource(value = Overflow.class, names = "SPILL", mode = EnumSource.Mode.EXCLUDE)
    void whatIsHeldForSubscribersOfAPatternThatStoppedReadingIsBounded(Overflow overflow) {
        flood("t.*", overflow, 3);
    }

    @Test
    void theBoundIsFarBelowWhatIsPublished() {
        assertThat(BOUND).isLessThan((long) MESSAGES * MESSAGE_BYTES / 6);
    }

    private void flood(String pattern, Overflow overflow, int topics) {
        for (int i = 0; i < topics; i++) {
            fixture.topic("t." + i);
        }
        List<Subscriber> healthy = subscribe(pattern, HEALTHY, Settings.of(Overflow.DISCONNECT, 1));
        List<Subscriber> slow = subscribe(pattern, SLOW, Settings.of(overflow, QUEUE));
        String filler = "x".repeat(MESSAGE_BYTES);
        long most = 0;
        for (int i = 0; i < MESSAGES; i++) {
            if (i % 100 == 0 && i / 100 < SLOW) {
                slow.get(i / 100).peer.refuse();
            }
            fixture.publish("t." + i % topics, i + " " + filler);
            // Now and then a loop is late.
            if (i % 20 < 10 || i % 7 == 0) {
                turn();
            }
            most = Math.max(most, fixture.memoryHeld());
        }
        turn();

        assertThat(most).isBetween(CHUNK_BYTES, BOUND);
        for (Subscriber one : healthy) {
            assertThat(one.told).isEmpty();
            assertThat(numbers(one))
                    .isEqualTo(IntStream.range(0, MESSAGES).boxed().toList());
        }
        for (Subscriber one : slow) {
            assertThat(one.told).hasSizeLessThanOrEqualTo(overflow == Overflow.DISCONNECT ? 1 : 0);
        }

        slow.forEach(one -> one.peer.take());
        turn();
        if (overflow != Overflow.DISCONNECT) {
            for (Subscriber one : slow) {
                long lost = one.told.stream()
                        .mapToLong(line -> Long.parseLong(line.replace("dropped ", "")))
                        .sum();
                assertThat(numbers(one).size() + lost).isEqualTo(MESSAGES);
                assertThat(lost).isPositive();
            }
        }
        fixture.close();
        turn();
        assertThat(fixture.memoryHeld()).isZero();
    }

    private List<Subscriber> subscribe(String pattern, int count, Settings settings) {
        List<Subscriber> subscribers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Subscriber one = new Subscriber(fixture, new FakePeer(loops.get(i % loops.size())), pattern, settings);
            // Numbers only: the texts of all would be more than is published.
            one.peer.sink = text -> one.peer.texts.add(text.startsWith("t.") ? text.split(" ", 3)[1] : text);
            one.onOverflow = () -> {
                one.peer.outbox.loop().execute(() -> {
                    one.leave();
                    one.peer.close();
                });
            };
            one.live(pattern.contains("*"));
            subscribers.add(one);
        }
        turn();
        return subscribers;
    }

    private static List<Integer> numbers(Subscriber one) {
        return one.peer.texts.stream()
                .filter(text -> !text.startsWith("dropped"))
                .map(Integer::parseInt)
                .toList();
    }

    private void turn() {
        channels.forEach(EmbeddedChannel::runPendingTasks);
    }
}
