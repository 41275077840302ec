package dev.fanfare.topic;

import dev.fanfare.BrokerLimit;
import dev.fanfare.BrokerStats;
import dev.fanfare.Commit;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.local.Events;
import dev.fanfare.log.DurableTopicLog;
import dev.fanfare.store.ByteWriter;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import dev.fanfare.time.Timers;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Group commit: one thread writes what all topics, subscriptions and routes of a broker have to store, as much
/// as there is at a time, in one batch; then it makes the messages visible and tells who waits. A lone publish
/// waits for nobody; what comes while a batch is written goes into the next one.
///
/// ```
///  section: append ─ add ─▶ group ─▶ batch ─ write ─▶ reveal, feeds (written) ─ sync ─▶ reveal, feeds (synced)
///                                              └ fails ─▶ all that was not revealed is taken back
/// ```
///
/// Its lock is taken inside sections and calls nothing. When a write fails nothing is known of what the store
/// holds: everything that was not revealed is taken back in memory, and deleted there as soon as the store is
/// to be had again, which is tried every second.
public final class Committer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Committer.class);

    /// How much may wait to be written; beyond it publishers that don't wait are refused.
    private static final long PENDING_MAX_BYTES = 64 << 20;

    /// Something to be stored beside messages.
    public interface Change {

        /// Puts it into a batch. On the committing thread, under no lock.
        void write(Store.Batch batch);

        /// It was stored, as safely as was asked. On the committing thread, under no lock.
        default void stored() {}

        /// How safe it has to be at least before what is added with it counts.
        default Durability level() {
            return Durability.WRITTEN;
        }

        /// Whether it is stored, too, when the message that it is added with repeats one that is there already.
        default boolean holdsForRepeats() {
            return true;
        }

        /// It is not known whether it was stored. On the committing thread, under no lock.
        ///
        /// @return what has to be stored instead, as soon as anything can be, and before all that was
        ///     added later; null for nothing
        default @Nullable Change failed() {
            return null;
        }

        /// One that is tried until it is stored.
        static Change lasting(Consumer<Store.Batch> write) {
            return new Change() {
                @Override
                public void write(Store.Batch batch) {
                    write.accept(batch);
                }

                @Override
                public Change failed() {
                    return this;
                }
            };
        }
    }

    private final Store store;
    private final Timers timers;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final ByteWriter scratch = new ByteWriter(1 << 16);
    private final Compactor compactor = new Compactor(this);
    private final DeviceRoom room;
    private final DamageLog damage;
    private final StoreRecovery recovery;

    // Under the lock.
    private CommitGroup current = new CommitGroup();
    private boolean failing;
    private boolean closed;

    /// Whether the clock will have it tried whether the store is there again. The committing thread's.
    private boolean waiting;

    private volatile long pendingBytes;

    // What was done; the committing thread's to change.
    private volatile long commits;
    private volatile long syncs;

    /// What is stored, as it was known last.
    private volatile long size;

    Committer(Store store, Timers timers, Events events) {
        this.store = store;
        this.timers = timers;
        this.recovery = new StoreRecovery(store, timers, events);
        this.room = new DeviceRoom(store, timers, events);
        this.damage = new DamageLog(store.place(), events);
        store.onDamage(damage::toldByStore);
        this.thread = Thread.ofPlatform().daemon().name("fanfare-store").start(this::run);
    }

    /// Where it all goes.
    public Store store() {
        return store;
    }

    /// Who is told what of it can't be read.
    public DamageLog damage() {
        return damage;
    }

    /// Somebody knows what the store should hold: when it has lost something while it was opened again, that is
    /// said again, before anything else is stored but what the failure left to be mended.
    ///
    /// @param sayAgain says it; on the committing thread, under no lock
    public void remembers(Consumer<Restatement> sayAgain) {
        recovery.remembers(sayAgain);
    }

    /// What is stored, and what was done for it. Asks the store: not on an event loop.
    public BrokerStats.StorageStats stats() {
        long room = 0;
        try {
            size = store.size();
            room = store.room();
        } catch (StoreException e) {
            LOG.debug("{} can't be asked for its figures now", store.place(), e);
        }
        boolean failing = recovery.broken() != null || room <= 0;
        return new BrokerStats.StorageStats(size, room, pendingBytes, commits, syncs, failing, damage.found());
    }

    /// Why nothing can be published to a durable topic now; null when it can.
    @Nullable
    Refused refusal() {
        Refused why = recovery.broken();
        if (why != null) {
            return why;
        }
        Refused full = room.refusal();
        if (full != null) {
            return full;
        }
        return pendingBytes > PENDING_MAX_BYTES
                ? new Refused(
                        BrokerLimit.STORAGE_PENDING,
                        "more than " + PENDING_MAX_BYTES
                                + " bytes wait to be written to the store: publish again later")
                : null;
    }

    /// Why what was just appended could not be added.
    Refused refuseNow() {
        Refused why = recovery.broken();
        return why == null ? new Refused(ErrorCode.SHUTTING_DOWN, "the broker is closing") : why;
    }

    // ---- what has to be stored

    /// In a topic's section: messages were appended to it.
    ///
    /// @param end up to where
    /// @param cost of what is new
    /// @param with what has to be stored with them; null for nothing
    /// @return null when nothing can be stored now: they have to be taken back
    @Nullable
    Commit add(LiveTopic topic, long end, long cost, Durability level, @Nullable Change with) {
        lock.lock();
        try {
            if (failing || closed) {
                return null;
            }
            account(cost);
            Commit commit = current.add(topic, end, cost, level, with);
            work.signal();
            return commit;
        } finally {
            lock.unlock();
        }
    }

    /// In the sections of several topics: what was appended to them becomes visible together.
    ///
    /// @return null when nothing can be stored now: it has to be taken back
    @Nullable
    Commit addTogether(Iterable<LiveTopic> topics, Durability level, List<? extends Change> with) {
        lock.lock();
        try {
            if (failing || closed) {
                return null;
            }
            Commit commit = current.addTogether(topics, level, with);
            work.signal();
            return commit;
        } finally {
            lock.unlock();
        }
    }

    /// Something that is not a message. It is kept while the store can't be written to.
    public Commit add(Change change, Durability level) {
        return add(List.of(change), level);
    }

    /// Several of them, which are stored in one batch.
    public Commit add(List<? extends Change> changes, Durability level) {
        lock.lock();
        try {
            Commit commit = current.commit(level);
            if (closed) {
                commit = new Commit();
                commit.finish(new Refused(ErrorCode.SHUTTING_DOWN, "the broker is closing"));
                return commit;
            }
            for (Change change : changes) {
                current.add(change, level);
            }
            work.signal();
            return commit;
        } finally {
            lock.unlock();
        }
    }

    /// Tells when all that was added before is that safe.
    public Commit settled(Durability level) {
        return add(_ -> {}, level);
    }

    /// Something that need not be stored for its own sake: it goes along with what comes next.
    public void addQuietly(Change change) {
        lock.lock();
        try {
            if (!closed) {
                current.addQuietly(change);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Something of a topic may have to be forgotten.
    void tidy(LiveTopic topic) {
        add(_ -> tidyUp(topic), Durability.WRITTEN);
    }

    // ---- the committing thread

    private void run() {
        for (CommitGroup group = next(); group != null; group = next()) {
            try {
                commit(group);
            } catch (RuntimeException | Error e) {
                LOG.error("Committing failed: a bug", e);
                fail(group, new StoreException(StoreException.Reason.FAILED, "committing failed: " + e, e));
            }
        }
    }

    /// Waits for something to do.
    ///
    /// @return null when nothing will come any more
    private @Nullable CommitGroup next() {
        lock.lock();
        try {
            while (!current.isUrgent() && !closed) {
                work.awaitUninterruptibly();
            }
            if (current.isEmpty()) {
                return null;
            }
            CommitGroup group = current;
            current = new CommitGroup();
            return group;
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread counts
    private void commit(CommitGroup group) {
        CommitEvent event = new CommitEvent();
        event.begin();
        try {
            recovery.recover(group.mending());
            group.mended();
            Store.Batch batch = store.batch();
            group.changes().forEach(change -> change.write(batch));
            for (CommitPart part : group.parts()) {
                part.record(batch, scratch);
            }
            store.write(batch);
            commits = commits + 1;
            group.stored(Durability.WRITTEN);
            group.reveal(Durability.WRITTEN);
            done(group.cost());
            group.written().finish(null);
            if (group.syncs()) {
                store.sync();
                syncs = syncs + 1;
                group.stored(Durability.SYNCED);
                group.reveal(Durability.SYNCED);
                group.synced().finish(null);
            }
        } catch (StoreException e) {
            event.failed = true;
            record(event, group);
            fail(group, e);
            return;
        }
        record(event, group);
        tidy(group);
    }

    private static void record(CommitEvent event, CommitGroup group) {
        if (event.shouldCommit()) {
            event.topics = group.parts().size();
            event.changes = group.changes().size();
            event.synced = group.syncs();
            event.commit();
        }
    }

    private void done(long cost) {
        lock.lock();
        try {
            account(-cost);
        } finally {
            lock.unlock();
        }
    }

    /// Under the lock, which alone changes it.
    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void account(long cost) {
        pendingBytes += cost;
    }

    private void tidy(CommitGroup group) {
        try {
            group.parts().forEach(part -> tidyUp(part.topic()));
        } catch (StoreException e) {
            LOG.warn("What is to be forgotten could not be deleted from {} now", store.place(), e);
        }
    }

    private void tidyUp(LiveTopic topic) {
        CommitPart.tidy(topic, store);
        if (topic.log() instanceof DurableTopicLog log && log.wantsCompaction()) {
            compactor.request(topic);
        }
    }

    // ---- failures

    /// Nothing that was not revealed is stored; nobody has seen it.
    private void fail(CommitGroup group, StoreException cause) {
        Refused why = recovery.failed(cause);
        CommitGroup after;
        lock.lock();
        try {
            // From here on nobody adds messages: who has just appended one takes it back.
            failing = true;
            after = current;
            current = new CommitGroup();
            pendingBytes = 0;
        } finally {
            lock.unlock();
        }
        List<Change> instead = new ArrayList<>();
        for (CommitGroup each : List.of(group, after)) {
            each.parts().forEach(part -> {
                part.takeBack();
                recovery.suspect(part.topic());
            });
            Stream.concat(each.mending().stream(), each.changes().stream())
                    .map(Change::failed)
                    .filter(Objects::nonNull)
                    .map(Objects::requireNonNull)
                    .forEach(instead::add);
        }
        lock.lock();
        try {
            failing = false;
            if (!closed) {
                // They need no trial of their own: there is one every second.
                current.addFirst(instead);
            }
        } finally {
            lock.unlock();
        }
        if (!waiting) {
            waiting = true;
            timers.schedule(StoreRecovery.TRY_AGAIN, () -> add(new Trial(), Durability.WRITTEN));
        }
        group.finish(why);
        after.finish(why);
    }

    /// Nothing, when a second is over: committing anything has the store opened again.
    private final class Trial implements Change {

        @Override
        public void write(Store.Batch batch) {
            waiting = false;
        }

        @Override
        public @Nullable Change failed() {
            waiting = false;
            return null;
        }
    }

    /// Stores what is left and ends the thread; the store stays open. Nothing is added any more.
    @Override
    public void close() {
        compactor.close();
        room.close();
        lock.lock();
        try {
            closed = true;
            work.signal();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
