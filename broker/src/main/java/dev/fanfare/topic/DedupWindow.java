package dev.fanfare.topic;

import dev.fanfare.Dedup;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Scheduled;
import dev.fanfare.log.HistoryBudget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// The ids of a topic's latest messages and where those are: a ring of entries in the order of their
/// publishing, and an open hash table that finds them. Both grow with the ids that come, up to the count.
/// Everything takes a constant time, but for the doubling. Used in the topic's section only.
///
/// The table is keyed with secrets: whoever chooses ids can't make them meet in one place of it.
final class DedupWindow {

    /// [#find]: not seen within the window.
    private static final int NONE = -1;

    /// Seen so long ago that no window reaches it.
    private static final long NEVER = Long.MIN_VALUE / 2;

    private static final int LONGS = 5;
    private static final int HIGH = 0;
    private static final int LOW = 1;
    private static final int SEEN = 2;
    private static final int OFFSET = 3;
    private static final int TIMESTAMP = 4;
    private static final int FIRST_CAPACITY = 8;

    /// How many entries that are too old a new one takes away: memory follows, and no single publish pays for all.
    private static final int SWEEP = 4;

    private final int count;
    private final long windowMillis;
    private final HistoryBudget budget;
    private final long secret1 = ThreadLocalRandom.current().nextLong();
    private final long secret2 = ThreadLocalRandom.current().nextLong();
    private final long secret3 = ThreadLocalRandom.current().nextLong() | 1;

    private long[] ring;
    private int capacity;
    private int oldest;
    private int size;

    /// One more than the number of the entry; 0 where there is none.
    private int[] table;

    DedupWindow(Dedup dedup, HistoryBudget budget) {
        this.count = dedup.count();
        this.windowMillis = dedup.window().toMillis();
        this.budget = budget;
        this.capacity = Math.min(count, FIRST_CAPACITY);
        this.ring = new long[capacity * LONGS];
        this.table = new int[tableSize(capacity)];
        budget.changeIds(bytes());
    }

    private static int tableSize(int capacity) {
        return Integer.highestOneBit(Math.max(2, 2 * capacity - 1)) * 2;
    }

    /// What it costs in memory.
    long bytes() {
        return 8L * ring.length + 4L * table.length;
    }

    /// The topic is gone.
    void close() {
        budget.changeIds(-bytes());
    }

    /// The entry of an id that was seen within the window, or [#NONE]. It is valid until the next [#add].
    private int find(MessageIdentity id, long now) {
        int entry = table[place(id.high(), id.low())] - 1;
        return entry >= 0 && isRecent(entry, now) ? entry : NONE;
    }

    /// What became of the publish that this one repeats; null when it repeats none.
    @Nullable
    PublishResult first(MessageIdentity identity, String id, String epoch, long now, Durability durability) {
        int entry = find(identity, now);
        if (entry == NONE) {
            return null;
        }
        return offset(entry) < 0
                ? new Scheduled(id, epoch, timestamp(entry), true)
                : new Accepted(id, epoch, offset(entry), timestamp(entry), true, durability);
    }

    /// A message has its place.
    ///
    /// @param due whether it was remembered when it began to wait
    void remember(MessageIdentity identity, Message stored, boolean due) {
        long now = stored.timestampMillis();
        if (!due) {
            add(identity, now, stored.offset(), now);
            return;
        }
        int entry = find(identity, now);
        if (entry != NONE && offset(entry) < 0) {
            settle(entry, stored.offset(), now);
        }
    }

    /// Whether a message of that offset is what this id was remembered for.
    boolean holds(MessageIdentity id, long offset) {
        int entry = table[place(id.high(), id.low())] - 1;
        return entry >= 0 && offset(entry) == offset;
    }

    /// An id and the message it is remembered for.
    record Remembered(MessageIdentity identity, long offset, long timestamp) {}

