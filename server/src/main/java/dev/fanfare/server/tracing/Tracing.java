package dev.fanfare.server.tracing;

import dev.fanfare.Broker;
import dev.fanfare.BrokerListener;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.server.Version;
import dev.fanfare.time.Timers;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.Context;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// Makes spans of messages: one of each publish that came over a connection, and what [DeliverySpans] makes of
/// acknowledged deliveries. Any thread.
public final class Tracing implements AutoCloseable {

    static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");
    static final AttributeKey<String> OPERATION = AttributeKey.stringKey("messaging.operation.name");
    static final AttributeKey<String> DESTINATION = AttributeKey.stringKey("messaging.destination.name");
    static final AttributeKey<String> MESSAGE_ID = AttributeKey.stringKey("messaging.message.id");
    static final AttributeKey<String> SUBSCRIPTION = AttributeKey.stringKey("messaging.destination.subscription.name");
    static final AttributeKey<Long> OFFSET = AttributeKey.longKey("fanfare.offset");
    static final AttributeKey<Long> ATTEMPT = AttributeKey.longKey("fanfare.attempt");
    private static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");

    private static final String SCOPE = "dev.fanfare";
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Tracer tracer;
    private final Timers timers;
    private final long epochNanos;
    private final BrokerListener.Registration deliveries;

    /// Begins to make spans.
    ///
    /// @param provider where they go
    public Tracing(TracerProvider provider, Broker broker) {
        this.tracer = provider.tracerBuilder(SCOPE)
                .setInstrumentationVersion(Version.text())
                .build();
        this.timers = broker.timers();
        this.epochNanos = timers.currentTimeMillis() * NANOS_PER_MILLI - timers.nanoTime();
        this.deliveries = broker.listen(new DeliverySpans(this));
    }

    /// Publishes a message within a span, which ends when it is known what became of it.
    ///
    /// @param publish what does it, with the message that carries the span
    public PublishResult publish(String topic, Message draft, Function<Message, PublishResult> publish) {
        Span span = begin("publish", topic, SpanKind.PRODUCER, TraceContext.of(draft.headers()), now());
        PublishResult result = publish.apply(TraceContext.within(draft, span));
        if (result instanceof PublishResult.Pending(PublishResult outcome, var commit)) {
            commit.onDone(failure -> end(span, failure == null ? outcome : failure));
        } else {
            end(span, result);
        }
        return result;
    }

    private void end(Span span, PublishResult result) {
        switch (result) {
            case PublishResult.Accepted accepted -> {
                span.setAttribute(MESSAGE_ID, accepted.messageId());
                span.setAttribute(OFFSET, accepted.offset());
            }
            case PublishResult.Scheduled scheduled -> span.setAttribute(MESSAGE_ID, scheduled.messageId());
            case PublishResult.Pending _ -> {}
            case PublishResult.Refused refused -> {
                span.setAttribute(ERROR_TYPE, refused.code().name());
                span.setStatus(StatusCode.ERROR, refused.reason());
            }
        }
        end(span, now());
    }

    /// Begins a span.
    ///
    /// @param operation what is done; with the topic it is the span's name
    /// @param nanos when, by [#at]
    Span begin(String operation, String topic, SpanKind kind, Context parent, long nanos) {
        SpanBuilder span = tracer.spanBuilder(operation + " " + topic);
        return span.setParent(parent)
                .setSpanKind(kind)
                .setStartTimestamp(nanos, TimeUnit.NANOSECONDS)
                .setAttribute(SYSTEM, "fanfare")
                .setAttribute(OPERATION, operation)
                .setAttribute(DESTINATION, topic)
                .startSpan();
    }

    /// Ends a span.
    static void end(Span span, long nanos) {
        span.end(nanos, TimeUnit.NANOSECONDS);
    }

    private long now() {
        return at(timers.nanoTime());
    }

    /// What the broker's clock says as nanoseconds since 1970.
    long at(long nanoTime) {
        return epochNanos + nanoTime;
    }

    /// How many events of deliveries were missed, because spans were not made fast enough.
    public long lost() {
        return deliveries.lost();
    }

    @Override
    public void close() {
        deliveries.close();
    }
}
