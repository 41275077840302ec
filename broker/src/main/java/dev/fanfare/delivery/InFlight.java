package dev.fanfare.delivery;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Messages that members have. Those of members with the same time to acknowledge are due in the order in which
/// they were handed out. Guarded by the backlog's lock.
final class InFlight {

    private final Map<Duration, Chain> byTimeout = new HashMap<>(2);
    private int size;

    /// @param holder has it from now on
    void add(Entry entry, Member holder) {
        byTimeout.computeIfAbsent(holder.ackTimeout(), made -> new Chain()).add(entry);
        size++;
    }

    /// @param holder has had it
    void remove(Entry entry, Member holder) {
        Chain chain = byTimeout.get(holder.ackTimeout());
        if (chain != null) {
            chain.remove(entry);
            size--;
            if (chain.size() == 0) {
                byTimeout.remove(holder.ackTimeout());
            }
        }
    }

    int size() {
        return size;
    }

    /// The one whose time to be acknowledged is over first; null when there is none that has such a time.
    @Nullable
    Entry first() {
        Entry first = null;
        for (Map.Entry<Duration, Chain> each : byTimeout.entrySet()) {
            Entry candidate = each.getKey().isZero() ? null : each.getValue().first();
            if (candidate != null && (first == null || candidate.due - first.due < 0)) {
                first = candidate;
            }
        }
        return first;
    }

    /// @param action may take it out
    void forEach(Consumer<Entry> action) {
        List.copyOf(byTimeout.values()).forEach(chain -> chain.forEach(action));
    }

    /// All that a member has, in the order in which it got them.
    void forEach(Member holder, Consumer<Entry> action) {
        Chain chain = byTimeout.get(holder.ackTimeout());
        if (chain != null) {
            chain.forEach(entry -> {
                if (entry.holder == holder) {
                    action.accept(entry);
                }
            });
        }
    }
}
