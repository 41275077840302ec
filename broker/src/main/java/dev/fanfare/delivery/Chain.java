package dev.fanfare.delivery;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Messages in an order: a list through the entries, so that each is taken out at once wherever it stands. An
/// entry is in one at a time: that of the messages that members have, in the order in which they got them, or that
/// of those that nobody has. Guarded by the backlog's lock.
final class Chain {

    private @Nullable Entry first;
    private @Nullable Entry last;
    private int size;

    void add(Entry entry) {
        entry.before = last;
        entry.after = null;
        if (last == null) {
            first = entry;
        } else {
            last.after = entry;
        }
        last = entry;
        size++;
    }

    void addFirst(Entry entry) {
        entry.before = null;
        entry.after = first;
        if (first == null) {
            last = entry;
        } else {
            first.before = entry;
        }
        first = entry;
        size++;
    }

    void remove(Entry entry) {
        if (entry.before == null) {
            first = entry.after;
        } else {
            entry.before.after = entry.after;
        }
        if (entry.after == null) {
            last = entry.before;
        } else {
            entry.after.before = entry.before;
        }
        entry.before = null;
        entry.after = null;
        size--;
    }

    /// The one that came first.
    @Nullable
    Entry first() {
        return first;
    }

    int size() {
        return size;
    }

    /// The action may remove the entry it is called with.
    void forEach(Consumer<Entry> action) {
        Entry entry = first;
        while (entry != null) {
            Entry next = entry.after;
            action.accept(entry);
            entry = next;
        }
    }
}
