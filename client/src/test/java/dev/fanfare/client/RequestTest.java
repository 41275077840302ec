package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fanfare.client.ScriptedServer.Peer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Requests for replies, against a server that does what a test says.
class RequestTest {

    private static final Duration HOUR = Duration.ofHours(1);

    private final ScriptedServer server = new ScriptedServer();
    private final FanfareClient client = FanfareClient.open(
            server.url(), ClientOptions.defaults().withDelays(Duration.ofMillis(1), Duration.ofMillis(20)));

    @AfterEach
    void close() throws Exception {
        server.close();
        client.close();
    }

    private static String reply(String id, String payload) {
        return "{\"type\":\"reply\",\"request_id\":\"" + id + "\",\"message\":{\"id\":\"i\",\"payload\":" + payload
                + ",\"correlation_id\":\"c\"},\"ts\":\"2026-01-31T12:00:00Z\"}";
    }

    private static String error(String id, String code) {
        return "{\"type\":\"error\",\"request_id\":\"" + id + "\",\"error\":{\"code\":\"" + code
                + "\",\"message\":\"so\"}}";
    }

    private static String codeOf(CompletableFuture<?> future) {
        ExecutionException failed =
                catchThrowableOfType(ExecutionException.class, () -> future.get(10, TimeUnit.SECONDS));
        assertThat(failed.getCause()).isInstanceOf(ClientException.class);
        return failed.getCause() instanceof ClientException refused ? refused.code() : "";
    }

    @Test
    void theFirstReplyIsTheAnswer() throws Exception {
        Outgoing nut = Outgoing.text("nut").withId("i1").withCorrelationId("c");
        CompletableFuture<Reply> answer = client.request("price", nut, HOUR);
        CompletableFuture<Published> published = client.publish("other", Outgoing.text("x"));
        Peer peer = server.nextPeer();
        assertThat(peer.take())
                .isEqualTo(
                        "{\"type\":\"request\",\"request_id\":\"q1\",\"timeout_ms\":3600000,\"replies\":\"first\","
                                + "\"topic\":\"price\",\"message\":{\"id\":\"i1\",\"correlation_id\":\"c\",\"payload\":\"nut\"}}");
        // A publish behind it is answered before it.
        assertThat(peer.take()).contains("\"request_id\":\"1\"");
        peer.send("{\"type\":\"ack\",\"request_id\":\"1\",\"status\":\"ok\",\"epoch\":\"e\",\"offset\":4}");
        assertThat(published.get(10, TimeUnit.SECONDS).position().offset()).isEqualTo(4);
        peer.send(reply("q1", "\"te\\\"xt\""));
        assertThat(answer.get(10, TimeUnit.SECONDS))
                .isEqualTo(new Reply(
                        "i", "\"te\\\"xt\"", null, Map.of(), "c", null, Instant.parse("2026-01-31T12:00:00Z")))
                .extracting(Reply::text)
                .isEqualTo("te\"xt");
    }

    @Test
    void allRepliesAreThoseUntilTheTimeIsOver() throws Exception {
        CompletableFuture<List<Reply>> answer = client.requestAll("price", Outgoing.text("nut"), HOUR);
        Peer peer = server.nextPeer();
        assertThat(peer.take()).contains("\"replies\":\"all\"");
        peer.send(reply("q1", "1"));
        peer.send(reply("q1", "2"));
        peer.send(error("q1", "TIMEOUT"));
        assertThat(answer.get(10, TimeUnit.SECONDS)).extracting(Reply::payload).containsExactly("1", "2");
    }

    @Test
    void aThousandRepliesAreAllThereWillBe() throws Exception {
        CompletableFuture<List<Reply>> answer = client.requestAll("price", Outgoing.text("nut"), HOUR);
        Peer peer = server.nextPeer();
        peer.take();
        for (int i = 0; i < 1_000; i++) {
            peer.send(reply("q1", String.valueOf(i)));
        }
        assertThat(answer.get(10, TimeUnit.SECONDS)).hasSize(1_000);
    }

    @Test
    void whatFollowsAReplyMayWaitForTheSameClient() throws Exception {
        CompletableFuture<Long> chain = client.request("price", Outgoing.text("nut"), HOUR)
                .thenApply(reply -> client.publish("other", Outgoing.text("x"))
                        .join()
                        .position()
                        .offset());
        Peer peer = server.nextPeer();
        peer.take();
        peer.send(reply("q1", "1"));
        assertThat(peer.take()).contains("\"type\":\"publish\"");
        peer.send("{\"type\":\"ack\",\"request_id\":\"1\",\"status\":\"ok\",\"epoch\":\"e\",\"offset\":7}");
        assertThat(chain.get(10, TimeUnit.SECONDS)).isEqualTo(7);
    }

