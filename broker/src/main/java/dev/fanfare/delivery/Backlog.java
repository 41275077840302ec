package dev.fanfare.delivery;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.Commit;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.Message;
import dev.fanfare.RetryPolicy;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.local.Events;
import dev.fanfare.local.Intake;
import dev.fanfare.local.IntakeSource;
import dev.fanfare.time.Timers;
import dev.fanfare.topic.Committer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What one subscription or group has not done, and who works on it. Any thread.
///
/// One lock guards the [Ledger] and the members; inside it only the clock's lock is taken. Members are signalled,
/// retry policies asked, dead letters published and listeners told after it was left.
final class Backlog implements Intake {

    /// So many times a message may come back from a member that left before that counts as a failed attempt.
    static final int FREE_RETURNS = 19;

    /// When to try again to move a message aside whose dead-letter topic refused it.
    private static final Duration BURY_AGAIN = Duration.ofSeconds(1);

    /// About so many failed messages is decided on the thread that hears of them.
    private static final int AT_ONCE = 64;

    private static final AtomicLong MADE = new AtomicLong();

    private final long sequence = MADE.getAndIncrement();
    private final String name;
    private final Kind kind;
    private final Terms terms;
    private final Bound bound;
    private final Timers timers;
    private final Telling telling;
    private final Aftermath aftermath;
    private final Backlogs all;
    private final ReentrantLock lock = new ReentrantLock();

    private final Ledger ledger;

    private final long createdMillis;

    /// Stores what becomes of messages; null when nothing has to be.
    private final @Nullable Keeper keeper;

    private final Membership members = new Membership();

    /// Null when nothing is to be left alone.
    private final @Nullable Circuit circuit;

    private Timers.@Nullable Timer expiry;
    private final Alarm alarm;
    private @Nullable SubscriptionEnd over;

    /// Whether the reader is to leave what it replays where it is. Written under the lock.
    private volatile boolean crowded;

    /// [Ledger#undone], for publishers. Written under the lock.
    private volatile long undone;

    private volatile @Nullable IntakeSource source;

    Backlog(
            String name,
            Kind kind,
            Terms terms,
            Bound bound,
            Timers timers,
            Events events,
            DeadLetterDesk deadLetters,
            Backlogs all,
            @Nullable Keeper keeper,
            long createdMillis) {
        this.createdMillis = createdMillis;
        this.name = name;
        this.kind = kind;
        this.terms = terms;
        this.bound = bound;
        this.timers = timers;
        this.alarm = new Alarm(timers, this::tick);
        this.telling = new Telling(events, terms.pattern().text(), name);
        CircuitBreaker breaker = terms.circuitBreaker();
        this.circuit = breaker == null ? null : new Circuit(breaker, terms.ackTimeout(), timers, telling);
        this.aftermath = new Aftermath(this, deadLetters);
        this.all = all;
        this.keeper = keeper;
        this.ledger = new Ledger(terms, kind, bound, members, keeper, circuit);
    }

    /// What fills it. Once, before anything can be done.
    void filledBy(IntakeSource reader, @Nullable Topic named) {
        source = reader;
        if (isOver()) {
            // It was ended by its name while it was being made.
            reader.close();
        }
        // Who made room before it was known who reads could not say so.
        reader.settled();
        if (keeper != null && named != null) {
            lock.lock();
            try {
                keeper.begin(named, reader.opened().offset());
                keeper.flush();
            } finally {
                lock.unlock();
            }
        }
    }

    /// When it was begun, perhaps by an earlier process.
    long createdMillis() {
        return createdMillis;
    }

    /// What stores it; null when nothing does.
    @Nullable
    Keeper keeper() {
        return keeper;
    }

    String name() {
        return name;
    }

    Kind kind() {
        return kind;
    }

    Terms terms() {
        return terms;
    }

    private boolean isOver() {
        lock.lock();
        try {
            return over != null;
        } finally {
            lock.unlock();
        }
    }

    /// How much it may hold.
    Bound bound() {
        return bound;
    }

    /// What it has done and has still to do.
    AcknowledgedSubscription.Figures figures() {
        long unread = unread();
        lock.lock();
        try {
            return new AcknowledgedSubscription.Figures(
                    terms.pattern().text(),
                    name,
                    members.size(),
                    ledger.open() + unread,
                    ledger.inFlight(),
                    ledger.waiting(),
                    ledger.delivered,
                    ledger.failed,
                    ledger.retried,
                    ledger.redelivered,
                    ledger.deadLettered,
                    ledger.dropped,
                    circuit == null ? null : circuit.state(),
                    circuit == null ? 0 : circuit.opened());
        } finally {
            lock.unlock();
        }
    }

