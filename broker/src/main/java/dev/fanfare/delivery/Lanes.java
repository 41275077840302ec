package dev.fanfare.delivery;

import dev.fanfare.Message;
import dev.fanfare.Ordering;
import dev.fanfare.Topic;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Which messages have to wait for which: for an ordered subscription all of a topic, or of all topics that share one
/// order; those of a key otherwise. Guarded by the backlog's lock.
final class Lanes {

    /// A key of one of several topics.
    private record TopicKey(String topic, String key) {}

    private record Partition(String topic, int number) {}

    private final boolean ordered;
    private final boolean manyTopics;
    private final boolean partitioned;
    private final Map<Object, Lane> lanes = new HashMap<>();

    /// @param partitioned whether keys of topics with partitions share the lanes of these
    Lanes(Terms terms, boolean partitioned) {
        this.partitioned = partitioned;
        this.ordered = terms.ordered();
        this.manyTopics = terms.pattern().isWild();
    }

    /// Puts a message into its lane.
    ///
    /// @return whether it may be taken: nothing is before it
    boolean add(Entry entry) {
        Message message = entry.message;
        int partitions = partitions(entry);
        String key = message.key();
        int partition = partitions == 0 || key == null ? -1 : partition(key, partitions);
        Object name = partition >= 0 ? new Partition(message.topic(), partition) : name(message, entry.topic);
        if (name == null) {
            return true;
        }
        Lane lane = lanes.computeIfAbsent(name, made -> new Lane(made, partition, partitions));
        entry.lane = lane;
        return lane.add(entry);
    }

    /// How many partitions its topic has, as far as they matter here.
    private int partitions(Entry entry) {
        return !partitioned || ordered || entry.topic == null
                ? 0
                : entry.topic.config().partitions();
    }

    static int partition(String key, int partitions) {
        int hash = key.hashCode();
        return Math.floorMod(hash ^ hash >>> 16, partitions);
    }

    private @Nullable Object name(Message message, @Nullable Topic topic) {
        if (ordered) {
            return topic != null && topic.config().ordering() == Ordering.GLOBAL ? Ordering.GLOBAL : message.topic();
        }
        String key = message.key();
        return key == null || !manyTopics ? key : new TopicKey(message.topic(), key);
    }

    /// A message is done, the first of its lane or one behind.
    ///
    /// @return the one that may be taken now, if there is one
    @Nullable
    Entry advance(Entry done) {
        Lane lane = done.lane;
        if (lane == null) {
            return null;
        }
        Entry next = lane.remove(done);
        if (lane.isEmpty()) {
            // Another one may have its name: of what was gone, it was swept away before.
            lanes.remove(lane.name, lane);
        }
        return next;
    }

    void forEach(Consumer<Entry> action) {
        lanes.values().forEach(lane -> lane.forEach(action));
    }

    /// Several messages of a lane are done.
    ///
    /// @return the one that may be taken now; null when there is none, or it was the first already
    @Nullable
    Entry sweep(Lane lane) {
        Entry first = lane.sweep();
        if (lane.isEmpty()) {
            lanes.remove(lane.name, lane);
        }
        return first;
    }
}
