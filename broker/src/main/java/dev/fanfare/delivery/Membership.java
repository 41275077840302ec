package dev.fanfare.delivery;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/// Who works on a backlog, and who of them is to be told that there is something to take. Each step costs the same
/// however many members there are. Guarded by the backlog's lock.
///
/// A member that got less than it asked for *wants* to be told. It is *hungry* as long as it wants and has room,
/// and *called* from being told until it comes and takes, or declines. So what is ready has, at any time, somebody
/// who is on the way to it, unless nobody has room.
final class Membership {

    private final List<Member> members = new ArrayList<>(1);

    /// In the order in which they became hungry.
    private final LinkedHashSet<Member> hungry = new LinkedHashSet<>(1);

    /// Got messages of their own partitions since [#choose].
    private final ArrayDeque<Member> fed = new ArrayDeque<>(0);

    private int called;

    void add(Member member) {
        members.add(member);
    }

    void remove(Member member) {
        came(member);
        member.wants = false;
        members.remove(member);
    }

    List<Member> all() {
        return List.copyOf(members);
    }

    int size() {
        return members.size();
    }

    /// A member takes: whatever it was told before is dealt with.
    void came(Member member) {
        hungry.remove(member);
        if (member.called) {
            member.called = false;
            called--;
        }
    }

    /// A member has taken.
    ///
    /// @param wants whether it is to be told of more
    void took(Member member, boolean wants) {
        member.wants = wants;
        list(member);
    }

    /// A member has one message less in hand.
    void gotRoom(Member member) {
        list(member);
    }

    /// A message of one of its partitions is ready for a member.
    void feed(Member owner) {
        if (!owner.fed) {
            owner.fed = true;
            fed.addLast(owner);
        }
    }

    private void list(Member member) {
        if (member.wants && !member.called && member.room() > 0 && hungry.add(member) && !member.own.isEmpty()) {
            feed(member);
        }
    }

    /// A member was told, but is busy with something else: it will come by itself.
    void decline(Member member) {
        // One that took meanwhile has not declined.
        if (member.called) {
            came(member);
            member.wants = false;
        }
    }

    /// How many messages one member may take: the others who are hungry or called get their part.
    ///
    /// @param forAll how many any member may take
    int share(Member member, int forAll) {
        int others = hungry.size() + called;
        return others == 0 ? Integer.MAX_VALUE : member.own.size() + Math.ceilDiv(forAll, others + 1);
    }

    /// The members to be told that something is ready: as many as there is something for, and owners of what is
    /// theirs.
    ///
    /// @param forAll how many messages any member may take
    /// @param permits how many messages may be taken
    List<Member> choose(int forAll, int permits) {
        if (permits == 0) {
            // Who is fed stays so until there are some.
            return List.of();
        }
        if (hungry.isEmpty() || fed.isEmpty() && forAll <= called) {
            forgetFed();
            return List.of();
        }
        List<Member> chosen = new ArrayList<>(1);
        for (Member owner : fed) {
            if (!owner.own.isEmpty() && hungry.remove(owner)) {
                call(owner, chosen);
            }
        }
        forgetFed();
        while (Math.min(forAll, permits) > called && !hungry.isEmpty()) {
            call(hungry.removeFirst(), chosen);
        }
        return chosen;
    }

    /// Those that are not hungry come by themselves, or are fed when they get room.
    private void forgetFed() {
        for (Member owner = fed.pollFirst(); owner != null; owner = fed.pollFirst()) {
            owner.fed = false;
        }
    }

    private void call(Member member, List<Member> chosen) {
        member.called = true;
        called++;
        chosen.add(member);
    }

    void clear() {
        hungry.clear();
        fed.clear();
    }
}
