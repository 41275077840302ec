package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/// What acknowledged delivery promises, over real sockets that are cut at random moments, with resets and
/// half-way through frames: nothing acknowledged comes again, no key is reordered, and every message is done or
/// a dead letter. Publishers are cut too, and publish again what was not acknowledged: the topic's
/// deduplication keeps it once. So is whoever redrives dead letters to another topic, and asks again. Of every other
/// seed the topic has partitions. The durable subscription is left alone for a moment whenever it was slow.
@ExtendWith(NoLeaks.class)
class CutConnectionsTest {

    /// How many attempts a message has.
    static final int ATTEMPTS = 3;

    /// How long what is slow takes, at least.
    static final Duration SLOW = Duration.ofMillis(3);

    /// One of so many messages is slow.
    static final int EVERY_SLOW = 40;

    private static final int TOTAL = 600;
    private static final int PARTITIONS = 3;
    private static final int MEMBERS = 3;
    private static final int AT_ONCE = 16;
    private static final String RETRY = ",\"ack\":\"manual\",\"ack_timeout_ms\":60000,\"retry\":{\"max_attempts\":"
            + ATTEMPTS + ",\"backoff_ms\":0},\"max_in_flight\":";

    /// Opens when one of the last twenty attempts was slow. As many failures it never sees.
    private static final String AUDIT = ",\"durable\":\"audit\",\"circuit_breaker\":{\"failure_rate\":100,"
            + "\"slow_call_ms\":" + SLOW.toMillis() + ",\"slow_call_rate\":5,\"minimum_calls\":20,\"window\":20,"
            + "\"wait_ms\":2,\"trial_calls\":1}" + RETRY;

    /// The key of a message; null for none.
    static @Nullable String key(int number) {
        return number % 4 == 0 ? null : "k" + number % 7;
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void nothingIsForgottenRepeatedOrReordered() throws Exception {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        String again = "seed " + seed + "; again: mvn -pl server -am test -Dtest=CutConnectionsTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dfanfare.seed=" + seed;
        System.out.println("CutConnectionsTest: " + again);
        try (RunningServer server = RunningServer.start("history=5000", "handshake-timeout=2s")) {
            int partitions = Math.floorMod(seed, 2) * PARTITIONS;
            assertThat(server.rest(
                                    "POST",
                                    "/topics",
                                    "{\"name\":\"cuts\",\"dedup\":{\"window_ms\":600000,\"count\":5000},"
                                            + "\"partitions\":" + partitions + "}")
                            .status())
                    .isEqualTo(201);
            server.topic("again");
            run(server, seed, partitions);
        } catch (AssertionError | RuntimeException failed) {
            throw new AssertionError(again + "\n" + failed.getMessage(), failed);
        }
    }

    private static void run(RunningServer server, long seed, int partitions) throws Exception {
        AtomicBoolean calm = new AtomicBoolean();
        AtomicBoolean over = new AtomicBoolean();
        CutLedger crew = new CutLedger("crew", partitions);
        CutLedger audit = new CutLedger("audit", 0);
        // Both exist before anything is published.
        try (WireClient first = server.connect()) {
            RunningServer.subscribe(first, "cuts", "a", ",\"group\":\"crew\"" + RETRY + 1);
            RunningServer.subscribe(first, "cuts", "b", AUDIT + 1);
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < MEMBERS; i++) {
                running.add(threads.submit(new CutWorker(
                        server, ",\"group\":\"crew\"" + RETRY + (1 + i * 4), crew, seed + i, calm::get, over::get)));
            }
            running.add(threads.submit(new CutWorker(server, AUDIT + 10, audit, seed + MEMBERS, calm::get, over::get)));
            Future<?> publisher = threads.submit(() -> publish(server, new Random(~seed)));
            try {
                RunningServer.await(
                        () -> {
                            check(running);
                            return publisher.isDone() && isDone(server, "crew") && isDone(server, "audit");
                        },
                        "everything to be done");
                publisher.get();
                List<CutLedger> both = List.of(crew, audit);
                for (CutLedger each : both) {
                    assertThat(each.wrong()).isEmpty();
                    assertThat(each.open(TOTAL)).as("nobody has done").isEmpty();
                    assertThat(each.heard()).isGreaterThan(TOTAL);
                }
                JsonNode letters = letters(server);
                assertThat(letters.path("count").intValue()).isGreaterThan(TOTAL / 40);
                assertThat(figure(server, "crew", "delivered")
                                + figure(server, "audit", "delivered")
                                + letters.path("count").intValue())
                        .as("acknowledged or a dead letter, once for each")
                        .isEqualTo(2 * TOTAL);
                for (JsonNode letter : letters.path("dead_letters")) {
                    CutLedger of = letter.path("subscription").stringValue().equals("crew") ? crew : audit;
                    int number = letter.path("event").path("offset").intValue();
                    of.dead(number, letter.path("reason").stringValue());
                    of.redriven(number);
                }
                assertThat(crew.wrong()).isEmpty();
                assertThat(audit.wrong()).isEmpty();

                assertThat(figure(server, "audit", "circuit_opened")).isPositive();
                int elsewhere = redriveElsewhere(server, letters, new Random(~seed));

                calm.set(true);
                assertThat(server.rest("POST", "/topics/cuts/dead-letters/redrive", "")
                                .json()
                                .path("redriven")
                                .intValue())
                        .isEqualTo(letters.path("count").intValue() - elsewhere);
                RunningServer.await(
                        () -> {
                            check(running);
                            return figure(server, "crew", "delivered") == TOTAL
                                    && figure(server, "audit", "delivered") == TOTAL - elsewhere;
                        },
                        "the dead letters to be done");
                assertThat(letters(server).path("count").intValue()).isZero();
                for (String name : List.of("crew", "audit")) {
                    assertThat(figure(server, name, "dropped")).isZero();
                    assertThat(figure(server, name, "lag")).isZero();
                    assertThat(figure(server, name, "failed"))
                            .as("failed attempts of %s are tried again or give up", name)
                            .isEqualTo(figure(server, name, "retried") + figure(server, name, "dead_lettered"));
                }
            } finally {
                calm.set(true);
                over.set(true);
                publisher.cancel(true);
            }
        }
        server.checkServes();
    }

