package dev.fanfare.client;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;

/// What an acknowledged subscription has heard and is not done with, and what it is done with: a server that does
/// not know its name, or not any more, has forgotten that with the connection, and is asked for it again. Owned by the
/// calls of the connection, which come one at a time.
final class Unsettled {

    /// As many as a server has deliver at a time. Beyond, the oldest is not asked for again: most likely its server has
    /// given it up meanwhile.
    private static final int MOST = 10_000;

    /// @param ttlMillis how long after its timestamp it may come again; 0: for ever
    private record Held(long readNanos, long ttlMillis) {

        /// Whether it won't come again. Its time began before it was heard: this needs no clock that agrees with the
        /// server's.
        boolean isExpired() {
            return ttlMillis > 0 && System.nanoTime() - readNanos >= TimeUnit.MILLISECONDS.toNanos(ttlMillis);
        }
    }

    private final boolean hasName;
    private final boolean hearsAll;
    private final SequencedMap<Place, Held> held = new LinkedHashMap<>();
    private final Map<String, DoneOffsets> topics = new HashMap<>();

    /// @param hasName whether the server knows, as long as it knows the name, what is done
    /// @param hearsAll whether it hears every message of its topics
    Unsettled(boolean hasName, boolean hearsAll) {
        this.hasName = hasName;
        this.hearsAll = hearsAll;
    }

    /// The server has told what comes first of a topic.
    void begin(String topic, Position first) {
        topics.compute(
                        topic,
                        (name, known) -> known != null && known.isOf(first)
                                ? known
                                : new DoneOffsets(first.epoch(), Math.max(0, first.offset())))
                .begin(first.offset());
    }

    /// It was heard.
    ///
    /// @param readNanos when, as [System#nanoTime]
    /// @param ttlMillis how long after its timestamp it may come again; 0: for ever
    void add(Event event, long readNanos, long ttlMillis) {
        Position position = event.position();
        DoneOffsets known = topics.get(event.topic());
        if (known == null || !known.isOf(position)) {
            known = new DoneOffsets(position.epoch(), position.offset());
            topics.put(event.topic(), known);
        }
        known.heard(position.offset());
        if (!hasName && known.contains(position.offset())) {
            // Sent again before the server heard that it is done, or a dead letter sent back, which is there as long as
            // it is not done.
            return;
        }
        held.putLast(Place.of(event), new Held(readNanos, ttlMillis));
        if (held.size() > MOST) {
            held.pollFirstEntry();
        }
    }

    /// It is done or given up.
    void remove(Event event) {
        Place place = Place.of(event);
        held.remove(place);
        done(place);
    }

    private void done(Place place) {
        DoneOffsets known = topics.get(place.topic());
        if (known != null && known.isOf(place.position())) {
            known.add(place.position().offset());
        }
    }

    /// Whether it is done, and only sent again because something before it is not. Says it once.
    boolean isRepeat(Event event) {
        DoneOffsets known = hasName ? null : topics.get(event.topic());
        return known != null
                && known.isOf(event.position())
                && known.isRepeat(event.position().offset());
    }

    /// How many messages were missed at most when the server goes on with one that comes later than the first that is
    /// not done.
    long missed(String topic, Position next) {
        DoneOffsets known = topics.get(topic);
        return known == null || !known.isOf(next) ? -1 : known.missing(next.offset());
    }

    /// The connection is gone: sets back what was heard last of each topic to before the first that is not done,
    /// which will be heard anew with all after it. Of what waited on the server behind others nothing was heard:
    /// where all messages are heard, it is missing between them.
    void rewind(Map<String, Position> heard) {
        held.forEach((place, each) -> {
            if (each.isExpired()) {
                done(place);
            } else {
                rewind(
                        heard,
                        place.topic(),
                        place.position().epoch(),
                        place.position().offset());
            }
        });
        held.clear();
        topics.forEach((topic, known) -> {
            if (!hasName && hearsAll && known.hasGaps()) {
                rewind(heard, topic, known.epoch(), known.first());
            }
            known.broken();
        });
    }

    private static void rewind(Map<String, Position> heard, String topic, String epoch, long first) {
        Position before = new Position(epoch, first - 1);
        Position last = heard.get(topic);
        if (last != null && last.epoch().equals(epoch) && last.after(before)) {
            heard.put(topic, before);
        }
    }
}
