package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.cli.Told.Log;
import dev.fanfare.cli.Told.Place;
import dev.fanfare.cli.Told.Stored;
import dev.fanfare.storage.RocksStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// `fanfare serve --data`, killed at random moments while clients do all that is durable, and started again:
/// what it has is compared with what the clients were told.
class CrashIT {

    /// How often the server of one folder is killed.
    private static final int ROUNDS = 10;

    private static final List<String> SETTINGS = List.of(
            "name",
            "epoch",
            "history",
            "history_bytes",
            "history_ms",
            "durable",
            "durability",
            "compact",
            "ordering",
            "partitions",
            "backlog",
            "backlog_bytes",
            "backlog_overflow",
            "dedup");

    @TempDir
    private Path temporary;

    private Told told = new Told();
    private Map<String, Place> heard = new ConcurrentHashMap<>();
    private List<CrashPart> parts = List.of();
    private Map<String, String> topics = Map.of();
    private Map<String, JsonNode> settings = Map.of();

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void nothingThatWasAnsweredIsLostWhenTheProcessIsKilled() throws Exception {
        life(Long.getLong("fanfare.seed", System.nanoTime()), 2);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void nothingThatWasAnsweredIsLostHoweverOftenTheProcessIsKilled() throws Exception {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        for (int life = 0; life < Integer.getInteger("fanfare.rounds", 300) / ROUNDS; life++) {
            life(seed + life, ROUNDS);
        }
    }

    /// The servers of one folder, each but the last killed.
    private void life(long seed, int rounds) throws Exception {
        System.out.println("seed " + seed + "; again with ./fanfare stress -pl cli -am -Dit.test=CrashIT"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false -Dfanfare.rounds="
                + rounds + " -Dfanfare.seed=" + seed);
        Random random = new Random(seed);
        Path folder = temporary.resolve("store-" + seed);
        told = new Told();
        heard = new ConcurrentHashMap<>();
        parts = List.of(
                new CrashAudit(told),
                new CrashNames(told),
                new CrashRoutes(told),
                new CrashPatterns(told),
                new CrashOrder(told),
                new CrashExpiry(told),
                new CrashForgetting(told),
                new CrashBacklogs(told));
        topics = new TreeMap<>(CrashClients.TOPICS);
        parts.forEach(part -> topics.putAll(part.topics()));
        for (int round = 1; round <= rounds; round++) {
            told.nextRound();
            try (Command server = serve(folder)) {
                if (round > 1 && random.nextInt(8) == 0) {
                    // Killed while it starts.
                    assertThat(server.endsWithin(Duration.ofMillis(random.nextInt(2_500))))
                            .isFalse();
                    continue;
                }
                String url = url(server);
                if (round == 1) {
                    make(url);
                }
                round(server, url, random);
            }
        }
        told.nextRound();
        try (Command server = serve(folder)) {
            finish(server, random);
        }
        assertThat(RocksStore.verify(folder, (_, _) -> {})).isEmpty();
    }

    private void make(String url) throws Exception {
        for (Map.Entry<String, String> topic : topics.entrySet()) {
            JsonNode made = Wire.rest(
                    "POST", url + "/topics", "{\"name\":\"" + topic.getKey() + "\"," + topic.getValue() + "}");
            assertThat(made.path("status_code").asInt()).as("%s", made).isEqualTo(201);
        }
        settings = settings(url);
        for (CrashPart part : parts) {
            part.make(url);
        }
    }

    /// Each topic's settings and epoch.
    private Map<String, JsonNode> settings(String url) throws Exception {
        Map<String, JsonNode> found = new TreeMap<>();
        for (String topic : topics.keySet()) {
            ObjectNode said = (ObjectNode) Wire.rest("GET", url + "/topics/" + topic, "");
            found.put(topic, said.retain(SETTINGS));
        }
        return found;
    }

    private static Command serve(Path folder) throws Exception {
        return Command.fanfare("serve", "--port=0", "--memory=128MiB", "--log-level=warn", "--data=" + folder);
    }

    private static String url(Command server) throws Exception {
        return server.lineWith("REST").replaceFirst(".*(http://.*)", "$1");
    }

    private void round(Command server, String url, Random random) throws Exception {
        compare(url);
        CrashClients clients = new CrashClients(url, told, heard, random, parts);
        clients.start();
        told.await(100 + random.nextInt(random.nextBoolean() ? 500 : 6_000), 10_000);
        server.close();
        clients.end();
        // That it takes its time to open the folder is no complaint.
        assertThat(server.complaints())
                .allMatch(line -> line.matches("fanfare serve: (opening|bringing back) .*: \\d+ s.*"));
    }

    private void finish(Command server, Random random) throws Exception {
        String url = url(server);
        compare(url);
        CrashClients clients = new CrashClients(url, told, heard, random, parts);
        clients.finish();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!isDone(url)) {
            assertThat(System.nanoTime())
                    .as("%s", Wire.rest("GET", url + "/subscriptions", ""))
                    .isLessThan(end);
            told.await(Long.MAX_VALUE / 2, 50);
        }
        clients.leave();
        Map<String, Log> logs = logs(url);
        assertThat(told.compare(logs)).isEmpty();
        assertThat(told.compareAtTheEnd(logs, "in", CrashClients.OUTPUTS, "workers"))
                .isEmpty();
        for (CrashPart part : parts) {
            part.compareAtTheEnd(url, logs);
        }
        assertThat(told.wrong()).isEmpty();
        assertThat(told.unanswered("written")).isEmpty();
        assertThat(told.unanswered("synced")).isEmpty();
        server.signal("TERM");
        assertThat(server.exitCode()).isZero();
        System.out.println("compared: " + told);
    }

    private void compare(String url) throws Exception {
        assertThat(settings(url)).isEqualTo(settings);
        told.compare(logs(url));
        for (CrashPart part : parts) {
            part.compare(url);
        }
        assertThat(told.wrong()).isEmpty();
    }

    /// Whether all is delivered that waited.
    private static boolean isDone(String url) throws Exception {
        for (JsonNode each : Wire.rest("GET", url + "/subscriptions", "").path("subscriptions")) {
            if (each.path("lag").asLong()
                            + each.path("in_flight").asLong()
                            + each.path("waiting").asLong()
                    > 0) {
                return false;
            }
        }
        return Wire.rest("GET", url + "/topics/later", "").path("delayed").asLong() == 0;
    }

    private Map<String, Log> logs(String url) throws Exception {
        Map<String, Log> logs = new HashMap<>();
        Set<String> kept = new TreeSet<>(CrashClients.TOPICS.keySet());
        parts.forEach(part -> kept.addAll(part.kept()));
        for (String topic : kept) {
            List<Stored> messages = new ArrayList<>();
            String epoch;
            while (true) {
                JsonNode page =
                        Wire.rest("GET", url + "/topics/" + topic + "/messages?limit=1000&from=" + messages.size(), "");
                assertThat(page.path("status_code").asInt()).as("%s", page).isEqualTo(200);
                epoch = page.path("epoch").asString();
                for (JsonNode each : page.path("messages")) {
                    assertThat(each.path("offset").asLong()).as(topic).isEqualTo(messages.size());
                    JsonNode message = each.path("message");
                    messages.add(new Stored(
                            message.path("id").asString(),
                            message.has("key") ? message.path("key").asString() : null,
                            message.path("payload").path("of").asLong(),
                            Instant.parse(each.path("ts").asString())));
                }
                if (page.path("messages").isEmpty()) {
                    break;
                }
            }
            logs.put(topic, new Log(epoch, messages));
        }
        return logs;
    }
}
