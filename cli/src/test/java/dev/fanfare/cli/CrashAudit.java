package dev.fanfare.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/// A durable subscription that leaves much undone, and somebody who sends its dead letters back: in the end each
/// message was acknowledged or is a dead letter.
final class CrashAudit implements CrashPart {

    private final Told told;

    CrashAudit(Told told) {
        this.told = told;
    }

    @Override
    public Map<String, String> topics() {
        return Map.of();
    }

    @Override
    public void start(CrashClients clients) {
        audit(clients, false);
        redrive(clients);
    }

    @Override
    public void finish(CrashClients clients) {
        audit(clients, true);
    }

    @Override
    public void compareAtTheEnd(String url, Map<String, Told.Log> logs) throws Exception {
        Set<Long> dead = new HashSet<>();
        for (JsonNode letter : Wire.deadLetters(url, "in")) {
            if (!letter.path("subscription").asString().equals("audit")) {
                told.wrong("a dead letter is that of another: " + letter);
            }
            dead.add(letter.path("event").path("offset").asLong());
        }
        told.compareAuditor("audit", Told.messages(logs, "in").size(), dead);
    }

    /// A durable subscription that acknowledges out of order, fails, rejects and forgets.
    ///
    /// @param diligent whether it acknowledges each
    private void audit(CrashClients clients, boolean diligent) {
        Map<String, Object> terms = Map.of(
                "durable",
                "audit",
                "max_in_flight",
                200,
                "ack_timeout_ms",
                1_000,
                "retry",
                Map.of("max_attempts", 3, "backoff_ms", 20, "multiplier", 1));
        clients.acknowledging("auditor", terms, 30, event -> told.delivered("audit", event), (wire, inHand, random) -> {
            List<Long> done = new ArrayList<>();
            for (JsonNode event : inHand) {
                long offset = event.path("offset").asLong();
                switch (diligent ? 9 : random.nextInt(20)) {
                    case 0 -> reject(wire, offset);
                    case 1 -> nack(wire, Map.of("offset", offset, "delay_ms", random.nextInt(200)));
                    case 2 -> nack(wire, Map.of("offset", offset));
                    case 3 -> {} // its time runs out
                    default -> done.add(offset);
                }
            }
            if (!done.isEmpty()) {
                clients.acknowledge(wire, "audit", "in", "auditor", done);
            }
        });
    }

    /// Sends dead letters back, some at a time.
    private void redrive(CrashClients clients) {
        String url = clients.url();
        Wire wire = clients.wire(_ -> {});
        Random own = clients.random();
        clients.work(wire, () -> {
            told.await(50, 300);
            try {
                List<Long> chosen = new ArrayList<>();
                for (JsonNode letter : Wire.deadLetters(url, "in")) {
                    if (own.nextInt(4) == 0 && chosen.size() < 50) {
                        chosen.add(letter.path("offset").asLong());
                        told.redriving(
                                "audit", letter.path("event").path("offset").asLong());
                    }
                }
                JsonNode said =
                        Wire.rest("POST", url + "/topics/in/dead-letters/redrive", "{\"offsets\":" + chosen + "}");
                if (said.path("status_code").asInt() != 200) {
                    told.wrong("to redrive dead letters was answered with " + said);
                }
            } catch (IOException killed) {
                wire.awaitEnd();
            }
        });
    }

    private void reject(Wire wire, long offset) {
        wire.ask(Map.of(
                        "type",
                        "nack",
                        "topic",
                        "in",
                        "client_id",
                        "auditor",
                        "offset",
                        offset,
                        "dead",
                        true,
                        "reason",
                        "no"))
                .thenAccept(said -> {
                    if (said.path("type").asString().equals("ack")) {
                        told.rejected("audit", offset);
                    }
                });
    }

    private static void nack(Wire wire, Map<String, Object> how) {
        Map<String, Object> request = new TreeMap<>(how);
        request.putAll(Map.of("type", "nack", "topic", "in", "client_id", "auditor"));
        var _ = wire.ask(request);
    }
}
