package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.await;
import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Pattern;
import dev.fanfare.server.PrometheusText;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException;
import dev.fanfare.time.VirtualTimers;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Durable topics over WebSocket and REST: who is told what, and when.
class DurableTopicsTest {

    private final MemoryStore store = new MemoryStore();
    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker =
            Broker.open(BrokerConfig.defaults().withStore(store).withTimers(timers));
    private final RunningServer server = RunningServer.with(broker);

    private void topic(String name, Durability level) {
        broker.createTopic(name, TopicConfig.defaults().withDurability(level));
    }

    /// A second after it failed the store is tried again.
    private void awaitStore(BooleanSupplier taken) {
        await(
                () -> {
                    timers.advance(Duration.ofMillis(100));
                    return taken.getAsBoolean();
                },
                "the store");
    }

    /// From now on nothing is written until it is let go.
    private Gate stopWriting() {
        Gate gate = new Gate();
        store.beforeWrite(gate::pass);
        return gate;
    }

    private static String withRequestId(String request, String id) {
        return request.substring(0, request.length() - 1) + ",\"request_id\":\"" + id + "\"}";
    }

    private static String with(String request, String member) {
        return request.substring(0, request.length() - 1) + "," + member + "}";
    }

    @Test
    void anAckComesWhenItsMessageIsStoredAndEveryAnswerInTheOrderOfTheRequests() {
        topic("stored", Durability.WRITTEN);
        broker.createTopic("here");
        try (WireClient client = server.connect();
                WireClient other = server.connect()) {
            subscribe(other, "here", "o");
            try (Gate _ = stopWriting()) {
                client.send(withRequestId(publish("stored", "1"), "1"));
                client.send(withRequestId(publish("here", "2"), "2"));
                client.send("{\"type\":\"ping\",\"request_id\":\"3\"}");
                client.send(withRequestId(publish("missing", "4"), "4"));
                client.send(
                        "{\"type\":\"subscribe\",\"topic\":\"here\",\"client_id\":\"c\",\"last_n\":1,\"request_id\":\"5\"}");
                client.send("{\"type\":\"unsubscribe\",\"topic\":\"here\",\"client_id\":\"x\",\"request_id\":\"6\"}");
                // Nothing else waits for it: the message in memory is delivered.
                assertThat(other.events(1)).hasSize(1);
            }
            List<JsonNode> answers =
                    IntStream.range(0, 7).mapToObj(_ -> client.json()).toList();
            List<JsonNode> told =
                    answers.stream().filter(each -> each.has("request_id")).toList();
            assertThat(told)
                    .extracting(each -> each.path("request_id").stringValue())
                    .containsExactly("1", "2", "3", "4", "5", "6");
            assertThat(told)
                    .extracting(each -> each.path("type").stringValue())
                    .containsExactly("ack", "ack", "pong", "error", "ack", "ack");
            assertThat(told.getFirst().path("durability").stringValue()).isEqualTo("written");
            assertThat(told.get(1).path("durability").stringValue()).isEqualTo("memory");
            // The replay begins behind the answer to its subscribe.
            int event = answers.indexOf(answers.stream()
                    .filter(each -> !each.has("request_id"))
                    .findFirst()
                    .orElseThrow());
            assertThat(event).isGreaterThan(answers.indexOf(told.get(4)));
        }
    }

    @Test
    void whoPublishesAndSubscribesHearsEveryAckBeforeItsEvent() {
        for (Durability level : List.of(Durability.WRITTEN, Durability.SYNCED)) {
            String topic = "own-" + level.label();
            topic(topic, level);
            try (WireClient client = server.connect();
                    WireClient neighbour = server.connect()) {
                subscribe(client, topic, "c");
                CompletableFuture<Void> noise = CompletableFuture.runAsync(() -> {
                    for (int i = 0; i < 2_000; i++) {
                        neighbour.send(with(publish(topic, "0"), "\"no_ack\":true"));
                    }
                });
                int acked = 0;
                int mine = 0;
                for (int i = 0; i < 2_000; i++) {
                    client.send(publish(topic, "1"));
                }
                while (mine < 2_000) {
                    JsonNode next = client.json();
                    if (next.path("type").stringValue().equals("ack")) {
                        acked++;
                    } else if (next.path("message").path("payload").asInt() == 1) {
                        mine++;
                    }
                    assertThat(mine).isLessThanOrEqualTo(acked);
                }
                noise.join();
            }
        }
    }

