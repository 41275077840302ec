package dev.fanfare.topic;

import dev.fanfare.Message;
import dev.fanfare.log.LogReaders;
import dev.fanfare.log.TopicLog;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.PriorityQueue;

/// The newest messages of several logs. Each log is looked through from its end, in blocks that double, until
/// what it has is older than as many others: one that has nothing to add is read once.
final class Newest {

    /// What is read of a log at a time, within a block.
    private static final int PORTION_MESSAGES = 512;

    private static final int PORTION_BYTES = 128 << 10;

    private record Place(long timestampMillis, int turn, LiveTopic topic, long offset) {}

    private static final Comparator<Place> ORDER = Comparator.comparingLong(Place::timestampMillis)
            .thenComparingInt(Place::turn)
            .thenComparing(place -> place.topic().name())
            .thenComparingLong(Place::offset);

    private final int count;

    /// The newest so far, at most `count`; the oldest of them first. Under its own lock.
    private final PriorityQueue<Place> found = new PriorityQueue<>(ORDER);

    private Newest(int count) {
        this.count = count;
    }

    /// The parts of the ranges that hold their newest `count` messages in all.
    static List<Replay.Range> of(int count, List<Replay.Range> ranges, LogReaders readers) {
        Newest newest = new Newest(count);
        List<Replay.Range> stored = new ArrayList<>();
        for (Replay.Range range : ranges) {
            TopicLog log = range.topic().log();
            if (log.cached() > Math.max(range.from(), log.oldest())) {
                stored.add(range);
            } else {
                newest.look(range);
            }
        }
        Survey.of(stored, readers, newest::look);
        return newest.parts(ranges);
    }

    private void look(Replay.Range range) {
        TopicLog log = range.topic().log();
        long end = range.to();
        long span = 1;
        int seen = 0;
        while (end > range.from() && seen < count) {
            long from = Math.max(range.from(), end - span);
            List<Place> block = block(range.topic(), from, end);
            for (Place place : block.reversed()) {
                if (!add(place)) {
                    return;
                }
            }
            if (!log.hasHoles() && (block.isEmpty() || block.getFirst().offset() > from)) {
                return; // what is older was forgotten
            }
            seen += block.size();
            end = from;
            span *= 2;
        }
    }

    private static List<Place> block(LiveTopic topic, long from, long end) {
        List<Place> block = new ArrayList<>();
        long next = from;
        while (next < end) {
            List<Message> portion = topic.log().read(next, (int) Math.min(end - next, PORTION_MESSAGES), PORTION_BYTES);
            if (portion.isEmpty()) {
                break;
            }
            for (Message message : portion) {
                if (message.offset() < end) {
                    block.add(new Place(message.timestampMillis(), message.turn(), topic, message.offset()));
                }
            }
            next = portion.getLast().offset() + 1;
        }
        return block;
    }

    /// @return false when as many are newer: whatever is older than it is none of the newest either
    private boolean add(Place place) {
        synchronized (found) {
            found.add(place);
            return found.size() <= count || found.remove() != place;
        }
    }

    private List<Replay.Range> parts(List<Replay.Range> ranges) {
        IdentityHashMap<LiveTopic, Long> first = new IdentityHashMap<>();
        found.forEach(place -> first.merge(place.topic(), place.offset(), Math::min));
        List<Replay.Range> parts = new ArrayList<>();
        for (Replay.Range range : ranges) {
            Long from = first.get(range.topic());
            if (from != null) {
                parts.add(new Replay.Range(range.topic(), from, range.to()));
            }
        }
        return parts;
    }
}
