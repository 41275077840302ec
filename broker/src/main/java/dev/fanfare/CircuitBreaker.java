package dev.fanfare;

import java.time.Duration;
import java.util.Locale;

/// When an acknowledged subscription or group that keeps failing, or is slow, is left alone for a while. Immutable.
///
/// *Closed*, its last [#window] attempts are looked at. When [#minimumCalls] or more were judged, and as many per
/// cent failed as [#failureRate] says, or were slow as [#slowCallRate] says, it *opens*: nothing is delivered, its
/// messages wait, and no attempt is used up. What is in hand then is judged as ever. After [#waitWhileOpen] it is
/// *half open*: [#trialCalls] attempts are let through, and when these are judged by the same rates it closes, or
/// opens again.
///
/// An attempt has failed when its handler threw, when it was not acknowledged or its time was over. A message that
/// its receiver rejected is no failure of the receiver, and one that went back because its member left is not
/// judged.
///
/// A handler behind one gets its messages one by one, so that none is handed out that it would not be called for.
///
/// @param failureRate per cent of the attempts looked at, 1 to 100
/// @param slowCall from when on an acknowledged attempt was slow, at most 7 days; zero: never
/// @param slowCallRate per cent of the attempts looked at, 1 to 100
/// @param minimumCalls so many attempts must have been judged first, 1 to `window`
/// @param window how many attempts are looked at, 1 to 10,000
/// @param waitWhileOpen how long it stays open, more than 0 and at most 7 days
/// @param trialCalls how many attempts are let through when half open, 1 to 10,000
public record CircuitBreaker(
        int failureRate,
        Duration slowCall,
        int slowCallRate,
        int minimumCalls,
        int window,
        Duration waitWhileOpen,
        int trialCalls) {

    /// The largest window, and the most trials.
    public static final int MAX_CALLS = 10_000;

    private static final Duration WEEK = Duration.ofDays(7);
    private static final CircuitBreaker DEFAULTS =
            new CircuitBreaker(50, Duration.ZERO, 100, 20, 100, Duration.ofSeconds(30), 5);

    /// How it stands.
    public enum State {
        /// Messages are delivered.
        CLOSED,
        /// Nothing is delivered.
        OPEN,
        /// A few are delivered, to see.
        HALF_OPEN;

        /// The state in events, metrics and on the wire: lower case with underscores.
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Checks the bounds.
    public CircuitBreaker {
        check(failureRate >= 1 && failureRate <= 100, "the failure rate must be 1 to 100 per cent", failureRate);
        check(slowCallRate >= 1 && slowCallRate <= 100, "the slow-call rate must be 1 to 100 per cent", slowCallRate);
        check(
                !slowCall.isNegative() && slowCall.compareTo(WEEK) <= 0,
                "the slow-call time must be 0 to 7 days",
                slowCall);
        check(window >= 1 && window <= MAX_CALLS, "the window must be 1 to " + MAX_CALLS + " calls", window);
        check(
                minimumCalls >= 1 && minimumCalls <= window,
                "the minimum of calls must be 1 to the window of " + window,
                minimumCalls);
        check(
                waitWhileOpen.isPositive() && waitWhileOpen.compareTo(WEEK) <= 0,
                "the wait while open must be more than 0 and at most 7 days",
                waitWhileOpen);
        check(trialCalls >= 1 && trialCalls <= MAX_CALLS, "trial calls must be 1 to " + MAX_CALLS, trialCalls);
    }

    private static void check(boolean fine, String rule, Object value) {
        if (!fine) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, rule + ", not " + value);
        }
    }

    /// Opens when half of the last 100 attempts failed, once 20 were judged, for 30 seconds; then tries five.
    /// Nothing is slow.
    public static CircuitBreaker defaults() {
        return DEFAULTS;
    }

    /// The same with another [#failureRate].
    public CircuitBreaker withFailureRate(int percent) {
        return new CircuitBreaker(percent, slowCall, slowCallRate, minimumCalls, window, waitWhileOpen, trialCalls);
    }

    /// The same that opens when so many attempts take so long.
    public CircuitBreaker withSlowCalls(Duration from, int percent) {
        return new CircuitBreaker(failureRate, from, percent, minimumCalls, window, waitWhileOpen, trialCalls);
    }

    /// The same with another [#minimumCalls] and [#window].
    public CircuitBreaker withWindow(int minimum, int calls) {
        return new CircuitBreaker(failureRate, slowCall, slowCallRate, minimum, calls, waitWhileOpen, trialCalls);
    }

    /// The same with another [#waitWhileOpen].
    public CircuitBreaker withWaitWhileOpen(Duration time) {
        return new CircuitBreaker(failureRate, slowCall, slowCallRate, minimumCalls, window, time, trialCalls);
    }

    /// The same with another [#trialCalls].
    public CircuitBreaker withTrialCalls(int calls) {
        return new CircuitBreaker(failureRate, slowCall, slowCallRate, minimumCalls, window, waitWhileOpen, calls);
    }
}
