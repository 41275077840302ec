package dev.fanfare.log;

import dev.fanfare.Message;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What is left of a log that keeps only the newest message of each key: how far it was looked through, what is
/// left there, and when it is to be looked through again. Written in the topic's section, read by any thread,
/// but for [#lookThrough].
final class CompactedHistory {

    /// It is looked through when at least so many messages, or bytes of them, are new, and as many as are left
    /// of the older ones.
    private static final long WORTH_MESSAGES = 100;

    private static final long WORTH_BYTES = 1 << 20;

    private final Store store;
    private final int number;
    private final String topic;
    private final String epoch;
    private volatile Compacted clean;

    /// It can't be looked through: the other bounds have to do.
    private volatile boolean damaged;

    /// The look that is under way; in the section.
    private @Nullable Compaction pass;

    /// @param number the topic's in the store
    /// @param clean how far it was looked through
    CompactedHistory(Store store, int number, String topic, String epoch, Compacted clean) {
        this.store = store;
        this.number = number;
        this.topic = topic;
        this.epoch = epoch;
        this.clean = clean;
    }

    /// How far it was looked through, and what is left there.
    Compacted clean() {
        return clean;
    }

    /// Whether it is worth looking.
    ///
    /// @param bytes what all of the log costs
    boolean isWorthIt(long oldest, long visible, long bytes) {
        Compacted now = clean;
        return !damaged
                && (visible - Math.max(now.upTo(), oldest) >= Math.max(WORTH_MESSAGES, now.messages())
                        || bytes - now.bytes() >= Math.max(WORTH_BYTES, now.bytes()));
    }

    /// Whether the oldest message is one too many: what may yet be taken out for newer messages does not count.
    ///
    /// @param bytes what all of the log costs
    boolean isTooMuch(Retention retention, long oldest, long upTo, long bytes) {
        Compacted now = clean;
        if (damaged) {
            long all = now.messages() + upTo - Math.max(now.upTo(), oldest);
            return all > retention.messages() || bytes > retention.bytes();
        }
        return oldest < now.upTo() && (now.messages() > retention.messages() || now.bytes() > retention.bytes());
    }

    /// Messages became visible.
    void revealed(long cost) {
        if (pass != null) {
            pass.revealed(cost);
        }
    }

    /// A message was forgotten.
    void forgot(Message message) {
        if (message.offset() < clean.upTo()) {
            clean = clean.without(message);
        }
        if (pass != null) {
            pass.forgot(message);
        }
    }

    /// All there was below an offset was forgotten.
    void forgotAll(long upTo) {
        clean = new Compacted(upTo, 0, 0);
        if (pass != null) {
            pass.forgotAll();
        }
    }

    /// Looks for messages with newer ones of their key. On a thread of its own, one at a time.
    ///
    /// @param oldest the oldest message there is
    /// @param visible up to where there are messages
    /// @param turn runs something in the section
    /// @param rewritten carries each out; false: that is enough
    /// @param over asked now and then whether that is enough
    /// @param looked told in the section what all of the log costs, when it was looked through
    void lookThrough(
            LongSupplier oldest,
            LongSupplier visible,
            Consumer<Runnable> turn,
            Predicate<Compaction.Rewrite> rewritten,
            BooleanSupplier over,
            Consumer<Long> looked) {
        Compaction fresh = new Compaction(store, number, topic, epoch, oldest, turn);
        turn.accept(() -> {
            fresh.begin(visible.getAsLong());
            pass = fresh;
        });
        try {
            fresh.gather(clean.upTo(), over);
            boolean whole = fresh.rewrite(rewritten, over) && fresh.count(over);
            if (whole) {
                turn.accept(() -> {
                    clean = fresh.left();
                    looked.accept(fresh.bytes());
                });
            }
        } catch (StoreException e) {
            damaged = e.reason() == StoreException.Reason.CORRUPT;
            throw e;
        } finally {
            turn.accept(() -> pass = null);
        }
    }
}
