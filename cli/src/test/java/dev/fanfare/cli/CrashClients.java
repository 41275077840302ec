package dev.fanfare.cli;

import dev.fanfare.cli.Told.Part;
import dev.fanfare.cli.Told.Place;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// The clients of a server that is going to be killed: they use all that is durable, as fast as they are
/// answered, and tell [Told] about it. Those of the next server go on where these were.
final class CrashClients {

    static final List<String> OUTPUTS = List.of("out.written", "out.synced");
    static final List<String> TRANSACTION = List.of("tx.written", "tx.synced", "tx.dedup");

    /// Each topic with what it is made with.
    static final Map<String, String> TOPICS = new TreeMap<>(Map.of(
            "written", "\"durability\":\"written\",\"dedup\":{\"window_ms\":3600000,\"count\":1000000}",
            "synced", "\"durability\":\"synced\",\"dedup\":{\"window_ms\":3600000,\"count\":1000000}",
            "plain", "\"durability\":\"written\"",
            "in", "\"durability\":\"written\"",
            "later", "\"durability\":\"written\"",
            "out.written", "\"durability\":\"written\"",
            "out.synced", "\"durability\":\"synced\"",
            "tx.written", "\"durability\":\"written\"",
            "tx.synced", "\"durability\":\"synced\"",
            "tx.dedup", "\"durability\":\"written\",\"dedup\":{\"window_ms\":3600000,\"count\":1000000}"));

    /// More inputs than this do not wait for the workers.
    private static final int INPUTS = 300;

    private final String url;
    private final Told told;
    private final Map<String, Place> heard;
    private final Random random;
    private final List<CrashPart> parts;
    private final List<Wire> wires = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Semaphore inputs = new Semaphore(INPUTS);

    /// @param heard the last places a subscriber has heard, by topic; it is kept up
    /// @param parts more features that are used
    CrashClients(String url, Told told, Map<String, Place> heard, Random random, List<CrashPart> parts) {
        this.url = url;
        this.told = told;
        this.heard = heard;
        this.random = random;
        this.parts = parts;
    }

    String url() {
        return url;
    }

    /// One that depends on the seed and on how often this was called.
    Random random() {
        return new Random(random.nextLong());
    }

    /// Starts them all.
    void start() throws Exception {
        again("written", publisher("written"));
        again("synced", publisher("synced"));
        publisher("plain");
        publisher("in");
        publisher("later");
        transactions();
        listener();
        consumers(false);
        consumers(false);
        for (CrashPart part : parts) {
            part.start(this);
        }
    }

    /// Starts only those that bring what is begun to its end.
    void finish() throws Exception {
        again("written", wire(_ -> {}));
        again("synced", wire(_ -> {}));
        listener();
        consumers(true);
        for (CrashPart part : parts) {
            part.finish(this);
        }
    }

    /// Waits for their end, which comes with that of the server.
    void end() throws InterruptedException {
        wires.forEach(Wire::awaitEnd);
        for (Thread thread : threads) {
            thread.join();
        }
        wires.forEach(Wire::close);
    }

    /// Breaks their connections.
    void leave() throws InterruptedException {
        wires.forEach(Wire::close);
        end();
    }

    /// Connects.
    Wire wire(Consumer<JsonNode> unasked) {
        Wire wire = new Wire(url, unasked);
        wires.add(wire);
        return wire;
    }

    /// One step of what a client does.
    interface Work {
        void go() throws Exception;
    }

    /// Works until the connection has ended.
    void work(Wire wire, Work work) {
        threads.add(Thread.ofVirtual().start(() -> {
            try {
                while (!wire.hasEnded()) {
                    work.go();
                }
            } catch (Exception | AssertionError e) {
                told.wrong("a client failed: " + e);
            }
        }));
    }

    /// Asks again and again, with so many questions open at most.
    void repeat(int open, BiFunction<Wire, Random, CompletableFuture<?>> ask) {
        repeat(open, ask, () -> true);
    }

    /// The same, while something holds.
    void repeat(int open, BiFunction<Wire, Random, CompletableFuture<?>> ask, BooleanSupplier holds) {
        Wire wire = wire(_ -> {});
        Random own = random();
        Semaphore window = new Semaphore(open);
        work(wire, () -> {
            if (window.tryAcquire(50, TimeUnit.MILLISECONDS)) {
                if (holds.getAsBoolean()) {
                    var _ = ask.apply(wire, own).whenComplete((_, _) -> window.release());
                } else {
                    window.release();
                    told.await(1_000, 50);
                }
            }
        });
    }

    // ---- publishers