    /// Messages that were published and have not come in.
    long unread() {
        IntakeSource reader = source;
        return reader == null ? 0 : reader.lag();
    }

    @Nullable
    Boolean recovered() {
        IntakeSource reader = source;
        return reader == null ? null : reader.recovered();
    }

    /// What the one who began it was granted.
    Attachment.Opened opened() {
        return Objects.requireNonNull(source).opened();
    }

    /// Whether what is said about them may still count: nobody has begun another attempt, and they are not done.
    <D extends Delivery> List<D> open(List<D> deliveries) {
        lock.lock();
        try {
            return deliveries.stream()
                    .filter(each -> over == null && ledger.isOpen((Handed) each))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /// Those that the member which took them still has.
    <D extends Delivery> List<D> held(List<D> deliveries) {
        lock.lock();
        try {
            return deliveries.stream()
                    .filter(each -> over == null && ledger.isHeld((Handed) each))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /// Whether something is left that its members will do by themselves, or is being done with what failed.
    boolean isBusy() {
        lock.lock();
        try {
            if (over != null) {
                return false;
            }
            boolean toDo = (ledger.permits() > 0 ? ledger.ready() : 0) + ledger.inFlight() > 0;
            return ledger.deciding() > 0
                    || toDo && members.all().stream().anyMatch(member -> member.worker().finishes());
        } finally {
            lock.unlock();
        }
    }

    /// Whether the calling thread is a member's own.
    boolean runsHere() {
        lock.lock();
        try {
            return members.all().stream().anyMatch(member -> member.worker().runsHere());
        } finally {
            lock.unlock();
        }
    }

    /// How many partitions belong to a member.
    int partitions(Member member) {
        lock.lock();
        try {
            return member.partitions;
        } finally {
            lock.unlock();
        }
    }

    // ---- coming in

    @Override
    public void add(List<Message> messages, List<@Nullable Topic> origins, boolean replayed) {
        List<Entry> surplus;
        lock.lock();
        try {
            if (over != null) {
                return;
            }
            long now = keeper == null ? 0 : timers.nanoTime();
            long nowMillis = keeper == null ? 0 : timers.currentTimeMillis();
            for (int i = 0; i < messages.size(); i++) {
                Entry entry = new Entry(messages.get(i), origins.get(i), replayed);
                if (entry.isGone()) {
                    // Nobody will come by to forget it.
                    ledger.lost(entry);
                } else {
                    ledger.open(entry, now, nowMillis);
                }
            }
            surplus = ledger.overflowing();
            measured();
        } finally {
            lock.unlock();
        }
        surplus.forEach(entry -> aftermath.bury(entry, DeadLetter.Reason.OVERFLOW));
    }

    @Override
    public void added() {
        List<Member> signalled;
        boolean full;
        lock.lock();
        try {
            full = ledger.isFull();
            signalled = changed();
        } finally {
            lock.unlock();
        }
        IntakeSource reader = source;
        if (full && reader != null) {
            reader.tighten();
        }
        signal(signalled);
    }

    @Override
    public long undone() {
        return undone;
    }

    @Override
    public boolean isCrowded() {
        return crowded;
    }

    /// Puts a dead letter back: its attempts count from 1.
    ///
    /// @return false when it has ended
    boolean redrive(Message message, @Nullable Topic topic, ReturnedLetter letter) {
        List<Member> signalled;
        lock.lock();
        try {
            if (over != null) {
                return false;
            }
            Entry entry = new Entry(message, topic, true);
            entry.redriven = letter;
            ledger.open(entry);
            signalled = changed();
        } finally {
            lock.unlock();
        }
        signal(signalled);
        return true;
    }

    // ---- members

    /// Adds a member. That of a durable subscription takes over from the one there is.
    ///
    /// @param window the most messages that it has at a time
    /// @return null when it has ended: the name may be used anew
    @Nullable
    Member join(String memberName, int window, Worker worker) {
        Member member = new Member(this, memberName, window, worker);
        List<Member> before = List.of();
        lock.lock();
        try {
            if (over != null) {
                return null;
            }
            if (kind == Kind.DURABLE) {
                before = members.all();
            }
        } finally {
            lock.unlock();
        }
        before.forEach(holder -> leave(holder, SubscriptionEnd.TAKEN_OVER));
        List<Member> signalled;
        lock.lock();
        try {
            if (over != null) {
                return null;
            }
            members.add(member);
            ledger.assignment().join(member);
            if (expiry != null) {
                expiry.cancel();
                expiry = null;
            }
            signalled = changed();
        } finally {
            lock.unlock();
        }
        signal(signalled);
        return member;
    }

    /// A member leaves: what it has goes back at once.
    void leave(Member member, SubscriptionEnd why) {
        List<Member> signalled;
        List<Entry> tooOften;
        lock.lock();
        try {
            if (member.end() != null) {
                return;
            }
            member.end(why);
            members.remove(member);
            ledger.assignment().leave(member);
            tooOften = ledger.giveBack(member, FREE_RETURNS);
            if (members.size() == 0 && over == null && kind != Kind.OWN) {
                expiry = timers.schedule(terms.expiry(), this::expire);
                all.abandoned(this);
            }
            signalled = changed();
        } finally {
            lock.unlock();
        }
        signal(signalled);
        member.worker().ended(why);
        each(tooOften, entry -> aftermath.decide(entry, null, null));
    }

    /// On the clock's thread: nobody has come back.
    private void expire() {
        end(SubscriptionEnd.EXPIRED, true);
    }

    /// Under the lock, after every change of the ledger: tells publishers how full it is, has the clock call when
    /// something is due, and finds the members to be told that something is ready.
    private List<Member> changed() {
        measured();
        store();
        arm();
        return members.choose(ledger.readyForAll(), ledger.permits());
    }

    /// Under the lock: tells publishers and the reader how full it is.
    private void measured() {
        undone = ledger.undone();
        crowded = crowded ? !ledger.isRoomy() : ledger.isCrowded();
    }

    /// Under the lock: hands over what was noted.
    private void store() {
        if (keeper != null) {
            keeper.flush();
        }
    }

    /// Under no lock. Whoever is busy is replaced by another one.
    private void signal(List<Member> chosen) {
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
            return members.choose(ledger.readyForAll(), ledger.permits());
        } finally {
            lock.unlock();
        }
    }

    /// See [Member#decline].
    void decline(Member member) {
        signal(instead(List.of(member)));
    }

    /// See [Member#take].
    List<Handed> take(Member member, int max, boolean othersWait) {
        List<Handed> taken = new ArrayList<>(Math.min(max, 16));
        List<Entry> expired = new ArrayList<>(0);
        List<Member> signalled;
        boolean fewer;
        lock.lock();
        try {
            if (over != null || member.end() != null) {
                return List.of();
            }
            members.came(member);
            int room = Math.min(Math.min(max, member.room()), ledger.permits());
            room = Math.min(room, members.share(member, ledger.readyForAll()));
            long now = room > 0 ? timers.nanoTime() : 0;
            long nowMillis = room > 0 ? timers.currentTimeMillis() : 0;
            while (taken.size() < room) {
                Entry entry = ledger.poll(member, nowMillis, expired);
                if (entry == null) {
                    break;
                }
                taken.add(ledger.hand(entry, member, now));
            }
            members.took(member, othersWait || taken.size() < max);
            long before = undone;
            boolean stoodStill = crowded;
            signalled = changed();
            fewer = undone < before || stoodStill && !crowded;
        } finally {
            lock.unlock();
        }
        telling.delivering(taken);
        if (fewer) {
            // Some were not worth delivering any more: there is room for others.
            settled(signalled);
        } else {
            signal(signalled);
        }
        each(expired, entry -> aftermath.bury(entry, DeadLetter.Reason.EXPIRED));
        return taken;
    }

    /// See [Member#acknowledge].
    int acknowledge(List<? extends Delivery> done) {
        List<Handed> counting = new ArrayList<>(done.size());
        Runnable afterwards;
        lock.lock();
        try {
            for (Delivery delivery : done) {
                Handed handed = (Handed) delivery;
                if (counts(handed) && ledger.acknowledge(handed, false)) {
                    counting.add(handed);
                }
            }
            afterwards = acknowledged(counting);
        } finally {
            lock.unlock();
        }
        afterwards.run();
        return counting.size();
    }

    // ---- for transactions

    /// Its place in the order in which several are locked.
    long sequence() {
        return sequence;
    }

    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    /// Under the lock: whether an acknowledgement would count.
    boolean counts(Handed handed) {
        return over == null && ledger.isOpen(handed);
    }

    /// Under the lock: acknowledges what counts, and is stored by [#together].
    ///
    /// @return to be run under no lock
    Runnable acknowledgeLocked(List<Handed> counting) {
        counting.forEach(handed -> ledger.acknowledge(handed, true));
        return acknowledged(counting);
    }

    /// Under the lock: what has to be stored together with something else for these to be done.
    List<Committer.Change> together(List<Entry> done) {
        List<Committer.Change> changes = new ArrayList<>(1);
        if (keeper != null) {
            List<Entry> first =
                    done.stream().filter(entry -> entry.redriven == null).toList();
            addTo(changes, keeper.together(first));
        }
        for (Entry entry : done) {
            ReturnedLetter letter = entry.redriven;
            if (letter != null) {
                addTo(changes, letter.together());
            }
        }
        return changes;
    }

    private static void addTo(List<Committer.Change> changes, Committer.@Nullable Change one) {
        if (one != null) {
            changes.add(one);
        }
    }

    /// Under no lock: what has to be stored together with its dead letter for a message to be done; null when nothing
    /// has to be.
    Committer.@Nullable Change burying(Entry entry) {
        lock.lock();
        try {
            List<Committer.Change> one = over == null ? together(List.of(entry)) : List.of();
            return one.isEmpty() ? null : one.getFirst();
        } finally {
            lock.unlock();
        }
    }

    /// Under no lock: what was acknowledged could not be stored, and is to be done again.
    void reopen(List<Handed> undone) {
        List<Member> signalled;
        lock.lock();
        try {
            if (over != null) {
                return;
            }
            undone.forEach(handed -> ledger.reopen(handed.entry));
            signalled = changed();
        } finally {
            lock.unlock();
        }
        signal(signalled);
    }

    private Runnable acknowledged(List<Handed> done) {
        Topic run = null;
        int length = 0;
        for (Handed handed : done) {
            Topic topic = handed.entry.topic;
            if (topic != run) {
                delivered(run, length);
                run = topic;
                length = 0;
            }
            length++;
            telling.delivered(handed.message());
        }
        delivered(run, length);
        List<Member> signalled = changed();
        return () -> settled(signalled);
    }

    private static void delivered(@Nullable Topic topic, int count) {
        if (topic != null && count > 0) {
            topic.counters().delivered(count);
        }
    }

    /// Under no lock: after something was done.
    private void settled(List<Member> signalled) {
        IntakeSource reader = source;
        if (reader != null) {
            reader.settled();
        }
        signal(signalled);
    }

    // ---- failures

    /// See [Delivery#nack(Duration, Throwable)].
    boolean fail(Handed handed, @Nullable Duration delay, @Nullable Throwable cause) {
        if (failed(List.of(handed), error(cause), false).isEmpty()) {
            return false;
        }
        telling.failed(handed.message(), cause);
        aftermath.decide(handed.entry, delay, cause);
        return true;
    }

    /// See [Member#fail].
    void fail(List<? extends Delivery> deliveries, @Nullable Duration delay, @Nullable Throwable cause) {
        each(failed(deliveries, error(cause), false), entry -> {
            telling.failed(entry.message, cause);
            aftermath.decide(entry, delay, cause);
        });
    }

    private static String error(@Nullable Throwable cause) {
        return cause == null ? "not acknowledged" : String.valueOf(cause);
    }

    /// See [Delivery#reject].
    boolean reject(Handed handed, String reason) {
        if (failed(List.of(handed), reason, true).isEmpty()) {
            return false;
        }
        telling.failed(handed.message(), null);
        aftermath.bury(handed.entry, DeadLetter.Reason.REJECTED);
        return true;
    }

    /// See [Member#reject].
    @Nullable
    Commit reject(List<? extends Delivery> deliveries, String reason) {
        List<Entry> rejected = failed(deliveries, reason, true);
        if (rejected.isEmpty()) {
            return stored();
        }
        Burials burials = new Burials(rejected.size(), this::stored);
        each(rejected, entry -> {
            telling.failed(entry.message, null);
            aftermath.bury(entry, DeadLetter.Reason.REJECTED, burials::one);
        });
        return burials.commit();
    }

    /// See [Member#stored].
    @Nullable
    Commit stored() {
        return keeper == null ? null : keeper.latest();
    }

    /// Under no lock.
    ///
    /// @return those of which that counts
    private List<Entry> failed(List<? extends Delivery> deliveries, String error, boolean rejected) {
        List<Entry> counting = new ArrayList<>(deliveries.size());
        List<Member> signalled;
        lock.lock();
        try {
            for (Delivery delivery : deliveries) {
                Handed handed = (Handed) delivery;
                if (over == null && ledger.fail(handed, error, rejected)) {
                    counting.add(handed.entry);
                }
            }
            // Their member has room, before it is decided what becomes of them.
            signalled = counting.isEmpty() ? List.of() : changed();
        } finally {
            lock.unlock();
        }
        signal(signalled);
        return counting;
    }

    /// Under no lock: decides about each, in their order. Not on this thread, which may be an event loop or the clock's,
    /// if there are many or a policy of the user's may take its time. Of a key no more than one is among them.
    private void each(List<Entry> failed, Consumer<Entry> action) {
        if (failed.size() <= AT_ONCE && terms.retry() instanceof RetryPolicy.Exponential) {
            failed.forEach(action);
        } else if (!failed.isEmpty()) {
            Thread.ofVirtual().name("fanfare-" + name).start(() -> failed.forEach(action));
        }
    }

    /// Under no lock.
    void retry(Entry entry, Duration delay) {
        telling.retryScheduled(entry, delay);
        List<Member> signalled;
        lock.lock();
        try {
            if (over != null) {
                return;
            }
            long now = timers.nanoTime();
            ledger.retry(entry, now + delay.toNanos(), now);
            signalled = changed();
        } finally {
            lock.unlock();
        }
        signal(signalled);
        all.progress();
    }

    /// Under no lock: topics were deleted. What it has of them is forgotten, whoever has it in hand.
    void forgetGone() {
        List<Member> signalled;
        long lost;
        lock.lock();
        try {
            lost = over == null ? ledger.forgetGone() : 0;
            if (lost == 0) {
                return;
            }
            signalled = changed();
        } finally {
            lock.unlock();
        }
        telling.dropped(lost);
        settled(signalled);
    }

    /// Under no lock: whether a message that failed is done with, because its topic is gone.
    boolean isForgotten(Entry entry) {
        if (!entry.isGone()) {
            return false;
        }
        List<Member> signalled;
        lock.lock();
        try {
            if (over != null) {
                return true;
            }
            ledger.forget(entry);
            signalled = changed();
        } finally {
            lock.unlock();
        }
        settled(signalled);
        all.progress();
        return true;
    }

    /// Under no lock: it was moved aside, or that has to be tried again.
    void buried(Entry entry, DeadLetterDesk.Moved moved) {
        List<Member> signalled;
        boolean full;
        lock.lock();
        try {
            if (over != null) {
                return;
            }
            if (moved.refused() == null) {
                ledger.buried(entry, moved.together());
            } else {
                ledger.buryAgain(entry, timers.nanoTime() + BURY_AGAIN.toNanos());
            }
            full = ledger.isFull();
            signalled = changed();
        } finally {
            lock.unlock();
        }
        IntakeSource reader = source;
        if (full && reader != null) {
            reader.tighten();
        }
        settled(signalled);
        all.progress();
    }

    // ---- time

    /// Under the lock.
    private void arm() {
        Entry first = ledger.first();
        if (first != null) {
            alarm.by(first.due);
        }
        if (circuit != null && circuit.waits()) {
            alarm.by(circuit.until());
        }
    }

    /// On the clock's thread.
    private void tick() {
        List<Entry> late;
        List<Entry> unburied;
        List<Member> signalled;
        lock.lock();
        try {
            alarm.rang();
            if (over != null) {
                return;
            }
            long now = timers.nanoTime();
            if (circuit != null) {
                circuit.tick(now);
            }
            late = ledger.timedOut(now);
            unburied = ledger.due(now);
            signalled = changed();
        } finally {
            lock.unlock();
        }
        signal(signalled);
        each(late, entry -> {
            telling.failed(entry.message, null);
            aftermath.decide(entry, null, null);
        });
        each(unburied, entry -> aftermath.bury(entry, entry.reason));
    }

    // ---- the end

    /// Whether what is not done is still there when the broker begins again.
    private boolean isStored(SubscriptionEnd why) {
        return keeper != null && why == SubscriptionEnd.BROKER_CLOSED;
    }

    /// Nothing more comes in or out. What is left is forgotten; it counts as lost unless its user ended it.
    void end(SubscriptionEnd why) {
        end(why, false);
    }

    private void end(SubscriptionEnd why, boolean ifAbandoned) {
        List<Member> left;
        long lost;
        lock.lock();
        try {
            if (over != null || ifAbandoned && members.size() > 0) {
                return;
            }
            over = why;
            lost = ledger.clear(why != SubscriptionEnd.CLOSED && !isStored(why));
            undone = 0;
            members.clear();
            left = members.all();
            left.forEach(member -> member.end(why));
            if (expiry != null) {
                expiry.cancel();
                expiry = null;
            }
            alarm.cancel();
        } finally {
            lock.unlock();
        }
        IntakeSource reader = source;
        if (reader != null && reader.ended().isEmpty()) {
            reader.close();
        }
        all.remove(this, why);
        if (lost > 0) {
            all.lost(this, lost);
            telling.dropped(lost);
        }
        left.forEach(member -> member.worker().ended(why));
    }
}
