package dev.fanfare.delivery;

import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import dev.fanfare.local.IntakeSource;
import dev.fanfare.time.Timers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What a backlog's one lock guards, and what every change of it entails: publishers and the reader learn how
/// full it is, what was noted is stored, the clock calls when something is due, and members hear that something
/// is ready. Any thread.
///
/// Inside the lock only the clock's is taken. Members are signalled after it was left.
final class Books {

    final ReentrantLock lock = new ReentrantLock();

    /// Under the lock.
    final Ledger ledger;

    /// Under the lock.
    final Membership members = new Membership();

    /// Null when nothing is to be left alone. Under the lock.
    final @Nullable Circuit circuit;

    private final @Nullable Keeper keeper;
    private final Alarm alarm;
    private @Nullable SubscriptionEnd over;

    /// Whether the reader is to leave what it replays where it is. Written under the lock.
    private volatile boolean crowded;

    /// [Burden#undone], for publishers. Written under the lock.
    private volatile long undone;

    private volatile @Nullable IntakeSource source;

    /// @param keeper stores what becomes of messages; null when nothing has to be
    /// @param tick on the clock's thread: something may be due; calls [#rang]
    Books(
            Terms terms,
            Kind kind,
            Bound bound,
            Timers timers,
            @Nullable Circuit circuit,
            @Nullable Keeper keeper,
            Runnable tick) {
        this.circuit = circuit;
        this.keeper = keeper;
        this.alarm = new Alarm(timers, tick);
        this.ledger = new Ledger(terms, kind, bound, members, keeper, circuit);
    }

    // ---- the reader

    void filledBy(IntakeSource reader) {
        source = reader;
    }

    /// Null as long as it is being made.
    @Nullable
    IntakeSource source() {
        return source;
    }

    long undone() {
        return undone;
    }

    boolean isCrowded() {
        return crowded;
    }

    // ---- changes

    /// Under no lock: changes something, unless it is over.
    ///
    /// @param change under the lock
    /// @return false when it is over
    boolean change(Runnable change) {
        List<Member> signalled = changedBy(change);
        if (signalled == null) {
            return false;
        }
        signal(signalled);
        return true;
    }

    /// Under no lock: from where on a topic is read. It is stored with the next change.
    void begins(Topic topic, long offset) {
        lock.lock();
        try {
            if (keeper != null) {
                keeper.begin(topic, offset);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Under no lock: changes something, unless it is over, by which there may be more room.
    ///
    /// @param change under the lock
    void release(Runnable change) {
        List<Member> signalled = changedBy(change);
        if (signalled != null) {
            settled(signalled);
        }
    }

    private @Nullable List<Member> changedBy(Runnable change) {
        lock.lock();
        try {
            if (over != null) {
                return null;
            }
            change.run();
            return changed();
        } finally {
            lock.unlock();
        }
    }

    /// Under the lock, after every change of the ledger: tells publishers how full it is, has the clock call
    /// when something is due, and finds the members to be told that something is ready.
    List<Member> changed() {
        measured();
        if (keeper != null) {
            keeper.flush();
        }
        arm();
        return members.choose(ledger.ready().forAll(), ledger.permits());
    }

    /// Under the lock: tells publishers and the reader how full it is.
    void measured() {
        undone = ledger.burden().undone();
        crowded = crowded ? !ledger.burden().isRoomy() : ledger.burden().isCrowded();
    }

    private void arm() {
        Entry first = ledger.first();
        if (first != null) {
            alarm.by(first.due);
        }
        if (circuit != null && circuit.waits()) {
            alarm.by(circuit.until());
        }
    }

    /// Under the lock: the clock has called.
    void rang() {
        alarm.rang();
    }

    /// Under no lock. Whoever is busy is replaced by another one.
    void signal(List<Member> chosen) {
        List<Member> told = chosen;
        while (!told.isEmpty()) {
            List<Member> busy = new ArrayList<>(0);
            for (Member member : told) {
                if (!member.worker().available()) {
                    busy.add(member);
                }
            }
            told = busy.isEmpty() ? busy : instead(busy);
        }
    }

    private List<Member> instead(List<Member> busy) {
        lock.lock();
        try {
            busy.forEach(members::decline);
            return members.choose(ledger.ready().forAll(), ledger.permits());
        } finally {
            lock.unlock();
        }
    }

    /// See [Member#decline].
    void decline(Member member) {
        signal(instead(List.of(member)));
    }

    /// Under no lock: after something was done.
    void settled(List<Member> signalled) {
        IntakeSource reader = source;
        if (reader != null) {
            reader.settled();
        }
        signal(signalled);
    }

    /// Under no lock: if it is full by another measure than the number of messages, publishers have to ask.
    void tighten(boolean full) {
        IntakeSource reader = source;
        if (full && reader != null) {
            reader.tighten();
        }
    }

    // ---- the end

    /// Under the lock.
    boolean isOver() {
        return over != null;
    }

    /// Under the lock: nothing more comes in or out.
    ///
    /// @param lost whether what is left counts as lost
    /// @return how many are lost
    long end(SubscriptionEnd why, boolean lost) {
        over = why;
        undone = 0;
        members.clear();
        alarm.cancel();
        return ledger.clear(lost);
    }
}
