package dev.fanfare.delivery;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Messages that must be done one after the other. Only the first may be taken. Guarded by the backlog's lock.
final class Lane {

    final Object name;

    /// Of a topic with partitions, which of them; −1 for none.
    final int partition;

    /// How many the topic has.
    final int partitions;

    private final ArrayDeque<Entry> entries = new ArrayDeque<>(2);

    Lane(Object name, int partition, int partitions) {
        this.name = name;
        this.partition = partition;
        this.partitions = partitions;
    }

    /// Puts one behind the others.
    ///
    /// @return whether it is the first
    boolean add(Entry entry) {
        entries.addLast(entry);
        return entries.size() == 1;
    }

    /// One is done: mostly the first.
    ///
    /// @return the one that may be taken now; null when there is none, or another one is before it
    @Nullable
    Entry remove(Entry done) {
        if (entries.peekFirst() == done) {
            entries.removeFirst();
            return entries.peekFirst();
        }
        entries.remove(done);
        return null;
    }

    void forEach(Consumer<Entry> action) {
        entries.forEach(action);
    }

    /// Takes those out that are done.
    ///
    /// @return the one that may be taken now; null when there is none, or it was the first already
    @Nullable
    Entry sweep() {
        Entry before = entries.peekFirst();
        entries.removeIf(entry -> entry.stage().isDone());
        Entry first = entries.peekFirst();
        return first == before ? null : first;
    }

    boolean isFirst(Entry entry) {
        return entries.peekFirst() == entry;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }
}
