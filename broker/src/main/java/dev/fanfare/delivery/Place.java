package dev.fanfare.delivery;

import dev.fanfare.store.Keys;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.topic.LiveTopic;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Up to where a stored subscription is done with one durable topic. On the committing thread only.
///
/// Below `low` everything is done. From there on to `next` a bit says of each offset that it came in and is not
/// done; one that is done out of its turn has an outcome in the store, until `low` passes it.
final class Place {

    /// How many bits below `low` are kept before they are moved out.
    private static final int SPARE_BITS = 1 << 16;

    private final int subscription;
    private final LiveTopic topic;
    private BitSet open = new BitSet();

    /// The offset of the first bit.
    private long base;

    private long low;
    private long next;

    /// Up to where messages were handed to members, as it is stored.
    private long handed;

    /// What the store says of messages above `low`.
    private final TreeMap<Long, Outcome> outcomes;

    /// @param low the first offset that is not done
    /// @param handed up to where messages may have been handed to members
    /// @param outcomes what the store says of messages above
    Place(int subscription, LiveTopic topic, long low, long handed, Map<Long, Outcome> outcomes) {
        this.subscription = subscription;
        this.topic = topic;
        this.base = low;
        this.low = low;
        this.next = low;
        this.handed = handed;
        this.outcomes = new TreeMap<>(outcomes);
    }

    LiveTopic topic() {
        return topic;
    }

    /// The first offset that is not done.
    long low() {
        return low;
    }

    private byte[] key(long offset) {
        return Keys.of(subscription, topic.number(), offset);
    }

    /// A message came in.
    void opened(long offset) {
        if (offset >= low) {
            open.set(index(offset));
            next = Math.max(next, offset + 1);
        }
    }

    private int index(long offset) {
        return Math.toIntExact(offset - base);
    }

    /// What lies below and did not come in is nothing that has to be done.
    void passed(long upTo) {
        next = Math.max(next, upTo);
    }

    /// Messages up to there were handed to members.
    void handed(long upTo) {
        handed = Math.max(handed, upTo);
    }

    /// A message is done: says so in the store, unless it was the first one.
    void done(Store.Batch batch, long offset) {
        if (offset < low) {
            return;
        }
        open.clear(index(offset));
        if (offset != low) {
            outcome(batch, offset, Outcome.DONE);
        }
    }

    /// What is known of a message that is not done.
    void outcome(Store.Batch batch, long offset, Outcome outcome) {
        if (offset >= low) {
            batch.put(Table.OUTCOMES, key(offset), outcome.toBytes());
            outcomes.put(offset, outcome);
        }
    }

    /// What the store says of a message above `low`; null when it says nothing.
    @Nullable
    Outcome outcome(long offset) {
        return outcomes.get(offset);
    }

    /// What was said last of a message was not stored: what was said before holds, and is to be said [#again].
    void takeBack(long offset, @Nullable Outcome before) {
        if (before == null) {
            outcomes.remove(offset);
        } else {
            outcomes.put(offset, before);
        }
    }

    /// Says all of it again: it is not known what the store holds.
    void again(Store.Batch batch) {
        batch.deleteRange(Table.OUTCOMES, key(0), key(Long.MAX_VALUE));
        outcomes.forEach((offset, outcome) -> batch.put(Table.OUTCOMES, key(offset), outcome.toBytes()));
    }

    /// Says nothing of its topic any more, which is gone.
    void end(Store.Batch batch) {
        batch.delete(Table.POSITIONS, Keys.of(subscription, topic.number()));
        batch.deleteRange(Table.OUTCOMES, key(0), key(Long.MAX_VALUE));
    }

    /// Moves on as far as everything is done, and has the topic keep what is not.
    void settle(Store.Batch batch) {
        int first = open.nextSetBit(index(low));
        long moved = first < 0 ? next : base + first;
        if (moved > low) {
            Map<Long, Outcome> passed = outcomes.headMap(moved);
            if (!passed.isEmpty()) {
                batch.deleteRange(Table.OUTCOMES, key(low), key(moved));
                passed.clear();
            }
            low = moved;
            if (low - base > SPARE_BITS) {
                open = open.get(index(low), Math.max(index(low), open.length()));
                base = low;
            }
            topic.hold(subscription, low);
        }
        batch.put(Table.POSITIONS, Keys.of(subscription, topic.number()), new Progress(low, handed).toBytes());
    }

    /// It is over: the topic need keep nothing for it.
    void release() {
        topic.release(subscription);
    }
}
