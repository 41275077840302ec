package dev.fanfare.cli;

import dev.fanfare.cli.Told.Place;
import dev.fanfare.cli.Told.Stored;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;

/// Subscriptions of a pattern: a durable one with a filter, which gets each message that it lets through and none
/// that it does not, and a live one that goes on in every topic where it was.
final class CrashPatterns implements CrashPart {

    private static final List<String> SHARDS = List.of("shard.a", "shard.b", "shard.c");
    private static final String DURABLE = "gatherer";

    private final Told told;
    private final Set<String> wanted = ConcurrentHashMap.newKeySet();
    private final Map<String, Place> heard = new ConcurrentHashMap<>();
    private volatile String began = "";

    CrashPatterns(Told told) {
        this.told = told;
    }

    @Override
    public Map<String, String> topics() {
        return Map.of(
                "shard.a", "\"durability\":\"written\"",
                "shard.b", "\"durability\":\"synced\"",
                "shard.c", "\"durability\":\"written\",\"partitions\":3");
    }

    @Override
    public void start(CrashClients clients) {
        clients.repeat(6, this::publish);
        finish(clients);
    }

    @Override
    public void finish(CrashClients clients) {
        gather(clients);
        listen(clients);
    }

    private CompletableFuture<?> publish(Wire wire, Random own) {
        String topic = SHARDS.get(own.nextInt(SHARDS.size()));
        String id = new UUID(own.nextLong(), own.nextLong()).toString();
        boolean pass = own.nextBoolean();
        if (pass) {
            wanted.add(id);
        }
        told.sent(topic, id);
        var message = Map.of(
                "id", id, "key", "k" + own.nextInt(8), "payload", Map.of("of", own.nextInt(100) + (pass ? 100 : 0)));
        return wire.ask(Map.of("type", "publish", "topic", topic, "message", message))
                .thenAccept(said -> told.answered(topic, id, said));
    }

    private void gather(CrashClients clients) {
        clients.acknowledging(
                DURABLE,
                Map.of(
                        "topic",
                        "shard.*",
                        "durable",
                        DURABLE,
                        "filter",
                        "message.payload.of >= 100",
                        "max_in_flight",
                        50),
                20,
                event -> told.delivered(of(event.path("topic").asString()), event),
                (wire, inHand, own) -> {
                    Map<String, List<Long>> offsets = new TreeMap<>();
                    for (JsonNode event : inHand) {
                        String topic = event.path("topic").asString();
                        if (!wanted.contains(event.path("message").path("id").asString())) {
                            told.wrong("a filter let through " + event);
                        }
                        offsets.computeIfAbsent(topic, _ -> new ArrayList<>())
                                .add(event.path("offset").asLong());
                    }
                    offsets.forEach((topic, done) -> clients.acknowledge(wire, of(topic), topic, DURABLE, done));
                });
    }

    private static String of(String topic) {
        return DURABLE + " of " + topic;
    }

    private void listen(CrashClients clients) {
        Wire wire = clients.wire(event -> {
            if (event.path("type").asString().equals("event")) {
                String topic = event.path("topic").asString();
                Place place = CrashClients.place(event);
                Place last = heard.put(topic, place);
                if (place.offset() != (last == null ? 0 : last.offset() + 1)) {
                    told.wrong("offset " + place + " of " + topic + " came to a pattern after " + last);
                }
                told.seen(topic, place, event.path("message").path("id").asString());
            } else if (!event.path("msg").asString("").equals("ping")) {
                told.wrong("a subscriber of a pattern was told: " + event);
            }
        });
        Map<String, Object> request = new TreeMap<>(
                Map.of("type", "subscribe", "topic", "shard.*", "client_id", "listener", "queue", 10_000));
        boolean resumes = !began.isEmpty();
        if (resumes) {
            Map<String, Object> places = new TreeMap<>();
            heard.forEach(
                    (topic, place) -> places.put(topic, Map.of("epoch", place.epoch(), "offset", place.offset())));
            request.put("since", Map.of("time", began, "topics", places));
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

    @Override
    public void compareAtTheEnd(String url, Map<String, Told.Log> logs) {
        for (String topic : SHARDS) {
            List<Stored> messages = Told.messages(logs, topic);
            for (int offset = 0; offset < messages.size(); offset++) {
                boolean done = told.isAcknowledged(of(topic), offset);
                if (done != wanted.contains(messages.get(offset).id())) {
                    told.wrong(
                            "offset " + offset + " of " + topic + (done ? " came" : " never came") + " to " + DURABLE);
                }
            }
            Place last = heard.get(topic);
            if (!messages.isEmpty() && (last == null || last.offset() != messages.size() - 1)) {
                told.wrong("the last a pattern heard of " + topic + " is " + last + ", of " + messages.size());
            }
        }
    }
}
