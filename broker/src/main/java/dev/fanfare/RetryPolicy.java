package dev.fanfare;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// Whether and when something that failed is tried again. Called by any thread, never under a lock; one that throws
/// gives up.
@FunctionalInterface
public interface RetryPolicy {

    /// The longest delay.
    Duration MAX_DELAY = Duration.ofDays(7);

    /// The most attempts.
    int MAX_ATTEMPTS = 1_000_000;

    /// How long to wait after this failure; null to give up.
    ///
    /// @param attempt which one failed, from 1
    /// @param cause what was thrown; null when nobody said, as after a timeout
    @Nullable
    Duration afterFailure(int attempt, @Nullable Throwable cause);

    /// One attempt.
    static RetryPolicy none() {
        return fixed(1, Duration.ZERO);
    }

    /// The same delay between all attempts.
    ///
    /// @param maxAttempts 1 to [#MAX_ATTEMPTS], the first included
    static RetryPolicy fixed(int maxAttempts, Duration delay) {
        return new Exponential(maxAttempts, delay, 1, delay, 0);
    }

    /// Delays that grow from attempt to attempt, without jitter.
    ///
    /// @param maxAttempts 1 to [#MAX_ATTEMPTS], the first included
    /// @param first after the first attempt
    /// @param multiplier how much longer each is than the one before, 1 to 1,000
    /// @param most no delay is longer
    static Exponential exponential(int maxAttempts, Duration first, double multiplier, Duration most) {
        return new Exponential(maxAttempts, first, multiplier, most, 0);
    }

    /// Gives up at once on these; for the rest, the same.
    @SafeVarargs
    @SuppressWarnings("varargs")
    static RetryPolicy givingUpOn(RetryPolicy policy, Class<? extends Throwable>... kinds) {
        return new ByClass(policy, List.of(kinds), false);
    }

    /// Gives up at once on everything but these, and what failed without an exception.
    @SafeVarargs
    @SuppressWarnings("varargs")
    static RetryPolicy retryingOnly(RetryPolicy policy, Class<? extends Throwable>... kinds) {
        return new ByClass(policy, List.of(kinds), true);
    }

    /// Delays that grow, spread at random so that those who failed together do not come back together.
    ///
    /// @param maxAttempts 1 to [#MAX_ATTEMPTS], the first included
    /// @param first after the first attempt, 0 to [#MAX_DELAY]
    /// @param multiplier 1 to 1,000
    /// @param most 0 to [#MAX_DELAY]
    /// @param jitter which part of a delay is random, 0 to 1: with 0.5 it lies between half and the whole
    record Exponential(int maxAttempts, Duration first, double multiplier, Duration most, double jitter)
            implements RetryPolicy {

        /// Checks the bounds.
        public Exponential {
            check(
                    maxAttempts >= 1 && maxAttempts <= MAX_ATTEMPTS,
                    "attempts must be 1 to " + MAX_ATTEMPTS,
                    maxAttempts);
            check(isDelay(first), "the delay of a retry must be 0 to 7 days", first);
            check(isDelay(most), "the longest delay of a retry must be 0 to 7 days", most);
            check(multiplier >= 1 && multiplier <= 1_000, "the multiplier must be 1 to 1000", multiplier);
            check(jitter >= 0 && jitter <= 1, "jitter must be 0 to 1", jitter);
        }

        private static boolean isDelay(Duration delay) {
            return !delay.isNegative() && delay.compareTo(MAX_DELAY) <= 0;
        }

        private static void check(boolean fine, String rule, Object value) {
            if (!fine) {
                throw new FanfareException(ErrorCode.BAD_REQUEST, rule + ", not " + value);
            }
        }

        /// The same with this part of each delay at random.
        public Exponential withJitter(double part) {
            return new Exponential(maxAttempts, first, multiplier, most, part);
        }

        @Override
        public @Nullable Duration afterFailure(int attempt, @Nullable Throwable cause) {
            if (attempt >= maxAttempts) {
                return null;
            }
            double longest = most.toNanos();
            double nanos = Math.min(longest, first.toNanos() * Math.pow(multiplier, attempt - 1.0));
            double random = jitter == 0 ? 0 : ThreadLocalRandom.current().nextDouble() * jitter;
            return Duration.ofNanos((long) (nanos * (1 - random)));
        }
    }

    /// Decides by the class of what was thrown, then asks another policy.
    ///
    /// @param retries whether the kinds are those that are tried again, or those that are not
    record ByClass(RetryPolicy policy, List<Class<? extends Throwable>> kinds, boolean retries) implements RetryPolicy {

        /// Checks that there is a policy.
        public ByClass {
            Objects.requireNonNull(policy);
            kinds = List.copyOf(kinds);
        }

        @Override
        public @Nullable Duration afterFailure(int attempt, @Nullable Throwable cause) {
            boolean listed = kinds.stream().anyMatch(kind -> kind.isInstance(cause));
            return cause == null || listed == retries ? policy.afterFailure(attempt, cause) : null;
        }
    }
}