    /// Publishes to a topic, with some more requests on their way.
    private Wire publisher(String topic) {
        Wire wire = wire(_ -> {});
        Random own = new Random(random.nextLong());
        Semaphore window = topic.equals("in") ? inputs : new Semaphore(1 + own.nextInt(topic.equals("later") ? 4 : 64));
        work(wire, () -> {
            if (window.tryAcquire(50, TimeUnit.MILLISECONDS)) {
                String id = new UUID(own.nextLong(), own.nextLong()).toString();
                told.sent(topic, id);
                publish(wire, topic, id, own).whenComplete((_, _) -> {
                    if (window != inputs) {
                        window.release();
                    }
                });
            }
        });
        return wire;
    }

    private CompletableFuture<JsonNode> publish(Wire wire, String topic, String id, Random own) {
        Map<String, Object> message = new TreeMap<>(Map.of("id", id, "payload", payload(-1, 30_000, own)));
        if (topic.equals("later")) {
            message.put("delay_ms", own.nextInt(3_000));
        }
        if (topic.equals("in") && own.nextInt(4) > 0) {
            message.put("key", "k" + own.nextInt(8));
        }
        Map<String, Object> request = new TreeMap<>(Map.of("type", "publish", "topic", topic, "message", message));
        if (own.nextInt(50) == 0) {
            request.put("durability", "synced");
        }
        var answer = wire.ask(request);
        answer.thenAccept(said -> {
            if (said.has("scheduled")) {
                told.scheduled(id, Instant.parse(said.path("scheduled").asString()));
            } else {
                told.answered(topic, id, said);
            }
        });
        return answer;
    }

    private static Map<String, Object> payload(long of, int longest, Random own) {
        int length = own.nextInt(100) == 0 ? own.nextInt(longest) : own.nextInt(300);
        return Map.of("of", of, "pad", "x".repeat(length));
    }

    static Place place(JsonNode said) {
        return new Place(said.path("epoch").asString(), said.path("offset").asLong());
    }

    /// Publishes anew what was not answered, each with the id it had.
    private void again(String topic, Wire wire) {
        for (String id : told.unanswered(topic)) {
            var _ = publish(wire, topic, id, random);
        }
    }

    /// Publishes to several topics at once.
    private void transactions() {
        repeat(1 + random.nextInt(8), (wire, own) -> {
            List<Part> parts = new ArrayList<>();
            List<Map<String, Object>> publish = new ArrayList<>();
            for (int i = 0; i <= 1 + own.nextInt(6); i++) {
                Part part = new Part(
                        TRANSACTION.get(own.nextInt(TRANSACTION.size())),
                        new UUID(own.nextLong(), own.nextLong()).toString());
                parts.add(part);
                publish.add(message(part, null, -1, own));
            }
            told.sent(parts);
            return wire.ask(Map.of("type", "transaction", "publish", publish))
                    .thenAccept(said -> committed(parts, said));
        });
    }

    /// One of a transaction; all of them together stay below what the server takes at a time.
    private static Map<String, Object> message(Part part, @Nullable String key, long of, Random own) {
        Map<String, Object> message = new TreeMap<>(Map.of("id", part.id(), "payload", payload(of, 2_500, own)));
        if (key != null) {
            message.put("key", key);
        }
        return Map.of("topic", part.topic(), "message", message);
    }

    /// @return whether it was
    private boolean committed(List<Part> parts, JsonNode said) {
        if (!said.path("type").asString().equals("ack")) {
            parts.forEach(part -> told.refused(part.topic(), part.id()));
            told.wrong("a transaction was refused: " + said);
            return false;
        }
        for (int i = 0; i < parts.size(); i++) {
            told.stored(
                    parts.get(i).topic(),
                    parts.get(i).id(),
                    place(said.path("results").path(i)));
        }
        return true;
    }

    // ---- subscribers

    /// Hears topics, from where it was on.
    private void listener() {
        Wire wire = wire(event -> {
            String topic = event.path("topic").asString();
            if (event.path("type").asString().equals("event")) {
                Place place = place(event);
                Place last = heard.put(topic, place);
                if (last != null && place.offset() != last.offset() + 1) {
                    told.wrong("offset " + place.offset() + " of " + topic + " came after " + last.offset());
                }
                told.seen(topic, place, event.path("message").path("id").asString());
            } else if (!event.path("msg").asString("").equals("ping")) {
                told.wrong("a subscriber was told: " + event);
            }
        });
        for (String topic : List.of("written", "synced", "out.written", "tx.synced")) {
            Map<String, Object> request = new TreeMap<>(
                    Map.of("type", "subscribe", "topic", topic, "client_id", "listener", "queue", 10_000));
            Place last = heard.get(topic);
            if (last == null) {
                request.put("from", "earliest");
            } else {
                request.put("since", Map.of("epoch", last.epoch(), "offset", last.offset()));
            }
            wire.ask(request).thenAccept(said -> {
                if (last != null && !said.path("recovered").asBoolean(false)) {
                    told.wrong("resuming " + topic + " after " + last + " was answered with " + said);
                }
            });
        }
    }

