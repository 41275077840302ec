package dev.fanfare.delivery;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.Commit;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.Message;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.FeedAccess;
import dev.fanfare.local.Events;
import dev.fanfare.local.Intake;
import dev.fanfare.local.IntakeSource;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/// What one subscription or group has not done, and who works on it. Any thread.
///
/// One lock guards the [Books]; inside it only the clock's lock is taken. Members are signalled, retry policies
/// asked, dead letters published and listeners told after it was left.
final class Backlog implements Intake {

    /// So many times a message may come back from a member that left before that counts as a failed attempt.
    static final int FREE_RETURNS = 19;

    /// How many messages are forgotten at once whose topics are gone.
    static final int FORGOTTEN_AT_ONCE = 1_000;

    private static final AtomicLong MADE = new AtomicLong();

    private final long sequence = MADE.getAndIncrement();
    private final String name;
    private final Kind kind;
    private final @Nullable String owner;
    private final Terms terms;
    private final Bound bound;
    private final Timers timers;
    private final Telling telling;
    private final Books books;
    private final Completion completion;
    private final Aftermath aftermath;
    private final Attendance attendance;
    private final Backlogs all;
    private final long createdMillis;

    /// Stores what becomes of messages; null when nothing has to be.
    private final @Nullable Keeper keeper;

    Backlog(
            String name,
            Kind kind,
            @Nullable String owner,
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
        this.owner = owner;
        this.terms = terms;
        this.bound = bound;
        this.timers = timers;
        this.telling = new Telling(events, terms.pattern().text(), name);
        this.all = all;
        this.keeper = keeper;
        CircuitBreaker breaker = terms.circuitBreaker();
        Circuit circuit = breaker == null ? null : new Circuit(breaker, timers, telling);
        this.books = new Books(terms, kind, bound, timers, circuit, keeper, this::tick);
        this.completion = new Completion(books, keeper, telling);
        this.aftermath = new Aftermath(this, books, all, timers, telling, deadLetters);
        this.attendance = new Attendance(this, books, all, timers, telling, aftermath);
    }

    /// What fills it. Once, before anything can be done.
    void filledBy(IntakeSource reader) {
        books.filledBy(reader);
        if (isOver()) {
            // It was ended by its name while it was being made.
            reader.close();
        }
        // Who made room before it was known who reads could not say so.
        reader.settled();
        if (keeper != null && terms.filter() != null) {
            new Passing(books, keeper, timers).start();
        }
        // Its name is stored with where it begins: there is none that begins elsewhere.
        books.change(() -> {});
    }

    /// Stored with its name.
    @Override
    public @Nullable ObjLongConsumer<Topic> begins() {
        return keeper == null ? null : books::begins;
    }

    /// Whose it is; null: nobody's.
    @Nullable
    String owner() {
        return owner;
    }

    /// What it is to make a dead letter of when it expires has to come to it. What had expired before there was this
    /// backlog was never to be done by it.
    @Override
    public long expiredBy() {
        return terms.buriesExpired() ? createdMillis : FeedAccess.AS_IT_GOES;
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
        lock();
        try {
            return books.isOver();
        } finally {
            unlock();
        }
    }

    /// Whether it has a member.
    boolean isAttended() {
        lock();
        try {
            return books.members.size() > 0;
        } finally {
            unlock();
        }
    }

    /// How much it may hold.
    Bound bound() {
        return bound;
    }

    /// What it has done and has still to do.
    AcknowledgedSubscription.Figures figures() {
        IntakeSource reader = books.source();
        // In this order: what comes over meanwhile counts twice rather than not at all.
        long unread = reader == null ? 0 : reader.unreplayed() + reader.lag();
        lock();
        try {
            return new AcknowledgedSubscription.Figures(
                    terms.pattern().text(),
                    name,
                    books.members.size(),
                    books.ledger.burden().open() + unread,
                    books.ledger.inFlight(),
                    books.ledger.waiting(),
                    books.ledger.delivered,
                    books.ledger.failed,
                    books.ledger.retried,
                    books.ledger.redelivered,
                    books.ledger.deadLettered,
                    books.ledger.dropped,
                    books.circuit == null ? null : books.circuit.state(),
                    books.circuit == null ? 0 : books.circuit.opened());
        } finally {
            unlock();
        }
    }

