package dev.fanfare.delivery;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Messages whose time has not come: a heap, so that however many wait, only the first is looked at. What is done
/// meanwhile stays until its time comes. Guarded by the backlog's lock.
final class Waiting {

    private static final int DONE_MOST = 16;

    private final PriorityQueue<Entry> entries = new PriorityQueue<>(
            Comparator.<Entry>comparingLong(entry -> entry.due).thenComparingLong(entry -> entry.message.offset()));

    /// How many of them are done.
    private int done;

    /// One of them is done. When these are more than half, they are taken out: what is acknowledged late is not to stay
    /// as long as its next attempt would have waited.
    void done() {
        done++;
        if (done > DONE_MOST && done * 2 > entries.size()) {
            sweep();
        }
    }

    /// Takes those out that are done.
    void sweep() {
        entries.removeIf(entry -> {
            boolean isDone = entry.stage().isDone();
            entry.waits = !isDone;
            return isDone;
        });
        done = 0;
    }

    void forEach(Consumer<Entry> action) {
        entries.forEach(action);
    }

    void add(Entry entry) {
        if (entry.waits) {
            // It was to be tried again when it had to make room: then is soon enough.
            return;
        }
        entry.waits = true;
        entries.add(entry);
    }

    /// It waits no more.
    void withdraw(Entry entry) {
        entry.waits = false;
        entries.remove(entry);
    }

    /// The one whose time comes first, of those that are not done.
    @Nullable
    Entry first() {
        Entry first = entries.peek();
        while (first != null && first.stage().isDone()) {
            first.waits = false;
            entries.poll();
            done--;
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
        return entries.size() - done;
    }
}
