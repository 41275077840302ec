package dev.fanfare.server.feed;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.time.Timers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One encoding of the wire: all live subscribers of a pattern that use it share the same bytes.
///
/// What does not depend on the place in the log is encoded before the topic's section is entered, in memory of the
/// publishing thread; offset and timestamp follow inside the section, and the finished frame is copied into each
/// feed of this kind.
public final class WireKind implements FeedKind<WireCursor> {

    private final Supplier<DeliveryStrategy> delivery;
    private final Timers timers;
    private final ByteBufAllocator memory;
    private final ThreadLocal<EventFrame> scratch;

    /// Those that are not closed.
    private final Set<WireFeed> feeds = ConcurrentHashMap.newKeySet();

    /// @param delivery how subscribers of this kind are woken now when neither they nor the topic say it
    public WireKind(EventEncoding encoding, Supplier<DeliveryStrategy> delivery, Timers timers) {
        this(encoding, delivery, timers, ByteBufAllocator.DEFAULT);
    }

    /// @param memory where its feeds take their chunks from
    WireKind(EventEncoding encoding, Supplier<DeliveryStrategy> delivery, Timers timers, ByteBufAllocator memory) {
        this.delivery = delivery;
        this.timers = timers;
        this.memory = memory;
        this.scratch = ThreadLocal.withInitial(() -> new EventFrame(encoding));
    }

    @Override
    public Feed<WireCursor> open(Pattern pattern) {
        return opened(new WireFeed(pattern, this, pattern.isWild()));
    }

    @Override
    public Feed<WireCursor> openBehindFilter(Pattern pattern) {
        return opened(new WireFeed(pattern, this, true));
    }

    private WireFeed opened(WireFeed feed) {
        feeds.add(feed);
        return feed;
    }

    @Override
    public boolean missed(WireCursor cursor, Topic topic, long count) {
        return cursor.missed(count);
    }

    @Override
    public Object prepare(Topic topic, Message draft) {
        EventFrame frame = scratch.get();
        frame.begin(topic.name(), draft);
        return frame;
    }

    /// Completes what [#prepare] began; the first feed of this kind does it for all.
    EventFrame finish(@Nullable Object prepared, Message message) {
        EventFrame frame = (EventFrame) prepared;
        if (frame == null) {
            throw new IllegalStateException("a message was appended that has not been prepared");
        }
        frame.finish(message);
        return frame;
    }

    /// Appends the frame of a stored message.
    public void encode(Message message, ByteBuf to) {
        EventFrame frame = scratch.get();
        frame.begin(message.topic(), message);
        frame.finish(message);
        to.writeBytes(frame.array(), frame.from(), frame.length());
    }

    /// What [#delivery] answers has changed: whoever gathers looks again. Any thread.
    public void wake() {
        feeds.forEach(WireFeed::wake);
    }

    /// Nobody reads it any more.
    void closed(WireFeed feed) {
        feeds.remove(feed);
    }

    DeliveryStrategy delivery() {
        return delivery.get();
    }

    /// Direct memory for frames.
    ByteBuf memory(int bytes) {
        return memory.directBuffer(bytes);
    }

    long nanos() {
        return timers.nanoTime();
    }
}
