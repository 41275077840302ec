package dev.fanfare.delivery;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which member of a group a partition belongs to: all members have the same number of them, or one more, and a
/// change of members moves no more than that takes. Guarded by the backlog's lock.
final class Assignment {

    private @Nullable Member[] owners = new @Nullable Member[0];
    private final List<Member> members = new ArrayList<>(1);

    /// Messages of partitions while there is no member.
    private ArrayDeque<Entry> unowned = new ArrayDeque<>(0);

    /// How many messages wait for the owners of their partitions.
    private int ready;

    private final Membership telling;

    /// @param telling learns who has something of its own to take
    Assignment(Membership telling) {
        this.telling = telling;
    }

    /// How many messages wait for the owners of their partitions; those for whom there is no owner do not count.
    int ready() {
        return ready;
    }

    /// A message of a partition may be taken by its owner.
    ///
    /// @param first before all others
    void offer(Entry entry, Lane lane, boolean first) {
        if (lane.partitions > owners.length) {
            owners = Arrays.copyOf(owners, lane.partitions);
            balance();
        }
        Member owner = owners[lane.partition];
        if (owner != null) {
            ready++;
            telling.feed(owner);
        }
        ArrayDeque<Entry> queue = owner == null ? unowned : owner.own;
        if (first) {
            queue.addFirst(entry);
        } else {
            queue.addLast(entry);
        }
    }

    /// A message of a partition is to be taken by nobody any more.
    void withdraw(Entry entry, Lane lane) {
        Member owner = owners[lane.partition];
        if (owner == null) {
            unowned.remove(entry);
        } else if (owner.own.remove(entry)) {
            ready--;
        }
    }

    /// The next of a member's partitions.
    @Nullable
    Entry poll(Member member) {
        Entry entry = member.own.pollFirst();
        if (entry != null) {
            ready--;
        }
        return entry;
    }

    void join(Member member) {
        members.add(member);
        rebalance();
    }

    void leave(Member member) {
        if (members.remove(member)) {
            for (int i = 0; i < owners.length; i++) {
                if (owners[i] == member) {
                    owners[i] = null;
                }
            }
            unowned.addAll(member.own);
            ready -= member.own.size();
            member.own.clear();
            rebalance();
        }
    }

    private void rebalance() {
        if (owners.length == 0) {
            return;
        }
        List<Entry> waiting = new ArrayList<>(unowned);
        unowned.clear();
        for (Member member : members) {
            waiting.addAll(member.own);
            member.own.clear();
        }
        ready = 0;
        balance();
        for (Entry entry : waiting) {
            Lane lane = entry.lane;
            if (lane != null) {
                offer(entry, lane, false);
            }
        }
    }

    /// Gives every partition an owner, and takes from those that have too many.
    private void balance() {
        if (members.isEmpty()) {
            return;
        }
        members.forEach(member -> member.partitions = 0);
        List<Integer> free = new ArrayList<>();
        int most = Math.ceilDiv(owners.length, members.size());
        int mayHaveMost = owners.length % members.size() == 0 ? members.size() : owners.length % members.size();
        for (int i = 0; i < owners.length; i++) {
            Member owner = owners[i];
            if (owner == null || hasEnough(owner, most, mayHaveMost)) {
                free.add(i);
            } else {
                mayHaveMost -= ++owner.partitions == most ? 1 : 0;
            }
        }
        int next = 0;
        for (int partition : free) {
            while (hasEnough(members.get(next), most, mayHaveMost)) {
                next++;
            }
            Member owner = members.get(next);
            mayHaveMost -= ++owner.partitions == most ? 1 : 0;
            owners[partition] = owner;
        }
    }

    private static boolean hasEnough(Member member, int most, int mayHaveMost) {
        return member.partitions == most || member.partitions == most - 1 && mayHaveMost == 0;
    }

    /// Takes those out that are done.
    void sweep() {
        unowned.removeIf(entry -> entry.stage().isDone());
        ready = 0;
        for (Member member : members) {
            member.own.removeIf(entry -> entry.stage().isDone());
            ready += member.own.size();
        }
    }

    void clear() {
        unowned = new ArrayDeque<>(0);
        members.forEach(member -> member.own = new ArrayDeque<>(0));
        ready = 0;
    }
}
