package dev.fanfare.client;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;

/// What an acknowledged subscription has heard and is not done with: a server that does not know its name, or not any
/// more, has forgotten that with the connection, and is asked for it again. Owned by the calls of the connection, which
/// come one at a time.
final class Unsettled {

    /// As many as a server has deliver at a time. Beyond, the oldest is not asked for again: most likely its server has
    /// given it up meanwhile.
    private static final int MOST = 10_000;

    private record Held(long readNanos, long ttlMillis) {

        /// Whether it won't come again. Its time began before it was heard: this needs no clock that agrees with the
        /// server's.
        boolean isExpired() {
            return ttlMillis > 0 && System.nanoTime() - readNanos >= TimeUnit.MILLISECONDS.toNanos(ttlMillis);
        }
    }

    private final SequencedMap<Place, Held> held = new LinkedHashMap<>();

    /// It was heard.
    ///
    /// @param readNanos when, as [System#nanoTime]
    /// @param ttlMillis how long after its timestamp it may come again; 0: for ever
    void add(Event event, long readNanos, long ttlMillis) {
        held.putLast(Place.of(event), new Held(readNanos, ttlMillis));
        if (held.size() > MOST) {
            held.pollFirstEntry();
        }
    }

    /// It is done or given up.
    void remove(Event event) {
        held.remove(Place.of(event));
    }

    /// The connection is gone: sets back what was heard last of each topic to before the first that is not done, which
    /// will be heard anew with all after it.
    void rewind(Map<String, Position> heard) {
        held.forEach((place, each) -> {
            Position before =
                    new Position(place.position().epoch(), place.position().offset() - 1);
            Position last = heard.get(place.topic());
            if (!each.isExpired() && last != null && last.epoch().equals(before.epoch()) && last.after(before)) {
                heard.put(place.topic(), before);
            }
        });
        held.clear();
    }
}
