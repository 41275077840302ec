package dev.fanfare.server.feed;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.FilteredKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.protocol.JsonBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// A broker, one kind of feeds whose every byte of direct memory is counted, and subscribers with peers of their own.
final class FeedFixture implements AutoCloseable {

    /// How many messages are read at once where they are stored.
    private static final int SLICE_MESSAGES = 512;

    final Broker broker;
    final Kind kind;
    private final List<Subscriber> subscribers = new CopyOnWriteArrayList<>();
    final UnpooledByteBufAllocator memory = new UnpooledByteBufAllocator(true);

    /// How subscribers are woken for whom neither they nor their topic say it.
    volatile DeliveryStrategy delivery = DeliveryStrategy.immediate();

    FeedFixture() {
        broker = Broker.open(
                BrokerConfig.defaults().withTopics(TopicConfig.defaults().withHistory(1000)));
        kind = new Kind(new WireKind(new Plain(), () -> delivery, broker.timers(), memory));
    }

    /// An event is the name of its topic, its payload and its offset.
    private static final class Plain implements EventEncoding {

        @Override
        public void head(JsonBytes out, String topic, Message draft) {
            out.put(topic.getBytes(StandardCharsets.UTF_8));
            out.put(new byte[] {' '});
            out.put(draft.payload().toByteArray());
        }

        @Override
        public void tail(JsonBytes out, Message stored) {
            out.put((" " + stored.offset()).getBytes(StandardCharsets.UTF_8));
        }
    }

    /// Remembers the feeds it opened.
    static final class Kind implements FeedKind<WireCursor> {

        final WireKind wire;
        final List<WireFeed> feeds = new CopyOnWriteArrayList<>();

        Kind(WireKind wire) {
            this.wire = wire;
        }

        @Override
        public Feed<WireCursor> open(Pattern pattern) {
            WireFeed feed = (WireFeed) wire.open(pattern);
            feeds.add(feed);
            return feed;
        }

        @Override
        public Feed<WireCursor> openBehindFilter(Pattern pattern) {
            WireFeed feed = (WireFeed) wire.openBehindFilter(pattern);
            feeds.add(feed);
            return feed;
        }

        @Override
        public boolean missed(WireCursor cursor, Topic topic, long count) {
            return wire.missed(cursor, topic, count);
        }

        @Override
        public Object prepare(Topic topic, Message draft) {
            return wire.prepare(topic, draft);
        }

        WireFeed feed() {
            return feeds.getLast();
        }
    }

    /// Direct memory that feeds and their cursors hold.
    long memoryHeld() {
        return memory.metric().usedDirectMemory();
    }

    Topic topic(String name) {
        return broker.topic(name).orElseGet(() -> broker.createTopic(name));
    }

    void publish(String topic, String text) {
        broker.publish(topic, text);
    }

    /// What a subscription was told, one line per call, and its own end.
    static final class Subscriber implements WireCursor.Owner {

        final FakePeer peer;
        final WireCursor cursor;
        final List<String> told = new ArrayList<>();
        final Attachment attachment;
        private final FeedFixture fixture;
        private boolean replaying;
        Runnable onOverflow = () -> {};

        /// Subscribes to what comes from now on.
        Subscriber(FeedFixture fixture, FakePeer peer, String pattern, Settings settings) {
            this(fixture, peer, pattern, settings, Start.latest());
        }

        /// Subscribes to what a filter lets through of what comes from now on.
        Subscriber(FeedFixture fixture, FakePeer peer, String topic, Filter filter, Settings settings) {
            this(fixture, peer, topic, filter, settings, Start.latest());
        }

        /// Replays by itself what is stored of a topic; of a pattern, whoever calls [#live] has done so.
        Subscriber(FeedFixture fixture, FakePeer peer, String pattern, Settings settings, Start start) {
            this(fixture, peer, pattern, null, settings, start);
        }

        private Subscriber(
                FeedFixture fixture,
                FakePeer peer,
                String pattern,
                @Nullable Filter filter,
                Settings settings,
                Start start) {
            this.fixture = fixture;
            this.peer = peer;
            this.cursor = new WireCursor(peer.outbox, this, settings.delivery, settings.overflow, settings.queue);
            cursor.hold();
            FeedKind<WireCursor> seen = filter == null ? fixture.kind : new FilteredKind<>(fixture.kind, filter);
            this.attachment = fixture.broker.feeds().attach(Pattern.of(pattern), start, seen, cursor);
            boolean wild = Pattern.of(pattern).isWild();
            if (wild || filter != null) {
                cursor.holdFor(attachment, filter != null);
            }
            fixture.subscribers.add(this);
            if (!wild && attachment.state() == Attachment.State.REPLAYING) {
                replayStored();
            } else if (!wild) {
                cursor.goLive();
            }
        }

        /// As a subscription does when its replay is through.
        void live(boolean wild) {
            if (wild) {
                cursor.goLive();
            } else {
                peer.outbox.offer(cursor);
            }
        }

        void leave() {
            attachment.close();
        }

        @Override
        public void dropped(long count) {
            told.add("dropped " + count);
            peer.control("dropped " + count);
        }

        @Override
        public void overflowed(long lag) {
            told.add("overflowed " + lag);
            onOverflow.run();
        }

        @Override
        public void spilled() {
            peer.outbox.loop().execute(this::leaveFeed);
        }

        /// As a subscription does: what does not fit is read where it is stored, until it has caught up.
        private void leaveFeed() {
            long from = cursor.spill(attachment.joinedAt());
            if (from >= 0 && attachment.replayFrom(from) && !replaying) {
                replayStored();
            }
        }

        private void replayStored() {
            replaying = true;
            peer.outbox.offer(new Stored());
        }

        /// What is read where it is stored; then the subscription goes live again.
        private final class Stored extends Source {

            @Override
            protected @Nullable ByteBuf next(int limit) {
                List<Message> messages =
                        Objects.requireNonNull(attachment.replay(SLICE_MESSAGES, limit, () -> {}), "all is in memory");
                long lost = attachment.takeLost();
                if (lost > 0) {
                    dropped(lost);
                }
                if (messages.isEmpty()) {
                    replaying = false;
                    cursor.goLive();
                    return null;
                }
                ByteBuf slice = fixture.memory.directBuffer(messages.size() * 256);
                messages.forEach(message -> fixture.kind.wire.encode(message, slice));
                return slice;
            }

            @Override
            protected boolean more() {
                return replaying;
            }
        }

        @Override
        public void ended() {
            told.add("ended");
            peer.control("ended");
        }
    }

    /// What a subscription asks for.
    record Settings(@Nullable DeliveryStrategy delivery, WireCursor.Overflow overflow, int queue) {

        static Settings of(WireCursor.Overflow overflow, int queue) {
            return new Settings(null, overflow, queue);
        }

        static Settings usual() {
            return of(WireCursor.Overflow.DROP_OLDEST, 100);
        }
    }

    /// Everybody leaves; called on the loops, or when they have ended.
    @Override
    public void close() {
        for (Subscriber subscriber : subscribers) {
            subscriber.leave();
            subscriber.peer.close();
        }
        broker.close();
    }
}
