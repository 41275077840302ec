package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Thousands of random histories of publishers, subscriptions, groups, handlers, filters, transactions,
/// failures, departures, timeouts, times to live, deleted topics and redriven dead letters over the real
/// broker, on virtual time. Each is determined by its seed: a failure names it and how to run it again.
@Timeout(300)
class SimulationTest {

    private static final int RUNS = Integer.getInteger("fanfare.simulations", 3_000);

    @Test
    void whateverHappensNothingIsForgottenRepeatedOrReordered() {
        Long only = Long.getLong("fanfare.seed");
        long first = only == null ? System.nanoTime() : only;
        int runs = only == null ? RUNS : 1;
        Optional<AssertionError> failure = LongStream.range(first, first + runs)
                .parallel()
                .mapToObj(SimulationTest::failure)
                .flatMap(Optional::stream)
                .findAny();
        failure.ifPresent(error -> {
            throw error;
        });
    }

    @Test
    void aSeedDeterminesWhatHappens() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        assertThat(run(seed)).as("the second history of seed " + seed).isEqualTo(run(seed));
    }

    @Test
    void neighbouringSeedsBeginDifferently() {
        long first = Long.getLong("fanfare.seed", System.nanoTime());
        long shapes = LongStream.range(first, first + 1_000)
                .mapToObj(SimulationTest::shape)
                .distinct()
                .count();
        assertThat(shapes)
                .as("of 720 shapes, those among the 1,000 seeds from " + first)
                .isGreaterThan(400);
    }

    private static String shape(long seed) {
        try (Simulation simulation = new Simulation(seed)) {
            return simulation.shape();
        }
    }

    private static Optional<AssertionError> failure(long seed) {
        try {
            run(seed);
            return Optional.empty();
        } catch (AssertionError e) {
            return Optional.of(e);
        }
    }

    /// @return what happened
    private static String run(long seed) {
        Simulation running = new Simulation(seed);
        try (Simulation simulation = running) {
            simulation.run();
            return simulation.transcript();
        } catch (AssertionError | RuntimeException | InterruptedException e) {
            throw new AssertionError(
                    "seed " + seed + "; again: mvn -pl broker test -Dtest=SimulationTest -Dfanfare.seed=" + seed + "\n"
                            + e.getMessage() + (Long.getLong("fanfare.seed") == null ? "" : running.transcript()),
                    e);
        }
    }
}
