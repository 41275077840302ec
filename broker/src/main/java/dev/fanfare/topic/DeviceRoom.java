package dev.fanfare.topic;

import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerLimit;
import dev.fanfare.ErrorCode;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.local.Events;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether the device of a store takes more. Publishers ask before each message; once it is full the clock
/// asks, too, so that its end is told when nobody publishes. Any thread, also in a topic's section.
final class DeviceRoom {

    private static final Logger LOG = LoggerFactory.getLogger(DeviceRoom.class);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

    private final Store store;
    private final Timers timers;
    private final Events events;
    private final ReentrantLock lock = new ReentrantLock();

    // Written under the lock.
    private volatile boolean full;
    private boolean closed;
    private Timers.@Nullable Timer next;

    DeviceRoom(Store store, Timers timers, Events events) {
        this.store = store;
        this.timers = timers;
        this.events = events;
    }

    /// Why nothing can be published; null when there is room.
    @Nullable
    Refused refusal() {
        boolean left;
        try {
            left = store.room() > 0;
        } catch (StoreException e) {
            return new Refused(
                    ErrorCode.INTERNAL,
                    store.place() + " can't be asked for its room: " + e.getMessage() + "; nothing was published");
        }
        if (left == full) {
            changed(!left);
        }
        return left ? null : new Refused(BrokerLimit.STORAGE, reason());
    }

    private String reason() {
        return "the device of " + store.place()
                + " is full: free some space, or shorten the history of topics; nothing was published";
    }

    private void changed(boolean toFull) {
        lock.lock();
        try {
            if (closed || full == toFull) {
                return;
            }
            full = toFull;
            if (toFull) {
                LOG.error("{}", reason());
                events.emit(() -> new BrokerEvent.StorageFailed(store.place(), reason()));
                next = timers.schedule(LOOK_AGAIN, this::look);
            } else {
                LOG.info("There is room again for {}", store.place());
                events.emit(() -> new BrokerEvent.StorageRecovered(store.place()));
                stop();
            }
        } finally {
            lock.unlock();
        }
    }

    private void look() {
        var _ = refusal();
        lock.lock();
        try {
            if (full && !closed) {
                stop();
                next = timers.schedule(LOOK_AGAIN, this::look);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Nobody is told any more.
    void close() {
        lock.lock();
        try {
            closed = true;
            stop();
        } finally {
            lock.unlock();
        }
    }

    /// Under the lock.
    private void stop() {
        if (next != null) {
            next.cancel();
            next = null;
        }
    }
}
