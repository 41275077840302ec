package dev.fanfare.delivery;

import dev.fanfare.RetryPolicy;
import java.io.Serial;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// When what failed is tried again, which may depend on what was thrown. Immutable.
///
/// @param delays what the delays are
/// @param kind how the kind of a failure counts
record ModelledRetry(RetryPolicy delays, Kind kind) {

    enum Kind {
        ALL_ALIKE,
        HOPELESS_ARE_GIVEN_UP,
        ONLY_PASSING_ARE_RETRIED
    }

    /// What is thrown.
    static class Failure extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1;

        private Failure(String what) {
            super(what, null, false, false);
        }
    }

    static final class Hopeless extends Failure {
        @Serial
        private static final long serialVersionUID = 1;

        private Hopeless() {
            super("hopeless");
        }
    }

    /// Kinds of it count as it does.
    static class Passing extends Failure {
        @Serial
        private static final long serialVersionUID = 1;

        private Passing() {
            super("passing");
        }
    }

    static final class Busy extends Passing {
        @Serial
        private static final long serialVersionUID = 1;
    }

    static ModelledRetry any(RandomGenerator random) {
        RetryPolicy delays =
                RetryPolicy.exponential(1 + random.nextInt(4), SimulatedTopics.ticks(2), 2, SimulatedTopics.ticks(20));
        return new ModelledRetry(delays, Kind.values()[Math.max(0, random.nextInt(5) - 2)]);
    }

    /// One of the failures.
    static Failure failure(int choice) {
        return switch (Math.floorMod(choice, 4)) {
            case 0 -> new Hopeless();
            case 1 -> new Passing();
            case 2 -> new Busy();
            default -> new Failure("neither");
        };
    }

    /// What the broker is told.
    RetryPolicy policy() {
        return switch (kind) {
            case ALL_ALIKE -> delays;
            case HOPELESS_ARE_GIVEN_UP -> RetryPolicy.givingUpOn(delays, Hopeless.class);
            case ONLY_PASSING_ARE_RETRIED -> RetryPolicy.retryingOnly(delays, Passing.class);
        };
    }

    /// How long until the next attempt; null when there is none.
    ///
    /// @param cause null when it was not told
    @Nullable
    Duration after(int attempt, @Nullable Throwable cause) {
        boolean again = cause == null
                || switch (kind) {
                    case ALL_ALIKE -> true;
                    case HOPELESS_ARE_GIVEN_UP -> !(cause instanceof Hopeless);
                    case ONLY_PASSING_ARE_RETRIED -> cause instanceof Passing;
                };
        return again ? delays.afterFailure(attempt, null) : null;
    }
}
