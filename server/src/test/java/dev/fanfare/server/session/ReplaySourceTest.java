package dev.fanfare.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Pattern;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.feed.EventEncoding;
import dev.fanfare.server.feed.FakePeer;
import dev.fanfare.server.feed.Loop;
import dev.fanfare.server.feed.WireCursor;
import dev.fanfare.server.feed.WireKind;
import dev.fanfare.time.VirtualTimers;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A log handed out in slices, up to where it goes on live.
class ReplaySourceTest {

    private static final int HISTORY = 2_000;

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withTimers(timers)
            .withTopics(TopicConfig.defaults().withHistory(HISTORY)));
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Loop loop = new Loop(channel.eventLoop());
    private final ReplaySlices slices = new ReplaySlices(loop);
    private final FakePeer peer = new FakePeer(loop);
    private final Lines lines = new Lines();
    private final WireKind kind = new WireKind(lines, DeliveryStrategy::immediate, timers);

    /// An event is its topic and payload, a blank and a line end between.
    private static final class Lines implements EventEncoding {

        private int encoded;

        @Override
        public void head(JsonBytes out, String topic, Message draft) {
            encoded++;
            out.put((topic + "#").getBytes(StandardCharsets.UTF_8));
            out.put(draft.payload().toByteArray());
        }

        @Override
        public void tail(JsonBytes out, Message stored) {
            out.put("\n".getBytes(StandardCharsets.UTF_8));
        }
    }

    /// A source and what was told of it, in order.
    private final class Replay implements WireCursor.Owner {

        final List<String> told = new ArrayList<>();
        final Attachment attachment;
        final ReplaySource source;

        Replay(String pattern, Start start, boolean shared) {
            WireCursor cursor = new WireCursor(peer.outbox, this, null, WireCursor.Overflow.DROP_OLDEST, 100);
            attachment = broker.feeds().attach(Pattern.of(pattern), start, kind, cursor);
            if (Pattern.of(pattern).isWild()) {
                cursor.holdFor(attachment, false);
            }
            source = new ReplaySource(
                    attachment,
                    kind,
                    shared ? slices : null,
                    null,
                    lost -> told.add("dropped " + lost),
                    messages -> told.add("delivered " + messages.size()),
                    () -> told.add("caught up"),
                    loop::execute);
        }

        /// The payloads of the next slice; null when there is none.
        @Nullable
        List<String> next(int limit) {
            ByteBuf slice = source.next(limit);
            if (slice == null) {
                return null;
            }
            String text = slice.toString(StandardCharsets.UTF_8);
            slice.release();
            return text.lines()
                    .map(line -> line.replaceFirst("^.*?([a-z.]+#)", "$1"))
                    .toList();
        }

        @Override
        public void dropped(long count) {
            told.add("cursor dropped " + count);
        }

        @Override
        public void overflowed(long lag) {
            told.add("overflowed");
        }

        @Override
        public void spilled() {}

        @Override
        public void ended() {
            told.add("ended");
        }
    }

    private void publish(String topic, int from, int to) {
        for (int i = from; i < to; i++) {
            broker.publish(topic, Integer.toString(i));
        }
        channel.runPendingTasks();
    }

    private static List<String> messages(String topic, int from, int to) {
        List<String> messages = new ArrayList<>();
        for (int i = from; i < to; i++) {
            messages.add(topic + "#" + i);
        }
        return messages;
    }

    @AfterEach
    void close() {
        peer.close();
        slices.clear();
        broker.close();
        channel.close();
    }

    @Test
    void handsOutTheLogInSlicesAndThenSaysOnceThatItHasCaughtUp() {
        broker.createTopic("t");
        publish("t", 0, 1_300);
        Replay replay = new Replay("t", new Start.Earliest(), true);
        List<String> heard = new ArrayList<>();
        while (replay.source.more()) {
            List<String> slice = replay.next(64 * 1024);
            if (slice != null) {
                assertThat(slice).hasSizeLessThanOrEqualTo(512);
                heard.addAll(slice);
            }
        }

        assertThat(heard).isEqualTo(messages("t", 0, 1_300));
        assertThat(replay.told).endsWith("caught up").containsOnlyOnce("caught up");
        assertThat(replay.attachment.state()).isEqualTo(Attachment.State.LIVE);
        assertThat(replay.next(64 * 1024)).isNull();
        assertThat(replay.told).containsOnlyOnce("caught up");
    }

    @Test
    void aSliceHasAtMostAsManyBytesAsAskedForButAtLeastOneMessage() {
        broker.createTopic("t");
        for (int i = 0; i < 10; i++) {
            broker.publish("t", "x".repeat(1_000));
        }
        Replay replay = new Replay("t", new Start.Earliest(), true);

        assertThat(replay.next(2_500)).hasSize(2);
        assertThat(replay.next(10)).hasSize(1);
        assertThat(replay.next(1_000_000)).hasSize(7);
    }

    @Test
    void whatIsPublishedMeanwhileComesInItsPlace() {
        broker.createTopic("t");
        publish("t", 0, 10);
        Replay replay = new Replay("t", new Start.LastN(5), true);
        List<String> heard = new ArrayList<>(replay.next(1));
        publish("t", 10, 20);
        while (replay.source.more()) {
            List<String> slice = replay.next(1);
            if (slice != null) {
                heard.addAll(slice);
            }
        }

        assertThat(heard).isEqualTo(messages("t", 5, 20));
    }

    @Test
    void whatRetentionTookAwayIsToldBeforeTheSliceBehindTheGap() {
        broker.createTopic("t");
        publish("t", 0, 10);
        Replay replay = new Replay("t", new Start.Earliest(), true);
        assertThat(replay.next(1)).containsExactly("t#0");
        publish("t", 10, HISTORY + 100);

        assertThat(replay.next(1)).containsExactly("t#100");
        assertThat(replay.told).containsExactly("delivered 1", "dropped 99", "delivered 1");
    }

    @Test
    void theSameMessagesAreEncodedOnceForAllWhoAskForThemTogether() {
        broker.createTopic("t");
        publish("t", 0, 100);
        lines.encoded = 0;
        for (int i = 0; i < 5; i++) {
            assertThat(new Replay("t", new Start.LastN(50), true).next(64 * 1024))
                    .isEqualTo(messages("t", 50, 100));
        }
        assertThat(lines.encoded).isEqualTo(50);

        // For a moment only: then the memory is given back.
        channel.advanceTimeBy(2, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        new Replay("t", new Start.LastN(50), true).next(64 * 1024);
        assertThat(lines.encoded).isEqualTo(100);
    }

    @Test
    void otherMessagesAreNeverTakenForTheSame() {
        broker.createTopic("t");
        publish("t", 0, 100);
        Replay all = new Replay("t", new Start.LastN(60), true);
        Replay some = new Replay("t", new Start.LastN(50), true);

        assertThat(all.next(64 * 1024)).isEqualTo(messages("t", 40, 100));
        assertThat(some.next(64 * 1024)).isEqualTo(messages("t", 50, 100));
        assertThat(new Replay("t", new Start.LastN(60), true).next(1)).containsExactly("t#40");
    }

    @Test
    void aPatternReplaysTheMessagesOfAllItsTopics() {
        broker.createTopic("p.a");
        broker.createTopic("p.b");
        publish("p.a", 0, 3);
        timers.advance(Duration.ofSeconds(1));
        publish("p.b", 0, 3);
        Replay replay = new Replay("p.*", new Start.LastN(5), false);
        List<String> heard = new ArrayList<>();
        while (replay.source.more()) {
            List<String> slice = replay.next(64 * 1024);
            if (slice != null) {
                heard.addAll(slice);
            }
        }

        assertThat(heard).containsExactly("p.a#1", "p.a#2", "p.b#0", "p.b#1", "p.b#2");
        assertThat(replay.told).endsWith("caught up");
    }

    @Test
    void nothingComesAfterItWasStopped() {
        broker.createTopic("t");
        publish("t", 0, 10);
        Replay replay = new Replay("t", new Start.Earliest(), true);
        assertThat(replay.next(1)).hasSize(1);

        replay.source.stop();

        assertThat(replay.source.more()).isFalse();
        assertThat(replay.next(64 * 1024)).isNull();
        assertThat(replay.told).containsExactly("delivered 1");
    }
}
