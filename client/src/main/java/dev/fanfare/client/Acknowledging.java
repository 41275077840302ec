package dev.fanfare.client;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How a subscription is served that acknowledges its messages: under which name, and how patiently. Immutable.
///
/// A name stays on the server when the subscription is closed or its connection breaks, and keeps what is not
/// acknowledged, for an hour unless the server is set otherwise. Whoever uses a name first decides pattern, selection,
/// retries, dead letters, order and circuit breaker; others have to ask for the same.
///
/// Without a name ([#unnamed]) the server keeps nothing: when the connection breaks, or the subscription is closed,
/// it is over there, with all that was not acknowledged. The client then subscribes anew and asks for what it was
/// not done with, and for all after that, as far as the topic's history still has it: that comes again as a first
/// attempt, what was done after it is not handled again, but for what lies further back than 10,000 messages of its
/// topic, and what the history has lost is lost, as [Notice.Resumed] tells. What was rejected, or failed for the last
/// time, just as the connection broke may have become no dead letter; what was published for a message just then
/// ([Delivery#publish]) may be published twice. A message that waited on the server behind another of its key, while
/// later ones of other keys were done, is passed over when 10,000 later ones have come; with a [Selection] already
/// when one has, unless [#inOrder] has each wait for all before it. Use a name where that matters.
///
/// @param name of the group, or of the durable subscription; null: none
/// @param shared whether it is a group, whose members share the messages: each goes to one of them, those of a key
///     in order. Else it is one subscription that comes and goes: whoever subscribes with its name takes it over
/// @param window how many messages may be on their way and not acknowledged, 1 to 10,000; 100. Those that wait to be
///     handled count, too
/// @param timeout after how long without an acknowledgement an attempt has failed, up to seven days; 30 s. It begins
///     when the server sends the message
/// @param retry when what failed comes again
/// @param deadLetter the topic for what is given up; null: the topic's own, `$dead/` and its name
/// @param buriesExpired whether what was not done within its time to live becomes a dead letter; else it is only
///     counted, the default
/// @param ordered whether a message waits until all before it in its topic are done or given up; else only those of
///     a key wait for each other, the default
/// @param circuitBreaker when it is left alone for a while; null, the default: never
public record Acknowledging(
        @Nullable String name,
        boolean shared,
        int window,
        Duration timeout,
        RetryPolicy retry,
        @Nullable String deadLetter,
        boolean buriesExpired,
        boolean ordered,
        @Nullable CircuitBreaker circuitBreaker) {

    private static final int WINDOW_MAX = 10_000;
    private static final Duration MOST = Duration.ofDays(7);

    /// Checks the bounds.
    public Acknowledging {
        Objects.requireNonNull(retry, "retry");
        if (name == null ? shared : name.isEmpty()) {
            throw new IllegalArgumentException("a group or durable subscription needs a name");
        }
        if (window < 1 || window > WINDOW_MAX) {
            throw new IllegalArgumentException("window must be 1 to " + WINDOW_MAX + ", but is " + window);
        }
        within(timeout, "timeout", Duration.ofMillis(1));
    }

    /// A member of a group.
    public static Acknowledging group(String name) {
        return named(name, true);
    }

    /// The holder of a durable subscription.
    public static Acknowledging durable(String name) {
        return named(name, false);
    }

    /// A subscription of its own, for as long as its connection lasts: see above what that means.
    public static Acknowledging unnamed() {
        return named(null, false);
    }

    private static Acknowledging named(@Nullable String name, boolean shared) {
        return new Acknowledging(
                name, shared, 100, Duration.ofSeconds(30), RetryPolicy.defaults(), null, false, false, null);
    }

    /// The same with another window.
    public Acknowledging withWindow(int messages) {
        return new Acknowledging(
                name, shared, messages, timeout, retry, deadLetter, buriesExpired, ordered, circuitBreaker);
    }

    /// The same with another time to acknowledge.
    public Acknowledging withTimeout(Duration time) {
        return new Acknowledging(name, shared, window, time, retry, deadLetter, buriesExpired, ordered, circuitBreaker);
    }

    /// The same with other attempts and delays.
    public Acknowledging withRetry(int most, Duration first, Duration longest) {
        return withRetry(retry.withAttempts(most).withDelays(first, longest));
    }

    /// The same with another retry policy.
    public Acknowledging withRetry(RetryPolicy policy) {
        return new Acknowledging(
                name, shared, window, timeout, policy, deadLetter, buriesExpired, ordered, circuitBreaker);
    }

    /// The same with another topic for what is given up.
    public Acknowledging withDeadLetter(String topic) {
        return new Acknowledging(name, shared, window, timeout, retry, topic, buriesExpired, ordered, circuitBreaker);
    }

    /// The same that makes dead letters of what was not done within its time to live.
    public Acknowledging buryingExpired() {
        return new Acknowledging(name, shared, window, timeout, retry, deadLetter, true, ordered, circuitBreaker);
    }

    /// The same that has each message wait for all before it.
    public Acknowledging inOrder() {
        return new Acknowledging(name, shared, window, timeout, retry, deadLetter, buriesExpired, true, circuitBreaker);
    }

    /// The same behind a circuit breaker.
    public Acknowledging withCircuitBreaker(CircuitBreaker breaker) {
        return new Acknowledging(name, shared, window, timeout, retry, deadLetter, buriesExpired, ordered, breaker);
    }

    /// Checks that a time is between this and seven days.
    ///
    /// @throws IllegalArgumentException when it is not
    static void within(Duration time, String what, Duration least) {
        if (time.compareTo(least) < 0 || time.compareTo(MOST) > 0) {
            throw new IllegalArgumentException(
                    what + " must be " + least.toMillis() + " ms to seven days, but is " + time);
        }
    }
}
