package dev.fanfare.topic;

import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerLimit;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.local.Events;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A store that could not be written to, from then until it can again: it is opened again, at most once a
/// second, and told what is known here. The committing thread's, but for [#broken] and [#remembers].
final class StoreRecovery {

    private static final Logger LOG = LoggerFactory.getLogger(StoreRecovery.class);

    /// How long it is left alone.
    static final Duration TRY_AGAIN = Duration.ofSeconds(1);

    private final Store store;
    private final Timers timers;
    private final Events events;

    /// Those who say again what they know of what is stored.
    private final List<Consumer<Restatement>> known = new CopyOnWriteArrayList<>();

    /// Topics of which the store may hold more than is known here.
    private final Set<LiveTopic> suspects = new LinkedHashSet<>();

    /// When opening the store again may be tried.
    private long tryAgainAt;

    private volatile @Nullable Refused broken;

    StoreRecovery(Store store, Timers timers, Events events) {
        this.store = store;
        this.timers = timers;
        this.events = events;
    }

    /// Why nothing can be stored now; null when it can.
    @Nullable
    Refused broken() {
        return broken;
    }

    /// See [Committer#remembers].
    void remembers(Consumer<Restatement> sayAgain) {
        known.add(sayAgain);
    }

    /// It could not be written to.
    ///
    /// @return what those are told who wanted something stored
    Refused failed(StoreException cause) {
        boolean full = cause.reason() == StoreException.Reason.FULL;
        Refused why = new Refused(
                full ? ErrorCode.BACKPRESSURE : ErrorCode.INTERNAL,
                store.place() + " could not be written to: " + cause.getMessage()
                        + "; nothing was published or changed",
                null,
                0,
                full ? BrokerLimit.STORAGE : null);
        if (broken == null) {
            LOG.error("Could not write to {}", store.place(), cause);
            events.emit(() -> new BrokerEvent.StorageFailed(store.place(), String.valueOf(cause.getMessage())));
            broken = why;
            tryAgainAt = timers.nanoTime() + TRY_AGAIN.toNanos();
        }
        return why;
    }

    /// It is not known what the store holds of a topic.
    void suspect(LiveTopic topic) {
        suspects.add(topic);
    }

    /// After a failure the store is opened again, and made to say what is known here, before anything else is
    /// written. Nothing otherwise.
    ///
    /// First it is made consistent, in one batch: of what was to be stored together no part stays without the
    /// others. Then what it may have lost is said again, in as many batches as it takes.
    ///
    /// @param mending what is to be stored instead of what failed
    /// @throws StoreException when it can't be had yet
    void recover(List<Committer.Change> mending) {
        if (broken == null) {
            return;
        }
        long now = timers.nanoTime();
        if (now - tryAgainAt < 0) {
            throw new StoreException(StoreException.Reason.FAILED, "it is tried again soon");
        }
        tryAgainAt = now + TRY_AGAIN.toNanos();
        store.reopen();
        Store.Batch batch = store.batch();
        suspects.forEach(topic -> CommitPart.cut(topic, batch));
        mending.forEach(change -> change.write(batch));
        store.write(batch);
        if (store.lacking() != Durability.MEMORY) {
            // Once this is synced nobody sees any more that something is missing.
            Restatement all = new Restatement(store);
            known.forEach(sayAgain -> sayAgain.accept(all));
            all.end();
        }
        store.sync();
        suspects.clear();
        broken = null;
        LOG.info("{} can be written to again", store.place());
        events.emit(() -> new BrokerEvent.StorageRecovered(store.place()));
    }
}
