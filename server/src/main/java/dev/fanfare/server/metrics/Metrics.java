package dev.fanfare.server.metrics;

import dev.fanfare.BrokerStats;
import dev.fanfare.server.ServerContext;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.DiskSpaceMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// All figures of a server, of its process and of its JVM, as a text. Whoever never asks pays nothing: the registry is
/// made when it is asked first, and whatever it says is read then. It may take milliseconds: not on an event loop.
public final class Metrics {

    /// The format of [#text].
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final ServerContext server;
    private final Supplier<Number> uptimeSeconds;

    /// One at a time looks: all figures of a page are of one look at the broker.
    private final ReentrantLock lock = new ReentrantLock();

    private @Nullable PrometheusMeterRegistry registry;
    private @Nullable BrokerStats stats;

    /// @param uptimeSeconds since the server was started
    public Metrics(ServerContext server, Supplier<Number> uptimeSeconds) {
        this.server = server;
        this.uptimeSeconds = uptimeSeconds;
    }

    /// All of them, in Prometheus' text format.
    public String text() {
        return look(made -> made.scrape(CONTENT_TYPE));
    }

    /// The lines of these names that the page has now.
    public List<MetricSample> samples(Set<String> names) {
        return look(made -> Samples.of(made.getPrometheusRegistry().scrape(Samples.families(names)), names));
    }

    private <T> T look(Function<PrometheusMeterRegistry, T> reading) {
        lock.lock();
        try {
            stats = server.broker().stats();
            PrometheusMeterRegistry made = registry;
            if (made == null) {
                made = registry();
                registry = made;
            }
            return reading.apply(made);
        } finally {
            stats = null;
            lock.unlock();
        }
    }

    private BrokerStats stats() {
        BrokerStats now = stats;
        return now == null ? server.broker().stats() : now;
    }

    @SuppressWarnings("resource") // it holds nothing but what it is made of
    private PrometheusMeterRegistry registry() {
        PrometheusMeterRegistry made = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        made.throwExceptionOnRegistrationFailure();
        // In nanoseconds, which nobody else's figures are: there is one in seconds.
        made.config().meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time"));
        new ServerMeters(server, this::stats, uptimeSeconds).bindTo(made);
        new JvmMemoryMetrics().bindTo(made);
        new JvmThreadMetrics().bindTo(made);
        new ClassLoaderMetrics().bindTo(made);
        new ProcessorMetrics().bindTo(made);
        new FileDescriptorMetrics().bindTo(made);
        new UptimeMetrics().bindTo(made);
        server.config().durable().data().ifPresent(folder -> new DiskSpaceMetrics(folder.toFile()).bindTo(made));
        made.getPrometheusRegistry()
                .register(new BrokerFamilies(
                        this::stats,
                        server.counts(),
                        server.alerts(),
                        () -> server.config().telemetry().metricsTopics()));
        return made;
    }
}
