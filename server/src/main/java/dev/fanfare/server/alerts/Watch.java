package dev.fanfare.server.alerts;

import dev.fanfare.feed.Pattern;
import dev.fanfare.server.metrics.MetricSample;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// What one rule has found so far: which figures are wrong, and since when. One thread at a time.
final class Watch {

    /// The most figures that one rule looks at.
    static final int MAX_SERIES = 1_000;

    private static final double NANOS_PER_SECOND = 1e9;

    private final AlertRule rule;
    private final Map<String, Predicate<String>> labels = new HashMap<>();
    private final Map<Map<String, String>, Wrong> wrong = new LinkedHashMap<>();

    /// What counters said last, and when.
    private Map<Map<String, String>, Double> before = Map.of();

    private long beforeNanos;
    private int leftOut;
    private boolean seen;

    /// A figure that is wrong.
    private static final class Wrong {
        private final long sinceNanos;
        private final long sinceMillis;
        private double value;
        private boolean firing;
        private boolean right;
        private long rightNanos;

        Wrong(long nanos, long millis) {
            this.sinceNanos = nanos;
            this.sinceMillis = millis;
        }
    }

    Watch(AlertRule rule) {
        this.rule = rule;
        rule.labels().forEach((name, text) -> labels.put(name, matcher(name, text)));
    }

    private static Predicate<String> matcher(String name, String text) {
        if (name.equals("topic")) {
            return Pattern.of(text)::matches;
        }
        return text.endsWith("*") ? value -> value.startsWith(text.substring(0, text.length() - 1)) : text::equals;
    }

    AlertRule rule() {
        return rule;
    }

    /// How many figures are not looked at, because there are too many.
    int leftOut() {
        return leftOut;
    }

    /// Whether there was ever a figure of that name.
    boolean hasSeenAny() {
        return seen;
    }

    /// Looks at the figures of a moment.
    ///
    /// @param samples any; those of other names are passed over
    /// @param told of what fires and of what is resolved
    void look(List<MetricSample> samples, long nanos, long millis, Consumer<Alert> told) {
        Map<Map<String, String>, Double> values = values(samples, nanos);
        values.forEach((series, value) -> {
            if (rule.isWrong(value) && !wrong.containsKey(series)) {
                wrong.put(series, new Wrong(nanos, millis));
            }
        });
        for (Map<String, String> series : List.copyOf(wrong.keySet())) {
            // One that is gone is not wrong any more.
            step(series, values.getOrDefault(series, Double.NaN), nanos, told);
        }
    }

    private void step(Map<String, String> series, double value, long nanos, Consumer<Alert> told) {
        Wrong of = wrong.get(series);
        if (of == null) {
            return;
        }
        of.value = Double.isNaN(value) ? of.value : value;
        long hold = rule.hold().toNanos();
        if (!of.firing) {
            if (!rule.isWrong(value)) {
                wrong.remove(series);
            } else if (nanos - of.sinceNanos >= hold) {
                of.firing = true;
                told.accept(alert(series, of, Alert.State.FIRING));
            }
            return;
        }
        if (!rule.isRight(value)) {
            of.right = false;
            return;
        }
        if (!of.right) {
            of.right = true;
            of.rightNanos = nanos;
        }
        if (nanos - of.rightNanos >= hold) {
            wrong.remove(series);
            told.accept(alert(series, of, Alert.State.RESOLVED));
        }
    }

    /// Ends it: whatever fires is resolved.
    void end(Consumer<Alert> told) {
        wrong.forEach((series, of) -> {
            if (of.firing) {
                told.accept(alert(series, of, Alert.State.RESOLVED));
            }
        });
        wrong.clear();
    }

    /// What is wrong now.
    List<Alert> alerts() {
        List<Alert> alerts = new ArrayList<>();
        wrong.forEach(
                (series, of) -> alerts.add(alert(series, of, of.firing ? Alert.State.FIRING : Alert.State.PENDING)));
        return alerts;
    }

    private Alert alert(Map<String, String> series, Wrong of, Alert.State state) {
        return new Alert(rule, state, series, of.value, of.sinceMillis);
    }

    private Map<Map<String, String>, Double> values(List<MetricSample> samples, long nanos) {
        Map<Map<String, String>, Double> values = new LinkedHashMap<>();
        for (MetricSample sample : samples) {
            if (sample.name().equals(rule.metric())) {
                seen = true;
                if (isMeant(sample)) {
                    values.put(sample.labels(), sample.value());
                }
            }
        }
        if (!rule.sum() && values.size() > MAX_SERIES) {
            leftOut = values.size() - MAX_SERIES;
            // Those that are wrong stay: they are resolved when they are right, and not because there are others.
            List<Map<String, String>> kept = new ArrayList<>(values.keySet());
            kept.sort(Comparator.comparing(series -> !wrong.containsKey(series)));
            values.keySet().retainAll(new HashSet<>(kept.subList(0, MAX_SERIES)));
        } else {
            leftOut = 0;
        }
        Map<Map<String, String>, Double> found = rule.rate() ? rates(values, nanos) : values;
        if (rule.sum() && !found.isEmpty()) {
            double sum = found.values().stream()
                    .mapToDouble(Double::doubleValue)
                    .filter(value -> !Double.isNaN(value))
                    .sum();
            return Map.of(Map.of(), sum);
        }
        return found;
    }

    private boolean isMeant(MetricSample sample) {
        return labels.entrySet().stream().allMatch(label -> {
            String value = sample.labels().get(label.getKey());
            return value != null && label.getValue().test(value);
        });
    }

    /// How much each grew in a second since it was looked at last. One that is less than it was began anew.
    private Map<Map<String, String>, Double> rates(Map<Map<String, String>, Double> values, long nanos) {
        Map<Map<String, String>, Double> rates = new LinkedHashMap<>();
        double seconds = (nanos - beforeNanos) / NANOS_PER_SECOND;
        values.forEach((series, value) -> {
            Double last = before.get(series);
            if (last != null && seconds > 0) {
                rates.put(series, (value < last ? value : value - last) / seconds);
            }
        });
        before = values;
        beforeNanos = nanos;
        return rates;
    }
}
