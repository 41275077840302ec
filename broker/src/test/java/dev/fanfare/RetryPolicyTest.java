package dev.fanfare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void noneGivesUpAfterTheFirstAttempt() {
        assertThat(RetryPolicy.none().afterFailure(1, null)).isNull();
    }

    @Test
    void fixedWaitsTheSameEachTimeUntilTheAttemptsAreUsedUp() {
        RetryPolicy policy = RetryPolicy.fixed(3, SECOND);
        assertThat(policy.afterFailure(1, null)).isEqualTo(SECOND);
        assertThat(policy.afterFailure(2, null)).isEqualTo(SECOND);
        assertThat(policy.afterFailure(3, null)).isNull();
    }

    @Test
    void exponentialGrowsUpToItsCap() {
        RetryPolicy policy = RetryPolicy.exponential(100, SECOND, 2, Duration.ofSeconds(5));
        assertThat(policy.afterFailure(1, null)).isEqualTo(SECOND);
        assertThat(policy.afterFailure(2, null)).isEqualTo(Duration.ofSeconds(2));
        assertThat(policy.afterFailure(3, null)).isEqualTo(Duration.ofSeconds(4));
        assertThat(policy.afterFailure(4, null)).isEqualTo(Duration.ofSeconds(5));
        assertThat(policy.afterFailure(99, null)).isEqualTo(Duration.ofSeconds(5));
        assertThat(policy.afterFailure(100, null)).isNull();
    }

    @Test
    void jitterTakesAwayAtMostItsPart() {
        RetryPolicy policy =
                RetryPolicy.exponential(2, SECOND, 2, Duration.ofSeconds(5)).withJitter(0.5);
        for (int i = 0; i < 1_000; i++) {
            assertThat(policy.afterFailure(1, null)).isBetween(Duration.ofMillis(500), SECOND);
        }
    }

    @Test
    void classesDecideFirst() {
        RetryPolicy giving = RetryPolicy.givingUpOn(RetryPolicy.fixed(9, SECOND), IllegalArgumentException.class);
        assertThat(giving.afterFailure(1, new NumberFormatException())).isNull();
        assertThat(giving.afterFailure(1, new IOException())).isEqualTo(SECOND);
        assertThat(giving.afterFailure(1, null)).isEqualTo(SECOND);
        RetryPolicy only = RetryPolicy.retryingOnly(RetryPolicy.fixed(9, SECOND), IOException.class);
        assertThat(only.afterFailure(1, new IOException())).isEqualTo(SECOND);
        assertThat(only.afterFailure(1, new IllegalStateException())).isNull();
        assertThat(only.afterFailure(1, null)).isEqualTo(SECOND);
        assertThat(only.afterFailure(9, new IOException())).isNull();
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> RetryPolicy.fixed(0, SECOND))
                .isInstanceOf(FanfareException.class)
                .hasMessage("attempts must be 1 to 1000000, not 0");
        assertThatThrownBy(() -> RetryPolicy.fixed(1, Duration.ofMillis(-1)))
                .hasMessageContaining("the delay of a retry must be 0 to 7 days");
        assertThatThrownBy(() -> RetryPolicy.exponential(1, SECOND, Double.NaN, SECOND))
                .hasMessageContaining("the multiplier must be 1 to 1000");
        assertThatThrownBy(() -> RetryPolicy.exponential(1, SECOND, 2, SECOND).withJitter(1.1))
                .hasMessageContaining("jitter must be 0 to 1");
    }
}