    @Test
    void theAckGoesBeforeItsEventAlsoWhileTheRestOfTheCommitIsHandedOut() {
        topic("plug", Durability.WRITTEN);
        topic("own", Durability.WRITTEN);
        topic("slow", Durability.WRITTEN);
        Gate handingOut = new Gate();
        broker.feeds().attach(Pattern.of("slow"), Start.latest(), new GatedKind(handingOut), this);
        try (WireClient client = server.connect()) {
            subscribe(client, "own", "c");
            try (Gate gate = stopWriting()) {
                var _ = broker.publishAsync("plug", Message.text("0"));
                await(() -> gate.isReached(), "a write");
                client.send(publish("own", "1"));
                // What the connection said is with the broker when its next request, which needs no commit, is done.
                client.send("{\"type\":\"subscribe\",\"topic\":\"slow\",\"client_id\":\"c\"}");
                broker.topic("slow").ifPresent(slow -> await(() -> slow.subscribers() == 2, "the subscription"));
                var _ = broker.publishAsync("slow", Message.text("3"));
            }
            await(() -> handingOut.isReached(), "the second topic's turn");
            assertThat(client.json().path("type").stringValue()).isEqualTo("ack");
            assertThat(client.json().path("topic").stringValue()).isEqualTo("slow");
            assertThat(client.json().path("type").stringValue()).isEqualTo("event");
        } finally {
            handingOut.open();
        }
    }

    @Test
    void anEventMayBeAcknowledgedWhileTheRestOfItsCommitIsHandedOut() {
        topic("jobs", Durability.WRITTEN);
        Gate handingOut = new Gate();
        try (WireClient client = server.connect()) {
            subscribe(client, "*", "c", ",\"ack\":\"manual\"");
            broker.feeds().attach(Pattern.of("jobs"), Start.latest(), new GatedKind(handingOut), this);
            var _ = broker.publishAsync("jobs", Message.text("1"));
            await(() -> handingOut.isReached(), "the second feed's turn");
            // Whoever hears this finds the other one, too.
            broker.publish("other", "2");
            assertThat(client.events(2))
                    .extracting(event -> event.path("topic").stringValue())
                    .contains("jobs");
            client.send("{\"type\":\"ack\",\"topic\":\"jobs\",\"client_id\":\"c\",\"offset\":0,\"request_id\":\"1\"}");
            JsonNode answer = client.json();
            assertThat(answer.path("error").isMissingNode()).as("%s", answer).isTrue();
        } finally {
            handingOut.open();
        }
    }

    @Test
    void whatCanNotBeStoredIsRefusedToEachOfItsPublishersAlsoToThoseThatWantNoAck() {
        topic("t", Durability.WRITTEN);
        try (WireClient client = server.connect();
                WireClient subscriber = server.connect()) {
            subscribe(subscriber, "t", "s");
            try (Gate gate = stopWriting()) {
                client.send(withRequestId(publish("t", "1"), "1"));
                await(() -> gate.isReached(), "a write");
                client.send(with(withRequestId(publish("t", "2"), "2"), "\"no_ack\":true"));
                client.send(withRequestId(publish("t", "3"), "3"));
                client.send(with(withRequestId(publish("t", "4"), "4"), "\"durability\":\"synced\""));
                client.send("{\"type\":\"ping\",\"request_id\":\"5\"}");
                store.failNextWrite(StoreException.Reason.FAILED, false);
            }
            for (int i = 1; i <= 4; i++) {
                JsonNode error = client.json();
                assertThat(error.path("request_id").stringValue()).isEqualTo(String.valueOf(i));
                assertThat(error.path("error").path("code").stringValue())
                        .as("%s", error)
                        .isEqualTo("INTERNAL");
            }
            assertThat(client.json().path("type").stringValue()).isEqualTo("pong");
            awaitStore(() -> broker.publish("t", "5") instanceof PublishResult.Accepted);
            JsonNode event = subscriber.events(1).getFirst();
            assertThat(event.path("offset").asLong()).isZero();
        }
    }

