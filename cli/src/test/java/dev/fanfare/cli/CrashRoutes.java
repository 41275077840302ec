package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Routes that were made over REST: one that copies from a pattern what an expression lets through, and one that
/// redirects a type. A copy is of a message that is there, and there once; what was redirected is where the answer
/// said, and not where it was published to.
final class CrashRoutes implements CrashPart {

    private static final String WRITTEN = "\"durability\":\"written\"";
    private static final List<String> SOURCES = List.of("from.a", "from.b");
    private static final String COPIES =
            "{\"name\":\"copies\",\"from\":\"from.*\",\"to\":[\"copied\"],\"mode\":\"copy\","
                    + "\"filter\":\"message.headers.copied == 'yes'\"}";
    private static final String MOVES = "{\"name\":\"moves\",\"from\":\"moving\",\"to\":[\"moved\"],"
            + "\"mode\":\"redirect\",\"types\":[\"urgent\"]}";
    private static final List<String> FIGURES =
            List.of("routed", "failed", "filter_failures", "waiting", "status_code");

    private final Told told;

    CrashRoutes(Told told) {
        this.told = told;
    }

    @Override
    public Map<String, String> topics() {
        return Map.of("from.a", WRITTEN, "from.b", WRITTEN, "copied", WRITTEN, "moving", WRITTEN, "moved", WRITTEN);
    }

    @Override
    public void make(String url) throws Exception {
        for (String route : List.of(COPIES, MOVES)) {
            JsonNode made = Wire.rest("POST", url + "/routes", route);
            assertThat(made.path("status_code").asInt()).as("%s", made).isEqualTo(201);
        }
    }

    @Override
    public void start(CrashClients clients) {
        clients.repeat(4, (wire, own) -> {
            boolean copied = own.nextBoolean();
            return publish(wire, SOURCES.get(own.nextInt(SOURCES.size())), copied, own);
        });
        clients.repeat(4, this::move);
    }

    private CompletableFuture<JsonNode> publish(Wire wire, String topic, boolean copied, Random own) {
        String id = new UUID(own.nextLong(), own.nextLong()).toString();
        told.sent(topic, id);
        if (copied) {
            told.sent("copied", id);
        }
        var message = Map.of("id", id, "payload", "p", "headers", Map.of("copied", copied ? "yes" : "no"));
        return stored(topic, id, wire.ask(Map.of("type", "publish", "topic", topic, "message", message)));
    }

    private CompletableFuture<JsonNode> move(Wire wire, Random own) {
        boolean urgent = own.nextBoolean();
        String id = new UUID(own.nextLong(), own.nextLong()).toString();
        String target = urgent ? "moved" : "moving";
        told.sent(target, id);
        var message = Map.of("id", id, "payload", "p", "type", urgent ? "urgent" : "ordinary");
        return stored(target, id, wire.ask(Map.of("type", "publish", "topic", "moving", "message", message)));
    }

    private CompletableFuture<JsonNode> stored(String topic, String id, CompletableFuture<JsonNode> answer) {
        return answer.whenComplete((said, gone) -> {
            if (gone == null) {
                told.answered(topic, id, said);
            }
        });
    }

    @Override
    public void compare(String url) throws Exception {
        Map<String, JsonNode> routes = new TreeMap<>();
        for (String route : List.of("copies", "moves")) {
            ObjectNode there = (ObjectNode) Wire.rest("GET", url + "/routes/" + route, "");
            routes.put(route, there.remove(FIGURES));
        }
        if (!routes.equals(Map.of("copies", Wire.json(COPIES), "moves", Wire.json(MOVES)))) {
            told.wrong("the routes are " + routes);
        }
    }

    @Override
    public void compareAtTheEnd(String url, Map<String, Told.Log> logs) throws Exception {
        Set<String> sources = new HashSet<>();
        SOURCES.forEach(topic -> sources.addAll(Told.ids(logs, topic)));
        for (String id : Told.ids(logs, "copied")) {
            if (!sources.contains(id)) {
                told.wrong(id + " was copied, and what it is a copy of is not there");
            }
        }
        // They still do what they say.
        Random own = new Random(1);
        List<String> last = new ArrayList<>();
        try (Wire wire = new Wire(url, _ -> {})) {
            for (int i = 0; i < 20; i++) {
                var said = publish(wire, "from.a", true, own).join();
                last.add(said.path("message_id").asString(""));
            }
        }
        long before = Told.messages(logs, "copied").size();
        for (long end = System.nanoTime() + 20_000_000_000L; count(url) < before + last.size(); ) {
            assertThat(System.nanoTime()).as("copies of the last messages").isLessThan(end);
            told.await(Long.MAX_VALUE / 2, 20);
        }
    }

    private static long count(String url) throws Exception {
        return Wire.rest("GET", url + "/topics/copied", "").path("next").asLong();
    }
}
