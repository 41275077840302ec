package dev.fanfare.delivery;

import dev.fanfare.feed.Pattern;
import dev.fanfare.store.Keys;
import dev.fanfare.store.NamedRows;
import dev.fanfare.store.NumberedRows;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.topic.DamageLog;
import dev.fanfare.topic.LiveTopic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/// Reads what a store says of durable subscriptions and groups, once. What can't be read is told, and never has a
/// message passed over: it comes again.
final class BacklogReader {

    /// So many numbers are left out when it can't be read which one is next.
    private static final int NUMBERS_PASSED = 1 << 20;

    private final Store store;
    private final DamageLog damage;
    private final Map<Integer, LiveTopic> topics;
    private final List<Dormant> found = new ArrayList<>();
    private int next;

    /// @param topics by their numbers
    BacklogReader(Store store, DamageLog damage, Map<Integer, LiveTopic> topics) {
        this.store = store;
        this.damage = damage;
        this.topics = topics;
    }

    /// All of them.
    List<Dormant> read() {
        List<String> lost = NamedRows.read(store, Table.SUBSCRIPTIONS, this::read);
        lost.forEach(what -> damage.lost("Durable subscriptions and groups can't be read and are gone: " + what));
        if (!lost.isEmpty()) {
            // Nobody gets the number of one that can't be read.
            next += NUMBERS_PASSED;
        }
        return found;
    }

    /// The number that the next one gets: after [#read].
    int next() {
        return Math.max(1, next);
    }

    private void read(String name, byte[] value) {
        if (name.isEmpty()) {
            next = Math.max(next, Keys.intAt(value, 0));
        } else {
            BacklogForm form = BacklogForm.of(value);
            next = Math.max(next, form.number() + 1);
            found.add(read(name, form));
        }
    }

    private Dormant read(String name, BacklogForm form) {
        Map<Integer, Keeper.Known> known = new HashMap<>();
        List<LiveTopic> heard = new ArrayList<>();
        Positions positions = new Positions(name, form);
        positions.read().forEach((number, progress) -> {
            LiveTopic topic = topics.get(number);
            if (topic != null) {
                // What comes from now on was handed to nobody, although it is stored that so many might be.
                Progress real = new Progress(progress.low(), Math.min(progress.handed(), topic.visible()));
                known.put(number, new Keeper.Known(real, outcomes(name, form.number(), topic, progress.low())));
                heard.add(topic);
                topic.hold(form.number(), progress.low());
            }
        });
        return new Dormant(name, form, known, heard);
    }

    /// How far one is with its topics.
    private final class Positions {
        private final String name;
        private final BacklogForm form;
        private final NavigableMap<Integer, Progress> positions = new TreeMap<>();

        Positions(String name, BacklogForm form) {
            this.name = name;
            this.form = form;
        }

        Map<Integer, Progress> read() {
            NavigableMap<Long, Long> unreadable = new TreeMap<>();
            NumberedRows.ofSubscription(
                    store,
                    Table.POSITIONS,
                    form.number(),
                    (topic, value) -> positions.put((int) topic, Progress.of(value)),
                    unreadable::put);
            if (!unreadable.isEmpty()) {
                Pattern pattern = Pattern.of(form.pattern());
                topics.forEach((number, topic) -> {
                    Map.Entry<Long, Long> range = unreadable.floorEntry((long) number);
                    if (range != null && number < range.getValue() && pattern.matches(topic.name())) {
                        positions.computeIfAbsent(number, _ -> fromTheOldest(topic));
                    }
                });
            }
            return positions;
        }

        private Progress fromTheOldest(LiveTopic topic) {
            damage.lost("How far '" + name + "' is with topic " + topic.name()
                    + " can't be read: it gets everything kept again, from offset " + topic.oldest());
            return new Progress(topic.oldest(), topic.visible());
        }
    }

    private Map<Long, Outcome> outcomes(String name, int subscription, LiveTopic topic, long from) {
        Map<Long, Outcome> outcomes = new HashMap<>();
        NumberedRows.ofSubscription(
                store,
                Table.OUTCOMES,
                subscription,
                topic.number(),
                from,
                (offset, value) -> outcomes.put(offset, Outcome.of(value)),
                (first, end) -> damage.lost("What '" + name + "' has done with messages of topic " + topic.name()
                        + " from offset " + first
                        + (end == Long.MAX_VALUE ? " on" : " to " + (end - 1))
                        + " can't be read: they are delivered again"));
        return outcomes;
    }
}
