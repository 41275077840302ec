package dev.fanfare.topic;

import dev.fanfare.Durability;
import dev.fanfare.log.DurableTopicLog;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has topics take out messages for which there is a newer one of their key: one topic at a time, on a thread that is
/// there as long as there is something to do. Any thread.
final class Compactor {

    private static final Logger LOG = LoggerFactory.getLogger(Compactor.class);

    private final Committer committer;
    private final ReentrantLock lock = new ReentrantLock();

    // Under the lock.
    private final SequencedSet<LiveTopic> wanted = new LinkedHashSet<>();
    private @Nullable Thread running;
    private volatile boolean closed;

    /// @param committer carries out what is found
    Compactor(Committer committer) {
        this.committer = committer;
    }

    /// A topic has something to take out.
    void request(LiveTopic topic) {
        lock.lock();
        try {
            if (!closed && wanted.add(topic) && running == null) {
                running = Thread.ofPlatform().daemon().name("fanfare-compactor").start(this::run);
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        for (LiveTopic topic = next(); topic != null; topic = next()) {
            boolean more = topic.log() instanceof DurableTopicLog log && compact(topic, log) && log.wantsCompaction();
            if (more) {
                // What came meanwhile asked in vain, and nothing else may come.
                request(topic);
            }
        }
    }

    private @Nullable LiveTopic next() {
        lock.lock();
        try {
            LiveTopic next = closed || wanted.isEmpty() ? null : wanted.removeFirst();
            if (next == null) {
                running = null;
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    /// @return whether it went well
    private boolean compact(LiveTopic topic, DurableTopicLog log) {
        try {
            log.compact(
                    turn -> inSection(topic, turn), change -> commit(topic, change), () -> closed || topic.deleted());
            // What is left may be too much.
            committer.tidy(topic);
            return true;
        } catch (StoreException e) {
            LOG.warn("Topic {} could not be looked through for messages with newer ones of their key", topic.name(), e);
        } catch (RuntimeException | Error e) {
            LOG.error("Looking through topic {} failed: a bug", topic.name(), e);
        }
        return false;
    }

    private static void inSection(LiveTopic topic, Runnable turn) {
        topic.enter();
        try {
            turn.run();
        } finally {
            topic.leave();
        }
    }

    /// @return whether to go on
    private boolean commit(LiveTopic topic, Consumer<Store.Batch> change) {
        Committer.Change written = batch -> {
            if (!topic.deleted()) {
                change.accept(batch);
            }
        };
        return committer.add(written, Durability.WRITTEN).await() == null && !closed && !topic.deleted();
    }

    /// Begins nothing more, and waits for what is under way.
    void close() {
        Thread last;
        lock.lock();
        try {
            closed = true;
            last = running;
        } finally {
            lock.unlock();
        }
        if (last != null) {
            try {
                last.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
