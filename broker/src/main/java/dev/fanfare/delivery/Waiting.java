package dev.fanfare.delivery;

import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// Messages whose time has not come: a heap, so that however many wait, only the first is looked at. What is done
/// meanwhile stays until its time comes. Guarded by the backlog's lock.
final class Waiting {

    private final PriorityQueue<Entry> entries = new PriorityQueue<>(
            Comparator.<Entry>comparingLong(entry -> entry.due).thenComparingLong(entry -> entry.message.offset()));

    void add(Entry entry) {
        entries.add(entry);
    }

    /// The one whose time comes first, of those that are not done.
    @Nullable
    Entry first() {
        Entry first = entries.peek();
        while (first != null && first.stage().isDone()) {
            entries.poll();
            first = entries.peek();
        }
        return first;
    }

    /// The next whose time has come, taken out.
    @Nullable
    Entry poll(long now) {
        Entry first = first();
        return first != null && first.due - now <= 0 ? entries.poll() : null;
    }

    int size() {
        return entries.size();
    }

    void clear() {
        entries.clear();
    }
}