    /// Messages that were published and have not come in.
    long unread() {
        IntakeSource reader = books.source();
        return reader == null ? 0 : reader.lag();
    }

    /// Whether what was published before it began is still being read: that is not [#unread].
    boolean isReplaying() {
        IntakeSource reader = books.source();
        return reader != null && reader.isReplaying();
    }

    @Nullable
    Boolean recovered() {
        IntakeSource reader = books.source();
        return reader == null ? null : reader.recovered();
    }

    /// What the one who began it was granted.
    Attachment.Opened opened() {
        return Objects.requireNonNull(books.source()).opened();
    }

    /// Whether what is said about them may still count: nobody has begun another attempt, and they are not done.
    <D extends Delivery> List<D> open(List<D> deliveries) {
        lock();
        try {
            return deliveries.stream()
                    .filter(each -> !books.isOver() && books.ledger.isOpen((Handed) each))
                    .toList();
        } finally {
            unlock();
        }
    }

    /// Those that the member which took them still has.
    <D extends Delivery> List<D> held(List<D> deliveries) {
        lock();
        try {
            return deliveries.stream()
                    .filter(each -> !books.isOver() && books.ledger.isHeld((Handed) each))
                    .toList();
        } finally {
            unlock();
        }
    }

    /// Whether something is left that its members will do by themselves, or is being done with what failed or was
    /// acknowledged in a transaction.
    boolean isBusy() {
        lock();
        try {
            if (books.isOver()) {
                return false;
            }
            boolean toDo = (books.ledger.permits() > 0 ? books.ledger.ready().size() : 0) + books.ledger.inFlight() > 0;
            return books.ledger.deciding() + books.ledger.unstored() > 0 || toDo && attendance.finishes();
        } finally {
            unlock();
        }
    }

    // ---- coming in

    @Override
    public void add(List<Message> messages, List<@Nullable Topic> origins, boolean replayed) {
        List<Entry> surplus;
        lock();
        try {
            if (books.isOver()) {
                return;
            }
            long now = keeper == null ? 0 : timers.nanoTime();
            long nowMillis = keeper == null ? 0 : timers.currentTimeMillis();
            for (int i = 0; i < messages.size(); i++) {
                Entry entry = new Entry(messages.get(i), origins.get(i), replayed);
                if (entry.isGone()) {
                    // Nobody will come by to forget it.
                    books.ledger.lost(entry);
                } else {
                    books.ledger.open(entry, now, nowMillis);
                }
            }
            surplus = books.ledger.overflowing();
            books.measured();
        } finally {
            unlock();
        }
        surplus.forEach(entry -> aftermath.bury(entry, DeadLetter.Reason.OVERFLOW));
    }

    @Override
    public void added() {
        List<Member> signalled;
        boolean full;
        lock();
        try {
            full = books.ledger.burden().isFull();
            signalled = books.changed();
        } finally {
            unlock();
        }
        books.tighten(full);
        books.signal(signalled);
    }

    @Override
    public long undone() {
        return books.undone();
    }

    @Override
    public boolean isCrowded() {
        return books.isCrowded();
    }

    /// Puts a dead letter back: its attempts count from 1.
    ///
    /// @return false when it has ended
    boolean redrive(Message message, @Nullable Topic topic, ReturnedLetter letter) {
        Entry entry = new Entry(message, topic, true);
        entry.redriven = letter;
        return books.change(() -> books.ledger.open(entry));
    }

    // ---- members

