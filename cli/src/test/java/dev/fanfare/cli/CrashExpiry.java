package dev.fanfare.cli;

import java.time.Instant;
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
import tools.jackson.databind.JsonNode;

/// Messages with a time to live, and a durable subscription that takes its time. What has expired is not read and does
/// not come any more, also after a start; each is done or a dead letter, and those that live on are there.
final class CrashExpiry implements CrashPart {

    private static final String TOPIC = "expiring";
    private static final String PATIENT = "patient";
    private static final long HOUR = 3_600_000;

    /// As many dead letters as are kept, and no more, may come of it in all rounds.
    private static final int MOST = 5_000;

    private final Told told;

    /// How long each lives that was sent, in milliseconds, by its id; 0: for ever.
    private final Map<String, Long> lives = new ConcurrentHashMap<>();

    /// Whose publish was acknowledged, by the offset.
    private final Map<Long, String> stored = new ConcurrentHashMap<>();

    private final AtomicInteger sent = new AtomicInteger();
    private volatile String epoch = "";

    CrashExpiry(Told told) {
        this.told = told;
    }

    @Override
    public Map<String, String> topics() {
        return Map.of(TOPIC, "\"durability\":\"written\"");
    }

    @Override
    public Set<String> kept() {
        return Set.of();
    }

    @Override
    public void start(CrashClients clients) {
        clients.repeat(4, this::publish, () -> sent.incrementAndGet() <= MOST);
        take(clients, false);
    }

    @Override
    public void finish(CrashClients clients) {
        take(clients, true);
    }

    private CompletableFuture<?> publish(Wire wire, Random own) {
        String id = new UUID(own.nextLong(), own.nextLong()).toString();
        long life = switch (own.nextInt(4)) {
            case 0 -> 0;
            case 1 -> HOUR;
            default -> 1 + own.nextInt(2_000);
        };
        lives.put(id, life);
        Map<String, Object> message = new TreeMap<>(Map.of("id", id, "payload", "p"));
        if (life > 0) {
            message.put("ttl_ms", life);
        }
        return wire.ask(Map.of("type", "publish", "topic", TOPIC, "message", message))
                .thenAccept(said -> {
                    if (!said.path("type").asString().equals("ack")) {
                        told.wrong("a publish to " + TOPIC + " was refused: " + said);
                        return;
                    }
                    is(said.path("offset").asLong(), id);
                });
    }

    /// Of a place there is one message, for ever.
    private void is(long offset, String id) {
        String before = stored.putIfAbsent(offset, id);
        if (before != null && !before.equals(id)) {
            told.wrong("offset " + offset + " of " + TOPIC + " was " + before + " and is " + id);
        }
    }

    /// A message is here that was asked for at a time.
    private void isAlive(JsonNode event, Instant asked) {
        String id = event.path("message").path("id").asString();
        long life = lives.getOrDefault(id, -1L);
        Instant at = Instant.parse(event.path("ts").asString());
        if (life < 0 || life > 0 && at.plusMillis(life).isBefore(asked)) {
            told.wrong("at " + asked + " was asked for, and never sent or over after " + life + " ms: " + event);
        }
    }

    /// @param diligent whether it acknowledges each
    private void take(CrashClients clients, boolean diligent) {
        Instant asked = Instant.now();
        Map<String, Object> terms = Map.of(
                "topic",
                TOPIC,
                "durable",
                PATIENT,
                "expired",
                "dead_letter",
                "max_in_flight",
                20,
                "retry",
                Map.of("max_attempts", 1_000, "backoff_ms", 5, "multiplier", 1));
        clients.acknowledging(
                PATIENT,
                terms,
                10,
                event -> {
                    told.delivered(PATIENT, event);
                    isAlive(event, asked);
                },
                (wire, inHand, own) -> {
                    for (JsonNode event : inHand) {
                        long offset = event.path("offset").asLong();
                        if (diligent || own.nextInt(3) > 0) {
                            clients.acknowledge(wire, PATIENT, TOPIC, PATIENT, List.of(offset));
                        } else {
                            var _ = wire.ask(Map.of(
                                    "type",
                                    "nack",
                                    "topic",
                                    TOPIC,
                                    "client_id",
                                    PATIENT,
                                    "offset",
                                    offset,
                                    "delay_ms",
                                    own.nextInt(500)));
                        }
                    }
                });
    }

    @Override
    public void compare(String url) throws Exception {
        String now =
                Wire.rest("GET", url + "/topics/" + TOPIC, "").path("epoch").asString();
        if (!epoch.isEmpty() && !epoch.equals(now)) {
            told.wrong("the epoch of " + TOPIC + " was " + epoch + " and is " + now);
        }
        epoch = now;
        Set<Long> there = new HashSet<>();
        for (String from = "earliest"; ; ) {
            Instant asked = Instant.now();
            JsonNode page = Wire.rest("GET", url + "/topics/" + TOPIC + "/messages?limit=1000&from=" + from, "");
            for (JsonNode event : page.path("messages")) {
                isAlive(event, asked);
                is(
                        event.path("offset").asLong(),
                        event.path("message").path("id").asString());
                there.add(event.path("offset").asLong());
            }
            String next = page.path("next").asString();
            if (next.equals(from)) {
                break;
            }
            from = next;
        }
        stored.forEach((offset, id) -> {
            long life = lives.getOrDefault(id, 0L);
            if ((life == 0 || life == HOUR) && !there.contains(offset)) {
                told.wrong("offset " + offset + " of " + TOPIC + " is gone, and lives for " + life + " ms");
            }
        });
    }

    @Override
    public void compareAtTheEnd(String url, Map<String, Told.Log> logs) throws Exception {
        compare(url);
        Set<Long> dead = new HashSet<>();
        for (JsonNode letter : Wire.deadLetters(url, TOPIC)) {
            if (!letter.path("reason").asString().equals("expired")
                    || !dead.add(letter.path("event").path("offset").asLong())) {
                told.wrong("a dead letter of " + TOPIC + " is there twice or has another reason: " + letter);
            }
        }
        for (long offset : stored.keySet()) {
            if (dead.contains(offset) ? told.isDone(PATIENT, offset) : !told.isAcknowledged(PATIENT, offset)) {
                told.wrong("offset " + offset + " of " + TOPIC + " was "
                        + (dead.contains(offset) ? "done and is a dead letter" : "never done and is no dead letter"));
            }
        }
    }
}
