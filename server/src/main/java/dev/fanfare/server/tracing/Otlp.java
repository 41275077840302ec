package dev.fanfare.server.tracing;

import dev.fanfare.server.Version;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.net.URI;
import java.time.Duration;

/// Sends spans by OTLP over HTTP. At most 2,048 wait to be sent; what comes beyond is dropped.
public final class Otlp {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private Otlp() {}

    /// A provider whose spans go to a collector. Whoever closes it waits a few seconds at most for the last ones.
    ///
    /// @param endpoint such as `http://localhost:4318/v1/traces`
    /// @param sample the share of messages without a trace of their own that begin one, 0 to 1
    public static SdkTracerProvider open(URI endpoint, double sample) {
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
                .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(sample)))
                .setResource(Resource.getDefault().merge(Resource.create(service)))
                .addSpanProcessor(BatchSpanProcessor.builder(exporter)
                        .setExporterTimeout(TIMEOUT)
                        .build())
                .build();
    }
}
