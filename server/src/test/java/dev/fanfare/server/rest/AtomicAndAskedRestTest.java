package dev.fanfare.server.rest;

import static dev.fanfare.server.rest.StandardRestTest.problem;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.Compression;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Subscription;
import dev.fanfare.Topic;
import dev.fanfare.feed.Wakes;
import dev.fanfare.server.RawHttp;
import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/// Over the REST of the standard dialect: transactions, requests that somebody answers, and bodies that are compressed
/// on
/// their way.
class AtomicAndAskedRestTest {

    private final RunningServer running = RunningServer.with("block-timeout", "20s");
    private final Broker broker = running.server.broker();

    @AfterEach
    void close() {
        running.close();
    }

    private static String message(String topic, String payload) {
        return "{\"topic\":\"" + topic + "\",\"message\":{\"payload\":" + payload + "}}";
    }

    private static String transaction(String... messages) {
        return "{\"publish\":[" + String.join(",", messages) + "]}";
    }

    private String metrics() throws Exception {
        return running.get("/metrics").body();
    }

    @Test
    void aTransactionIsDoneAsAWhole() throws Exception {
        broker.createTopic("a");
        broker.createTopic("b");
        Answered done = running.call("POST", "/transactions", transaction(message("a", "1"), message("b", "2")));
        assertThat(done.status()).as(done.body()).isEqualTo(200);
        JsonNode results = done.json().path("results");
        assertThat(done.json().path("status").asString()).isEqualTo("ok");
        assertThat(results.size()).isEqualTo(2);
        assertThat(results.get(1).path("topic").asString()).isEqualTo("b");
        assertThat(results.get(1).path("offset").asInt(-1)).isZero();
        assertThat(results.get(1).path("durability").asString()).isEqualTo("memory");

        problem(
                running.call("POST", "/transactions", transaction(message("a", "3"), message("none", "4"))),
                404,
                "TOPIC_NOT_FOUND",
                "publish[1]: ");
        problem(
                running.call("POST", "/transactions", transaction(message("a", "3"), message("$x", "4"))),
                403,
                "FORBIDDEN",
                "publish[1]: ");
        problem(running.call("POST", "/transactions", "{\"ack\":[]}"), 400, "BAD_REQUEST", "WebSocket");
        problem(running.call("POST", "/transactions", "{}"), 400, "BAD_REQUEST", "publish");
        problem(running.call("POST", "/transactions", "{\"publishes\":[]}"), 400, "BAD_REQUEST", "publishes");
        problem(running.call("POST", "/transactions", transaction("5")), 400, "BAD_REQUEST", "publish[0]: ");
        assertThat(broker.topic("a").orElseThrow().visible()).isEqualTo(1);
        assertThat(metrics()).contains("fanfare_committed_transactions_total 1");
        assertThat(running.get("/stats").body()).contains("\"transactions\":{\"committed\":1,\"refused\":0}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "/transactions|{\"publish\":[{\"topic\":\"full\",\"message\":{\"payload\":1}}]}|200",
                "/topics/full/requests|{\"message\":{\"payload\":1},\"timeout_ms\":100}|504",
                "/topics/full/messages|{\"payload\":1}|200"
            })
    void itWaitsForRoomWhereASubscriptionBlocks(String path, String body, int status) throws Exception {
        broker.createTopic("full");
        CountDownLatch gate = new CountDownLatch(1);
        Subscription subscription =
                broker.subscription("full").queue(1).overflow(Overflow.block()).handle(message -> gate.await());
        Wakes wakes = new Wakes();
        Topic topic = broker.topic("full").orElseThrow();
        while (!(broker.feeds().publish(topic, Message.text("x"), wakes) instanceof PublishResult.Refused)) {
            wakes.flush();
        }
        long before = topic.visible();
        CompletableFuture<Answered> waits = CompletableFuture.supplyAsync(() -> {
            try {
                return running.call("POST", path, body);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        for (int i = 0; i < 50; i++) {
            assertThat(running.get("/health").status()).isEqualTo(200);
        }
        assertThat(topic.visible()).isEqualTo(before);
        gate.countDown();
        assertThat(waits.join().status()).as(waits.join().body()).isEqualTo(status);
        assertThat(topic.visible()).isEqualTo(before + 1);
        subscription.close();
    }

    @Test
    void aRequestIsAnsweredByWhoeverHearsTheTopic() throws Exception {
        broker.createTopic("price");
        problem(
                running.call("POST", "/topics/price/requests", "{\"message\":{\"payload\":1},\"timeout_ms\":1000}"),
                503,
                "NO_RESPONDERS",
                "price");
        try (var _ = broker.onQuery("price", request -> Message.text("17"))) {
            Answered one = running.call(
                    "POST",
                    "/topics/price/requests",
                    "{\"message\":{\"payload\":\"nut\",\"correlation_id\":\"c\"},\"timeout_ms\":20000}");
            assertThat(one.status()).as(one.body()).isEqualTo(200);
            assertThat(one.json().path("message").path("payload").asString()).isEqualTo("17");
            assertThat(one.json().path("message").path("correlation_id").asString())
                    .isEqualTo("c");
            Answered all = running.call(
                    "POST",
                    "/topics/price/requests",
                    "{\"message\":{\"payload\":1},\"timeout_ms\":200,\"replies\":\"all\"}");
            assertThat(all.json().path("replies").size()).as(all.body()).isEqualTo(1);
        }
        broker.createTopic("mute");
        try (var _ = broker.subscribe("mute", message -> {})) {
            problem(
                    running.call("POST", "/topics/mute/requests", "{\"message\":{\"payload\":1},\"timeout_ms\":50}"),
                    504,
                    "TIMEOUT",
                    "50 ms");
        }
        problem(
                running.call("POST", "/topics/mute/requests", "{\"message\":{\"payload\":1}}"),
                400,
                "BAD_REQUEST",
                "timeout_ms");
        problem(running.call("POST", "/topics/$x/requests", "{}"), 403, "FORBIDDEN", "$x");
        problem(running.call("POST", "/topics/mute/requests", "{\"a\":1}"), 400, "BAD_REQUEST", "'a'");
        assertThat(running.get("/stats").body())
                .contains("\"requests\":{\"pending\":0,\"timed_out\":1,\"unanswerable\":1}");
        assertThat(metrics())
                .contains(
                        "fanfare_pending_requests 0",
                        "fanfare_timed_out_requests_total 1",
                        "fanfare_unanswerable_requests_total 1");
    }

    @Test
    void aBodyMayBeCompressed() throws Exception {
        broker.createTopic("t");
        String message = "{\"payload\":\"" + "ü".repeat(1_000) + "\"}";
        for (String encoding : new String[] {"gzip", "zstd", "GZIP"}) {
            byte[] packed = Compression.named(encoding.toLowerCase(Locale.ROOT))
                    .orElseThrow()
                    .compress(message.getBytes(UTF_8));
            assertThat(post("/topics/t/messages", packed, encoding).status()).isEqualTo(200);
        }
        assertThat(running.get("/topics/t/messages")
                        .json()
                        .path("messages")
                        .get(1)
                        .path("message")
                        .path("payload")
                        .asString())
                .isEqualTo("ü".repeat(1_000));
        RawHttp.Response bomb = post("/topics/t/messages", Compression.gzip().compress(new byte[50_000_000]), "gzip");
        assertThat(bomb.status()).isEqualTo(413);
        assertThat(bomb.header("content-type")).isEqualTo("application/problem+json");
        assertThat(post("/topics/t/messages", message.getBytes(UTF_8), "gzip").status())
                .isEqualTo(400);
        RawHttp.Response unknown = post("/topics/t/messages", message.getBytes(UTF_8), "br");
        assertThat(unknown.status()).isEqualTo(415);
        assertThat(unknown.body()).contains("gzip");
        assertThat(broker.topic("t").orElseThrow().visible()).isEqualTo(3);
    }

    private RawHttp.Response post(String path, byte[] body, String encoding) throws Exception {
        try (RawHttp connection = running.raw()) {
            return connection
                    .request(
                            "POST " + path + " HTTP/1.1",
                            "Host: x",
                            "Content-Encoding: " + encoding,
                            "Content-Length: " + body.length)
                    .send(new String(body, ISO_8859_1))
                    .read();
        }
    }
}
