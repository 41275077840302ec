package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Thousands of random histories of publishers, subscriptions, groups, handlers, filters, transactions,
/// failures, departures, timeouts, times to live, deleted topics and redriven dead letters over the real
/// broker, on virtual time. Each is determined by its seed: a failure names it and how to run it again.
@Timeout(300)
class SimulationTest {

    private static final int RUNS = Integer.getInteger("fanfare.simulations", 1_000);

    @Test
    void whateverHappensNothingIsForgottenRepeatedOrReordered() {
        Seeds.run(SimulationTest.class, RUNS, SimulationTest::run);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void norInManyMoreHistories() {
        Seeds.run(SimulationTest.class, 150 * RUNS, SimulationTest::run);
    }

    @Test
    void aSeedDeterminesWhatHappens() throws InterruptedException {
        long seed = Seeds.any();
        assertThat(transcript(seed)).as("the second history of seed " + seed).isEqualTo(transcript(seed));
    }

    @Test
    void neighbouringSeedsBeginDifferently() {
        long first = Seeds.any();
        long shapes = LongStream.range(first, first + 1_000)
                .mapToObj(SimulationTest::shape)
                .distinct()
                .count();
        assertThat(shapes)
                .as("of 720 shapes, those among the 1,000 seeds from " + first)
                .isGreaterThan(400);
    }

    private static String shape(long seed) {
        try (Simulation simulation = new Simulation(seed, new StringBuilder())) {
            return simulation.shape();
        }
    }

    private static String transcript(long seed) throws InterruptedException {
        StringBuilder told = new StringBuilder();
        run(seed, told);
        return told.toString();
    }

    private static void run(long seed, StringBuilder told) throws InterruptedException {
        try (Simulation simulation = new Simulation(seed, told)) {
            simulation.run();
        }
    }
}
