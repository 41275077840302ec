package dev.fanfare.server.acceptance;

import static dev.fanfare.server.acceptance.RunningServer.await;
import static dev.fanfare.server.acceptance.RunningServer.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.fanfare.Broker;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// A message's trace, from whoever published it to whoever was done with it.
class TracingTest {

    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PUBLISHER = "00f067aa0ba902b7";
    private static final String PARENT = "00-" + TRACE + "-" + PUBLISHER + "-01";

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();

    private RunningServer traced(Broker broker) {
        SdkTracerProvider provider = SdkTracerProvider.builder()
                .addSpanProcessor(SimpleSpanProcessor.create(spans))
                .build();
        return RunningServer.traced(
                broker, OpenTelemetrySdk.builder().setTracerProvider(provider).build());
    }

    private static String publish(String topic, String headers) {
        return "{\"type\":\"publish\",\"topic\":\"" + topic + "\",\"message\":{\"payload\":1,\"headers\":{" + headers
                + "}}}";
    }

    private static String settle(String type, String topic, String more) {
        return "{\"type\":\"" + type + "\",\"topic\":\"" + topic + "\",\"client_id\":\"c\",\"offset\":0" + more + "}";
    }

    private List<String> operations() {
        return spans.getFinishedSpanItems().stream().map(SpanData::getName).toList();
    }

    private static <T> T attribute(SpanData span, AttributeKey<T> key) {
        T value = span.getAttributes().get(key);
        assertThat(value).as("%s of %s", key, span).isNotNull();
        return value;
    }

