package dev.fanfare.server.tracing;

import dev.fanfare.server.Version;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingResult;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.DoubleSupplier;

/// Sends spans by OTLP over HTTP. At most 2,048 wait to be sent; what comes beyond is dropped.
public final class Otlp {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private Otlp() {}

    /// A provider whose spans go to a collector. Whoever closes it waits a few seconds at most for the last ones.
    ///
    /// @param endpoint such as `http://localhost:4318/v1/traces`
    /// @param sample the share of messages without a trace of their own that begin one now, 0 to 1
    public static SdkTracerProvider open(URI endpoint, DoubleSupplier sample) {
        OtlpHttpSpanExporter exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(endpoint.toString())
                .setTimeout(TIMEOUT)
                .setRetryPolicy(null)
                .build();
        Attributes service = Attributes.of(
                AttributeKey.stringKey("service.name"),
                "fanfare",
                AttributeKey.stringKey("service.version"),
                Version.text());
        return SdkTracerProvider.builder()
                .setSampler(Sampler.parentBased(new Share(sample)))
                .setResource(Resource.getDefault().merge(Resource.create(service)))
                .addSpanProcessor(BatchSpanProcessor.builder(exporter)
                        .setExporterTimeout(TIMEOUT)
                        .build())
                .build();
    }

    /// So many of those that come, as it is said at the moment.
    private record Share(DoubleSupplier now) implements Sampler {

        @Override
        public SamplingResult shouldSample(
                Context parent,
                String traceId,
                String name,
                SpanKind kind,
                Attributes attributes,
                List<LinkData> links) {
            return Sampler.traceIdRatioBased(now.getAsDouble())
                    .shouldSample(parent, traceId, name, kind, attributes, links);
        }

        @Override
        public String getDescription() {
            return "Share{" + now.getAsDouble() + "}";
        }
    }
}
