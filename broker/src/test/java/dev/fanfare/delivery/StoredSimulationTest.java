package dev.fanfare.delivery;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Hundreds of random histories of groups and durable names on durable topics whose store fails and whose process
/// dies again and again, on virtual time. A failure names its seed and how to run it again.
@Timeout(300)
class StoredSimulationTest {

    private static final int RUNS = Integer.getInteger("fanfare.simulations", 1_000) / 10;

    @Test
    void whateverDiesNothingIsForgottenRepeatedOrReordered() {
        Seeds.run(StoredSimulationTest.class, RUNS, StoredSimulationTest::run);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void norInManyMoreHistories() {
        Seeds.run(StoredSimulationTest.class, 150 * RUNS, StoredSimulationTest::run);
    }

    private static void run(long seed, StringBuilder told) throws InterruptedException {
        try (StoredSimulation simulation = new StoredSimulation(seed, told)) {
            simulation.run();
        }
    }
}
