package dev.fanfare.cli;

import dev.fanfare.cli.Told.Log;
import dev.fanfare.cli.Told.Part;
import dev.fanfare.cli.Told.Place;
import dev.fanfare.cli.Told.Stored;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.JsonNode;

/// Topics that share one order (`ordering: global`): what a publisher was answered is before what it publishes then,
/// to whichever of them, for who hears them live and for a durable subscription that gets them in their order.
final class CrashOrder implements CrashPart {

    private static final List<String> TOPICS = List.of("order.a", "order.b");
    private static final String SORTER = "sorter";

    /// More do not wait for the durable one, which gets one at a time.
    private static final int AHEAD = 200;

    private final Told told;
    private final CrashListener listener;

    /// The last message of each publisher that was heard.
    private final Map<String, Long> links = new ConcurrentHashMap<>();

    private final Set<Place> came = ConcurrentHashMap.newKeySet();
    private final AtomicInteger ahead = new AtomicInteger();
    private volatile Instant lastHeard = Instant.MIN;
    private volatile Instant lastCame = Instant.MIN;

    CrashOrder(Told told) {
        this.told = told;
        this.listener = new CrashListener(told, "order.*", this::heard);
    }

    @Override
    public Map<String, String> topics() {
        return Map.of(
                "order.a", "\"durability\":\"written\",\"ordering\":\"global\"",
                "order.b", "\"durability\":\"synced\",\"ordering\":\"global\"");
    }

    @Override
    public void start(CrashClients clients) {
        ahead.set(0);
        publisher(clients);
        publisher(clients);
        finish(clients);
    }

    @Override
    public void finish(CrashClients clients) {
        listener.listen(clients);
        sort(clients);
    }

    /// Publishes one message after the other, each when the one before was answered.
    private void publisher(CrashClients clients) {
        String key = String.valueOf(clients.random().nextLong());
        AtomicLong next = new AtomicLong();
        clients.repeat(
                1,
                (wire, own) -> {
                    ahead.incrementAndGet();
                    return own.nextInt(4) == 0
                            ? publishBoth(wire, key, next, own)
                            : publish(wire, key, next.getAndIncrement(), own);
                },
                () -> ahead.get() < AHEAD);
    }

    private CompletableFuture<?> publish(Wire wire, String key, long number, Random own) {
        String topic = TOPICS.get(own.nextInt(TOPICS.size()));
        String id = id(own);
        told.sent(topic, id);
        return wire.ask(Map.of("type", "publish", "topic", topic, "message", message(id, key, number)))
                .thenAccept(said -> told.answered(topic, id, said));
    }

    /// In one transaction.
    private CompletableFuture<?> publishBoth(Wire wire, String key, AtomicLong next, Random own) {
        List<Part> parts = new ArrayList<>();
        List<Map<String, Object>> publish = new ArrayList<>();
        for (String topic : own.nextBoolean() ? TOPICS : TOPICS.reversed()) {
            String id = id(own);
            parts.add(new Part(topic, id));
            publish.add(Map.of("topic", topic, "message", message(id, key, next.getAndIncrement())));
        }
        told.sent(parts);
        return wire.ask(Map.of("type", "transaction", "publish", publish)).thenAccept(said -> {
            if (!said.path("type").asString().equals("ack")) {
                told.wrong("a transaction of topics that share an order was refused: " + said);
                return;
            }
            for (int i = 0; i < parts.size(); i++) {
                Place place = CrashClients.place(said.path("results").path(i));
                told.stored(parts.get(i).topic(), parts.get(i).id(), place);
            }
        });
    }

    private static String id(Random own) {
        return new UUID(own.nextLong(), own.nextLong()).toString();
    }

    private static Map<String, Object> message(String id, String key, long number) {
        return Map.of("id", id, "key", key, "payload", Map.of("of", number));
    }

    private void heard(JsonNode event) {
        Instant at = at(event);
        if (at.isBefore(lastHeard)) {
            told.wrong("of topics that share an order was heard after one of " + lastHeard + ": " + event);
        }
        lastHeard = at;
        long number = event.path("message").path("payload").path("of").asLong();
        Long before = links.put(event.path("message").path("key").asString(), number);
        if (before != null && number <= before) {
            told.wrong("after number " + before + " of its publisher was heard: " + event);
        }
    }

    private static Instant at(JsonNode event) {
        return Instant.parse(event.path("ts").asString());
    }

    private void sort(CrashClients clients) {
        clients.acknowledging(
                SORTER,
                Map.of("topic", "order.*", "durable", SORTER, "ordered", true, "max_in_flight", 10),
                10,
                this::came,
                (wire, inHand, _) -> {
                    Map<String, List<Long>> offsets = new TreeMap<>();
                    inHand.forEach(
                            event -> offsets.computeIfAbsent(event.path("topic").asString(), _ -> new ArrayList<>())
                                    .add(event.path("offset").asLong()));
                    offsets.forEach((topic, done) -> clients.acknowledge(wire, of(topic), topic, SORTER, done));
                });
    }

    private void came(JsonNode event) {
        told.delivered(of(event.path("topic").asString()), event);
        if (!came.add(CrashClients.place(event))) {
            return;
        }
        ahead.decrementAndGet();
        Instant at = at(event);
        if (at.isBefore(lastCame)) {
            told.wrong("to " + SORTER + " came after one of " + lastCame + ": " + event);
        }
        lastCame = at;
    }

    private static String of(String topic) {
        return SORTER + " of " + topic;
    }

    @Override
    public void compareAtTheEnd(String url, Map<String, Log> logs) {
        Map<String, List<Stored>> chains = new TreeMap<>();
        for (String topic : TOPICS) {
            List<Stored> messages = Told.messages(logs, topic);
            listener.compareAtTheEnd(topic, messages.size());
            for (int offset = 0; offset < messages.size(); offset++) {
                Stored message = messages.get(offset);
                chains.computeIfAbsent(String.valueOf(message.key()), _ -> new ArrayList<>())
                        .add(message);
                if (!told.isAcknowledged(of(topic), offset)) {
                    told.wrong("offset " + offset + " of " + topic + " never came to " + SORTER);
                }
            }
        }
        chains.values().forEach(this::compare);
    }

    /// What one publisher published, one after the other.
    private void compare(List<Stored> chain) {
        chain.sort(Comparator.comparingLong(Stored::of));
        Set<Long> numbers = new HashSet<>();
        Instant before = Instant.MIN;
        for (Stored message : chain) {
            if (message.at().isBefore(before) || !numbers.add(message.of())) {
                told.wrong("after one of " + before + " its publisher published " + message);
            }
            before = message.at();
        }
    }
}
