package dev.fanfare.topic;

import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The topics that forget by age: they are looked through every now and then, because one that nobody publishes
/// to forgets too. Everything under the registry's lock.
final class AgingTopics {

    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final TopicDirectory directory;
    private final Timers timers;
    private final @Nullable Committer committer;
    private final ReentrantLock lock;
    private int count;
    private Timers.@Nullable Timer next;
    private boolean closed;

    AgingTopics(TopicDirectory directory, Timers timers, @Nullable Committer committer, ReentrantLock lock) {
        this.directory = directory;
        this.timers = timers;
        this.committer = committer;
        this.lock = lock;
    }

    void added(LiveTopic topic) {
        if (topic.forgetsByAge()) {
            count++;
            schedule();
        }
    }

    void removed(LiveTopic topic) {
        count -= topic.forgetsByAge() ? 1 : 0;
    }

    private void schedule() {
        if (count > 0 && next == null && !closed) {
            next = timers.schedule(INTERVAL, this::lookThrough);
        }
    }

    private void lookThrough() {
        for (LiveTopic topic : directory.all()) {
            if (topic.forgetsByAge()) {
                topic.expire();
                if (committer != null && topic.config().isDurable()) {
                    committer.tidy(topic);
                }
            }
        }
        lock.lock();
        try {
            next = null;
            schedule();
        } finally {
            lock.unlock();
        }
    }

    /// They are not looked through any more.
    void close() {
        closed = true;
        if (next != null) {
            // A clock given from outside would keep the broker until then.
            next.cancel();
            next = null;
        }
    }
}
