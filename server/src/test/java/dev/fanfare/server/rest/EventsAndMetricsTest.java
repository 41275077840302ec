package dev.fanfare.server.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.Delivery;
import dev.fanfare.Message;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.server.PrometheusText;
import dev.fanfare.server.RawHttp;
import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class EventsAndMetricsTest {

    private final RunningServer running = RunningServer.with();

    @AfterEach
    void close() {
        running.close();
    }

    @Test
    void theBrokersLifeIsAStreamWithoutSingleMessages() throws Exception {
        try (RawHttp raw = running.raw()) {
            RawHttp.Response response = listen(raw);
            running.server.broker().createTopic("a\"b");
            running.server.broker().publish("a\"b", "a message is no event");
            running.server.broker().subscribe("a\"b", message -> {}).close();
            running.server.broker().deleteTopic("a\"b");

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("content-type")).isEqualTo("text/event-stream");
            assertThat(nextData(raw)).startsWith("data: {\"event\":\"topic_created\",\"topic\":\"a\\\"b\",\"ts\":\"");
            assertThat(nextData(raw)).contains("subscriber_added");
            assertThat(nextData(raw)).contains("subscriber_removed");
            assertThat(nextData(raw)).contains("topic_deleted");
        }
    }

    @Test
    void theStreamTellsOfGroupsRetriesDeadLettersTransactionsAndRequests() throws Exception {
        Broker broker = running.server.broker();
        Set<String> awaited = Set.of(
                "member_joined",
                "failed",
                "retry_scheduled",
                "dead_letter",
                "member_left",
                "transaction_committed",
                "transaction_refused",
                "request_unanswered");
        Map<String, String> told = new HashMap<>();
        try (RawHttp raw = running.raw()) {
            listen(raw);
            broker.createTopic("jobs");
            Receiver receiver = broker.subscription("jobs")
                    .name("ann")
                    .acknowledged()
                    .retry(RetryPolicy.fixed(2, Duration.ZERO))
                    .group("crew")
                    .receive();
            broker.publish("jobs", Message.text("x").withId("id"));
            Delivery first = Objects.requireNonNull(receiver.receive());
            first.nack(new IllegalStateException("no paper"));
            Objects.requireNonNull(receiver.receive()).nack();
            receiver.close();
            broker.transaction().publish("jobs", "y").commit();
            broker.transaction().publish("jobs", "z").ack(first).commit();
            broker.createTopic("empty");
            assertThat(broker.request("empty", Message.text("?"), Duration.ofSeconds(1)))
                    .failsWithin(Duration.ofSeconds(20));
            while (!told.keySet().containsAll(awaited)) {
                String data = nextData(raw).substring("data: ".length());
                JsonNode event = JsonMapper.shared().readTree(data);
                String name = event.path("event").stringValue();
                told.putIfAbsent(name, data.replaceFirst(",\"ts\":\"[^\"]*\"}$", "}"));
            }
        }
        String message = "\"topic\":\"jobs\",\"offset\":0,\"message_id\":\"id\",\"subscription\":\"crew\"";
        assertThat(told)
                .containsEntry(
                        "member_joined",
                        "{\"event\":\"member_joined\",\"topic\":\"jobs\",\"subscription\":\"crew\",\"member\":\"ann\"}")
                .containsEntry(
                        "member_left",
                        "{\"event\":\"member_left\",\"topic\":\"jobs\",\"subscription\":\"crew\",\"member\":\"ann\","
                                + "\"reason\":\"closed\"}")
                .containsEntry(
                        "failed",
                        "{\"event\":\"failed\"," + message
                                + ",\"cause\":\"java.lang.IllegalStateException: no paper\"}")
                .containsEntry(
                        "retry_scheduled",
                        "{\"event\":\"retry_scheduled\"," + message + ",\"attempt\":1,\"delay_ms\":0}")
                .containsEntry(
                        "dead_letter",
                        "{\"event\":\"dead_letter\"," + message
                                + ",\"attempts\":2,\"reason\":\"attempts\",\"target\":\"$dead/jobs\"}")
                .containsEntry(
                        "transaction_committed", "{\"event\":\"transaction_committed\",\"publishes\":1,\"acks\":0}")
                .containsEntry(
                        "request_unanswered",
                        "{\"event\":\"request_unanswered\",\"topic\":\"empty\",\"code\":\"NO_RESPONDERS\"}");
        assertThat(told.get("transaction_refused"))
                .startsWith("{\"event\":\"transaction_refused\",\"code\":\"BAD_REQUEST\",\"reason\":\"");
    }

    /// Asks for the stream and waits until it has begun.
    private static RawHttp.Response listen(RawHttp raw) throws Exception {
        RawHttp.Response response =
                raw.request("GET /events HTTP/1.1", "Host: x").read(false);
        String line = raw.line();
        while (!line.startsWith(":")) { // the length of the chunk comes first
            line = raw.line();
        }
        return response;
    }

    private static String nextData(RawHttp raw) throws Exception {
        String line = raw.line();
        while (!line.startsWith("data: ")) {
            line = raw.line();
        }
        return line;
    }

    @Test
    void aStreamThatIsLeftEnds() throws Exception {
        try (RawHttp raw = running.raw()) {
            listen(raw);
            assertThat(running.server.connections()).isEqualTo(1);
        }
        awaitNoConnections();
    }

    private void awaitNoConnections() throws Exception {
        // The server notices on its own thread; asking it over another connection lets time pass without sleeping.
        for (int i = 0; i < 2_000 && running.server.connections() > 0; i++) {
            running.get("/health/live");
        }
        assertThat(running.server.connections()).isZero();
    }

    @Test
    void aShutdownEndsTheStream() throws Exception {
        RawHttp raw = running.raw();
        listen(raw);

        CompletableFuture<Void> closing = CompletableFuture.runAsync(running.server::close);

        String line = raw.line();
        while (!line.equals("0")) { // the last chunk
            line = raw.line();
        }
        assertThat(raw.line()).isEmpty();
        assertThat(raw.ended()).isTrue();
        raw.close();
        closing.join();
    }

    @Test
    void figuresAreTextForPrometheus() throws Exception {
        running.server.broker().createTopic("a\"b");
        running.server.broker().publish("a\"b", "x");

        Answered metrics = running.get("/metrics");

        assertThat(metrics.header("Content-Type")).startsWith("text/plain; version=0.0.4");
        PrometheusText page = PrometheusText.read(metrics.body());
        assertThat(page.value("fanfare_topic_published_messages_total", "topic", "a\"b"))
                .isOne();
        assertThat(page.value("fanfare_topic_delivered_messages_total", "topic", "a\"b"))
                .isZero();
        assertThat(page.value("fanfare_topic_subscribers", "topic", "a\"b")).isZero();
        assertThat(page.value("fanfare_topics")).isOne();
        for (String zero : List.of(
                "fanfare_topics_left_out",
                "fanfare_subscriptions",
                "fanfare_connections",
                "fanfare_timed_out_requests_total",
                "fanfare_committed_transactions_total",
                "fanfare_refused_transactions_total")) {
            assertThat(page.value(zero)).as(zero).isZero();
        }
    }

    @Test
    void figuresAreJsonForWhoAsks() throws Exception {
        running.server.broker().createTopic("t");
        running.server.broker().publish("t", "x");

        JsonNode asked = running.get("/metrics", "Accept", "application/json").json();
        JsonNode flat = running.flat("GET", "/metrics", "").json();

        for (JsonNode metrics : new JsonNode[] {asked, flat}) {
            assertThat(metrics.path("topics")
                            .path("t")
                            .path("messages_published")
                            .asInt())
                    .isEqualTo(1);
            assertThat(metrics.path("topics").path("t").path("queue_max_size").asInt())
                    .isEqualTo(10_000);
            assertThat(metrics.path("topics").path("t").path("latency_ms").propertyNames())
                    .containsExactlyInAnyOrder("avg", "p95", "p99");
            assertThat(metrics.path("global").path("total_published").asInt()).isEqualTo(1);
        }
    }

    @Test
    void theAverageBatchIsWhatWasHandedOverAtOnce() throws Exception {
        var topic = running.server.broker().createTopic("t");
        topic.counters().delivered(10);
        topic.counters().delivered(5);

        JsonNode metrics = running.flat("GET", "/metrics", "").json();

        assertThat(metrics.path("topics").path("t").path("batch_size_avg").asDouble())
                .isEqualTo(7.5);
        assertThat(metrics.path("topics").path("t").path("messages_delivered").asInt())
                .isEqualTo(15);
    }
}
