package dev.fanfare.delivery;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Messages that may be taken now: by the owner of their partition, or by any member. Guarded by the backlog's
/// lock.
final class Ready {

    private ArrayDeque<Entry> forAll = new ArrayDeque<>();
    private final Assignment assignment;

    /// @param members learn who has something of its own to take
    Ready(Membership members) {
        this.assignment = new Assignment(members);
    }

    /// Whose the partitions are.
    Assignment assignment() {
        return assignment;
    }

    /// What can be taken now, by whomever.
    int size() {
        return forAll.size() + assignment.ready();
    }

    /// What any member can take now.
    int forAll() {
        return forAll.size();
    }

    /// One may be taken.
    ///
    /// @param first before all others
    void offer(Entry entry, boolean first) {
        Lane lane = entry.lane;
        if (lane != null && lane.partition >= 0) {
            assignment.offer(entry, lane, first);
        } else if (first) {
            forAll.addFirst(entry);
        } else {
            forAll.addLast(entry);
        }
    }

    /// Nobody is to take it.
    void withdraw(Entry entry) {
        Lane lane = entry.lane;
        if (lane == null) {
            forAll.remove(entry);
        } else if (lane.isFirst(entry) && lane.partition >= 0) {
            assignment.withdraw(entry, lane);
        } else if (lane.isFirst(entry)) {
            forAll.remove(entry);
        }
    }

    /// The next for a member, taken out.
    @Nullable
    Entry poll(Member member) {
        Entry own = assignment.poll(member);
        return own == null ? forAll.pollFirst() : own;
    }

    /// Those that any member can take; the others are in lanes.
    void forEach(Consumer<Entry> action) {
        forAll.forEach(action);
    }

    /// Takes those out that are done.
    void sweep() {
        forAll.removeIf(entry -> entry.stage().isDone());
        assignment.sweep();
    }

    /// Drops all, at once.
    void clear() {
        forAll = new ArrayDeque<>(0);
        assignment.clear();
    }
}
