package dev.fanfare.cli;

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
    private final CrashListener listener;

    CrashPatterns(Told told) {
        this.told = told;
        this.listener = new CrashListener(told, "shard.*", _ -> {});
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
        listener.listen(clients);
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
            listener.compareAtTheEnd(topic, messages.size());
        }
    }
}
