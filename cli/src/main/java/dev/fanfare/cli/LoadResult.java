package dev.fanfare.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// What came of a load.
///
/// @param seconds that were measured
/// @param latencies in microseconds, from the publish to the subscriber
/// @param course second by second
/// @param generatorCpu cores that the load itself kept busy
/// @param lastLoss why a connection broke; null when none did
/// @param silence why the server's figures are missing; null when they are not
record LoadResult(
        LoadPlan plan,
        double seconds,
        LoadTally tally,
        Histogram latencies,
        List<LoadSecond> course,
        double generatorCpu,
        @Nullable String lastLoss,
        @Nullable String silence) {

    private static final double MILLIS = 1e3;
    private static final double LATE_NANOS = 100e6;

    /// What is judged: a share of what should come, a share of what was published, milliseconds.
    record Bounds(double deliveredFail, double deliveredWarn, double errorsFail, double p99WarnMillis) {}

    enum Level {
        PASS,
        WARN,
        FAIL
    }

    /// One thing to say about it.
    record Finding(Level level, String text) {}

    long errors() {
        return tally.errors().values().stream().mapToLong(Long::longValue).sum();
    }

    /// What came of what should come: 1 for all.
    double deliveredShare() {
        long expected = tally.expected.sum();
        return expected == 0 ? 1 : (double) tally.delivered.sum() / expected;
    }

    double millis(double percentile) {
        return latencies.getValueAtPercentile(percentile) / MILLIS;
    }

    double averageMillis() {
        return latencies.getTotalCount() == 0 ? 0 : latencies.getMean() / MILLIS;
    }

    double maxMillis() {
        return latencies.getTotalCount() == 0 ? 0 : latencies.getMaxValue() / MILLIS;
    }

    /// The average of what was told; NaN when nothing was.
    double average(ToDoubleFunction<LoadHealth.Reading> figure) {
        return course.stream()
                .mapToDouble(each -> figure.applyAsDouble(each.health()))
                .filter(value -> !Double.isNaN(value))
                .average()
                .orElse(Double.NaN);
    }

    /// The most of what was told; NaN when nothing was.
    double most(ToDoubleFunction<LoadHealth.Reading> figure) {
        return course.stream()
                .mapToDouble(each -> figure.applyAsDouble(each.health()))
                .filter(value -> !Double.isNaN(value))
                .max()
                .orElse(Double.NaN);
    }

    /// Whether the load may have been limited by whoever made it.
    boolean generatorBusy() {
        return generatorCpu > 0.8 * Runtime.getRuntime().availableProcessors() || tally.late.get() > LATE_NANOS;
    }

    Level verdict(Bounds bounds) {
        return findings(bounds).stream()
                .map(Finding::level)
                .max(Level::compareTo)
                .orElse(Level.PASS);
    }

    /// What is wrong; nothing when all is well.
    List<Finding> findings(Bounds bounds) {
        List<Finding> found = new ArrayList<>();
        long published = tally.published.sum();
        if (published == 0) {
            found.add(new Finding(Level.FAIL, "nothing was published"));
        }
        double share = deliveredShare();
        if (share < bounds.deliveredWarn) {
            Level level = share < bounds.deliveredFail ? Level.FAIL : Level.WARN;
            found.add(new Finding(
                    level,
                    "%.3f %% of the messages came to their subscribers, of at least %s %%"
                            .formatted(share * 100, level == Level.FAIL ? percent(bounds.deliveredFail) : "100")));
        }
        double errorShare = (double) errors() / Math.max(1, published + errors());
        if (errors() > 0) {
            found.add(new Finding(
                    errorShare > bounds.errorsFail ? Level.FAIL : Level.WARN,
                    "%,d publishes came to nothing (%.2f %%, at most %s %%): %s"
                            .formatted(errors(), errorShare * 100, percent(bounds.errorsFail), tally.errors())));
        }
        if (tally.dropped.sum() > 0) {
            found.add(new Finding(
                    Level.WARN, "%,d messages were dropped for slow subscribers".formatted(tally.dropped.sum())));
        }
        if (tally.reconnects.sum() > 0) {
            found.add(new Finding(
                    Level.WARN,
                    "%,d connections broke or could not be made; the last: %s"
                            .formatted(tally.reconnects.sum(), lastLoss)));
        }
        if (plan.rate() > 0 && millis(99) > bounds.p99WarnMillis) {
            found.add(new Finding(
                    Level.WARN,
                    "the latency's p99 is %.1f ms, of at most %.0f ms".formatted(millis(99), bounds.p99WarnMillis)));
        }
        if (plan.rate() > 0 && published > 0 && published / seconds < 0.95 * plan.rate()) {
            found.add(new Finding(
                    Level.WARN,
                    "%,.0f messages/s were published, of %,d asked for".formatted(published / seconds, plan.rate())));
        }
        if (generatorBusy()) {
            found.add(new Finding(
                    Level.WARN,
                    ("the load generator was busy itself (%.1f of %d cores, publishes up to %.0f ms late):"
                                    + " the server may do better than this says; start it elsewhere")
                            .formatted(
                                    generatorCpu, Runtime.getRuntime().availableProcessors(), tally.late.get() / 1e6)));
        }
        return found;
    }

    private static String percent(double share) {
        return share * 100 == Math.rint(share * 100)
                ? Long.toString(Math.round(share * 100))
                : Double.toString(share * 100);
    }

    /// All of it, for JSON. What can't be told is null.
    Map<String, @Nullable Object> json(Bounds bounds) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("scenario", plan);
        all.put("verdict", verdict(bounds));
        all.put("findings", findings(bounds));
        all.put("seconds", seconds);
        all.put("published", tally.published.sum());
        all.put("published_per_sec", tally.published.sum() / seconds);
        all.put("delivered", tally.delivered.sum());
        all.put("delivered_per_sec", tally.delivered.sum() / seconds);
        all.put("expected", tally.expected.sum());
        all.put("delivered_share", deliveredShare());
        all.put("dropped", tally.dropped.sum());
        all.put("errors", tally.errors());
        all.put("reconnects", tally.reconnects.sum());
        Map<String, Double> latency = new LinkedHashMap<>();
        latency.put("average", averageMillis());
        latency.put("p50", millis(50));
        latency.put("p95", millis(95));
        latency.put("p99", millis(99));
        latency.put("max", maxMillis());
        all.put("latency_ms", latency);
        Map<String, @Nullable Object> server = new LinkedHashMap<>();
        server.put("cpu_cores_average", told(average(LoadHealth.Reading::cpu)));
        server.put("cpu_cores_max", told(most(LoadHealth.Reading::cpu)));
        server.put("memory_bytes_max", told(most(LoadHealth.Reading::memory)));
        server.put("queue_max", told(most(LoadHealth.Reading::queue)));
        all.put("server", server);
        all.put("generator_cpu_cores", generatorCpu);
        return all;
    }

    private static @Nullable Double told(double value) {
        return Double.isNaN(value) ? null : value;
    }
}
