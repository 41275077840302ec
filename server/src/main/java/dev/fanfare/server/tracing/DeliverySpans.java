package dev.fanfare.server.tracing;

import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import java.util.LinkedHashMap;
import java.util.Map;

/// Makes spans of what the broker tells of acknowledged deliveries, all of them children of the publish: `queue` until
/// the first attempt, `deliver` for each attempt, `retry` between two of them, `dead_letter` when a message is given
/// up.
/// On the listener's thread.
final class DeliverySpans implements BrokerListener {

    /// Deliveries that are open at a time; the oldest beyond it end without a word of what became of them.
    private static final int OPEN_MAX = 10_000;

    private static final int REASON_MAX = 500;
    private static final AttributeKey<Long> DELAY = AttributeKey.longKey("fanfare.retry.delay_ms");
    private static final AttributeKey<String> REASON = AttributeKey.stringKey("fanfare.dead_letter.reason");
    private static final AttributeKey<String> TARGET = AttributeKey.stringKey("fanfare.dead_letter.topic");
    private static final AttributeKey<Boolean> UNKNOWN = AttributeKey.booleanKey("fanfare.outcome_unknown");

    private record Key(String subscription, String topic, long offset) {}

    /// @param parent where the message belongs
    /// @param span what goes on now
    private record Open(Context parent, Span span) {}

    private final Tracing tracing;
    private final LinkedHashMap<Key, Open> open = new LinkedHashMap<>();

    DeliverySpans(Tracing tracing) {
        this.tracing = tracing;
    }

    @Override
    public void onEvent(BrokerEvent event) {
        throw new IllegalStateException("the time of an event is told with it");
    }

    @Override
    public void onEvent(BrokerEvent event, long nanoTime) {
        long now = tracing.at(nanoTime);
        switch (event) {
            case BrokerEvent.Delivering delivering -> delivering(delivering, now);
            case BrokerEvent.Delivered delivered -> {
                Open done = open.remove(new Key(delivered.subscription(), delivered.topic(), delivered.offset()));
                if (done != null) {
                    Tracing.end(done.span, now);
                }
            }
            case BrokerEvent.Failed failed -> failed(failed, now);
            case BrokerEvent.RetryScheduled retry -> retry(retry, now);
            case BrokerEvent.DeadLettered given -> given(given, now);
            default -> {}
        }
    }

    private void delivering(BrokerEvent.Delivering event, long now) {
        Context parent = TraceContext.of(event.headers());
        if (event.attempt() == 0 || !Span.fromContext(parent).getSpanContext().isSampled()) {
            return;
        }
        Key key = new Key(event.subscription(), event.topic(), event.offset());
        Open before = open.remove(key);
        if (before != null) {
            Tracing.end(before.span, now);
        } else if (event.attempt() == 1) {
            long appended = Math.min(now, event.appendedMillis() * 1_000_000);
            Tracing.end(begin("queue", key, event.messageId(), 1, SpanKind.INTERNAL, parent, appended), now);
        }
        Span span = begin("deliver", key, event.messageId(), event.attempt(), SpanKind.CONSUMER, parent, now);
        open.put(key, new Open(parent, span));
        if (open.size() > OPEN_MAX) {
            Map.Entry<Key, Open> eldest = open.pollFirstEntry();
            Tracing.end(eldest.getValue().span.setAttribute(UNKNOWN, true), now);
        }
    }

    private void failed(BrokerEvent.Failed event, long now) {
        Open failed = open.get(new Key(event.subscription(), event.topic(), event.offset()));
        if (failed != null) {
            String reason = String.valueOf(event.cause());
            failed.span.setStatus(
                    StatusCode.ERROR, reason.length() > REASON_MAX ? reason.substring(0, REASON_MAX) : reason);
            Tracing.end(failed.span, now);
        }
    }

    private void retry(BrokerEvent.RetryScheduled event, long now) {
        Key key = new Key(event.subscription(), event.topic(), event.offset());
        Open failed = open.get(key);
        if (failed != null) {
            Span span = begin("retry", key, event.messageId(), event.attempt(), SpanKind.INTERNAL, failed.parent, now);
            span.setAttribute(DELAY, event.delay().toMillis());
            open.put(key, new Open(failed.parent, span));
        }
    }

    private void given(BrokerEvent.DeadLettered event, long now) {
        Key key = new Key(event.subscription(), event.topic(), event.offset());
        Open failed = open.remove(key);
        if (failed != null) {
            Span span = begin(
                    "dead_letter", key, event.messageId(), event.attempts(), SpanKind.PRODUCER, failed.parent, now);
            span.setAttribute(REASON, event.reason().label());
            String target = event.target();
            if (target != null) {
                span.setAttribute(TARGET, target);
            }
            Tracing.end(span, now);
        }
    }

    private Span begin(
            String operation, Key key, String messageId, long attempt, SpanKind kind, Context parent, long nanos) {
        return tracing.begin(operation, key.topic, kind, parent, nanos)
                .setAttribute(Tracing.MESSAGE_ID, messageId)
                .setAttribute(Tracing.OFFSET, key.offset)
                .setAttribute(Tracing.SUBSCRIPTION, key.subscription)
                .setAttribute(Tracing.ATTEMPT, attempt);
    }
}
