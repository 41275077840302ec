package dev.fanfare.server.tracing;

import dev.fanfare.Message;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// To which trace a message belongs: its headers `traceparent` and `tracestate`, as the W3C has them.
public final class TraceContext {

    private static final String PARENT = "traceparent";
    private static final String STATE = "tracestate";
    private static final int STATE_MAX = 512;
    private static final Pattern WELL_FORMED =
            Pattern.compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
    private static final W3CTraceContextPropagator W3C = W3CTraceContextPropagator.getInstance();
    private static final TextMapGetter<Map<String, String>> GETTER = new TextMapGetter<>() {
        @Override
        public @Nullable String get(@Nullable Map<String, String> headers, String key) {
            return headers == null ? null : headers.get(key);
        }
    };

    private TraceContext() {}

    /// A draft with the trace of the request that it came with, if it has none of its own. What is malformed is left
    /// out.
    ///
    /// @param parent the request's header; empty when there was none
    /// @param state the same
    public static Message carried(Message draft, String parent, String state) {
        if (!WELL_FORMED.matcher(parent).matches() || draft.headers().containsKey(PARENT)) {
            return draft;
        }
        Map<String, String> headers = new LinkedHashMap<>(draft.headers());
        headers.put(PARENT, parent);
        if (!state.isEmpty() && state.length() <= STATE_MAX) {
            headers.put(STATE, state);
        }
        return draft.withHeaders(headers);
    }

    /// Where a message with these headers belongs; the root context when they don't say.
    static Context of(Map<String, String> headers) {
        return headers.containsKey(PARENT) ? W3C.extract(Context.root(), headers, GETTER) : Context.root();
    }

    /// A draft that belongs to a span: whoever gets the message goes on from there.
    static Message within(Message draft, Span span) {
        if (!span.getSpanContext().isValid()) {
            return draft;
        }
        Map<String, String> headers = new LinkedHashMap<>(draft.headers());
        W3C.inject(Context.root().with(span), headers, (carrier, key, value) -> {
            if (carrier != null) {
                carrier.put(key, value);
            }
        });
        return draft.withHeaders(headers);
    }
}