    /// Those of messages that have a place before an offset, in the order of their places.
    List<Remembered> remembered(long end) {
        List<Remembered> found = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int entry = (oldest + i) % capacity;
            MessageIdentity identity = new MessageIdentity(get(entry, HIGH), get(entry, LOW));
            boolean forgotten = get(entry, SEEN) == NEVER;
            if (!forgotten && offset(entry) >= 0 && offset(entry) < end && holds(identity, offset(entry))) {
                found.add(new Remembered(identity, offset(entry), timestamp(entry)));
            }
        }
        // A message that waited for its time has an earlier entry than its place.
        found.sort(Comparator.comparingLong(Remembered::offset));
        return found;
    }

    /// The messages from an offset on have never been: their ids are not recognised any more.
    void forget(long from) {
        for (int i = 0; i < size; i++) {
            int entry = (oldest + i) % capacity;
            if (offset(entry) >= from) {
                ring[entry * LONGS + SEEN] = NEVER;
            }
        }
    }

    /// A message that waits for its time, and was remembered then, has never been.
    void forgetWaiting(MessageIdentity id, long seenAt) {
        int entry = table[place(id.high(), id.low())] - 1;
        if (entry >= 0 && offset(entry) < 0 && get(entry, SEEN) == seenAt) {
            ring[entry * LONGS + SEEN] = NEVER;
        }
    }

    /// The offset of the message whose id was remembered first and still is; −1 when there is none.
    long oldestOffset() {
        return size == 0 ? -1 : offset(oldest);
    }

    /// The offset of the message of an entry; −1 while it waits for its time.
    private long offset(int entry) {
        return get(entry, OFFSET);
    }

    /// The timestamp of the message of an entry; while it waits for its time, that time.
    private long timestamp(int entry) {
        return get(entry, TIMESTAMP);
    }

    /// A message that waited has its place now.
    private void settle(int entry, long offset, long timestamp) {
        ring[entry * LONGS + OFFSET] = offset;
        ring[entry * LONGS + TIMESTAMP] = timestamp;
    }

    /// Remembers an id that [#find] did not find.
    void add(MessageIdentity id, long now, long offset, long timestamp) {
        for (int swept = 0; swept < SWEEP && size > 0 && !isRecent(oldest, now); swept++) {
            removeOldest();
        }
        if (size == count || size == capacity && !grow()) {
            removeOldest();
        }
        int entry = (oldest + size) % capacity;
        size++;
        int at = entry * LONGS;
        ring[at + HIGH] = id.high();
        ring[at + LOW] = id.low();
        ring[at + SEEN] = now;
        ring[at + OFFSET] = offset;
        ring[at + TIMESTAMP] = timestamp;
        // An entry of the same id that is too old is not found any more from here on.
        table[place(id.high(), id.low())] = entry + 1;
    }

    private boolean isRecent(int entry, long now) {
        return now - get(entry, SEEN) < windowMillis;
    }

    private long get(int entry, int field) {
        return ring[entry * LONGS + field];
    }

    private int home(long high, long low) {
        long one = high ^ secret1;
        long other = low ^ secret2;
        long mixed = (Math.multiplyHigh(one, other) ^ one * other) * secret3;
        return (int) (mixed >>> 33) & (table.length - 1);
    }

    /// Where an id stands in the table, or would stand.
    private int place(long high, long low) {
        int at = home(high, low);
        while (table[at] != 0) {
            int entry = table[at] - 1;
            if (get(entry, HIGH) == high && get(entry, LOW) == low) {
                break;
            }
            at = at + 1 & table.length - 1;
        }
        return at;
    }

    private void removeOldest() {
        int at = place(get(oldest, HIGH), get(oldest, LOW));
        // Unless the id has come again meanwhile.
        if (table[at] == oldest + 1) {
            takeOut(at);
        }
        oldest = (oldest + 1) % capacity;
        size--;
    }

    /// Empties a place and moves those up that stand behind it because it was taken.
    private void takeOut(int gap) {
        int mask = table.length - 1;
        int hole = gap;
        for (int at = hole + 1 & mask; table[at] != 0; at = at + 1 & mask) {
            int entry = table[at] - 1;
            int home = home(get(entry, HIGH), get(entry, LOW));
            if ((at - home & mask) >= (at - hole & mask)) {
                table[hole] = table[at];
                hole = at;
            }
        }
        table[hole] = 0;
    }

    /// @return false when the ids of all topics cost as much as they may: then this topic remembers no more of them
    private boolean grow() {
        int more = (int) Math.min(count, 2L * capacity);
        long added = 8L * LONGS * (more - capacity) + 4L * (tableSize(more) - table.length);
        if (!budget.grantIds(added)) {
            return false;
        }
        long[] larger = Arrays.copyOf(ring, more * LONGS);
        for (int i = 0; i < size; i++) {
            System.arraycopy(ring, (oldest + i) % capacity * LONGS, larger, i * LONGS, LONGS);
        }
        ring = larger;
        capacity = more;
        oldest = 0;
        table = new int[tableSize(capacity)];
        for (int entry = 0; entry < size; entry++) {
            // A later one of the same id takes the place of the earlier.
            table[place(get(entry, HIGH), get(entry, LOW))] = entry + 1;
        }
        return true;
    }
}
