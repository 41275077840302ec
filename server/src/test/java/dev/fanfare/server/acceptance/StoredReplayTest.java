package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.await;
import static dev.fanfare.server.acceptance.RunningServer.publish;
import static dev.fanfare.server.acceptance.RunningServer.publishAcked;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// What connections replay that is not in memory: it is read beside the event loop, of which there is one here.
@ExtendWith(NoLeaks.class)
class StoredReplayTest {

    private static final int MESSAGES = 1_500;

    private final MemoryStore store = new MemoryStore();
    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withStore(store)
            .withTopics(TopicConfig.defaults()
                    .withHistory(1_000_000)
                    .withHistoryBytes(1L << 30)
                    .withDurability(Durability.WRITTEN)));
    private final RunningServer server = RunningServer.with(broker, "event-loops=1");

    /// The threads that read.
    private final Set<String> threads = ConcurrentHashMap.newKeySet();

    private final AtomicBoolean blocked = new AtomicBoolean();
    private final AtomicInteger waiting = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);

    StoredReplayTest() {
        store.beforeRead(() -> {
            String thread = Thread.currentThread().getName();
            threads.add(thread);
            if (blocked.get() && thread.startsWith("fanfare-reader-")) {
                waiting.incrementAndGet();
                try {
                    released.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                waiting.decrementAndGet();
            }
        });
    }

    @AfterEach
    void close() {
        released.countDown();
        server.close();
        broker.close();
        assertThat(threads).noneMatch(name -> name.startsWith("fanfare-loop") || name.startsWith("fanfare-delivery"));
        assertThat(store.openScans()).isZero();
    }

    private void store(int count) {
        List<CompletableFuture<PublishResult>> results = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            results.add(broker.publishAsync("t", Message.text("m")));
        }
        results.forEach(result -> assertThat(result.join()).isInstanceOf(PublishResult.Accepted.class));
    }

    private static List<Long> offsets(List<JsonNode> events) {
        return events.stream().map(event -> event.path("offset").asLong()).toList();
    }

    private static List<Long> offsets(long from, long to) {
        return LongStream.range(from, to).boxed().toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'topic':'t','from':'earliest'}",
                "{'topic':'*','from':'earliest'}",
                "{'topic':'t','from':'earliest','filter':'size(topic) == 1'}",
                "{'topic':'t','from':'earliest','ack':'manual','max_in_flight':10000}",
                "{'topic':'t','last_n':1500}",
                "{'topic':'t','from':{'time':'2020-01-01T00:00:00.000Z'}}",
                "{'topic':'*','from':{'time':'2020-01-01T00:00:00.000Z'}}",
                "{'topic':'t','from':{'time':'2020-01-01T00:00:00.000Z'},'ack':'manual','max_in_flight':10000}"
            })
    void allOfItComesInItsOrderAndThenWhatIsPublished(String request) {
        store(MESSAGES);
        try (WireClient client = server.connect()) {
            client.send(request.replace('\'', '"').replaceFirst("\\{", "{\"type\":\"subscribe\",\"client_id\":\"c\","));
            assertThat(client.json().path("type").stringValue()).isEqualTo("ack");
            store(10);
            assertThat(offsets(client.events(MESSAGES + 10))).isEqualTo(offsets(0, MESSAGES + 10));
        }
    }

    @Test
    void whileAReadTakesItsTimeTheLoopsOtherConnectionsGoOn() {
        store(MESSAGES);
        blocked.set(true);
        try (WireClient replaying = server.connect();
                WireClient other = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(replaying, "t", "r", ",\"from\":\"earliest\"");
            await(() -> waiting.get() == 1, "a read");

            subscribe(other, "t", "o");
            publishAcked(publisher, "t", "1");
            assertThat(offsets(other.events(1))).containsExactly((long) MESSAGES);
            // Its own answers do not wait for it either.
            replaying.send("{\"type\":\"ping\",\"request_id\":\"1\"}");
            assertThat(replaying.json().path("type").stringValue()).isEqualTo("pong");

            released.countDown();
            assertThat(offsets(replaying.events(MESSAGES + 1))).isEqualTo(offsets(0, MESSAGES + 1));
        }
    }

    @Test
    void manyReplayAtOnce() {
        store(MESSAGES);
        List<WireClient> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            WireClient client = server.connect();
            clients.add(client);
            subscribe(client, i % 4 == 0 ? "*" : "t", "c" + i, ",\"from\":\"earliest\"");
        }
        for (WireClient client : clients) {
            assertThat(offsets(client.events(MESSAGES))).isEqualTo(offsets(0, MESSAGES));
            client.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",\"ack\":\"manual\"", ",\"filter\":\"size(topic) == 1\""})
    void oneThatUnsubscribesDuringAReadHearsNothingMore(String further) {
        store(MESSAGES);
        blocked.set(true);
        try (WireClient client = server.connect();
                WireClient gone = server.connect()) {
            subscribe(client, "t", "c", ",\"from\":\"earliest\"" + further);
            subscribe(gone, "t", "g", ",\"from\":\"earliest\"" + further);
            await(() -> waiting.get() == 2, "two reads");
            client.send("{\"type\":\"unsubscribe\",\"topic\":\"t\",\"client_id\":\"c\"}");
            assertThat(client.json().path("type").stringValue()).isEqualTo("ack");
            gone.reset();
            server.awaitSubscribers(0);
            released.countDown();
            await(() -> waiting.get() == 0, "the reads to end");

            blocked.set(false);
            subscribe(client, "t", "c", ",\"from\":\"earliest\"");
            assertThat(offsets(client.events(MESSAGES))).isEqualTo(offsets(0, MESSAGES));
            client.send(publish("t", "1"));
            assertThat(client.until("event")).isNotEmpty();
        }
    }

    @Test
    void aTimeIsFoundInWhatIsStored() {
        store(MESSAGES);
        long last = broker.topic("t")
                .orElseThrow()
                .read(MESSAGES - 1, 1, 1)
                .getFirst()
                .timestampMillis();
        await(() -> System.currentTimeMillis() > last + 1, "the next milliseconds");
        store(MESSAGES);
        try (WireClient client = server.connect()) {
            subscribe(client, "t", "c", ",\"from\":{\"time\":\"" + Instant.ofEpochMilli(last + 1) + "\"}");
            assertThat(offsets(client.events(MESSAGES))).isEqualTo(offsets(MESSAGES, 2 * MESSAGES));
        }
    }

    @Test
    void aReadThatFailsEndsItsConnection() {
        store(MESSAGES);
        store.beforeRead(() -> {
            throw new StoreException(StoreException.Reason.FAILED, "told to fail");
        });
        try (WireClient client = server.connect();
                WireClient other = server.connect();
                WireClient publisher = server.connect()) {
            subscribe(other, "t", "o");
            client.send("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\",\"from\":\"earliest\"}");
            assertThat(client.ended()).isTrue();
            publishAcked(publisher, "t", "1");
            assertThat(other.events(1)).hasSize(1);
        }
        store.beforeRead(() -> {});
    }
}
