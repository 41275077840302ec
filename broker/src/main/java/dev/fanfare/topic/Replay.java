package dev.fanfare.topic;

import dev.fanfare.Message;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// Parts of several logs, merged by timestamp, topic and offset. Holds one message per log, reads the rest as it
/// goes. One thread.
final class Replay {

    private static final Comparator<Message> ORDER = Comparator.comparingLong(Message::timestampMillis)
            .thenComparing(Message::topic)
            .thenComparingLong(Message::offset);

    /// What is to be read of one log.
    ///
    /// @param from the first offset
    /// @param to after the last one
    record Range(LiveTopic topic, long from, long to) {}

    private final PriorityQueue<Reader> readers = new PriorityQueue<>(Comparator.comparing(Reader::head, ORDER));
    private long lost;

    Replay(List<Range> ranges) {
        for (Range range : ranges) {
            proceed(new Reader(range));
        }
    }

    /// One log's next message.
    private static final class Reader {
        private final LiveTopic topic;
        private final long end;
        private long position;
        private @Nullable Message head;

        Reader(Range range) {
            topic = range.topic();
            position = range.from();
            end = range.to();
        }

        Message head() {
            if (head == null) {
                throw new IllegalStateException("nothing left of " + topic);
            }
            return head;
        }
    }

    /// Reads the reader's next message and puts it back in line, unless it has none.
    private void proceed(Reader reader) {
        while (true) {
            Message next = reader.position < reader.end ? first(reader.topic, reader.position) : null;
            long found = next == null ? reader.end : Math.min(next.offset(), reader.end);
            lost += reader.topic.log().hasHoles()
                    ? Math.max(0, Math.min(found, reader.topic.oldest()) - reader.position)
                    : found - reader.position;
            reader.position = found + 1;
            reader.head = next;
            if (next == null || found == reader.end) {
                return;
            }
            if (!reader.topic.unexpired(List.of(next)).isEmpty()) {
                readers.add(reader);
                return;
            }
        }
    }

    private static @Nullable Message first(LiveTopic topic, long from) {
        List<Message> one = topic.log().read(from, 1, 0);
        return one.isEmpty() ? null : one.getFirst();
    }

    boolean isDone() {
        return readers.isEmpty();
    }

    /// The next messages; empty only when it [#isDone].
    List<Message> next(int maxMessages, int maxBytes) {
        List<Message> slice = new ArrayList<>();
        long size = 0;
        for (Reader reader = readers.peek(); reader != null && slice.size() < maxMessages; reader = readers.peek()) {
            Message message = reader.head();
            size += message.payload().size();
            if (size > maxBytes && !slice.isEmpty()) {
                break;
            }
            slice.add(message);
            readers.remove();
            proceed(reader);
        }
        return slice;
    }

    /// How many messages retention took away before they were read, since the last call.
    long takeLost() {
        long taken = lost;
        lost = 0;
        return taken;
    }

    /// The parts of the ranges that hold their newest `count` messages in all.
    static List<Range> newest(int count, List<Range> ranges) {
        PriorityQueue<Message> newest = new PriorityQueue<>(ORDER);
        for (Range range : ranges) {
            for (long offset = range.to() - 1; offset >= range.from(); offset--) {
                Message message = first(range.topic(), offset);
                if (message != null
                        && message.offset() > offset
                        && range.topic().log().hasHoles()) {
                    continue;
                }
                if (message == null || message.offset() != offset) {
                    break;
                }
                newest.add(message);
                // An older message of the same topic would be the lowest at once.
                if (newest.size() > count && newest.remove() == message) {
                    break;
                }
            }
        }
        Map<String, Long> first = new HashMap<>();
        newest.forEach(message -> first.merge(message.topic(), message.offset(), Math::min));
        List<Range> parts = new ArrayList<>();
        for (Range range : ranges) {
            Long from = first.get(range.topic().name());
            if (from != null) {
                parts.add(new Range(range.topic(), from, range.to()));
            }
        }
        return parts;
    }
}
