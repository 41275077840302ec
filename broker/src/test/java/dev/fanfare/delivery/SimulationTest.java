package dev.fanfare.delivery;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Thousands of random histories of publishers, subscriptions, groups, failures, departures and timeouts over the real
/// broker, on virtual time. Each is determined by its seed: a failure names it and how to run it again.
@Timeout(300)
class SimulationTest {

    private static final int RUNS = Integer.getInteger("fanfare.simulations", 1_000);

    @Test
    void whateverHappensNothingIsForgottenRepeatedOrReordered() throws Exception {
        Long only = Long.getLong("fanfare.seed");
        long first = only == null ? System.nanoTime() : only;
        int runs = only == null ? RUNS : 1;
        for (int i = 0; i < runs; i++) {
            long seed = first + i;
            try (Simulation simulation = new Simulation(seed)) {
                simulation.run();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "seed " + seed + "; again: mvn -pl broker test -Dtest=SimulationTest -Dfanfare.seed=" + seed
                                + "\n" + e.getMessage(),
                        e);
            }
        }
    }
}
