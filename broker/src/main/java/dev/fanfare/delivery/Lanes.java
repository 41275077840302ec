package dev.fanfare.delivery;

import dev.fanfare.Message;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which messages have to wait for which: all of a topic for an ordered subscription, those of a key otherwise.
/// Guarded by the backlog's lock.
final class Lanes {

    /// A key of one of several topics.
    private record TopicKey(String topic, String key) {}

    private final boolean ordered;
    private final boolean manyTopics;
    private final Map<Object, Lane> lanes = new HashMap<>();

    Lanes(Terms terms) {
        this.ordered = terms.ordered();
        this.manyTopics = terms.pattern().isWild();
    }

    /// Puts a message into its lane.
    ///
    /// @return whether it may be taken: nothing is before it
    boolean add(Entry entry) {
        Object name = name(entry.message);
        if (name == null) {
            return true;
        }
        Lane lane = lanes.computeIfAbsent(name, Lane::new);
        entry.lane = lane;
        return lane.add(entry);
    }

    private @Nullable Object name(Message message) {
        if (ordered) {
            return message.topic();
        }
        String key = message.key();
        return key == null || !manyTopics ? key : new TopicKey(message.topic(), key);
    }

    /// The first message of its lane is done.
    ///
    /// @return the one that may be taken now, if there is one
    @Nullable
    Entry advance(Entry done) {
        Lane lane = done.lane;
        if (lane == null) {
            return null;
        }
        Entry next = lane.advance();
        if (next == null) {
            lanes.remove(lane.name);
        }
        return next;
    }

    void clear() {
        lanes.clear();
    }
}