    @Test
    void aMessageMayHaveToBeSaferThanItsTopicPromises() {
        topic("t", Durability.WRITTEN);
        broker.createTopic("memory");
        try (WireClient client = server.connect()) {
            JsonNode ack = client.send(with(publish("t", "1"), "\"durability\":\"synced\""))
                    .json();
            assertThat(ack.path("durability").stringValue()).isEqualTo("synced");
            assertThat(store.syncs()).isPositive();
            ack = client.send(with(publish("t", "1"), "\"durability\":\"memory\""))
                    .json();
            assertThat(ack.path("durability").stringValue()).isEqualTo("written");
            JsonNode error = client.send(with(publish("t", "1"), "\"durability\":\"replicated\""))
                    .json();
            assertThat(error.path("error").path("code").stringValue()).isEqualTo("BAD_REQUEST");
            error = client.send(with(publish("memory", "1"), "\"durability\":\"written\""))
                    .json();
            assertThat(error.path("error").path("message").stringValue()).contains("memory only");
            JsonNode scheduled = client.send(publish("t", "1").replace("\"payload\"", "\"delay_ms\":60000,\"payload\""))
                    .json();
            assertThat(scheduled.has("scheduled")).as("%s", scheduled).isTrue();
            assertThat(scheduled.path("durability").stringValue()).isEqualTo("written");
        }
    }

