package dev.fanfare.cli;

import dev.fanfare.cli.Told.Place;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Subscribers that can't keep up: a durable one whose backlog leaves on the device what does not fit, a group
/// whose backlog makes dead letters of it, and a live one that does not read and is served from the device later.
final class CrashBacklogs implements CrashPart {

    private static final String SPILLED = "spilled";
    private static final String CAPPED = "capped";
    private static final String FLOOD = "flood";

    /// A backlog's bound is passed quickly.
    private static final int BACKLOG = 20;

    /// As many dead letters as are kept, and no more, may come of it in all rounds.
    private static final int MOST = 8_000;

    /// So much that it does not fit into what the system keeps for a connection nobody reads.
    private static final int LARGE = 50_000;

    private static final int UNREAD = 120;

    private final Told told;
    private final AtomicInteger capped = new AtomicInteger();
    private volatile @Nullable Place heard;

    CrashBacklogs(Told told) {
        this.told = told;
    }

    @Override
    public Map<String, String> topics() {
        return Map.of(
                SPILLED,
                "\"durability\":\"written\",\"backlog\":" + BACKLOG + ",\"backlog_overflow\":\"spill\"",
                CAPPED,
                "\"durability\":\"written\",\"backlog\":" + BACKLOG + ",\"backlog_overflow\":\"dead_letter\"",
                FLOOD,
                "\"durability\":\"written\",\"history_bytes\":1073741824");
    }

    @Override
    public void start(CrashClients clients) {
        clients.repeat(16, (wire, own) -> publish(wire, SPILLED, 50, own));
        clients.repeat(16, (wire, own) -> publish(wire, CAPPED, 50, own), () -> capped.incrementAndGet() <= MOST);
        AtomicInteger sent = new AtomicInteger();
        Wire reader = listen(clients);
        reader.pause();
        clients.repeat(
                2,
                (wire, own) -> publish(wire, FLOOD, LARGE, own).thenRun(() -> {
                    // At the end of the flood it reads: in a short round, when the server is gone.
                    if (sent.incrementAndGet() == UNREAD) {
                        reader.resume();
                    }
                }),
                () -> sent.get() < 2 * UNREAD);
        consume(clients, SPILLED, "durable", "slowly", 5);
        consume(clients, CAPPED, "group", "few", 5);
    }

    @Override
    public void finish(CrashClients clients) {
        listen(clients);
        consume(clients, SPILLED, "durable", "slowly", 1_000);
        consume(clients, CAPPED, "group", "few", 1_000);
    }

    private CompletableFuture<?> publish(Wire wire, String topic, int length, Random own) {
        String id = new UUID(own.nextLong(), own.nextLong()).toString();
        told.sent(topic, id);
        var message = Map.of("id", id, "payload", "x".repeat(length));
        return wire.ask(Map.of("type", "publish", "topic", topic, "message", message))
                .thenAccept(said -> told.answered(topic, id, said));
    }

    private void consume(CrashClients clients, String topic, String kind, String name, int inFlight) {
        clients.acknowledging(
                name,
                Map.of("topic", topic, kind, name, "max_in_flight", inFlight),
                inFlight,
                event -> told.delivered(name, event),
                (wire, inHand, _) -> clients.acknowledge(wire, name, topic, name, CrashClients.offsets(inHand)));
    }

    /// Hears everything of a topic, some of it from the device.
    private Wire listen(CrashClients clients) {
        Wire wire = clients.wire(event -> {
            if (event.path("type").asString().equals("event")) {
                Place place = CrashClients.place(event);
                Place last = heard;
                heard = place;
                if (place.offset() != (last == null ? 0 : last.offset() + 1)) {
                    told.wrong("offset " + place.offset() + " of " + FLOOD + " came after " + last);
                }
                told.seen(FLOOD, place, event.path("message").path("id").asString());
            } else if (!event.path("msg").asString("").equals("ping")) {
                told.wrong("who is served from the device was told: " + event);
            }
        });
        Map<String, Object> request = new TreeMap<>(
                Map.of("type", "subscribe", "topic", FLOOD, "client_id", "reader", "overflow", "spill", "queue", 10));
        Place last = heard;
        if (last == null) {
            request.put("from", "earliest");
        } else {
            request.put("since", Map.of("epoch", last.epoch(), "offset", last.offset()));
        }
        wire.ask(request).thenAccept(said -> {
            if (last != null && !said.path("recovered").asBoolean(false)) {
                told.wrong("resuming " + FLOOD + " after " + last + " was answered with " + said);
            }
        });
        return wire;
    }

    @Override
    public void compareAtTheEnd(String url, Map<String, Told.Log> logs) throws Exception {
        int spilled = Told.messages(logs, SPILLED).size();
        for (long offset = 0; offset < spilled; offset++) {
            if (!told.isAcknowledged("slowly", offset)) {
                told.wrong("offset " + offset + " of " + SPILLED + " never came");
            }
        }
        Set<Long> dead = new HashSet<>();
        for (JsonNode letter : Wire.deadLetters(url, CAPPED)) {
            if (!letter.path("reason").asString().equals("overflow")
                    || !dead.add(letter.path("event").path("offset").asLong())) {
                told.wrong("a dead letter of " + CAPPED + " is there twice or has another reason: " + letter);
            }
        }
        int all = Told.messages(logs, CAPPED).size();
        for (long offset = 0; offset < all; offset++) {
            if (dead.contains(offset) ? told.isDone("few", offset) : !told.isAcknowledged("few", offset)) {
                told.wrong("offset " + offset + " of " + CAPPED + " was "
                        + (dead.contains(offset) ? "done and is a dead letter" : "never done and is no dead letter"));
            }
        }
        Place last = heard;
        int flood = Told.messages(logs, FLOOD).size();
        if (flood > 0 && (last == null || last.offset() != flood - 1)) {
            told.wrong("the last that was heard of " + FLOOD + " is " + last + ", of " + flood);
        }
    }
}
