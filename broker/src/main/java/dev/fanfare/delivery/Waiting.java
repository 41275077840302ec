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
        if (entry.waits) {
            // It was to be tried again when it had to make room: then is soon enough.
            return;
        }
        entry.waits = true;
        entries.add(entry);
    }

    /// The one whose time comes first, of those that are not done.
    @Nullable
    Entry first() {
        Entry first = entries.peek();
        while (first != null && first.stage().isDone()) {
            first.waits = false;
            entries.poll();
            first = entries.peek();
        }
        return first;
    }

    /// The next whose time has come, taken out.
    @Nullable
    Entry poll(long now) {
        Entry first = first();
        if (first == null || first.due - now > 0) {
            return null;
        }
        first.waits = false;
        return entries.poll();
    }

    int size() {
        return entries.size();
    }

    void clear() {
        entries.clear();
    }
}
