package dev.fanfare.delivery;

import dev.fanfare.CircuitBreaker;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.Overflow;
import dev.fanfare.RetryPolicy;
import dev.fanfare.feed.Pattern;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What an acknowledged subscription or group promises and demands.
///
/// @param pattern what it hears
/// @param ackTimeout how long the one who asks for it may have a message; zero for ever. Each has its own
/// @param retry asked after each failure
/// @param deadLetter the topic that takes what was given up; null: `$dead/` and the name of the message's topic
/// @param discards whether what was given up goes nowhere
/// @param buriesExpired whether messages whose time to live is over become dead letters; else they are only counted
/// @param ordered whether a message waits until all before it in its topic are done
/// @param queue the most messages that are not done; 0: as many as its topic says
/// @param queueBytes the most they may cost, by [dev.fanfare.log.TopicLog#cost]; 0: what its topic says
/// @param overflow what happens when that is reached
/// @param expiry how long a group or durable subscription outlives its last member; zero: as long as the broker says
///     ([dev.fanfare.Expiry])
/// @param filter which messages are meant; null: all
/// @param circuitBreaker when it is left alone; null: never
public record Terms(
        Pattern pattern,
        Duration ackTimeout,
        RetryPolicy retry,
        @Nullable String deadLetter,
        boolean discards,
        boolean buriesExpired,
        boolean ordered,
        int queue,
        long queueBytes,
        Overflow overflow,
        Duration expiry,
        @Nullable Filter filter,
        @Nullable CircuitBreaker circuitBreaker) {

    /// The largest queue.
    public static final int MAX_QUEUE = 10_000_000;

    /// The longest time to acknowledge.
    public static final Duration MAX_ACK_TIMEOUT = Duration.ofDays(7);

    /// The longest expiry.
    public static final Duration MAX_EXPIRY = Duration.ofDays(365);

    /// Checks the bounds.
    public Terms {
        Objects.requireNonNull(retry);
        check(
                !ackTimeout.isNegative() && ackTimeout.compareTo(MAX_ACK_TIMEOUT) <= 0,
                "the time to acknowledge must be 0 to 7 days, not " + ackTimeout);
        if (!expiry.isZero()) {
            checkExpiry(expiry);
        }
        check(queue >= 0 && queue <= MAX_QUEUE, "the queue must be 1 to " + MAX_QUEUE + " messages, not " + queue);
        check(
                !pattern.text().equals(deadLetter),
                "what is given up of '" + pattern + "' can't go back to it: name another dead-letter topic");
        check(queueBytes >= 0, "the queue must be at least 1 byte, not " + queueBytes);
        check(
                overflow instanceof Overflow.Block
                        || overflow instanceof Overflow.Refuse
                        || overflow instanceof Overflow.Disconnect,
                "an acknowledged subscription loses nothing: its overflow policy can be block, refuse or disconnect, not "
                        + overflow);
    }

    /// Checks the bounds of an expiry that somebody said.
    ///
    /// @throws FanfareException `BAD_REQUEST`
    public static void checkExpiry(Duration expiry) {
        check(
                expiry.isPositive() && expiry.compareTo(MAX_EXPIRY) <= 0,
                "the expiry must be more than 0 and at most 365 days, not " + expiry);
    }

    /// The same with another [#expiry].
    Terms withExpiry(Duration time) {
        return new Terms(
                pattern,
                ackTimeout,
                retry,
                deadLetter,
                discards,
                buriesExpired,
                ordered,
                queue,
                queueBytes,
                overflow,
                time,
                filter,
                circuitBreaker);
    }

    /// In what the identity of a name differs, which whoever used it first decided; empty when in nothing.
    String difference(Terms other) {
        StringBuilder found = new StringBuilder();
        compare(found, "topic or pattern", pattern, other.pattern);
        compare(found, "filter", filter, other.filter);
        compare(found, "retry policy", retry, other.retry);
        compare(found, "dead-letter topic", deadLetter, other.deadLetter);
        compare(found, "discarding what is given up", discards, other.discards);
        compare(found, "making dead letters of what has expired", buriesExpired, other.buriesExpired);
        compare(found, "order", ordered, other.ordered);
        compare(found, "circuit breaker", circuitBreaker, other.circuitBreaker);
        return found.toString();
    }

    private static void compare(StringBuilder found, String what, @Nullable Object mine, @Nullable Object others) {
        if (!Objects.equals(mine, others)) {
            found.append(found.isEmpty() ? "" : "; ")
                    .append(what)
                    .append(" is ")
                    .append(mine)
                    .append(", not ")
                    .append(others);
        }
    }

    private static void check(boolean fine, String rule) {
        if (!fine) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, rule);
        }
    }
}
