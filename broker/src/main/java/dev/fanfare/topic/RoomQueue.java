package dev.fanfare.topic;

import dev.fanfare.feed.Feed;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/// The publishers that wait for room in one feed. Only one action is left with the feed for all of them, so that a
/// feed that stays full for hours collects nothing. They park, on the broker's clock.
final class RoomQueue {

    private final Feed<?> feed;
    private final Timers timers;
    private final Object lock = new Object();
    private final Set<CountDownLatch> waiting = HashSet.newHashSet(0);
    private boolean asked;

    RoomQueue(Feed<?> feed, Timers timers) {
        this.feed = feed;
        this.timers = timers;
    }

    /// Waits until there may be room, or the time is over.
    ///
    /// @param over whether there is nothing to wait for any more; looked at once the thread is among those that
    ///     [#open] lets go
    /// @return false when the thread was interrupted; it stays so
    boolean await(Duration atMost, BooleanSupplier over) {
        CountDownLatch room = new CountDownLatch(1);
        boolean ask;
        synchronized (lock) {
            waiting.add(room);
            ask = !asked;
            asked = true;
        }
        Timers.Timer timeout = timers.schedule(atMost, room::countDown);
        try {
            if (ask) {
                feed.onRoom(this::open);
            }
            if (!over.getAsBoolean()) {
                room.await();
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            timeout.cancel();
            synchronized (lock) {
                waiting.remove(room);
            }
        }
    }

    /// Lets everybody who waits look again.
    void open() {
        List<CountDownLatch> now;
        synchronized (lock) {
            asked = false;
            now = new ArrayList<>(waiting);
            waiting.clear();
        }
        now.forEach(CountDownLatch::countDown);
    }
}
