package dev.fanfare.delivery;

import dev.fanfare.Delivery;
import dev.fanfare.Topic;
import dev.fanfare.topic.Committer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What becomes of a backlog's messages when they are done: alone, or together with a transaction or their dead
/// letters. Any thread.
final class Completion {

    private final Books books;
    private final Ledger ledger;
    private final @Nullable Keeper keeper;
    private final Telling telling;

    /// @param keeper stores what becomes of messages; null when nothing has to be
    Completion(Books books, @Nullable Keeper keeper, Telling telling) {
        this.books = books;
        this.ledger = books.ledger;
        this.keeper = keeper;
        this.telling = telling;
    }

    /// See [Member#acknowledge].
    int acknowledge(List<? extends Delivery> done) {
        List<Handed> counting = new ArrayList<>(done.size());
        Runnable afterwards;
        books.lock.lock();
        try {
            for (Delivery delivery : done) {
                Handed handed = (Handed) delivery;
                if (counts(handed) && ledger.acknowledge(handed, false)) {
                    counting.add(handed);
                }
            }
            delivered(counting);
            afterwards = acknowledged();
        } finally {
            books.lock.unlock();
        }
        afterwards.run();
        return counting.size();
    }

    // ---- for transactions

    /// Under the lock: whether an acknowledgement would count.
    boolean counts(Handed handed) {
        return !books.isOver() && ledger.isOpen(handed);
    }

    /// Under the lock: acknowledges what counts, and is stored by [#together]; [#stored] says that it was,
    /// [#reopen] that it was not.
    ///
    /// @return to be run under no lock
    Runnable acknowledgeLocked(List<Handed> counting) {
        counting.forEach(handed -> ledger.acknowledge(handed, true));
        return acknowledged();
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

    /// Under no lock: what has to be stored together with its dead letter for a message to be done; null when
    /// nothing has to be.
    Committer.@Nullable Change burying(Entry entry) {
        books.lock.lock();
        try {
            List<Committer.Change> one = books.isOver() ? List.of() : together(List.of(entry));
            return one.isEmpty() ? null : one.getFirst();
        } finally {
            books.lock.unlock();
        }
    }

    /// Under no lock: what was acknowledged could not be stored, and is to be done again.
    void reopen(List<Handed> undone) {
        books.change(() -> undone.forEach(handed -> ledger.reopen(handed.entry)));
    }

    private Runnable acknowledged() {
        List<Member> signalled = books.changed();
        return () -> books.settled(signalled);
    }

    /// Under no lock: what was acknowledged is stored.
    void stored(List<Handed> done) {
        books.change(() -> done.forEach(handed -> ledger.stored(handed.entry)));
        delivered(done);
    }

    /// What was acknowledged is done, and that holds: counts and tells it.
    private void delivered(List<Handed> done) {
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
    }

    private static void delivered(@Nullable Topic topic, int count) {
        if (topic != null && count > 0) {
            topic.counters().delivered(count);
        }
    }
}
