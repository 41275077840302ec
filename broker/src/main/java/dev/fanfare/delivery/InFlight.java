package dev.fanfare.delivery;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Messages that members have. Those of members with the same time to acknowledge are due in the order in which
/// they were handed out. However many such times there are, only what is due first is looked at. Guarded by the
/// backlog's lock.
final class InFlight {

    private final Map<Duration, Alike> byTimeout = new HashMap<>(2);

    /// Those that have such a time.
    private final TreeSet<Alike> byDue =
            new TreeSet<>(Comparator.<Alike>comparingLong(alike -> alike.due).thenComparing(alike -> alike.timeout));

    private int size;

    /// Those of members with the same time to acknowledge: at least one.
    private static final class Alike {
        final Duration timeout;
        final Chain chain = new Chain();

        /// When its first one is due, or the first one before was: that only moves on, and [#first] notices.
        /// Never changed while this is in the set.
        long due;

        Alike(Duration timeout) {
            this.timeout = timeout;
        }

        Entry first() {
            return Objects.requireNonNull(chain.first());
        }
    }

    /// @param holder has it from now on
    void add(Entry entry, Member holder) {
        Alike alike = byTimeout.get(holder.ackTimeout());
        if (alike == null) {
            alike = new Alike(holder.ackTimeout());
            byTimeout.put(alike.timeout, alike);
            if (!alike.timeout.isZero()) {
                alike.due = entry.due;
                byDue.add(alike);
            }
        }
        alike.chain.add(entry);
        size++;
    }

    /// @param holder has had it
    void remove(Entry entry, Member holder) {
        Alike alike = byTimeout.get(holder.ackTimeout());
        if (alike != null) {
            alike.chain.remove(entry);
            size--;
            if (alike.chain.size() == 0) {
                byTimeout.remove(alike.timeout);
                byDue.remove(alike);
            }
        }
    }

    int size() {
        return size;
    }

    /// The one whose time to be acknowledged is over first; null when there is none that has such a time.
    @Nullable
    Entry first() {
        if (byDue.isEmpty()) {
            return null;
        }
        Alike alike = byDue.first();
        Entry first = alike.first();
        while (first.due != alike.due) {
            byDue.remove(alike);
            alike.due = first.due;
            byDue.add(alike);
            alike = byDue.first();
            first = alike.first();
        }
        return first;
    }

    /// @param action may take it out
    void forEach(Consumer<Entry> action) {
        List.copyOf(byTimeout.values()).forEach(alike -> alike.chain.forEach(action));
    }

    /// All that a member has, in the order in which it got them.
    void forEach(Member holder, Consumer<Entry> action) {
        Alike alike = byTimeout.get(holder.ackTimeout());
        if (alike != null) {
            alike.chain.forEach(entry -> {
                if (entry.holder == holder) {
                    action.accept(entry);
                }
            });
        }
    }
}
