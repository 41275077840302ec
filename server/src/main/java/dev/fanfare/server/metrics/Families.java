package dev.fanfare.server.metrics;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import java.util.Collection;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/// Families of figures that differ in their labels, put together while they are read. One without a figure is left
/// out.
final class Families {

    private static final String TOTAL = "_total";

    private final MetricSnapshots.Builder all = MetricSnapshots.builder();

    /// Figures that only grow while the process runs.
    ///
    /// @param name ends in `_total`
    /// @param labels of a row, no two of which may have the same
    <R> Families counter(
            String name, String help, Collection<R> rows, Function<R, Labels> labels, ToDoubleFunction<R> value) {
        if (!rows.isEmpty()) {
            CounterSnapshot.Builder family = CounterSnapshot.builder()
                    .name(name.substring(0, name.length() - TOTAL.length()))
                    .help(sentence(help));
            rows.forEach(row -> family.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                    .labels(labels.apply(row))
                    .value(value.applyAsDouble(row))
                    .build()));
            all.metricSnapshot(family.build());
        }
        return this;
    }

    /// Figures that rise and fall.
    <R> Families gauge(
            String name, String help, Collection<R> rows, Function<R, Labels> labels, ToDoubleFunction<R> value) {
        if (!rows.isEmpty()) {
            GaugeSnapshot.Builder family = GaugeSnapshot.builder().name(name).help(sentence(help));
            rows.forEach(row -> family.dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                    .labels(labels.apply(row))
                    .value(value.applyAsDouble(row))
                    .build()));
            all.metricSnapshot(family.build());
        }
        return this;
    }

    /// How long things took.
    <R> Families summary(String name, String help, Collection<R> rows, Function<R, SummaryDataPointSnapshot> point) {
        if (!rows.isEmpty()) {
            SummarySnapshot.Builder family =
                    SummarySnapshot.builder().name(name).help(sentence(help));
            rows.forEach(row -> family.dataPoint(point.apply(row)));
            all.metricSnapshot(family.build());
        }
        return this;
    }

    private static String sentence(String help) {
        return Character.toUpperCase(help.charAt(0)) + help.substring(1);
    }

    MetricSnapshots build() {
        return all.build();
    }
}
