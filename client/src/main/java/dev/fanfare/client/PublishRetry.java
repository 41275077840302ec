package dev.fanfare.client;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/// Whether a publish or a transaction is sent again that the server refused for now: `BACKPRESSURE`,
/// `RATE_LIMITED`, `LIMIT_REACHED` or `INTERNAL`. The delay doubles with each attempt and is spread at random over
/// its second half; when the server says how long to wait, it is at least that.
///
/// @param attempts how often it is sent at most, the first time included: 1 to 1,000
/// @param first the delay after the first refusal, about: more than 0
/// @param most what the delay grows to
public record PublishRetry(int attempts, Duration first, Duration most) {

    private static final Set<String> FOR_NOW = Set.of("BACKPRESSURE", "RATE_LIMITED", "LIMIT_REACHED", "INTERNAL");

    /// A server that says longer is not believed: an hour.
    private static final long MOST_TOLD = 3_600_000;

    private static final int MOST_ATTEMPTS = 1_000;

    /// Checks the bounds.
    public PublishRetry {
        if (attempts < 1 || attempts > MOST_ATTEMPTS) {
            throw new IllegalArgumentException("attempts must be 1 to " + MOST_ATTEMPTS + ", but are " + attempts);
        }
        if (!first.isPositive() || most.compareTo(first) < 0) {
            throw new IllegalArgumentException("the delays of a retry must be more than 0, the longest not shorter than"
                    + " the first, but are " + first + " and " + most);
        }
    }

    /// Nothing is sent again.
    public static PublishRetry none() {
        return new PublishRetry(1, Duration.ofMillis(1), Duration.ofMillis(1));
    }

    /// So many attempts, 100 ms to 10 s apart.
    public static PublishRetry attempts(int most) {
        return new PublishRetry(most, Duration.ofMillis(100), Duration.ofSeconds(10));
    }

    /// Whether a request that was refused so after so many attempts is sent again.
    boolean isDue(String code, int attempt) {
        return attempt < attempts && FOR_NOW.contains(code);
    }

    /// How long to wait, in nanoseconds.
    ///
    /// @param told how many milliseconds the server says; 0 when it says nothing
    long delayNanos(int attempt, long told) {
        double grown = first.toNanos() * Math.pow(2, attempt - 1.0);
        long delay = (long) Math.min(grown, (double) most.toNanos());
        return Math.max(
                delay - ThreadLocalRandom.current().nextLong(delay / 2 + 1),
                Duration.ofMillis(Math.min(told, MOST_TOLD)).toNanos());
    }
}