    @Test
    void aRequestThatIsTooLargeIsToldAndNotThePublishBeforeIt() throws Exception {
        CompletableFuture<Published> published = client.publish("other", Outgoing.text("x"));
        CompletableFuture<Reply> large = client.request("price", Outgoing.text("x".repeat(1_000)), HOUR);
        Peer peer = server.nextPeer();
        peer.take();
        peer.take();
        peer.send("{\"type\":\"error\",\"error\":{\"code\":\"TOO_LARGE\",\"message\":\"so\"}}");
        assertThat(codeOf(large)).isEqualTo(ClientException.TOO_LARGE);
        peer.send("{\"type\":\"ack\",\"request_id\":\"1\",\"status\":\"ok\",\"epoch\":\"e\",\"offset\":0}");
        assertThat(published.get(10, TimeUnit.SECONDS).position().offset()).isZero();
    }

    @Test
    void aTimeoutIsFromOneMillisecondToADay() throws Exception {
        for (Duration timeout : List.of(Duration.ZERO, Duration.ofDays(2), Duration.ofSeconds(Long.MAX_VALUE / 2))) {
            for (int i = 0; i < 1_001; i++) {
                assertThatThrownBy(() -> client.request("price", Outgoing.text("nut"), timeout))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("from 1 ms to a day");
            }
        }
        // None of them has a place.
        CompletableFuture<Reply> answer = client.request("price", Outgoing.text("nut"), HOUR);
        Peer peer = server.nextPeer();
        peer.take();
        peer.send(reply("q1", "1"));
        assertThat(answer.get(10, TimeUnit.SECONDS).payload()).isEqualTo("1");
    }

    @Test
    void whyThereIsNoneIsTold() throws Exception {
        CompletableFuture<Reply> nobody = client.request("price", Outgoing.text("nut"), HOUR);
        CompletableFuture<Reply> late = client.request("price", Outgoing.text("nut"), HOUR);
        CompletableFuture<List<Reply>> none = client.requestAll("price", Outgoing.text("nut"), HOUR);
        Peer peer = server.nextPeer();
        peer.send(error("q1", "NO_RESPONDERS"));
        peer.send(error("q2", "TIMEOUT"));
        peer.send(error("q3", "BACKPRESSURE"));
        // What nobody waits for any more is passed over.
        peer.send(reply("q1", "1"));
        peer.send(error("q9", "TIMEOUT"));
        assertThat(codeOf(nobody)).isEqualTo("NO_RESPONDERS");
        assertThat(codeOf(late)).isEqualTo("TIMEOUT");
        assertThat(codeOf(none)).isEqualTo("BACKPRESSURE");
    }

    @Test
    void aRequestIsNotAskedAgainWhenTheConnectionBreaks() throws Exception {
        CompletableFuture<Reply> answer = client.request("price", Outgoing.text("nut"), HOUR);
        Peer peer = server.nextPeer();
        peer.take();
        peer.drop();
        assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS)).hasMessageContaining("the request may be done");
        Peer again = server.nextPeer();
        CompletableFuture<Published> published = client.publish("other", Outgoing.text("x"));
        assertThat(again.take()).contains("\"type\":\"publish\"");
        again.send("{\"type\":\"ack\",\"request_id\":\"1\",\"status\":\"ok\",\"epoch\":\"e\",\"offset\":0}");
        assertThat(published.get(10, TimeUnit.SECONDS).position().offset()).isZero();
    }

    @Test
    void aServerThatNeverAnswersIsNotWaitedForForEver() throws Exception {
        try (FanfareClient hasty =
                FanfareClient.open(server.url(), ClientOptions.defaults().withConnectTimeout(Duration.ofMillis(500)))) {
            CompletableFuture<Reply> answer = hasty.request("price", Outgoing.text("nut"), Duration.ofMillis(1));
            assertThat(codeOf(answer)).isEqualTo("TIMEOUT");
        }
    }

    @Test
    void soManyWaitAndNotMore() throws Exception {
        List<CompletableFuture<Reply>> asked = new ArrayList<>();
        for (int i = 0; i < 1_001; i++) {
            asked.add(client.request("price", Outgoing.text("nut"), HOUR));
        }
        assertThat(codeOf(asked.getLast())).isEqualTo("LIMIT_REACHED");
        client.close();
        assertThat(codeOf(asked.getFirst())).isEqualTo(ClientException.CLOSED);
    }

    @Test
    void messagesSayWhereToAnswerHowLongTheyCountAndWhenTheyAreDue() throws Exception {
        var _ = client.publish(
                "a",
                Outgoing.json("1")
                        .withId("i")
                        .withReplyTo("b")
                        .withTtl(Duration.ofSeconds(1))
                        .withDelay(HOUR));
        var _ = client.publish(
                "a", Outgoing.json("1").withId("i").withDeliverAt(Instant.parse("2026-01-31T12:00:00Z")));
        Peer peer = server.nextPeer();
        assertThat(peer.take())
                .endsWith("{\"id\":\"i\",\"reply_to\":\"b\",\"ttl_ms\":1000,\"delay_ms\":3600000,\"payload\":1}}");
        assertThat(peer.take()).endsWith("{\"id\":\"i\",\"deliver_at\":\"2026-01-31T12:00:00Z\",\"payload\":1}}");
        Outgoing delayed = Outgoing.text("x").withDelay(HOUR);
        assertThatThrownBy(() -> delayed.withDeliverAt(Instant.EPOCH)).hasMessageContaining("not both");
    }
}
