package dev.fanfare.client;

import java.time.Duration;

/// When a message comes again whose attempt failed: after delays that grow, spread at random if it says so, until its
/// attempts are used up. Immutable.
///
/// @param attempts how often a message is tried before it becomes a dead letter, 1 to 1,000,000; 5
/// @param firstDelay how long after the first failure the next attempt comes; 1 s
/// @param multiplier how much longer each further one takes, 1 to 1,000; 2
/// @param mostDelay what the delay grows to, up to seven days; 1 min
/// @param jitter which part of each delay is random, 0 to 1; 0
public record RetryPolicy(int attempts, Duration firstDelay, double multiplier, Duration mostDelay, double jitter) {

    private static final int ATTEMPTS_MAX = 1_000_000;
    private static final int MULTIPLIER_MAX = 1_000;

    /// Checks the bounds.
    public RetryPolicy {
        if (attempts < 1 || attempts > ATTEMPTS_MAX) {
            throw new IllegalArgumentException("attempts must be 1 to " + ATTEMPTS_MAX + ", but are " + attempts);
        }
        if (!(multiplier >= 1 && multiplier <= MULTIPLIER_MAX)) {
            throw new IllegalArgumentException("multiplier must be 1 to " + MULTIPLIER_MAX + ", but is " + multiplier);
        }
        if (!(jitter >= 0 && jitter <= 1)) {
            throw new IllegalArgumentException("jitter must be 0 to 1, but is " + jitter);
        }
        Acknowledging.within(firstDelay, "firstDelay", Duration.ZERO);
        Acknowledging.within(mostDelay, "mostDelay", firstDelay);
    }

    /// Five attempts, after 1, 2, 4 and 8 s.
    public static RetryPolicy defaults() {
        return new RetryPolicy(5, Duration.ofSeconds(1), 2, Duration.ofMinutes(1), 0);
    }

    /// The same with other attempts.
    public RetryPolicy withAttempts(int most) {
        return new RetryPolicy(most, firstDelay, multiplier, mostDelay, jitter);
    }

    /// The same with other delays.
    public RetryPolicy withDelays(Duration first, Duration longest) {
        return new RetryPolicy(attempts, first, multiplier, longest, jitter);
    }

    /// The same with another multiplier.
    public RetryPolicy withMultiplier(double factor) {
        return new RetryPolicy(attempts, firstDelay, factor, mostDelay, jitter);
    }

    /// The same with this part of each delay at random.
    public RetryPolicy withJitter(double part) {
        return new RetryPolicy(attempts, firstDelay, multiplier, mostDelay, part);
    }
}
