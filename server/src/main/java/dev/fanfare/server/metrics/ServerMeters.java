package dev.fanfare.server.metrics;

import com.sun.management.OperatingSystemMXBean;
import dev.fanfare.Broker;
import dev.fanfare.BrokerStats;
import dev.fanfare.BrokerStats.StorageStats;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.alerts.Alerts;
import dev.fanfare.server.tracing.Tracing;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.ManagementFactory;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/// The figures of a server that are there once.
final class ServerMeters implements MeterBinder {

    private static final double NANOS_PER_SECOND = 1e9;

    private final ServerContext server;
    private final Broker broker;
    private final Supplier<BrokerStats> stats;
    private final Supplier<Number> uptimeSeconds;

    /// @param stats of the moment
    ServerMeters(ServerContext server, Supplier<BrokerStats> stats, Supplier<Number> uptimeSeconds) {
        this.server = server;
        this.broker = server.broker();
        this.stats = stats;
        this.uptimeSeconds = uptimeSeconds;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("fanfare.build.info", () -> 1)
                .description("Always 1; its label says which version this is")
                .tag("version", FanfareServer.version())
                .register(registry);
        gauge(registry, "fanfare.uptime.seconds", "Time since the server was started", uptimeSeconds);
        gauge(registry, "fanfare.topics", "Topics", () -> stats.get().topics().size());
        gauge(
                registry,
                "fanfare.topics.left.out",
                "Topics without figures of their own on this page: they are summed up as topic $other",
                () -> Math.max(
                        0,
                        stats.get().topics().size()
                                - server.config().telemetry().metricsTopics()));
        gauge(
                registry,
                "fanfare.subscriptions",
                "Subscriptions, one of a pattern counted once",
                () -> broker.feeds().subscriptions());
        gauge(registry, "fanfare.connections", "WebSockets and event streams", server.connections()::count);
        gauge(registry, "fanfare.pending.requests", "Requests that wait for replies", broker::pendingRequests);
        gauge(registry, "fanfare.history.bytes", "What all histories hold in memory, about", broker::historyMemoryUsed);
        gauge(
                registry,
                "fanfare.network.buffer.bytes",
                "Direct memory that holds what comes from sockets and waits to go to them",
                PlatformDependent::usedDirectMemory);
        counter(
                registry,
                "fanfare.history.forgotten.messages",
                "Messages forgotten because all histories together had become too large",
                _ -> broker.historyForgotten());
        counter(
                registry,
                "fanfare.pattern.dropped.messages",
                "Messages lost by subscriptions of patterns",
                BrokerStats::droppedByPatterns);
        counter(
                registry,
                "fanfare.delayed.lost.messages",
                "Messages that waited for their time when their topic was deleted",
                BrokerStats::delayedLost);
        counter(
                registry,
                "fanfare.timed.out.requests",
                "Requests to which no reply came in time",
                BrokerStats::requestTimeouts);
        counter(
                registry,
                "fanfare.unanswerable.requests",
                "Requests that nobody was there to answer",
                BrokerStats::requestsUnanswerable);
        counter(
                registry,
                "fanfare.lifecycle.violations",
                "Steps of messages that their lifecycle does not allow: each one a bug",
                BrokerStats::lifecycleViolations);
        counter(
                registry,
                "fanfare.committed.transactions",
                "Transactions whose publishes and acknowledgements were done",
                BrokerStats::transactionsCommitted);
        counter(
                registry,
                "fanfare.refused.transactions",
                "Transactions of which nothing was done",
                BrokerStats::transactionsRefused);
        gauge(
                registry,
                "fanfare.waiting.bytes",
                "Bytes that wait for clients, against buffer-memory",
                () -> server.limits().pressure().bytes());
        gauge(
                registry,
                "fanfare.unfinished.body.bytes",
                "Bytes of requests that are not whole yet (256 at least for each part), against a quarter of buffer-memory",
                () -> server.limits().bodyBytes());
        for (String limit : server.limits().refusals().keySet()) {
            FunctionCounter.builder(
                            "fanfare.refused",
                            server.limits(),
                            limits -> limits.refusals().getOrDefault(limit, 0L))
                    .description("What was refused because of a limit, by the limit")
                    .tag("limit", limit)
                    .register(registry);
        }
        FunctionCounter.builder("fanfare.alert.webhook.failures", server.alerts(), Alerts::webhookFailures)
                .description("Messages about alerts that the webhook did not take")
                .register(registry);
        Tracing tracing = server.tracing();
        if (tracing != null) {
            FunctionCounter.builder("fanfare.tracing.lost.events", tracing, Tracing::lost)
                    .description("What was missed of deliveries, because spans were not made fast enough")
                    .register(registry);
        }
        if (stats.get().storage() != null) {
            storage(registry);
        }
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            FunctionCounter.builder("process.cpu", system, of -> of.getProcessCpuTime() / NANOS_PER_SECOND)
                    .baseUnit("seconds")
                    .description("Time that the process has computed, on all cores together")
                    .register(registry);
        }
    }

    private void storage(MeterRegistry registry) {
        gauge(registry, "fanfare.storage.bytes", "What is stored, on the device", stored(StorageStats::bytes));
        gauge(
                registry,
                "fanfare.storage.room.bytes",
                "What may still be written before publishes to durable topics are refused",
                stored(StorageStats::room));
        gauge(registry, "fanfare.storage.pending.bytes", "What waits to be written", stored(StorageStats::pending));
        gauge(
                registry,
                "fanfare.storage.failing",
                "1 while publishes to durable topics are refused: a write has failed, or there is no room",
                stored(storage -> storage.failing() ? 1 : 0));
        counter(
                registry,
                "fanfare.storage.commits",
                "Writes, each of all there was to be stored at a time",
                now -> storage(now, StorageStats::commits));
        counter(
                registry,
                "fanfare.storage.syncs",
                "How often the device was asked to have everything",
                now -> storage(now, StorageStats::syncs));
        counter(
                registry,
                "fanfare.storage.damages",
                "How often something was found that can't be read",
                now -> storage(now, StorageStats::damages));
    }

    private Supplier<Number> stored(ToLongFunction<StorageStats> figure) {
        return () -> storage(stats.get(), figure);
    }

    private static long storage(BrokerStats stats, ToLongFunction<StorageStats> figure) {
        StorageStats storage = stats.storage();
        return storage == null ? 0 : figure.applyAsLong(storage);
    }

    private static void gauge(MeterRegistry registry, String name, String help, Supplier<Number> value) {
        Gauge.builder(name, value).description(help).register(registry);
    }

    private void counter(MeterRegistry registry, String name, String help, ToDoubleFunction<BrokerStats> value) {
        FunctionCounter.builder(name, stats, stats -> value.applyAsDouble(stats.get()))
                .description(help)
                .register(registry);
    }
}
