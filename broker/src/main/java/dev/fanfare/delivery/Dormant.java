package dev.fanfare.delivery;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Position;
import dev.fanfare.Start;
import dev.fanfare.store.Store;
import dev.fanfare.topic.LiveTopic;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A durable subscription or group that was stored, and to which nobody has come back since the process began. Its
/// topics keep what it has not done. Immutable.
///
/// @param known what it has done, by the number of the topic
/// @param topics those of them that are there
record Dormant(String name, BacklogForm form, Map<Integer, Keeper.Known> known, List<LiveTopic> topics) {

    /// Where whoever comes back begins to read.
    Start start(boolean wild) {
        Map<String, Position> positions = new HashMap<>();
        for (LiveTopic topic : topics) {
            if (!topic.isGone()) {
                long low = low(topic);
                positions.put(topic.name(), new Position(topic.epoch(), low - 1));
            }
        }
        if (wild) {
            // Of what was there when it was made it is stored where it began: all else was made later.
            return new Start.AfterAll(Instant.EPOCH, positions);
        }
        // One that is there again under the same name is another topic, of which nothing was heard.
        return positions.isEmpty()
                ? Start.earliest()
                : new Start.After(positions.values().iterator().next());
    }

    private long low(LiveTopic topic) {
        Keeper.Known said = known.get(topic.number());
        return said == null ? 0 : said.progress().low();
    }

    /// How many messages it has not done, at most.
    private long lag() {
        long lag = 0;
        for (LiveTopic topic : topics) {
            lag += topic.isGone() ? 0 : Math.max(0, topic.visible() - Math.max(low(topic), topic.oldest()));
        }
        return lag;
    }

    AcknowledgedSubscription.Figures figures() {
        return new AcknowledgedSubscription.Figures(form.pattern(), name, 0, lag(), 0, 0, 0, 0, 0, 0, 0, 0, null, 0);
    }

    /// Says again what it has done: the store has lost something.
    void sayAgain(Store.Batch batch) {
        for (LiveTopic topic : topics) {
            Keeper.Known said = known.get(topic.number());
            if (said != null && !topic.isGone()) {
                Progress progress = said.progress();
                Place place = new Place(form.number(), topic, progress.low(), progress.handed(), said.outcomes());
                place.again(batch);
                place.settle(batch);
            }
        }
    }

    /// Its topics need keep nothing for it.
    void release() {
        topics.forEach(topic -> topic.release(form.number()));
    }
}
