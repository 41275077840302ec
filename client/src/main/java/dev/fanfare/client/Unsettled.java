package dev.fanfare.client;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SequencedSet;

/// What an acknowledged subscription has heard and is not done with: a server that does not know its name, or not any
/// more, has forgotten that with the connection, and is asked for it again. Owned by the calls of the connection, which
/// come one at a time.
final class Unsettled {

    /// As many as a server has deliver at a time. Beyond, the oldest is not asked for again: most likely its server has
    /// given it up meanwhile.
    private static final int MOST = 10_000;

    private final SequencedSet<Place> places = new LinkedHashSet<>();

    /// It was heard.
    void add(Event event) {
        places.addLast(Place.of(event));
        if (places.size() > MOST) {
            places.removeFirst();
        }
    }

    /// It is done or given up.
    void remove(Event event) {
        places.remove(Place.of(event));
    }

    /// The connection is gone: sets back what was heard last of each topic to before the first that is not done, which
    /// will be heard anew with all after it.
    void rewind(Map<String, Position> heard) {
        for (Place place : places) {
            Position before =
                    new Position(place.position().epoch(), place.position().offset() - 1);
            Position last = heard.get(place.topic());
            if (last != null && last.epoch().equals(before.epoch()) && last.after(before)) {
                heard.put(place.topic(), before);
            }
        }
        places.clear();
    }
}
