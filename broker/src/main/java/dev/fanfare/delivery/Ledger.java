package dev.fanfare.delivery;

import dev.fanfare.Topic;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where each message of a backlog stands. Every change of a [Stage] is made here; nothing is decided, told or
/// waited for. Guarded by the backlog's lock.
final class Ledger {

    /// How an attempt went, as far as its receiver is concerned.
    private enum Verdict {
        WELL,
        FAILED,
        NONE
    }

    private final Terms terms;
    private final Membership members;
    private final Standing standing;
    private final Burden burden;
    private final @Nullable Keeper keeper;
    private final @Nullable Circuit circuit;
    /// Of how many that have failed it is being decided or carried out what becomes of them.
    private int deciding;

    /// How many are done as soon as that is stored together with something else.
    private int unstored;

    // What has happened so far.
    long delivered;
    long failed;
    long retried;
    long redelivered;
    long deadLettered;
    long dropped;

    /// @param members learn who has room and what is theirs
    /// @param keeper stores what becomes of them; null when nothing has to be
    /// @param circuit judges how attempts go; null when nobody does
    Ledger(
            Terms terms,
            Kind kind,
            Bound bound,
            Membership members,
            @Nullable Keeper keeper,
            @Nullable Circuit circuit) {
        this.terms = terms;
        this.burden = new Burden(bound);
        this.members = members;
        this.standing = new Standing(terms, kind, members);
        this.keeper = keeper;
        this.circuit = circuit;
    }

    /// Has the oldest make room for what came in.
    ///
    /// @return those that are to be moved aside
    List<Entry> overflowing() {
        List<Entry> found = new ArrayList<>(0);
        for (Entry next = burden.surplus(); next != null; next = burden.surplus()) {
            if (next.stage() == Stage.QUEUED) {
                standing.withdraw(next);
            }
            next.to(Stage.FAILED);
            deciding++;
            next.failures = Failures.after(next.failures, "the backlog was full");
            found.add(next);
        }
        return found;
    }

    /// What can be taken now.
    Ready ready() {
        return standing.ready;
    }

    /// How much is not done.
    Burden burden() {
        return burden;
    }

    int waiting() {
        return standing.waiting.size();
    }

    /// Of how many that have failed it is being decided or carried out what becomes of them.
    int deciding() {
        return deciding;
    }

    /// How many are done as soon as that is stored together with something else.
    int unstored() {
        return unstored;
    }

    int inFlight() {
        return standing.inFlight.size();
    }

    /// A message came in, of which something may be known from an earlier process.
    ///
    /// @param now on the clock of due times
    /// @param nowMillis on the clock that stamps messages
    void open(Entry entry, long now, long nowMillis) {
        Outcome known = keeper == null ? null : keeper.opened(entry);
        if (known == null) {
            open(entry);
        } else if (!known.done()) {
            entry.was(known);
            if (known.dueMillis() > nowMillis) {
                entry.notBefore = now + (known.dueMillis() - nowMillis) * 1_000_000;
            }
            open(entry);
        }
    }

    /// What was acknowledged together with something that could not be stored is to be done again, before all
    /// others: what comes after it in its lane has waited.
    void reopen(Entry entry) {
        unstored--;
        delivered--;
        if (entry.isGone()) {
            // Whoever looked for what is gone took it for done.
            lost(entry);
            standing.leave(entry);
        } else {
            entry.to(Stage.QUEUED);
            burden.came(entry);
            standing.offer(entry, true);
        }
    }

    /// What was acknowledged together with something else is stored with it: what comes after it in its lane may
    /// be taken.
    void stored(Entry entry) {
        unstored--;
        standing.leave(entry);
    }

    /// A message came in.
    void open(Entry entry) {
        entry.to(Stage.QUEUED);
        burden.came(entry);
        standing.enter(entry);
    }

    /// The next that may be taken; it is in no queue any more.
    ///
    /// @param member that takes it
    /// @param nowMillis on the clock that stamps messages
    /// @param expired takes those that are to be moved aside because their time to live is over
    /// @param tooOften takes those that have failed, because the process ended too often while somebody had them
    @Nullable
    Entry poll(Member member, long nowMillis, List<Entry> expired, List<Entry> tooOften) {
        for (Entry entry = standing.ready.poll(member); entry != null; entry = standing.ready.poll(member)) {
            if (entry.stage() != Stage.QUEUED) {
                // It was acknowledged late.
                continue;
            }
            if (entry.isGone()) {
                drop(entry);
            } else if (entry.message.isExpired(nowMillis)) {
                expire(entry, expired);
            } else if (entry.endedTooOften) {
                entry.endedTooOften = false;
                burden.takes(entry);
                fail(entry, "its receivers or the process ended " + entry.returns + " times before it was done");
                tooOften.add(entry);
            } else {
                return entry;
            }
        }
        return null;
    }

