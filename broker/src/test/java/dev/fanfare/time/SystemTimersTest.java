package dev.fanfare.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SystemTimersTest {

    @Test
    void runsActionsAfterTheirDelayAndSurvivesOneThatThrows() throws Exception {
        try (SystemTimers timers = new SystemTimers()) {
            CountDownLatch ran = new CountDownLatch(1);
            long begin = timers.nanoTime();
            timers.schedule(Duration.ofMillis(5), () -> {
                throw new IllegalStateException("thrown on purpose");
            });
            timers.schedule(Duration.ofMillis(10), ran::countDown);
            assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(timers.nanoTime() - begin).isGreaterThanOrEqualTo(10_000_000);
        }
    }

    @Test
    void aCancelledActionDoesNotRun() throws Exception {
        try (SystemTimers timers = new SystemTimers()) {
            CountDownLatch later = new CountDownLatch(1);
            CountDownLatch cancelled = new CountDownLatch(1);
            CountDownLatch free = new CountDownLatch(1);
            // One runs at a time: nothing else does before it was cancelled.
            timers.schedule(Duration.ZERO, () -> awaitQuietly(free));
            Timers.Timer timer = timers.schedule(Duration.ofMillis(20), cancelled::countDown);
            assertThat(timer.cancel()).isTrue();
            timers.schedule(Duration.ofMillis(30), later::countDown);
            free.countDown();
            assertThat(later.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(cancelled.getCount()).isEqualTo(1);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void whatIsScheduledAfterClosingNeverRuns() {
        SystemTimers timers = new SystemTimers();
        timers.close();
        assertThat(timers.schedule(Duration.ZERO, () -> {}).cancel()).isFalse();
    }
}