    /// Adds a member. That of a durable subscription takes over from the one there is.
    ///
    /// @param window the most messages that it has at a time
    /// @param ackTimeout how long it may have one; zero for ever
    /// @return null when it has ended: the name may be used anew
    @Nullable
    Member join(String memberName, int window, Duration ackTimeout, Worker worker) {
        return attendance.join(memberName, window, ackTimeout, worker);
    }

    /// A member leaves: what it has goes back at once.
    void leave(Member member, SubscriptionEnd why) {
        attendance.leave(member, why);
    }

    /// See [Member#take].
    List<Handed> take(Member member, int max, boolean othersWait) {
        return attendance.take(member, max, othersWait);
    }

    /// See [Member#decline].
    void decline(Member member) {
        books.decline(member);
    }

    /// Whether the calling thread is a member's own.
    boolean runsHere() {
        return attendance.runsHere();
    }

    /// How many partitions belong to a member.
    int partitions(Member member) {
        return attendance.partitions(member);
    }

    /// What is done with messages that failed.
    Aftermath aftermath() {
        return aftermath;
    }

    /// What is done with messages that are done.
    Completion completion() {
        return completion;
    }

    /// Its place in the order in which several are locked.
    long sequence() {
        return sequence;
    }

    void lock() {
        books.lock.lock();
    }

    void unlock() {
        books.lock.unlock();
    }

    /// See [Member#established].
    @Nullable
    Commit established() {
        return keeper == null || keeper.isStored() ? null : keeper.latest();
    }

    /// See [Member#stored].
    @Nullable
    Commit stored() {
        return keeper == null ? null : keeper.latest();
    }

    // ---- what time and others do

    /// Under no lock: topics were deleted. What it has of them is forgotten, whoever has it in hand; a part at a
    /// time, so that members and publishers have their turns.
    void forgetGone() {
        List<Entry> gone = new ArrayList<>();
        books.change(() -> gone.addAll(books.ledger.gone()));
        if (gone.isEmpty()) {
            return;
        }
        long before = dropped();
        for (int from = 0; from < gone.size(); from += FORGOTTEN_AT_ONCE) {
            List<Entry> some = gone.subList(from, Math.min(gone.size(), from + FORGOTTEN_AT_ONCE));
            books.release(() -> books.ledger.forget(some));
        }
        books.release(books.ledger::sweep);
        long lost = dropped() - before;
        if (lost > 0) {
            telling.dropped(lost);
        }
    }

    private long dropped() {
        lock();
        try {
            return books.ledger.dropped;
        } finally {
            unlock();
        }
    }

    /// On the clock's thread.
    private void tick() {
        List<Entry> late;
        List<Entry> unburied;
        List<Member> signalled;
        lock();
        try {
            books.rang();
            if (books.isOver()) {
                return;
            }
            long now = timers.nanoTime();
            if (books.circuit != null) {
                books.circuit.tick(now);
            }
            late = books.ledger.timedOut(now);
            unburied = books.ledger.due(now);
            signalled = books.changed();
        } finally {
            unlock();
        }
        books.signal(signalled);
        aftermath.each(late, entry -> {
            telling.failed(entry.message, null);
            aftermath.decide(entry, null, null);
        });
        aftermath.each(unburied, entry -> aftermath.bury(entry, entry.reason));
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

    /// On the clock's thread: nobody has come back, unless somebody has just now.
    void expire() {
        end(SubscriptionEnd.EXPIRED, true);
    }

    /// Whoever began it was refused, unless somebody else is there now.
    void abandon() {
        end(SubscriptionEnd.CLOSED, true);
    }

    private void end(SubscriptionEnd why, boolean ifAbandoned) {
        List<Member> left;
        long lost;
        lock();
        try {
            if (books.isOver() || ifAbandoned && books.members.size() > 0) {
                return;
            }
            lost = books.end(why, why != SubscriptionEnd.CLOSED && !isStored(why));
            left = attendance.end(why);
        } finally {
            unlock();
        }
        IntakeSource reader = books.source();
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