    @Test
    void aTraceIsFollowedFromThePublisherThroughAFailedAttemptToTheAcknowledgement() {
        try (Broker broker = Broker.open();
                RunningServer server = traced(broker);
                WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            server.topic("orders");
            subscribe(worker, "orders", "c", ",\"ack\":\"manual\",\"group\":\"billing\",\"retry\":{\"backoff_ms\":1}");
            publisher.send(publish("orders", "\"z\":\"1\",\"traceparent\":\"" + PARENT + "\",\"tracestate\":\"v=1\""));
            JsonNode acked = publisher.json();

            JsonNode event = worker.events(1).getFirst();
            worker.send(settle("nack", "orders", ",\"reason\":\"printer on fire\""));
            assertThat(worker.events(1)
                            .getFirst()
                            .path("delivery")
                            .path("attempt")
                            .asInt())
                    .isEqualTo(2);
            worker.send(settle("ack", "orders", ""));
            await(() -> spans.getFinishedSpanItems().size() == 5, "five spans");

            assertThat(operations())
                    .containsExactly(
                            "publish orders", "queue orders", "deliver orders", "retry orders", "deliver orders");
            assertThat(spans.getFinishedSpanItems())
                    .allMatch(span -> span.getTraceId().equals(TRACE));
            SpanData publish = spans.getFinishedSpanItems().getFirst();
            assertThat(publish.getParentSpanId()).isEqualTo(PUBLISHER);
            assertThat(publish.getParentSpanContext().isRemote()).isTrue();
            assertThat(publish.getKind()).isEqualTo(SpanKind.PRODUCER);
            for (SpanData span : spans.getFinishedSpanItems()) {
                assertThat(attribute(span, AttributeKey.stringKey("messaging.system")))
                        .isEqualTo("fanfare");
                assertThat(attribute(span, AttributeKey.stringKey("messaging.destination.name")))
                        .isEqualTo("orders");
                assertThat(attribute(span, AttributeKey.stringKey("messaging.message.id")))
                        .isEqualTo(acked.path("message_id").stringValue());
                assertThat(attribute(span, AttributeKey.longKey("fanfare.offset")))
                        .isZero();
                assertThat(span.getEndEpochNanos()).isGreaterThanOrEqualTo(span.getStartEpochNanos());
            }
            List<SpanData> after = spans.getFinishedSpanItems().subList(1, 5);
            assertThat(after).allMatch(span -> span.getParentSpanId().equals(publish.getSpanId()));
            assertThat(after)
                    .extracting(
                            span -> attribute(span, AttributeKey.stringKey("messaging.destination.subscription.name")))
                    .containsOnly("billing");
            assertThat(after)
                    .extracting(span -> attribute(span, AttributeKey.longKey("fanfare.attempt")))
                    .containsExactly(1L, 1L, 1L, 2L);
            SpanData failed = after.get(1);
            assertThat(failed.getKind()).isEqualTo(SpanKind.CONSUMER);
            assertThat(failed.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
            assertThat(failed.getStatus().getDescription()).contains("printer on fire");
            assertThat(after.get(2).getStartEpochNanos()).isGreaterThanOrEqualTo(failed.getStartEpochNanos());
            assertThat(after.get(3).getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);

            // The subscriber goes on from the publish.
            assertThat(event.path("message").path("headers").propertyNames())
                    .containsExactly("z", "traceparent", "tracestate");
            assertThat(event.path("message").path("headers").path("traceparent").stringValue())
                    .isEqualTo("00-" + TRACE + "-" + publish.getSpanId() + "-01");
            assertThat(event.path("message").path("headers").path("tracestate").stringValue())
                    .isEqualTo("v=1");
        }
    }

    @Test
    void aMessageThatIsGivenUpSaysWhereItWent() {
        try (Broker broker = Broker.open();
                RunningServer server = traced(broker);
                WireClient worker = server.connect()) {
            server.topic("bad");
            subscribe(worker, "bad", "c", ",\"ack\":\"manual\",\"dead_letter\":\"bad.dead\"");
            assertThat(server.rest("POST", "/topics/bad/messages", "{\"payload\":1}")
                            .status())
                    .isEqualTo(200);
            worker.events(1);
            worker.send(settle("nack", "bad", ",\"dead\":true"));
            await(() -> operations().contains("dead_letter bad"), "the span of the dead letter");

            SpanData dead = spans.getFinishedSpanItems().getLast();
            assertThat(attribute(dead, AttributeKey.stringKey("fanfare.dead_letter.topic")))
                    .isEqualTo("bad.dead");
            assertThat(attribute(dead, AttributeKey.stringKey("fanfare.dead_letter.reason")))
                    .isEqualTo("rejected");
            SpanData publish = spans.getFinishedSpanItems().getFirst();
            assertThat(publish.getParentSpanContext().isValid()).isFalse();
            assertThat(dead.getParentSpanId()).isEqualTo(publish.getSpanId());
        }
    }

    @Test
    void whoeverIsRefusedHasASpanThatSaysWhy() {
        try (Broker broker = Broker.open();
                RunningServer server = traced(broker);
                WireClient client = server.connect()) {
            server.topic("t");
            client.send("{\"type\":\"publish\",\"topic\":\"t\",\"message\":{\"payload\":1},\"durability\":\"synced\"}");
            assertThat(client.json().path("type").stringValue()).isEqualTo("error");

            SpanData refused = spans.getFinishedSpanItems().getFirst();
            assertThat(refused.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
            assertThat(attribute(refused, AttributeKey.stringKey("error.type"))).isEqualTo("BAD_REQUEST");
        }
    }

    @Test
    void messagesOfAPublisherThatDoesNotSampleAreLeftAlone() {
        try (Broker broker = Broker.open();
                RunningServer server = traced(broker);
                WireClient worker = server.connect();
                WireClient publisher = server.connect()) {
            server.topic("t");
            subscribe(worker, "t", "c", ",\"ack\":\"manual\"");
            publisher.send(publish("t", "\"traceparent\":\"00-" + TRACE + "-" + PUBLISHER + "-00\""));
            worker.events(1);
            worker.send(settle("ack", "t", ",\"request_id\":\"done\""));
            worker.until("ack");

            // The listener hears events in order: this one's spans come last.
            publisher.send(publish("t", "\"traceparent\":\"" + PARENT + "\""));
            worker.events(1);
            await(() -> operations().contains("queue t"), "the span of the second message");
            assertThat(operations()).containsExactly("publish t", "queue t");
        }
    }

    @Test
    void theTraceOfARequestOverHttpIsCarriedAlsoWhenNobodyMakesSpans() throws Exception {
        try (RunningServer server = RunningServer.start();
                HttpClient client = HttpClient.newHttpClient()) {
            server.topic("t");
            for (String parent : List.of(PARENT, "00-nonsense-01", "00-" + "0".repeat(32) + "-" + PUBLISHER + "-01")) {
                client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/topics/t/messages"))
                                .headers("traceparent", parent, "tracestate", "v=1")
                                .POST(HttpRequest.BodyPublishers.ofString("{\"payload\":1,\"headers\":{\"a\":\"b\"}}"))
                                .build(),
                        HttpResponse.BodyHandlers.discarding());
            }

            JsonNode messages = server.get("/topics/t/messages").json().path("messages");
            assertThat(messages.get(0).path("message").path("headers").toString())
                    .isEqualTo("{\"a\":\"b\",\"traceparent\":\"" + PARENT + "\",\"tracestate\":\"v=1\"}");
            assertThat(messages.get(1).path("message").path("headers").toString())
                    .isEqualTo("{\"a\":\"b\"}");
            assertThat(messages.get(2).path("message").path("headers").toString())
                    .isEqualTo("{\"a\":\"b\"}");
        }
    }

    /// What a collector was sent.
    private record Sent(String path, String type, String body) {}

    @Test
    void spansAreSentToACollector() throws Exception {
        ConcurrentLinkedQueue<Sent> sent = new ConcurrentLinkedQueue<>();
        HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            sent.add(new Sent(
                    exchange.getRequestURI().getPath(),
                    exchange.getRequestHeaders().getFirst("Content-Type"),
                    new String(body, StandardCharsets.ISO_8859_1)));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        try {
            String endpoint = "http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces";
            try (RunningServer server =
                    RunningServer.start(Map.of("tracing", endpoint, "auto-create-topics", "true"))) {
                assertThat(server.rest("POST", "/topics/sent.here/messages", "{\"payload\":1}")
                                .status())
                        .isEqualTo(200);
            }
            // The server sends what is left before it is closed.
            assertThat(sent).hasSize(1);
            Sent request = sent.remove();
            assertThat(request.path()).isEqualTo("/v1/traces");
            assertThat(request.type()).isEqualTo("application/x-protobuf");
            assertThat(request.body()).contains("publish sent.here", "service.name", "fanfare");

            try (RunningServer server = RunningServer.start(
                    Map.of("tracing", endpoint, "tracing-sample", "0", "auto-create-topics", "true"))) {
                server.rest("POST", "/topics/t/messages", "{\"payload\":1}");
            }
            assertThat(sent).isEmpty();
        } finally {
            collector.stop(0);
        }
    }

    @Test
    void aCollectorThatIsNotThereDisturbsNothing() {
        try (RunningServer server =
                RunningServer.start(Map.of("tracing", "http://127.0.0.1:1/v1/traces", "auto-create-topics", "true"))) {
            assertThat(server.rest("POST", "/topics/t/messages", "{\"payload\":1}")
                            .status())
                    .isEqualTo(200);
        }
    }
}
