package dev.fanfare.local;

import dev.fanfare.Broker;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.Topic;
import dev.fanfare.feed.Pattern;
import org.jspecify.annotations.NullMarked;

/// A feed with one reader, for the stress tests: appends numbered messages, reads what is there, and counts.
@NullMarked
final class StressReader implements Reader {

    private static final Broker BROKER = Broker.open();
    private static final Topic TOPIC = BROKER.createTopic("stress");
    private static final Message DRAFT = Message.text("x");

    private final LocalFeed feed = new LocalFeed(Pattern.of("stress"), BROKER.timers(), false);
    private final Cursor cursor;
    private long lost;
    private long read;
    private long last = -1;
    private boolean wrong;

    StressReader(int bound, Overflow overflow) {
        cursor = new Cursor(this, bound, overflow, null);
        feed.attach(cursor);
    }

    /// By one thread: appends messages with the offsets `from` to `to` - 1.
    void append(int from, int to) {
        for (int i = from; i < to; i++) {
            feed.append(TOPIC, DRAFT.stored("", "stress", "", i, 0), null);
        }
    }

    /// By another: reads what it finds.
    void read() {
        Sequence source = feed.sequence();
        int found = cursor.available(source, 256, Cursor.EVERYTHING);
        while (found > 0) {
            take(source, found);
            found = cursor.available(source, 256, Cursor.EVERYTHING);
        }
    }

    private void take(Sequence source, int found) {
        Chunk chunk = cursor.chunk();
        int index = cursor.index();
        for (int i = 0; i < found && !cursor.isOverrun(source); i++) {
            Message message = chunk.messages[index + i];
            if (message == null) {
                // Cut loose: allowed only where messages may be lost.
                wrong |= cursor.overflow() instanceof Overflow.Block;
                return;
            }
            wrong |= message.offset() != cursor.position() || message.offset() <= last;
            last = message.offset();
            read++;
            cursor.advance(message);
        }
    }

    /// How many were read and lost together; -1 when one was out of place.
    int seen() {
        return wrong ? -1 : (int) (read + lost);
    }

    @Override
    public String name() {
        return "reader";
    }

    @Override
    public void lost(long count) {
        lost += count;
    }

    @Override
    public void refusedOne() {
        throw new IllegalStateException("drops the oldest");
    }

    @Override
    public void pressed() {}

    @Override
    public void tooSlow(long lag) {
        throw new IllegalStateException("does not end");
    }

    @Override
    public boolean runsHere() {
        return false;
    }
}
