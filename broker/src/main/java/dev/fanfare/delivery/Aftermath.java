package dev.fanfare.delivery;

import dev.fanfare.Commit;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.RetryPolicy;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What becomes of messages that failed: they are tried again, moved aside or forgotten. Policies are the
/// user's, and moving a message aside publishes it: under no lock. Any thread.
final class Aftermath {

    private static final Logger LOG = LoggerFactory.getLogger(Aftermath.class);

    /// The longest that an attempt is put off.
    private static final Duration LONGEST = Duration.ofDays(3_650);

    /// When to try again to move a message aside whose dead-letter topic refused it.
    private static final Duration BURY_AGAIN = Duration.ofSeconds(1);

    /// About so many failed messages is decided on the thread that hears of them.
    private static final int AT_ONCE = 64;

    private final Backlog backlog;
    private final Books books;
    private final Backlogs all;
    private final Timers timers;
    private final Telling telling;
    private final DeadLetterDesk deadLetters;

    Aftermath(Backlog backlog, Books books, Backlogs all, Timers timers, Telling telling, DeadLetterDesk deadLetters) {
        this.backlog = backlog;
        this.books = books;
        this.all = all;
        this.timers = timers;
        this.telling = telling;
        this.deadLetters = deadLetters;
    }

    // ---- what members say

    /// See [Delivery#nack(Duration, Throwable)].
    boolean fail(Handed handed, @Nullable Duration delay, @Nullable Throwable cause) {
        if (failed(List.of(handed), error(cause), false).isEmpty()) {
            return false;
        }
        telling.failed(handed.message(), cause);
        decide(handed.entry, delay, cause);
        return true;
    }

    /// See [Member#fail].
    void fail(List<? extends Delivery> deliveries, @Nullable Duration delay, @Nullable Throwable cause) {
        each(failed(deliveries, error(cause), false), entry -> {
            telling.failed(entry.message, cause);
            decide(entry, delay, cause);
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
        bury(handed.entry, DeadLetter.Reason.REJECTED);
        return true;
    }

    /// See [Member#reject].
    @Nullable
    Commit reject(List<? extends Delivery> deliveries, String reason) {
        List<Entry> rejected = failed(deliveries, reason, true);
        if (rejected.isEmpty()) {
            return backlog.stored();
        }
        Burials burials = new Burials(rejected.size(), backlog::stored);
        each(rejected, entry -> {
            telling.failed(entry.message, null);
            bury(entry, DeadLetter.Reason.REJECTED, burials::one);
        });
        return burials.commit();
    }

    /// Under no lock.
    ///
    /// @return those of which that counts
    private List<Entry> failed(List<? extends Delivery> deliveries, String error, boolean rejected) {
        List<Entry> counting = new ArrayList<>(deliveries.size());
        List<Member> signalled;
        books.lock.lock();
        try {
            for (Delivery delivery : deliveries) {
                Handed handed = (Handed) delivery;
                if (!books.isOver() && books.ledger.fail(handed, error, rejected)) {
                    counting.add(handed.entry);
                }
            }
            // Their member has room, before it is decided what becomes of them.
            signalled = counting.isEmpty() ? List.of() : books.changed();
        } finally {
            books.lock.unlock();
        }
        books.signal(signalled);
        return counting;
    }

    /// Under no lock: decides about each, in their order. Not on this thread, which may be an event loop or the
    /// clock's, if there are many or a policy of the user's may take its time. Of a key no more than one is
    /// among them.
    void each(List<Entry> failed, Consumer<Entry> action) {
        if (failed.size() <= AT_ONCE && backlog.terms().retry() instanceof RetryPolicy.Exponential) {
            failed.forEach(action);
        } else if (!failed.isEmpty()) {
            Thread.ofVirtual().name("fanfare-" + backlog.name()).start(() -> failed.forEach(action));
        }
    }

    // ---- what becomes of them

    /// Has it tried again, or moves it aside, as the policy says.
    ///
    /// @param asked the delay that its receiver wants; null: the policy's
    void decide(Entry entry, @Nullable Duration asked, @Nullable Throwable cause) {
        if (isForgotten(entry)) {
            return;
        }
        int attempts = entry.attempt - Math.min(entry.returns, Backlog.FREE_RETURNS);
        Duration delay;
        try {
            delay = backlog.terms().retry().afterFailure(attempts, cause);
        } catch (Throwable e) {
            // Whatever the user's policy throws, the message must not be lost sight of.
            LOG.warn("The retry policy of {} failed: message {} is given up", backlog.name(), entry.message, e);
            delay = null;
        }
        if (delay == null) {
            bury(entry, DeadLetter.Reason.ATTEMPTS);
        } else {
            Duration wanted = asked == null ? delay : asked;
            retry(entry, wanted.compareTo(LONGEST) > 0 ? LONGEST : wanted);
        }
    }

    /// Moves it aside.
    void bury(Entry entry, DeadLetter.Reason reason) {
        bury(entry, reason, _ -> {});
    }

    /// Moves it aside.
    ///
    /// @param then told why that can't be now, and is tried again; null when it was
    void bury(Entry entry, DeadLetter.Reason reason, Consumer<@Nullable Refused> then) {
        entry.reason = reason;
        deadLetters.bury(backlog, entry, reason, moved -> {
            buried(entry, moved);
            then.accept(moved.refused());
        });
    }

    private void retry(Entry entry, Duration delay) {
        telling.retryScheduled(entry, delay);
        books.change(() -> {
            long now = timers.nanoTime();
            books.ledger.retry(entry, now + delay.toNanos(), now);
        });
        all.progress();
    }

    /// Whether a message that failed is done with, because its topic is gone.
    private boolean isForgotten(Entry entry) {
        if (!entry.isGone()) {
            return false;
        }
        books.release(() -> books.ledger.forget(entry));
        all.progress();
        return true;
    }

    /// It was moved aside, or that has to be tried again.
    private void buried(Entry entry, DeadLetterDesk.Moved moved) {
        List<Member> signalled;
        boolean full;
        books.lock.lock();
        try {
            if (books.isOver()) {
                return;
            }
            if (moved.refused() == null) {
                books.ledger.buried(entry, moved.together());
            } else {
                books.ledger.buryAgain(entry, timers.nanoTime() + BURY_AGAIN.toNanos());
            }
            full = books.ledger.burden().isFull();
            signalled = books.changed();
        } finally {
            books.lock.unlock();
        }
        books.tighten(full);
        books.settled(signalled);
        all.progress();
    }
}