    /// Publishes the dead letters of one subscription to another topic, for somebody whose connection is cut and who
    /// asks again: each is there once.
    ///
    /// @return how many
    private static int redriveElsewhere(RunningServer server, JsonNode letters, Random random) {
        List<Integer> offsets = new ArrayList<>();
        List<Integer> payloads = new ArrayList<>();
        for (JsonNode letter : letters.path("dead_letters")) {
            if (letter.path("subscription").stringValue().equals("audit")) {
                offsets.add(letter.path("offset").intValue());
                payloads.add(
                        letter.path("event").path("message").path("payload").intValue());
            }
        }
        String path = "/topics/cuts/dead-letters/redrive";
        String body = "{\"offsets\":" + offsets + ",\"to\":\"again\"}";
        byte[] request = ("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Content-Length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
        for (int cuts = 0; cuts < 3; cuts++) {
            try (WireClient client = WireClient.tcp(server.port())) {
                client.bytes(random.nextBoolean() ? request : Arrays.copyOf(request, random.nextInt(request.length)));
                client.reset();
            }
        }
        assertThat(server.rest("POST", path, body).status()).isEqualTo(200);
        List<Integer> found = new ArrayList<>();
        RunningServer.await(
                () -> {
                    found.clear();
                    server.get("/topics/again/messages?limit=1000")
                            .json()
                            .path("messages")
                            .forEach(each -> found.add(
                                    each.path("message").path("payload").intValue()));
                    return found.size() >= payloads.size();
                },
                "the dead letters to be published");
        assertThat(found).containsExactlyInAnyOrderElementsOf(payloads);
        return payloads.size();
    }

    private static void check(List<Future<?>> running) {
        for (Future<?> each : running) {
            if (each.state() == Future.State.FAILED) {
                throw new AssertionError("a worker: " + each.exceptionNow().getMessage(), each.exceptionNow());
            }
        }
    }

    private static boolean isDone(RunningServer server, String name) {
        return figure(server, name, "lag") == 0;
    }

    private static int figure(RunningServer server, String name, String figure) {
        for (JsonNode each : server.get("/subscriptions").json().path("subscriptions")) {
            if (each.path("name").stringValue().equals(name)) {
                return each.path(figure).intValue();
            }
        }
        throw new AssertionError("there is no " + name);
    }

    private static JsonNode letters(RunningServer server) {
        return server.get("/topics/cuts/dead-letters?limit=1000").json();
    }

    /// Publishes all, some at a time, and again from the first on that was not acknowledged when it was cut.
    private static void publish(RunningServer server, Random random) {
        int acknowledged = 0;
        while (acknowledged < TOTAL) {
            try (WireClient client = server.connect()) {
                while (acknowledged < TOTAL) {
                    int count = Math.min(TOTAL - acknowledged, 1 + random.nextInt(AT_ONCE));
                    int cut = random.nextInt(6) == 0 ? random.nextInt(count) : count;
                    for (int i = 0; i < cut; i++) {
                        client.send(message(acknowledged + i));
                    }
                    if (cut < count) {
                        byte[] frame = Frames.text(message(acknowledged + cut));
                        client.bytes(Arrays.copyOf(frame, random.nextInt(frame.length)));
                        client.reset();
                        break;
                    }
                    for (int i = 0; i < count; i++) {
                        JsonNode ack = client.json();
                        assertThat(ack.path("offset").intValue(-1))
                                .as("%s", ack)
                                .isEqualTo(acknowledged++);
                    }
                }
            } catch (UncheckedIOException hungUp) {
                throw new AssertionError("the server hung up on a publisher", hungUp);
            }
        }
    }

    private static String message(int number) {
        String key = key(number);
        return "{\"type\":\"publish\",\"topic\":\"cuts\",\"message\":{\"id\":\"" + new UUID(7, number)
                + "\",\"payload\":" + number + (key == null ? "" : ",\"key\":\"" + key + "\"") + "}}";
    }
}
