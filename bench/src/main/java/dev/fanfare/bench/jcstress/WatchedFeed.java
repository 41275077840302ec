package dev.fanfare.bench.jcstress;

import dev.fanfare.Broker;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Pattern;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.feed.EventEncoding;
import dev.fanfare.server.feed.Outbox;
import dev.fanfare.server.feed.Transport;
import dev.fanfare.server.feed.WireCursor;
import dev.fanfare.server.feed.WireKind;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A feed with one subscriber, which takes everything and looks at each frame: the byte that the offset stands for,
/// eight times.
final class WatchedFeed implements Transport, WireCursor.Owner {

    private static final Broker BROKER = Broker.open();
    private static final Topic TOPIC = BROKER.createTopic("stress.topic");
    private static final WireKind KIND = new WireKind(new Eightfold(), DeliveryStrategy::immediate, BROKER.timers());
    private static final int PAYLOAD = 8;

    private final Feed<WireCursor> feed;
    private final Outbox outbox;
    private final WireCursor cursor;

    /// How many frames came.
    int frames;

    /// How many of them were not what was to come next.
    int wrong;

    private static final class Eightfold implements EventEncoding {
        @Override
        public void head(JsonBytes out, String topic, Message draft) {
            // Everything depends on the offset.
        }

        @Override
        public void tail(JsonBytes out, Message stored) {
            byte[] text = new byte[PAYLOAD];
            Arrays.fill(text, (byte) stored.offset());
            out.put(text);
        }
    }

    WatchedFeed(HandTurnedLoop on, String pattern) {
        feed = KIND.open(Pattern.of(pattern));
        outbox = new Outbox(this, on.loop);
        cursor = new WireCursor(outbox, this, null, WireCursor.Overflow.DROP_OLDEST, 100);
        feed.attach(cursor);
    }

    /// As a publisher does inside a topic's section, and after it.
    void publish(int offset) {
        append(offset);
        feed.wake();
    }

    void append(int offset) {
        Message draft = Message.text("");
        Object prepared = KIND.prepare(TOPIC, draft);
        feed.append(TOPIC, draft.stored("id", TOPIC.name(), "e", offset, 0), prepared);
    }

    void wake() {
        feed.wake();
    }

    void leave() {
        feed.detach(cursor);
        outbox.close();
    }

    @Override
    public void write(ByteBuf bytes) {
        while (bytes.isReadable()) {
            boolean right = bytes.readByte() == (byte) 0x81 && bytes.readByte() == PAYLOAD;
            for (int i = 0; i < PAYLOAD; i++) {
                right &= bytes.readByte() == (byte) frames;
            }
            wrong += right ? 0 : 1;
            frames++;
        }
        bytes.release();
    }

    @Override
    public void flush() {
        // Taken already.
    }

    @Override
    public @Nullable ByteBuf recall() {
        return null;
    }

    @Override
    public boolean blocked() {
        return false;
    }

    @Override
    public boolean open() {
        return true;
    }

    @Override
    public void fail(Throwable cause) {
        wrong++;
    }

    @Override
    public void dropped(long count) {
        wrong++;
    }

    @Override
    public void overflowed(long lag) {
        wrong++;
    }

    @Override
    public void spilled() {}

    @Override
    public void ended() {
        wrong++;
    }
}