    private void expire(Entry entry, List<Entry> expired) {
        burden.takes(entry);
        entry.to(Stage.FAILED);
        Topic topic = entry.topic;
        if (topic != null) {
            topic.counters().expired(1);
        }
        if (terms.buriesExpired()) {
            deciding++;
            entry.failures = Failures.after(entry.failures, "its time to live was over");
            expired.add(entry);
        } else {
            finish(entry, Stage.DEAD_LETTER, false);
        }
    }

    private void drop(Entry entry) {
        entry.to(Stage.FAILED);
        finish(entry, Stage.DEAD_LETTER, false);
        lost(entry);
    }

    /// Those whose topic is gone, wherever they stand, some of them more than once. About what has failed somebody
    /// is just deciding, and sees it then.
    List<Entry> gone() {
        List<Entry> found = new ArrayList<>(0);
        standing.forEach(entry -> {
            if (isToForget(entry)) {
                found.add(entry);
            }
        });
        return found;
    }

    private static boolean isToForget(Entry entry) {
        return entry.isGone() && !entry.stage().isDone() && entry.stage() != Stage.FAILED;
    }

    /// Forgets some of [#gone], unless they are done meanwhile. What is ready or waits is passed over when its turn
    /// comes; [#sweep] lets go of it.
    void forget(List<Entry> gone) {
        Set<Lane> lanes = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Entry entry : gone) {
            if (isToForget(entry)) {
                leaveFlight(entry, Verdict.NONE);
                entry.to(Stage.FAILED);
                settle(entry, Stage.DEAD_LETTER, false);
                lost(entry);
                Lane lane = entry.lane;
                if (lane != null) {
                    lanes.add(lane);
                }
                if (entry.waits) {
                    standing.waiting.done();
                }
            }
        }
        standing.leave(lanes);
    }

    /// Lets go of those that are done and would be passed over.
    void sweep() {
        standing.sweep();
    }

    /// One that failed is not tried again and not moved aside: its topic is gone.
    void forget(Entry entry) {
        deciding--;
        finish(entry, Stage.DEAD_LETTER, false);
        lost(entry);
    }

    /// It goes with its topic.
    void lost(Entry entry) {
        dropped++;
        Topic topic = entry.topic;
        if (topic != null) {
            topic.counters().dropped(1);
        }
    }

    /// A member gets it.
    Handed hand(Entry entry, Member member, long now) {
        entry.to(Stage.DELIVERING);
        entry.attempt++;
        entry.holder = member;
        entry.due = now + member.ackTimeout().toNanos();
        member.inFlight++;
        burden.takes(entry);
        standing.inFlight.add(entry, member);
        if (circuit != null) {
            circuit.handed(entry);
        }
        if (keeper != null && entry.redriven == null) {
            keeper.handed(entry);
        }
        if (entry.attempt > 1) {
            redelivered++;
        }
        return new Handed(entry, member, entry.attempt);
    }

    /// How many messages may be handed to members now.
    int permits() {
        return circuit == null ? Integer.MAX_VALUE : circuit.permits();
    }

    private void leaveFlight(Entry entry, Verdict verdict) {
        Member holder = entry.holder;
        if (holder != null) {
            if (circuit != null && verdict == Verdict.NONE) {
                circuit.unjudged(entry);
            } else if (circuit != null) {
                circuit.judge(entry, verdict == Verdict.FAILED);
            }
            standing.inFlight.remove(entry, holder);
            holder.inFlight--;
            entry.holder = null;
            members.gotRoom(holder);
        }
    }

    /// Whether an acknowledgement would count.
    boolean isOpen(Handed handed) {
        Stage stage = handed.entry.stage();
        return handed.entry.attempt == handed.attempt
                && (stage == Stage.DELIVERING || stage == Stage.QUEUED || stage == Stage.RETRY_SCHEDULED);
    }

    /// Whether the member that it was handed to still has it.
    boolean isHeld(Handed handed) {
        return handed.entry.attempt == handed.attempt && handed.entry.stage() == Stage.DELIVERING;
    }

    /// Its member acknowledged it: in time, or late, when nobody has begun another attempt.
    ///
    /// @param together whether it is stored together with something else; then [#stored] or [#reopen] says what
    ///     became of that, and what comes after it in its lane waits until then
    /// @return whether that counts
    boolean acknowledge(Handed handed, boolean together) {
        Entry entry = handed.entry;
        boolean counts = isOpen(handed);
        if (counts) {
            delivered++;
            if (together) {
                // It may have to be done again, and would be found twice if it was left there.
                standing.withdraw(entry);
                leaveFlight(entry, Verdict.WELL);
                settle(entry, Stage.DELIVERED, true);
                unstored++;
            } else {
                leaveFlight(entry, Verdict.WELL);
                finish(entry, Stage.DELIVERED, false);
            }
        }
        return counts;
    }

    private void finish(Entry entry, Stage how, boolean stored) {
        settle(entry, how, stored);
        standing.leave(entry);
    }

    /// It is done, and still stands in its lane.
    private void settle(Entry entry, Stage how, boolean stored) {
        if (entry.redriven != null && !stored) {
            entry.redriven.done();
        } else if (keeper != null && !stored) {
            keeper.done(entry);
        }
        entry.to(how);
        burden.left(entry);
    }

    /// Its member failed.
    ///
    /// @param rejected whether that is the message's fault, not its receiver's
    /// @return whether that counts
    boolean fail(Handed handed, String error, boolean rejected) {
        Entry entry = handed.entry;
        boolean counts = entry.attempt == handed.attempt && entry.stage() == Stage.DELIVERING;
        if (counts) {
            fail(entry, error, rejected ? Verdict.WELL : Verdict.FAILED);
        }
        return counts;
    }

    private void fail(Entry entry, String error, Verdict verdict) {
        leaveFlight(entry, verdict);
        fail(entry, error);
    }

    private void fail(Entry entry, String error) {
        entry.to(Stage.FAILED);
        deciding++;
        entry.failures = Failures.after(entry.failures, error);
        failed++;
        Topic topic = entry.topic;
        if (topic != null) {
            topic.counters().failed(1);
        }
    }

    /// One that failed is tried again.
    ///
    /// @param due when; in the past: at once
    void retry(Entry entry, long due, long now) {
        deciding--;
        entry.to(Stage.RETRY_SCHEDULED);
        if (keeper != null && entry.redriven == null) {
            keeper.failed(entry, due - now);
        }
        retried++;
        burden.rests(entry, true);
        if (due - now > 0) {
            entry.due = due;
            standing.waiting.add(entry);
        } else {
            entry.to(Stage.QUEUED);
            standing.offer(entry, true);
        }
    }

    /// One that failed and could not be moved aside waits for another try.
    void buryAgain(Entry entry, long due) {
        deciding--;
        burden.stays(entry);
        if (!entry.waits) {
            entry.due = due;
        }
        standing.waiting.add(entry);
    }

    /// One that failed was moved aside.
    ///
    /// @param stored whether that it is done is stored together with its dead letter
    void buried(Entry entry, boolean stored) {
        deciding--;
        finish(entry, Stage.DEAD_LETTER, stored);
        deadLettered++;
    }

    /// A member left: what it has goes back.
    ///
    /// @param free so many returns of a message are no failure
    /// @return those for which it is one
    List<Entry> giveBack(Member member, int free) {
        List<Entry> back = new ArrayList<>();
        standing.inFlight.forEach(member, back::add);
        List<Entry> tooOften = new ArrayList<>(0);
        for (Entry entry : back.reversed()) {
            entry.returns++;
            if (entry.returns > free) {
                fail(entry, "its receivers left " + entry.returns + " times before it was acknowledged", Verdict.NONE);
                tooOften.add(entry);
            } else {
                leaveFlight(entry, Verdict.NONE);
                entry.to(Stage.QUEUED);
                burden.rests(entry, true);
                standing.offer(entry, true);
            }
        }
        return tooOften;
    }

    /// Those whose time to be acknowledged is over: they have failed.
    List<Entry> timedOut(long now) {
        List<Entry> late = new ArrayList<>(0);
        for (Entry out = standing.inFlight.first();
                out != null && out.due - now <= 0;
                out = standing.inFlight.first()) {
            Member holder = Objects.requireNonNull(out.holder);
            fail(out, "not acknowledged within " + holder.ackTimeout(), Verdict.FAILED);
            late.add(out);
        }
        return late;
    }

    /// Those whose next attempt is due can be taken.
    ///
    /// @return those that are to be moved aside instead
    List<Entry> due(long now) {
        List<Entry> unburied = new ArrayList<>(0);
        List<Entry> again = new ArrayList<>(1);
        for (Entry due = standing.waiting.poll(now); due != null; due = standing.waiting.poll(now)) {
            if (due.stage() == Stage.FAILED) {
                if (due.leaving != Entry.Leaving.ON_ITS_WAY) {
                    deciding++;
                    unburied.add(due);
                }
            } else {
                due.to(Stage.QUEUED);
                again.add(due);
            }
        }
        // Each goes before those that are ready: the one that was due first comes to stand first.
        again.reversed().forEach(entry -> standing.offer(entry, true));
        return unburied;
    }

    /// The one with which time has to do first; null for none.
    @Nullable
    Entry first() {
        return standing.first();
    }

    /// Forgets all, at once: there may be millions, and the thread may be an event loop.
    ///
    /// @param lost whether they count as lost
    /// @return how many are lost
    long clear(boolean lost) {
        long gone = lost ? burden.open() : 0;
        dropped += gone;
        burden.clear();
        standing.clear();
        return gone;
    }
}
