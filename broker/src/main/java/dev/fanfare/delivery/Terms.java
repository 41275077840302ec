package dev.fanfare.delivery;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Overflow;
import dev.fanfare.RetryPolicy;
import dev.fanfare.feed.Pattern;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What an acknowledged subscription or group promises and demands.
///
/// @param pattern what it hears
/// @param ackTimeout how long a member may have a message; zero for ever
/// @param retry asked after each failure
/// @param deadLetter the topic that takes what was given up; null: `$dead/` and the name of the message's topic
/// @param discards whether what was given up goes nowhere
/// @param buriesExpired whether messages whose time to live is over become dead letters; else they are only counted
/// @param ordered whether a message waits until all before it in its topic are done
/// @param queue the most messages that are not done
/// @param queueBytes the most they may cost, by [dev.fanfare.log.TopicLog#cost]
/// @param overflow what happens when that is reached
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
        Overflow overflow) {

    /// The most messages not done when nothing else is said.
    public static final int DEFAULT_QUEUE = 100_000;

    /// The largest queue.
    public static final int MAX_QUEUE = 10_000_000;

    /// The most that they may cost when nothing else is said.
    public static final long DEFAULT_QUEUE_BYTES = 64L << 20;

    /// The longest time to acknowledge.
    public static final Duration MAX_ACK_TIMEOUT = Duration.ofDays(7);

    /// Checks the bounds.
    public Terms {
        Objects.requireNonNull(retry);
        check(
                !ackTimeout.isNegative() && ackTimeout.compareTo(MAX_ACK_TIMEOUT) <= 0,
                "the time to acknowledge must be 0 to 7 days, not " + ackTimeout);
        check(queue >= 1 && queue <= MAX_QUEUE, "the queue must be 1 to " + MAX_QUEUE + " messages, not " + queue);
        check(queueBytes >= 1, "the queue must be at least 1 byte, not " + queueBytes);
        check(
                !(overflow instanceof Overflow.DropOldest) && !(overflow instanceof Overflow.DropNewest),
                "an acknowledged subscription loses nothing: its overflow policy can be block, refuse or disconnect, not "
                        + overflow);
    }

    private static void check(boolean fine, String rule) {
        if (!fine) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, rule);
        }
    }
}
