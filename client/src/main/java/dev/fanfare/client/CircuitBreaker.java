package dev.fanfare.client;

import java.time.Duration;

/// When a group or durable name that keeps failing, or is slow, is left alone for a while: then its messages wait, and
/// no attempt is used up. A message that was rejected is no failure. Immutable.
///
/// @param failureRate it opens when so many per cent of the attempts looked at failed, 1 to 100; 50
/// @param slowCall from when on an attempt that was acknowledged was slow, up to seven days; zero, the default: never
/// @param slowCallRate it opens when so many per cent were slow, 1 to 100; 100
/// @param minimumCalls so many attempts must have been judged first, 1 to `window`; 20
/// @param window how many of the last attempts are looked at, 1 to 10,000; 100
/// @param waitWhileOpen how long it stays open, 1 ms to seven days; 30 s
/// @param trialCalls how many messages are let through then, 1 to 10,000, before it closes or opens again; 5
public record CircuitBreaker(
        int failureRate,
        Duration slowCall,
        int slowCallRate,
        int minimumCalls,
        int window,
        Duration waitWhileOpen,
        int trialCalls) {

    private static final int CALLS_MAX = 10_000;

    /// Checks the bounds.
    public CircuitBreaker {
        within(failureRate, "failureRate", 100);
        Acknowledging.within(slowCall, "slowCall", Duration.ZERO);
        within(slowCallRate, "slowCallRate", 100);
        within(window, "window", CALLS_MAX);
        within(minimumCalls, "minimumCalls", window);
        Acknowledging.within(waitWhileOpen, "waitWhileOpen", Duration.ofMillis(1));
        within(trialCalls, "trialCalls", CALLS_MAX);
    }

    private static void within(int value, String what, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(what + " must be 1 to " + most + ", but is " + value);
        }
    }

    /// Opens when half of the last 100 attempts failed, once 20 were judged, for 30 seconds; then tries five. Nothing
    /// is slow.
    public static CircuitBreaker defaults() {
        return new CircuitBreaker(50, Duration.ZERO, 100, 20, 100, Duration.ofSeconds(30), 5);
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
