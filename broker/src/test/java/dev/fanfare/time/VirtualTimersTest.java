package dev.fanfare.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtualTimersTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final List<String> ran = new ArrayList<>();

    private Timers.Timer in(long millis, String name) {
        return timers.schedule(Duration.ofMillis(millis), () -> ran.add(name));
    }

    @Test
    void runsActionsInTheOrderOfTheirDeadlines() {
        in(20, "later");
        in(10, "sooner");
        in(10, "sooner, scheduled second");
        in(31, "not yet");
        timers.advance(Duration.ofMillis(30));
        assertThat(ran).containsExactly("sooner", "sooner, scheduled second", "later");
        assertThat(timers.pending()).isEqualTo(1);
    }

    @Test
    void bothClocksMoveTogether() {
        long millis = timers.currentTimeMillis();
        long nanos = timers.nanoTime();
        timers.advance(Duration.ofMillis(1500));
        assertThat(timers.currentTimeMillis() - millis).isEqualTo(1500);
        assertThat(timers.nanoTime() - nanos).isEqualTo(1_500_000_000L);
    }

    @Test
    void actionsSeeTheTimeForWhichTheyWereScheduled() {
        long begin = timers.nanoTime();
        timers.schedule(Duration.ofMillis(5), () -> ran.add("at " + (timers.nanoTime() - begin)));
        timers.advance(Duration.ofHours(1));
        assertThat(ran).containsExactly("at 5000000");
    }

    @Test
    void whatAnActionSchedulesWithinTheSpanRunsToo() {
        timers.schedule(Duration.ofMillis(5), () -> in(5, "second"));
        timers.advance(Duration.ofMillis(10));
        assertThat(ran).containsExactly("second");
    }

    @Test
    void aCancelledActionDoesNotRun() {
        Timers.Timer timer = in(5, "cancelled");
        assertThat(timer.cancel()).isTrue();
        assertThat(timer.cancel()).isFalse();
        Timers.Timer other = in(5, "ran");
        timers.advance(Duration.ofMillis(5));
        assertThat(ran).containsExactly("ran");
        assertThat(other.cancel()).isFalse();
    }

    @Test
    void anActionThatThrowsDisturbsNoOther() {
        timers.schedule(Duration.ofMillis(1), () -> {
            throw new IllegalStateException("thrown on purpose");
        });
        in(1, "next");
        timers.advance(Duration.ofMillis(1));
        assertThat(ran).containsExactly("next");
    }

    @Test
    void nothingRunsAfterClosing() {
        in(1, "before");
        timers.close();
        in(1, "after");
        timers.advance(Duration.ofMillis(1));
        assertThat(ran).isEmpty();
    }
}
