package dev.fanfare.topic;

import dev.fanfare.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// Parts of several logs, merged by timestamp, turn, topic and offset. Holds one message per log, or a few that were
/// read from a device; reads the rest as it goes, but leaves what is not in memory to [#load]. One thread at a
/// time.
final class Replay {

    private static final Comparator<Message> ORDER = Comparator.comparingLong(Message::timestampMillis)
            .thenComparingInt(Message::turn)
            .thenComparing(Message::topic)
            .thenComparingLong(Message::offset);

    /// What is held of all logs together that was read from a device, about.
    private static final int HELD_MESSAGES = 4_096;

    private static final int HELD_BYTES = 1 << 20;

    /// What is held of one log at most.
    private static final int PORTION_MESSAGES = 512;

    private static final int PORTION_BYTES = 128 << 10;

    /// So many logs are read from a device in one go.
    private static final int LOGS_AT_ONCE = 64;

    /// What is to be read of one log.
    ///
    /// @param from the first offset
    /// @param to after the last one
    record Range(LiveTopic topic, long from, long to) {}

    private final PriorityQueue<Reader> readers = new PriorityQueue<>(Comparator.comparing(Reader::head, ORDER));

    /// Those whose next messages are not in memory. Nothing is handed out before they are.
    private final ArrayDeque<Reader> stalled = new ArrayDeque<>(1);

    /// How many were not handed out, at most. Written by whoever replays.
    private volatile long left;

    private final int portionMessages;
    private final int portionBytes;
    private final long expiredBy;
    private long lost;

    /// @param expiredBy what had expired by then is passed over
    Replay(List<Range> ranges, long expiredBy) {
        this.expiredBy = expiredBy;
        int logs = Math.max(1, ranges.size());
        portionMessages = Math.clamp(HELD_MESSAGES / logs, 1, PORTION_MESSAGES);
        portionBytes = Math.min(HELD_BYTES / logs, PORTION_BYTES);
        left = ranges.stream().mapToLong(range -> range.to() - range.from()).sum();
        for (Range range : ranges) {
            proceed(new Reader(range));
        }
    }

    /// One log's next messages.
    private static final class Reader {
        private final LiveTopic topic;
        private final long end;
        private long position;

        /// Up to where it is handed out, or passed over.
        private long done;

        private Iterator<Message> portion = Collections.emptyIterator();
        private boolean loaded;
        private @Nullable Message head;

        Reader(Range range) {
            topic = range.topic();
            position = range.from();
            done = position;
            end = range.to();
        }

        Message head() {
            if (head == null) {
                throw new IllegalStateException("nothing left of " + topic);
            }
            return head;
        }
    }

    /// Finds the reader's next message and puts it back in line, unless it has none or has to be loaded.
    private void proceed(Reader reader) {
        while (reader.position < reader.end) {
            if (!reader.portion.hasNext() && !reader.loaded) {
                List<Message> more = reader.topic.log().readCached(reader.position, 1, 0);
                if (more == null) {
                    stalled.add(reader);
                    return;
                }
                reader.portion = more.iterator();
            }
            reader.loaded = false;
            Message next = reader.portion.hasNext() ? reader.portion.next() : null;
            long found = next == null ? reader.end : Math.min(next.offset(), reader.end);
            lost += reader.topic.log().hasHoles()
                    ? Math.max(0, Math.min(found, reader.topic.oldest()) - reader.position)
                    : found - reader.position;
            reader.position = found + 1;
            reader.head = next;
            if (next == null || found == reader.end) {
                done(reader, reader.end);
                return;
            }
            if (!reader.topic.unexpired(List.of(next), expiredBy).isEmpty()) {
                readers.add(reader);
                return;
            }
        }
        done(reader, reader.end);
    }

    /// By whoever replays, who alone writes it.
    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void done(Reader reader, long upTo) {
        left -= upTo - reader.done;
        reader.done = upTo;
    }

    /// How many messages were not handed out, at most. Any thread.
    long left() {
        return left;
    }

    /// Reads from the device what [#next] stopped at, or a part of it.
    void load() {
        int count = 0;
        for (Reader reader : stalled) {
            if (!reader.loaded) {
                reader.portion = reader.topic
                        .log()
                        .read(reader.position, portionMessages, portionBytes)
                        .iterator();
                reader.loaded = true;
                if (++count == LOGS_AT_ONCE) {
                    return;
                }
            }
        }
    }

    boolean isDone() {
        return readers.isEmpty() && stalled.isEmpty();
    }

    /// The next messages; empty only when it [#isDone]. Null when something has to be [#load]ed first.
    @Nullable
    List<Message> next(int maxMessages, int maxBytes) {
        while (!stalled.isEmpty() && stalled.getFirst().loaded) {
            proceed(stalled.removeFirst());
        }
        List<Message> slice = new ArrayList<>();
        long size = 0;
        while (stalled.isEmpty() && !readers.isEmpty() && slice.size() < maxMessages) {
            Reader reader = readers.element();
            Message message = reader.head();
            size += message.payload().size();
            if (size > maxBytes && !slice.isEmpty()) {
                break;
            }
            slice.add(message);
            readers.remove();
            done(reader, message.offset() + 1);
            proceed(reader);
        }
        return slice.isEmpty() && !stalled.isEmpty() ? null : slice;
    }

    /// How many messages retention took away before they were read, since the last call.
    long takeLost() {
        long taken = lost;
        lost = 0;
        return taken;
    }
}
