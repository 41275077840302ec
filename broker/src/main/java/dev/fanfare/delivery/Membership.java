package dev.fanfare.delivery;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Who works on a backlog, and who of them waits for something to take. Guarded by the backlog's lock.
final class Membership {

    private final List<Member> members = new ArrayList<>(1);

    /// Took all there was and want to be told of more.
    private final ArrayDeque<Member> hungry = new ArrayDeque<>(1);

    void add(Member member) {
        members.add(member);
        hungry(member);
    }

    void remove(Member member) {
        members.remove(member);
        hungry.remove(member);
    }

    /// A member has taken less than it asked for.
    void hungry(Member member) {
        if (!member.hungry) {
            member.hungry = true;
            hungry.addLast(member);
        }
    }

    List<Member> all() {
        return List.copyOf(members);
    }

    int size() {
        return members.size();
    }

    /// How many messages one member may take: the others who wait get their part.
    int share(Member member, Ledger ledger) {
        int others = hungry.size() - (member.hungry ? 1 : 0);
        return others == 0 ? Integer.MAX_VALUE : member.own.size() + Math.ceilDiv(ledger.readyForAll(), others + 1);
    }

    /// The members to be told that something is ready: at most as many as there is something for.
    List<Member> choose(Ledger ledger) {
        int forAll = ledger.readyForAll();
        int own = ledger.assignment().ready();
        if (forAll + own == 0 || hungry.isEmpty()) {
            return List.of();
        }
        List<Member> chosen = new ArrayList<>(1);
        for (int left = hungry.size(); left > 0 && forAll + own > 0; left--) {
            Member member = hungry.removeFirst();
            if (member.room() > 0 && (forAll > 0 || !member.own.isEmpty())) {
                member.hungry = false;
                chosen.add(member);
                own -= member.own.size();
                forAll -= member.own.isEmpty() ? 1 : 0;
            } else {
                hungry.addLast(member);
            }
        }
        return chosen;
    }

    void clear() {
        hungry.clear();
    }
}