    private Wire subscribed(String client, BlockingQueue<JsonNode> events, Map<String, Object> terms) {
        Wire wire = wire(event -> {
            if (event.path("type").asString().equals("event")) {
                events.add(event);
            } else if (!event.path("msg").asString("").equals("ping")) {
                told.wrong(client + " was told: " + event);
            }
        });
        Map<String, Object> request =
                new TreeMap<>(Map.of("type", "subscribe", "topic", "in", "ack", "manual", "from", "earliest"));
        request.putAll(terms);
        request.put("client_id", client);
        wire.ask(request).thenAccept(said -> {
            if (!said.path("type").asString().equals("ack")) {
                told.wrong("a subscription was refused: " + said);
            }
        });
        return wire;
    }

    /// What is done with the events in hand.
    interface Handling {
        void of(Wire wire, List<JsonNode> inHand, Random own);
    }

    /// Subscribes with manual acknowledgement, and handles what comes in a random order.
    ///
    /// @param terms of the subscription
    /// @param most so many are in hand at most
    /// @param came told of each, as they came
    void acknowledging(String client, Map<String, Object> terms, int most, Consumer<JsonNode> came, Handling handling) {
        BlockingQueue<JsonNode> events = new LinkedBlockingQueue<>();
        Wire wire = subscribed(client, events, terms);
        gather(wire, events, random(), most, came, (inHand, own) -> handling.of(wire, inHand, own));
    }

    /// Acknowledges messages, and tells of it.
    void acknowledge(Wire wire, String consumer, String topic, String client, List<Long> offsets) {
        told.acknowledging(consumer, offsets);
        wire.ask(Map.of("type", "ack", "topic", topic, "client_id", client, "offsets", offsets))
                .thenAccept(said -> {
                    if (said.path("type").asString().equals("ack")) {
                        told.done(consumer, offsets);
                    } else {
                        told.wrong("an acknowledgement was answered with " + said);
                    }
                });
    }

    private void gather(
            Wire wire,
            BlockingQueue<JsonNode> events,
            Random own,
            int most,
            Consumer<JsonNode> came,
            BiConsumer<List<JsonNode>, Random> then) {
        List<JsonNode> gathered = new ArrayList<>();
        work(wire, () -> {
            JsonNode event = events.poll(20, TimeUnit.MILLISECONDS);
            if (event != null) {
                came.accept(event);
                gathered.add(event);
            }
            if (!gathered.isEmpty() && (event == null || gathered.size() > own.nextInt(most))) {
                Collections.shuffle(gathered, own);
                then.accept(List.copyOf(gathered), own);
                gathered.clear();
            }
        });
    }

    static List<Long> offsets(List<JsonNode> events) {
        return events.stream().map(event -> event.path("offset").asLong()).toList();
    }

    private static final AtomicInteger MEMBERS = new AtomicInteger();

    /// A member of a group: publishes for each input one output to each of two topics, and acknowledges the
    /// input, in one transaction.
    ///
    /// @param diligent whether it fails none
    private void consumers(boolean diligent) {
        String client = "worker-" + MEMBERS.incrementAndGet();
        Map<String, Object> terms = Map.of(
                "group",
                "workers",
                "max_in_flight",
                20,
                "retry",
                Map.of("max_attempts", 1_000, "backoff_ms", 5, "multiplier", 1));
        acknowledging(client, terms, 8, event -> told.delivered("workers", event), (wire, inputsInHand, own) -> {
            List<JsonNode> inHand = new ArrayList<>(inputsInHand);
            if (!diligent && own.nextInt(10) == 0) {
                long failed = inHand.removeLast().path("offset").asLong();
                var _ = wire.ask(Map.of(
                        "type",
                        "nack",
                        "topic",
                        "in",
                        "client_id",
                        client,
                        "offset",
                        failed,
                        "delay_ms",
                        own.nextInt(50)));
            }
            if (!inHand.isEmpty()) {
                produce(wire, client, inHand, own);
            }
        });
    }

    private void produce(Wire wire, String client, List<JsonNode> events, Random own) {
        List<Part> parts = new ArrayList<>();
        List<Map<String, Object>> publish = new ArrayList<>();
        for (JsonNode event : events) {
            for (String output : OUTPUTS) {
                Part part = new Part(output, new UUID(own.nextLong(), own.nextLong()).toString());
                parts.add(part);
                String key = event.path("message").path("key").asString("");
                publish.add(message(
                        part, key.isEmpty() ? null : key, event.path("offset").asLong(), own));
            }
        }
        List<Long> offsets = offsets(events);
        told.sent(parts);
        told.acknowledging("workers", offsets);
        wire.ask(Map.of(
                        "type",
                        "transaction",
                        "publish",
                        publish,
                        "ack",
                        List.of(Map.of("topic", "in", "client_id", client, "offsets", offsets))))
                .thenAccept(said -> {
                    if (committed(parts, said)) {
                        told.done("workers", offsets);
                        inputs.release(offsets.size());
                    }
                });
    }
}
