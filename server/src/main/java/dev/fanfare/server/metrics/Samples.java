package dev.fanfare.server.metrics;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Label;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// Makes of families the lines that their page has.
final class Samples {

    private static final List<String> ENDINGS = List.of("_total", "_count", "_sum");

    private final Set<String> wanted;
    private final List<MetricSample> found = new ArrayList<>();

    private Samples(Set<String> wanted) {
        this.wanted = wanted;
    }

    /// Which families have lines of these names.
    static Predicate<String> families(Set<String> names) {
        Set<String> families = new HashSet<>(names);
        for (String name : names) {
            for (String ending : ENDINGS) {
                if (name.endsWith(ending)) {
                    families.add(name.substring(0, name.length() - ending.length()));
                }
            }
        }
        return families::contains;
    }

    /// The lines of these names.
    static List<MetricSample> of(MetricSnapshots families, Set<String> names) {
        Samples samples = new Samples(names);
        families.forEach(samples::add);
        return samples.found;
    }

    private void add(MetricSnapshot family) {
        String name = family.getMetadata().getPrometheusName();
        switch (family) {
            case CounterSnapshot counter ->
                counter.getDataPoints().forEach(point -> add(name + "_total", point.getLabels(), point.getValue()));
            case GaugeSnapshot gauge ->
                gauge.getDataPoints().forEach(point -> add(name, point.getLabels(), point.getValue()));
            case SummarySnapshot summary ->
                summary.getDataPoints().forEach(point -> {
                    add(name + "_count", point.getLabels(), (double) point.getCount());
                    add(name + "_sum", point.getLabels(), point.getSum());
                    for (Quantile quantile : point.getQuantiles()) {
                        Labels with = point.getLabels().add("quantile", Double.toString(quantile.getQuantile()));
                        add(name, with, quantile.getValue());
                    }
                });
            default -> {} // the page has no others
        }
    }

    private void add(String name, Labels labels, double value) {
        if (wanted.contains(name)) {
            Map<String, String> all = new HashMap<>();
            for (Label label : labels) {
                all.put(label.getName(), label.getValue());
            }
            found.add(new MetricSample(name, all, value));
        }
    }
}
