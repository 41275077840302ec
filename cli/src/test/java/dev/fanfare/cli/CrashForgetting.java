package dev.fanfare.cli;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;

/// Topics that forget: by count, bytes and age, and all but the newest message of each key. What is forgotten stays
/// so, nothing else is, and no place is given twice, not even when nothing is left of those before it.
final class CrashForgetting implements CrashPart {

    private static final int HISTORY = 200;
    private static final int KEYS = 20;
    private static final String COMPACT = "latest";

    private static final Map<String, String> TOPICS = Map.of(
            "counted",
            "\"durability\":\"written\",\"history\":" + HISTORY,
            "weighed",
            "\"durability\":\"synced\",\"history_bytes\":50000",
            "aged",
            "\"durability\":\"written\",\"history_ms\":300",
            COMPACT,
            "\"durability\":\"written\",\"compact\":true");

    /// What was said and seen of a topic.
    private static final class Seen {
        private final Map<String, String> keys = new HashMap<>();
        private final Map<Long, String> places = new TreeMap<>();
        private final Map<String, Long> newest = new HashMap<>();
        private final Set<Long> keyless = new HashSet<>();
        private String epoch = "";
        private long oldest;
        private long next;
    }

    private final Told told;
    private final Map<String, Seen> topics = new HashMap<>();

    CrashForgetting(Told told) {
        this.told = told;
        TOPICS.keySet().forEach(topic -> topics.put(topic, new Seen()));
    }

    private Seen seen(String topic) {
        return Objects.requireNonNull(topics.get(topic));
    }

    @Override
    public Map<String, String> topics() {
        return TOPICS;
    }

    @Override
    public Set<String> kept() {
        return Set.of();
    }

    @Override
    public void start(CrashClients clients) {
        topics.keySet()
                .forEach(topic -> clients.repeat(4, (wire, own) -> {
                    String id = new UUID(own.nextLong(), own.nextLong()).toString();
                    String key = own.nextInt(50) == 0 ? "" : "k" + own.nextInt(KEYS);
                    return publish(wire, topic, id, key, "x".repeat(own.nextInt(1_000)));
                }));
    }

    private CompletableFuture<?> publish(Wire wire, String topic, String id, String key, String payload) {
        synchronized (this) {
            seen(topic).keys.put(id, key);
        }
        Map<String, Object> message = new TreeMap<>(Map.of("id", id, "payload", payload));
        if (!key.isEmpty()) {
            message.put("key", key);
        }
        return wire.ask(Map.of("type", "publish", "topic", topic, "message", message))
                .thenAccept(said -> {
                    if (said.path("type").asString().equals("ack")) {
                        stored(topic, id, key, said.path("offset").asLong());
                    } else {
                        told.wrong("a publish to " + topic + " was refused: " + said);
                    }
                });
    }

    private synchronized void stored(String topic, String id, String key, long offset) {
        Seen seen = seen(topic);
        is(topic, offset, id);
        seen.next = Math.max(seen.next, offset + 1);
        if (key.isEmpty()) {
            seen.keyless.add(offset);
        } else {
            seen.newest.merge(key, offset, Math::max);
        }
    }

    /// Of a place there is one message, for ever.
    private void is(String topic, long offset, String id) {
        String before = seen(topic).places.putIfAbsent(offset, id);
        if (before != null && !before.equals(id)) {
            told.wrong("offset " + offset + " of " + topic + " was " + before + " and is " + id);
        }
    }

    @Override
    public void compare(String url) throws Exception {
        for (String topic : TOPICS.keySet()) {
            JsonNode figures = Wire.rest("GET", url + "/topics/" + topic, "");
            Map<Long, JsonNode> there = read(url, topic);
            synchronized (this) {
                compare(topic, figures, there);
            }
        }
    }

    private static Map<Long, JsonNode> read(String url, String topic) throws Exception {
        Map<Long, JsonNode> found = new TreeMap<>();
        for (String from = "earliest"; ; ) {
            JsonNode page = Wire.rest("GET", url + "/topics/" + topic + "/messages?limit=1000&from=" + from, "");
            page.path("messages").forEach(each -> found.put(each.path("offset").asLong(), each.path("message")));
            if (page.path("messages").isEmpty()) {
                return found;
            }
            from = page.path("next").asString();
        }
    }

    private void compare(String topic, JsonNode figures, Map<Long, JsonNode> there) {
        Seen seen = seen(topic);
        long oldest = figures.path("oldest").asLong();
        long next = figures.path("next").asLong();
        String epoch = figures.path("epoch").asString();
        if (!seen.epoch.isEmpty() && !seen.epoch.equals(epoch)) {
            told.wrong("the epoch of " + topic + " was " + seen.epoch + " and is " + epoch);
        }
        if (next < seen.next || oldest < seen.oldest) {
            told.wrong(topic + " has " + oldest + " to " + next + ", and had " + seen.oldest + " to " + seen.next);
        }
        seen.epoch = epoch;
        seen.oldest = oldest;
        seen.next = next;
        Set<String> once = new HashSet<>();
        Map<String, Long> newest = new HashMap<>();
        there.forEach((offset, message) -> {
            String id = message.path("id").asString();
            String key = message.path("key").asString("");
            is(topic, offset, id);
            if (!once.add(id) || !key.equals(seen.keys.get(id))) {
                told.wrong(id + " at " + offset + " of " + topic + " is there twice, or was never sent so");
            }
            newest.merge(key, offset, Math::max);
        });
        if (topic.equals(COMPACT)) {
            seen.newest.forEach((key, offset) -> {
                if (newest.getOrDefault(key, -1L) < offset) {
                    told.wrong("the newest message of " + key + " in " + topic + " was acknowledged at " + offset
                            + ", and is at " + newest.get(key));
                }
            });
            if (!there.keySet().containsAll(seen.keyless)) {
                told.wrong("messages without a key are gone from " + topic);
            }
        } else if (topic.equals("counted") && there.size() < Math.min(next, HISTORY)) {
            told.wrong(topic + " should keep " + HISTORY + " and has " + there.size() + " of " + next);
        } else if (!topic.equals("aged") && there.size() != next - oldest) {
            told.wrong(topic + " has " + there.size() + " messages from " + oldest + " to " + next);
        }
    }

    @Override
    public void compareAtTheEnd(String url, Map<String, Told.Log> logs) throws Exception {
        compare(url);
    }
}
