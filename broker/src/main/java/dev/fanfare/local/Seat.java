package dev.fanfare.local;

import org.jspecify.annotations.Nullable;

/// A subscription's place among those that its loop serves in one feed. Any thread.
final class Seat {

    private final LocalSubscription owner;
    private final Loop loop;
    private volatile @Nullable Station station;

    Seat(LocalSubscription owner, Loop loop) {
        this.owner = owner;
        this.loop = loop;
    }

    /// Joins its loop's station of the feed.
    void take(LocalFeed feed) {
        Station joined = feed.stationOn(loop);
        station = joined;
        loop.execute(() -> {
            if (!owner.isOver()) {
                joined.add(owner);
            }
        });
    }

    /// Has the station look; before there is one, that is not needed.
    void request() {
        Station joined = station;
        if (joined != null) {
            joined.request();
        }
    }

    /// Leaves the station, if it is in one.
    void leave() {
        Station joined = station;
        station = null;
        if (joined != null) {
            loop.execute(() -> joined.remove(owner));
        }
    }
}
