package dev.fanfare.server.metrics;

import java.util.Map;

/// One line of the page of figures.
///
/// @param name as the page shows it, with `_total`, `_count` and `_sum`
/// @param labels `quantile` is one of them
public record MetricSample(String name, Map<String, String> labels, double value) {

    /// Copies the labels.
    public MetricSample {
        labels = Map.copyOf(labels);
    }
}