    @Test
    void aConnectionWhoseAnswersWaitIsNotReadForEver() {
        topic("t", Durability.WRITTEN);
        try (WireClient client = server.connect()) {
            try (Gate gate = stopWriting()) {
                CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                    for (int i = 0; i < 5_000; i++) {
                        client.send(publish("t", "\"" + "x".repeat(4_000) + "\""));
                    }
                });
                await(() -> gate.isReached(), "a write");
                JsonNode stats = server.get("/topics/t").json();
                assertThat(stats.path("messages").asInt()).isZero();
                assertThat(sending).isNotDone();
                gate.open();
                for (int i = 0; i < 5_000; i++) {
                    assertThat(client.json().path("offset").asInt()).isEqualTo(i);
                }
                sending.join();
            }
        }
    }

    @Test
    void whoShutsDownAnswersFirstWhatWaits() {
        topic("t", Durability.WRITTEN);
        WireClient client = server.connect();
        CompletableFuture<Void> closing;
        try (Gate gate = stopWriting()) {
            client.send(withRequestId(publish("t", "1"), "1"));
            await(() -> gate.isReached(), "a write");
            closing = CompletableFuture.runAsync(server::close);
            await(this::refusesConnections, "the end to begin");
        }
        assertThat(client.json().path("type").stringValue()).isEqualTo("ack");
        assertThat(client.closeCode()).isEqualTo(1001);
        client.close();
        closing.join();
    }

    @Test
    void topicsAreDurableByRequestOrByTheirNames() {
        try (MemoryStore other = new MemoryStore();
                RunningServer configured = RunningServer.start(
                        other, "data=x", "durable=orders.**, audit", "durability=synced", "auto-create-topics=true")) {
            configured.rest("POST", "/topics", "{\"name\":\"audit\"}");
            configured.rest("POST", "/topics/orders.eu/messages", "{\"payload\":1}");
            configured.rest("POST", "/topics", "{\"name\":\"a\"}");
            configured.rest("POST", "/topics", "{\"name\":\"b\",\"durable\":true}");
            configured.rest("POST", "/topics", "{\"name\":\"c\",\"durability\":\"written\",\"history\":7}");
            configured.rest("POST", "/topics", "{\"name\":\"orders.us\",\"durable\":false}");
            assertThat(List.of("audit", "orders.eu", "a", "b", "c", "orders.us"))
                    .extracting(name -> configured
                            .get("/topics/" + name)
                            .json()
                            .path("durability")
                            .stringValue())
                    .containsExactly("synced", "synced", "memory", "synced", "written", "memory");
            assertThat(configured.get("/topics/b").json().path("history").asInt())
                    .isEqualTo(1_000_000);
            assertThat(configured.get("/topics/c").json().path("history").asInt())
                    .isEqualTo(7);
            try (WireClient client = configured.connect()) {
                JsonNode ack = client.send(publish("orders.new", "1")).json();
                assertThat(ack.path("durability").stringValue()).isEqualTo("synced");
            }
            RestAnswer contradiction =
                    configured.rest("POST", "/topics", "{\"name\":\"d\",\"durable\":true,\"durability\":\"memory\"}");
            assertThat(contradiction.status()).isEqualTo(400);
            RestAnswer compact =
                    configured.rest("POST", "/topics", "{\"name\":\"d\",\"durable\":true,\"compact\":true}");
            assertThat(compact.status()).isEqualTo(201);
            assertThat(configured.get("/topics/d").json().path("compact").asBoolean())
                    .isTrue();
            RestAnswer inMemory =
                    configured.rest("POST", "/topics", "{\"name\":\"e\",\"durable\":false,\"compact\":true}");
            assertThat(inMemory.status()).isEqualTo(400);
            assertThat(inMemory.body()).contains("'compact' needs a durable topic");
        }
    }

    @Test
    void whoTakesANameThatCanNotBeStoredIsRefusedAndMayTryAgain() {
        topic("t", Durability.WRITTEN);
        String request = with(
                "{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\",\"request_id\":\"1\"}",
                "\"ack\":\"manual\",\"durable\":\"mine\"");
        try (WireClient client = server.connect()) {
            store.failNextWrite(StoreException.Reason.FAILED, false);
            JsonNode refused = client.send(request).json();
            assertThat(refused.path("type").stringValue()).as("%s", refused).isEqualTo("error");
            assertThat(refused.path("request_id").stringValue()).isEqualTo("1");
            assertThat(refused.path("error").path("message").stringValue()).contains("could not be written to");
            awaitStore(
                    () -> client.send(request).json().path("type").stringValue().equals("ack"));
            assertThat(publishedOnceStored(client)).isEqualTo("ack");
            assertThat(client.events(1)).hasSize(1);
        }
    }

    private static String publishedOnceStored(WireClient client) {
        return client.send(publish("t", "1")).json().path("type").stringValue();
    }

    @Test
    void aNameIsStoredWhenThatIsAnsweredAndGoneWhenThatIs() {
        topic("t", Durability.WRITTEN);
        MemoryStore other = new MemoryStore();
        Broker durable = Broker.open(BrokerConfig.defaults().withStore(other));
        durable.createTopic("t", TopicConfig.defaults().withDurability(Durability.WRITTEN));
        try (RunningServer one = RunningServer.with(durable);
                WireClient client = one.connect()) {
            subscribe(client, "t", "c", ",\"ack\":\"manual\",\"durable\":\"mine\"");
            assertThat(names(other.afterPowerLoss())).containsExactly("mine");
        }
        try (WireClient client = server.connect()) {
            subscribe(client, "t", "c", ",\"ack\":\"manual\",\"durable\":\"mine\"");
            JsonNode ack = client.send("{\"type\":\"unsubscribe\",\"topic\":\"t\",\"client_id\":\"c\"}")
                    .json();
            assertThat(names(store.afterPowerLoss())).as("%s", ack).isEmpty();
        }
    }

    private static List<String> names(MemoryStore found) {
        try (Broker later = Broker.open(BrokerConfig.defaults().withStore(found))) {
            return later.stats().acknowledged().stream()
                    .map(AcknowledgedSubscription.Figures::name)
                    .toList();
        }
    }

    private boolean refusesConnections() {
        try (WireClient _ = WireClient.tcp(server.port())) {
            return false;
        } catch (UncheckedIOException refused) {
            return true;
        }
    }

    @Test
    void restAnswersWhenItIsStored() {
        topic("t", Durability.WRITTEN);
        CompletableFuture<RestAnswer> answer;
        try (Gate gate = stopWriting()) {
            answer = CompletableFuture.supplyAsync(
                    () -> server.rest(
                            "POST",
                            "/topics/t/messages",
                            "[{\"payload\":1,\"durability\":\"synced\"},{\"payload\":2},{\"payload\":3,\"durability\":\"soon\"}]"));
            await(() -> gate.isReached(), "a write");
            assertThat(answer).isNotDone();
            assertThat(server.get("/health").status()).isEqualTo(200);
        }
        JsonNode results = answer.join().json().path("results");
        assertThat(results.get(0).path("durability").stringValue()).isEqualTo("synced");
        assertThat(results.get(1).path("durability").stringValue()).isEqualTo("written");
        assertThat(results.get(2).path("error").path("message").stringValue()).contains("durability must be");

        store.failNextWrite(StoreException.Reason.FAILED, false);
        RestAnswer refused = server.rest("POST", "/topics/t/messages", "{\"payload\":4}");
        assertThat(refused.status()).as(refused.body()).isEqualTo(500);
    }

    @Test
    void figuresSayWhatIsStoredAndWhetherThatFails() {
        topic("stored", Durability.SYNCED);
        assertThat(server.rest("POST", "/topics/stored/messages", "{\"payload\":1}")
                        .status())
                .isEqualTo(200);
        JsonNode storage = server.get("/stats").json().path("storage");
        assertThat(storage.path("bytes").asLong()).isEqualTo(store.size()).isPositive();
        assertThat(storage.path("room_bytes").asLong()).isEqualTo(store.room()).isPositive();
        assertThat(storage.path("pending_bytes").asLong()).isZero();
        assertThat(storage.path("commits").asLong()).isBetween(1L, store.writes());
        assertThat(storage.path("syncs").asLong()).isBetween(1L, store.syncs());
        assertThat(storage.path("failing").asBoolean()).isFalse();
        PrometheusText page = metrics();
        assertThat(page.value("fanfare_storage_bytes")).isEqualTo((double) store.size());
        assertThat(page.value("fanfare_storage_room_bytes")).isEqualTo((double) store.room());
        assertThat(page.value("fanfare_storage_pending_bytes")).isZero();
        assertThat(page.value("fanfare_storage_commits_total"))
                .isEqualTo(storage.path("commits").asDouble());
        assertThat(page.value("fanfare_storage_syncs_total"))
                .isEqualTo(storage.path("syncs").asDouble());
        assertThat(page.value("fanfare_storage_failing")).isZero();

        store.failNextWrite(StoreException.Reason.FAILED, false);
        assertThat(server.rest("POST", "/topics/stored/messages", "{\"payload\":2}")
                        .status())
                .isEqualTo(500);
        assertThat(server.get("/stats").json().path("storage").path("failing").asBoolean())
                .isTrue();
        assertThat(metrics().value("fanfare_storage_failing")).isOne();
    }

    private PrometheusText metrics() {
        return PrometheusText.read(server.rest("GET", "/metrics", "").body());
    }

    @AfterEach
    void close() {
        store.beforeWrite(() -> {});
        server.close();
        broker.close();
    }
}
