package dev.fanfare.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How a subscription is served that acknowledges its messages: under which name, and how patiently. Immutable.
///
/// The name stays on the server when the subscription is closed or its connection breaks, and keeps what is not
/// acknowledged, for an hour unless the server is set otherwise. Whoever uses a name first decides pattern,
/// selection, attempts, delays and dead letters; others have to ask for the same.
///
/// @param name of the group, or of the durable subscription
/// @param shared whether it is a group, whose members share the messages: each goes to one of them, those of a key
///     in order. Else it is one subscription that comes and goes: whoever subscribes with its name takes it over
/// @param window how many messages may be on their way and not acknowledged, 1 to 10,000; 100. Those that wait to be
///     handled count, too
/// @param timeout after how long without an acknowledgement an attempt has failed, up to seven days; 30 s. It begins
///     when the server sends the message
/// @param attempts how often a message is tried before it becomes a dead letter, 1 to 1,000; 5
/// @param firstDelay how long after a failure the next attempt comes; each further one takes twice as long; 1 s
/// @param mostDelay what the delay grows to; 1 min
/// @param deadLetter the topic for what is given up; null: the topic's own, `$dead/` and its name
public record Acknowledging(
        String name,
        boolean shared,
        int window,
        Duration timeout,
        int attempts,
        Duration firstDelay,
        Duration mostDelay,
        @Nullable String deadLetter) {

    private static final Duration MOST = Duration.ofDays(7);

    /// Checks the bounds.
    public Acknowledging {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a group or durable subscription needs a name");
        }
        if (window < 1 || window > 10_000) {
            throw new IllegalArgumentException("window must be 1 to 10000, but is " + window);
        }
        if (attempts < 1 || attempts > 1_000) {
            throw new IllegalArgumentException("attempts must be 1 to 1000, but are " + attempts);
        }
        within(timeout, "timeout", Duration.ofMillis(1));
        within(firstDelay, "firstDelay", Duration.ZERO);
        within(mostDelay, "mostDelay", firstDelay);
    }

    /// A member of a group.
    public static Acknowledging group(String name) {
        return named(name, true);
    }

    /// The holder of a durable subscription.
    public static Acknowledging durable(String name) {
        return named(name, false);
    }

    private static Acknowledging named(String name, boolean shared) {
        return new Acknowledging(
                name, shared, 100, Duration.ofSeconds(30), 5, Duration.ofSeconds(1), Duration.ofMinutes(1), null);
    }

    /// The same with another window.
    public Acknowledging withWindow(int messages) {
        return new Acknowledging(name, shared, messages, timeout, attempts, firstDelay, mostDelay, deadLetter);
    }

    /// The same with another time to acknowledge.
    public Acknowledging withTimeout(Duration time) {
        return new Acknowledging(name, shared, window, time, attempts, firstDelay, mostDelay, deadLetter);
    }

    /// The same with other attempts.
    public Acknowledging withRetry(int most, Duration first, Duration longest) {
        return new Acknowledging(name, shared, window, timeout, most, first, longest, deadLetter);
    }

    /// The same with another topic for what is given up.
    public Acknowledging withDeadLetter(String topic) {
        return new Acknowledging(name, shared, window, timeout, attempts, firstDelay, mostDelay, topic);
    }

    private static void within(Duration time, String what, Duration least) {
        if (time.compareTo(least) < 0 || time.compareTo(MOST) > 0) {
            throw new IllegalArgumentException(
                    what + " must be " + least.toMillis() + " ms to seven days, but is " + time);
        }
    }
}
