package dev.fanfare.cli;

import dev.fanfare.cli.Told.Place;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/// A live subscription of a pattern, which goes on with each server in every topic where it was.
final class CrashListener {

    private final Told told;
    private final String pattern;
    private final Consumer<JsonNode> heard;
    private final Map<String, Place> places = new ConcurrentHashMap<>();
    private volatile String began = "";

    /// @param heard told of each message, in their order
    CrashListener(Told told, String pattern, Consumer<JsonNode> heard) {
        this.told = told;
        this.pattern = pattern;
        this.heard = heard;
    }

    /// Subscribes.
    void listen(CrashClients clients) {
        Wire wire = clients.wire(event -> {
            if (event.path("type").asString().equals("event")) {
                String topic = event.path("topic").asString();
                Place place = CrashClients.place(event);
                Place last = places.put(topic, place);
                if (place.offset() != (last == null ? 0 : last.offset() + 1)) {
                    told.wrong("offset " + place + " of " + topic + " came to a pattern after " + last);
                }
                told.seen(topic, place, event.path("message").path("id").asString());
                heard.accept(event);
            } else if (!event.path("msg").asString("").equals("ping")) {
                told.wrong("a subscriber of a pattern was told: " + event);
            }
        });
        Map<String, Object> request =
                new TreeMap<>(Map.of("type", "subscribe", "topic", pattern, "client_id", "listener", "queue", 10_000));
        boolean resumes = !began.isEmpty();
        if (resumes) {
            Map<String, Object> topics = new TreeMap<>();
            places.forEach(
                    (topic, place) -> topics.put(topic, Map.of("epoch", place.epoch(), "offset", place.offset())));
            request.put("since", Map.of("time", began, "topics", topics));
        } else {
            request.put("from", "earliest");
        }
        wire.ask(request).thenAccept(said -> {
            if (!resumes) {
                began = said.path("ts").asString();
            } else if (!said.path("recovered").asBoolean(false)) {
                told.wrong("resuming a pattern was answered with " + said);
            }
        });
    }

    /// Compares the last it heard of a topic with how many there are.
    void compareAtTheEnd(String topic, int count) {
        Place last = places.get(topic);
        if (count > 0 && (last == null || last.offset() != count - 1)) {
            told.wrong("the last a pattern heard of " + topic + " is " + last + ", of " + count);
        }
    }
}
