package dev.fanfare.server.metrics;

import dev.fanfare.BrokerStats.TopicStats;
import dev.fanfare.Counter;
import dev.fanfare.feed.Latency;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/// The figures of topics: of those with the most traffic each, of the others together.
final class TopicFigures {

    private static final double NANOS_PER_SECOND = 1e9;

    private TopicFigures() {}

    static void add(Families families, List<TopicStats> all, int most) {
        List<TopicStats> topics = Most.of(
                all,
                most,
                topic -> topic.published() + topic.delivered(),
                Comparator.comparing(TopicStats::name),
                TopicFigures::sum);
        counter(families, Counter.PUBLISHED, topics, TopicStats::published);
        counter(families, Counter.DELIVERED, topics, TopicStats::delivered);
        counter(families, Counter.DROPPED, topics, TopicStats::dropped);
        counter(families, Counter.FAILED, topics, TopicStats::failed);
        counter(families, Counter.DEAD_LETTERED, topics, TopicStats::deadLettered);
        counter(families, Counter.EXPIRED, topics, TopicStats::expired);
        counter(families, Counter.DUPLICATES, topics, TopicStats::duplicates);
        counter(families, Counter.FILTER_FAILURES, topics, TopicStats::filterFailures);
        gauge(families, Counter.DELAYED, topics, TopicStats::delayed);
        gauge(families, Counter.SUBSCRIBERS, topics, TopicStats::subscribers);
        gauge(families, Counter.QUEUE_DEPTH, topics, TopicStats::queueDepth);
        families.gauge(
                "fanfare_topic_batch_messages",
                "messages handed to a subscription at once, on average",
                topics,
                TopicFigures::labels,
                TopicStats::averageBatch);
        families.summary(
                "fanfare_topic_latency_seconds",
                Counter.LATENCY.meaning(),
                topics.stream().filter(topic -> topic.latency().samples() > 0).toList(),
                TopicFigures::latency);
    }

    private static void counter(
            Families families, Counter counter, List<TopicStats> topics, ToDoubleFunction<TopicStats> value) {
        families.counter(
                "fanfare_topic_" + counter.label() + "_" + counter.unit() + "_total",
                help(counter),
                topics,
                TopicFigures::labels,
                value);
    }

    private static void gauge(
            Families families, Counter counter, List<TopicStats> topics, ToDoubleFunction<TopicStats> value) {
        families.gauge("fanfare_topic_" + counter.label(), help(counter), topics, TopicFigures::labels, value);
    }

    /// What a counter's figure says, with its unit.
    static String help(Counter counter) {
        return counter.unit() + " " + counter.meaning();
    }

    private static Labels labels(TopicStats topic) {
        return Labels.of("topic", topic.name());
    }

    /// Percentiles of several topics can't be told from theirs: of the others there is only the average.
    private static SummaryDataPointSnapshot latency(TopicStats topic) {
        Latency latency = topic.latency();
        SummaryDataPointSnapshot.Builder point =
                SummaryDataPointSnapshot.builder().labels(labels(topic));
        if (!topic.name().equals(Most.OTHERS)) {
            point.quantiles(Quantiles.of(
                    new Quantile(0.5, latency.p50() / NANOS_PER_SECOND),
                    new Quantile(0.95, latency.p95() / NANOS_PER_SECOND),
                    new Quantile(0.99, latency.p99() / NANOS_PER_SECOND)));
        }
        point.count(latency.samples());
        point.sum(latency.average() * (double) latency.samples() / NANOS_PER_SECOND);
        return point.build();
    }

    private static TopicStats sum(List<TopicStats> others) {
        long samples = sum(others, topic -> topic.latency().samples());
        long nanos =
                sum(others, topic -> topic.latency().average() * topic.latency().samples());
        long delivered = sum(others, TopicStats::delivered);
        double runs = others.stream()
                .filter(topic -> topic.averageBatch() > 0)
                .mapToDouble(topic -> topic.delivered() / topic.averageBatch())
                .sum();
        return new TopicStats(
                Most.OTHERS,
                sum(others, TopicStats::published),
                delivered,
                sum(others, TopicStats::dropped),
                sum(others, TopicStats::failed),
                sum(others, TopicStats::expired),
                sum(others, TopicStats::duplicates),
                sum(others, TopicStats::filterFailures),
                sum(others, TopicStats::deadLettered),
                sum(others, TopicStats::delayed),
                (int) sum(others, TopicStats::subscribers),
                others.stream().mapToLong(TopicStats::queueDepth).max().orElse(0),
                runs == 0 ? 0 : delivered / runs,
                new Latency(samples, samples == 0 ? 0 : nanos / samples, 0, 0, 0, 0));
    }

    private static long sum(List<TopicStats> topics, ToLongFunction<TopicStats> of) {
        return topics.stream().mapToLong(of).sum();
    }
}
