package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// What publishers were told and subscribers heard, of every place in every log. Any thread.
final class Ledger {

    /// The topics of a run; subscribers of `load.*` must never hear the last.
    static final List<String> TOPICS = List.of("load.a", "load.b", "load.c", "elsewhere");

    private record Place(String topic, long offset) {}

    /// A message: who published it and as the how-manieth to this topic.
    record Entry(String id, int publisher, int number) {}

    private final Map<Place, Entry> acked = new ConcurrentHashMap<>();
    private final Map<Place, String> heard = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> published = new ConcurrentHashMap<>();

    /// A publisher was told that its message is at this place.
    void acked(String topic, long offset, Entry entry) {
        published.computeIfAbsent(topic, unknown -> new AtomicInteger()).incrementAndGet();
        assertThat(acked.putIfAbsent(new Place(topic, offset), entry))
                .as("two messages at offset %s of %s", offset, topic)
                .isNull();
    }

    /// A subscriber heard this message at this place.
    void heard(String topic, long offset, String id) {
        String before = heard.putIfAbsent(new Place(topic, offset), id);
        assertThat(before).as("offset %s of %s", offset, topic).isIn(null, id);
    }

    /// At the end: no place was left out, what was heard is what was acked, and each publisher's messages are in order.
    void check() {
        for (String topic : TOPICS) {
            int count = published.getOrDefault(topic, new AtomicInteger()).get();
            Map<Integer, Integer> last = new HashMap<>();
            for (long offset = 0; offset < count; offset++) {
                Place place = new Place(topic, offset);
                Entry entry = acked.get(place);
                assertThat(entry).as("an ack for %s", place).isNotNull();
                assertThat(heard.getOrDefault(place, entry.id())).isEqualTo(entry.id());
                Integer before = last.put(entry.publisher(), entry.number());
                assertThat(entry.number())
                        .as("%s of publisher %s", place, entry.publisher())
                        .isGreaterThan(before == null ? -1 : before);
            }
        }
        assertThat(acked.keySet()).containsAll(heard.keySet());
    }
}
