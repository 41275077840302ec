package dev.fanfare.cli;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.BrokerStats;
import java.util.List;

/// One row of the demo's table: what the broker counted for a topic, and what it should have.
///
/// @param retried attempts that were scheduled after a failure
/// @param dead messages given up
/// @param checks what must hold
record DemoFigures(
        String topic,
        long published,
        long delivered,
        long failed,
        long retried,
        long dropped,
        long dead,
        List<Check> checks) {

    /// Something that has to come to a certain figure.
    record Check(String what, long expected, long actual) {

        boolean holds() {
            return expected == actual;
        }
    }

    DemoFigures {
        checks = List.copyOf(checks);
    }

    /// What the broker says of a topic.
    static DemoFigures of(BrokerStats stats, String topic) {
        var counted = stats.topic(topic).orElseThrow();
        long retried = stats.acknowledged().stream()
                .filter(figures -> figures.pattern().equals(topic))
                .mapToLong(AcknowledgedSubscription.Figures::retried)
                .sum();
        return new DemoFigures(
                topic,
                counted.published(),
                counted.delivered(),
                counted.failed(),
                retried,
                counted.dropped(),
                counted.deadLettered(),
                List.of());
    }

    DemoFigures with(List<Check> what) {
        return new DemoFigures(topic, published, delivered, failed, retried, dropped, dead, what);
    }

    boolean addsUp() {
        return checks.stream().allMatch(Check::holds);
    }

    /// What does not add up.
    List<String> complaints() {
        return checks.stream()
                .filter(check -> !check.holds())
                .map(check -> "%s does not add up: %s should be %d, but the broker counted %d"
                        .formatted(topic, check.what(), check.expected(), check.actual()))
                .toList();
    }
}
