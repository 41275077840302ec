package dev.fanfare.delivery;

import dev.fanfare.DeadLetter;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The members of a backlog: how they come, take and leave, and what happens when nobody is there. Any thread.
final class Attendance {

    private final Backlog backlog;
    private final Books books;
    private final Backlogs all;
    private final Timers timers;
    private final Telling telling;
    private final Aftermath aftermath;

    /// Under the lock: runs while nobody is there.
    private Timers.@Nullable Timer expiry;

    Attendance(Backlog backlog, Books books, Backlogs all, Timers timers, Telling telling, Aftermath aftermath) {
        this.backlog = backlog;
        this.books = books;
        this.all = all;
        this.timers = timers;
        this.telling = telling;
        this.aftermath = aftermath;
    }

    /// See [Backlog#join].
    @Nullable
    Member join(String memberName, int window, Duration ackTimeout, Worker worker) {
        Member member = new Member(backlog, memberName, window, ackTimeout, worker);
        List<Member> before = new ArrayList<>(0);
        List<Entry> tooOften = new ArrayList<>(0);
        // In one step: of two who take a name over at once, one has it afterwards.
        boolean joined = books.change(() -> {
            if (backlog.kind() == Kind.DURABLE) {
                before.addAll(books.members.all());
                before.forEach(holder -> tooOften.addAll(takeOut(holder, SubscriptionEnd.TAKEN_OVER)));
            }
            books.members.add(member);
            books.ledger.ready().assignment().join(member);
            if (backlog.kind() != Kind.OWN) {
                telling.joined(member);
            }
            if (expiry != null) {
                cancelExpiry();
                all.attended(backlog, true);
            }
        });
        before.forEach(holder -> holder.worker().ended(SubscriptionEnd.TAKEN_OVER));
        giveUp(tooOften);
        return joined ? member : null;
    }

    private List<Member> present() {
        books.lock.lock();
        try {
            return books.members.all();
        } finally {
            books.lock.unlock();
        }
    }

    /// Under the lock.
    private void cancelExpiry() {
        if (expiry != null) {
            expiry.cancel();
            expiry = null;
        }
    }

    /// A member leaves: what it has goes back at once.
    void leave(Member member, SubscriptionEnd why) {
        List<Member> signalled;
        List<Entry> tooOften;
        boolean abandoned = false;
        books.lock.lock();
        try {
            if (member.end() != null) {
                return;
            }
            tooOften = takeOut(member, why);
            if (books.members.size() == 0 && !books.isOver() && backlog.kind() != Kind.OWN) {
                Keeper keeper = backlog.keeper();
                abandoned = keeper != null && !keeper.isStored();
                expiry = timers.schedule(backlog.terms().expiry(), backlog::expire);
                all.attended(backlog, false);
            }
            signalled = books.changed();
        } finally {
            books.lock.unlock();
        }
        books.signal(signalled);
        giveUp(tooOften);
        if (abandoned) {
            // Nobody was told that there is one: its name is free again, before anybody hears that there is none.
            backlog.abandon();
        }
        member.worker().ended(why);
    }

    /// Under the lock: it is no member any more, and what it has goes back.
    ///
    /// @return what has come back too often
    private List<Entry> takeOut(Member member, SubscriptionEnd why) {
        end(member, why);
        books.members.remove(member);
        books.ledger.ready().assignment().leave(member);
        return books.ledger.giveBack(member, Backlog.FREE_RETURNS);
    }

    /// Under no lock.
    private void giveUp(List<Entry> tooOften) {
        aftermath.each(tooOften, entry -> aftermath.decide(entry, null, null));
    }

    /// See [Member#take].
    List<Handed> take(Member member, int max, boolean othersWait) {
        List<Handed> taken = new ArrayList<>(Math.min(max, 16));
        List<Entry> expired = new ArrayList<>(0);
        List<Entry> tooOften = new ArrayList<>(0);
        List<Member> signalled;
        boolean fewer;
        books.lock.lock();
        try {
            if (books.isOver() || member.end() != null) {
                return List.of();
            }
            Ledger ledger = books.ledger;
            books.members.came(member);
            int room = Math.min(Math.min(max, member.room()), ledger.permits());
            room = Math.min(room, books.members.share(member, ledger.ready().forAll()));
            long now = room > 0 ? timers.nanoTime() : 0;
            long nowMillis = room > 0 ? timers.currentTimeMillis() : 0;
            while (taken.size() < room) {
                Entry entry = ledger.poll(member, nowMillis, expired, tooOften);
                if (entry == null) {
                    break;
                }
                taken.add(ledger.hand(entry, member, now));
            }
            books.members.took(member, othersWait || taken.size() < max);
            long before = books.undone();
            boolean stoodStill = books.isCrowded();
            signalled = books.changed();
            fewer = books.undone() < before || stoodStill && !books.isCrowded();
        } finally {
            books.lock.unlock();
        }
        telling.delivering(taken);
        if (fewer) {
            // Some were not worth delivering any more: there is room for others.
            books.settled(signalled);
        } else {
            books.signal(signalled);
        }
        aftermath.each(expired, entry -> aftermath.bury(entry, DeadLetter.Reason.EXPIRED));
        giveUp(tooOften);
        return taken;
    }

    /// Whether the calling thread is a member's own.
    boolean runsHere() {
        return present().stream().anyMatch(member -> member.worker().runsHere());
    }

    /// Under the lock: whether some member goes on by itself.
    boolean finishes() {
        return books.members.all().stream().anyMatch(member -> member.worker().finishes());
    }

    /// How many partitions belong to a member.
    int partitions(Member member) {
        books.lock.lock();
        try {
            return member.partitions;
        } finally {
            books.lock.unlock();
        }
    }

    /// Under the lock: there are no members any more.
    ///
    /// @return those that there were, to be told
    List<Member> end(SubscriptionEnd why) {
        List<Member> left = books.members.all();
        left.forEach(member -> end(member, why));
        cancelExpiry();
        return left;
    }

    /// Under the lock, so that comings and goings are told in their order.
    private void end(Member member, SubscriptionEnd why) {
        member.end(why);
        if (backlog.kind() != Kind.OWN) {
            telling.left(member, why);
        }
    }
}
