package dev.fanfare.delivery;

import dev.fanfare.CircuitBreaker;
import dev.fanfare.CircuitBreaker.State;
import dev.fanfare.time.Timers;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.Metrics;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// How a [CircuitBreaker] stands: resilience4j's decides, this knows which messages are its calls. Guarded by the
/// backlog's lock.
final class Circuit {

    private static final Duration NEVER = Duration.ofNanos(Long.MAX_VALUE);

    private final CircuitBreaker config;
    private final Timers timers;
    private final Telling telling;

    /// What the library is told of each failure: it asks for one.
    private final Throwable failure = new IllegalStateException("an attempt failed");

    private final io.github.resilience4j.circuitbreaker.CircuitBreaker breaker;

    /// When it becomes half open: by the alarm of its backlog, whose clock the library's own waiting does not know.
    private long until;

    /// Trials that are out.
    private final Set<Entry> trials = Collections.newSetFromMap(new IdentityHashMap<>(0));

    private long opened;

    Circuit(CircuitBreaker config, Timers timers, Telling telling) {
        this.config = config;
        this.timers = timers;
        this.telling = telling;
        this.breaker = io.github.resilience4j.circuitbreaker.CircuitBreaker.of(
                "",
                CircuitBreakerConfig.custom()
                        .failureRateThreshold(config.failureRate())
                        .slowCallDurationThreshold(slowAbove(config.slowCall()))
                        .slowCallRateThreshold(config.slowCallRate())
                        .slidingWindowType(SlidingWindowType.COUNT_BASED)
                        .slidingWindowSize(config.window())
                        .minimumNumberOfCalls(config.minimumCalls())
                        .permittedNumberOfCallsInHalfOpenState(config.trialCalls())
                        .build());
        breaker.getEventPublisher().onStateTransition(_ -> changed());
    }

    /// The library calls slow what took longer than this.
    private static Duration slowAbove(Duration slowFrom) {
        return slowFrom.isZero() ? NEVER : Duration.ofNanos(Math.max(1, slowFrom.toNanos() - 1));
    }

    State state() {
        return switch (breaker.getState()) {
            case OPEN -> State.OPEN;
            case HALF_OPEN -> State.HALF_OPEN;
            default -> State.CLOSED;
        };
    }

    /// How often it opened.
    long opened() {
        return opened;
    }

    /// How many messages may be handed out now.
    int permits() {
        return switch (state()) {
            case CLOSED -> Integer.MAX_VALUE;
            case OPEN -> 0;
            case HALF_OPEN ->
                config.trialCalls() - trials.size() - breaker.getMetrics().getNumberOfBufferedCalls();
        };
    }

    /// A message goes out, for which there is a permit.
    void handed(Entry entry) {
        if (state() == State.HALF_OPEN) {
            breaker.acquirePermission();
            trials.add(entry);
        }
    }

    /// A message that its member still has is done, or failed.
    void judge(Entry entry, boolean failed) {
        if (state() != State.CLOSED && !trials.remove(entry)) {
            return; // went out before it opened
        }
        if (failed) {
            // How long it took is no matter: one that failed counts once.
            breaker.onError(0, TimeUnit.NANOSECONDS, failure);
        } else {
            breaker.onSuccess(took(entry), TimeUnit.NANOSECONDS);
        }
    }

    private long took(Entry entry) {
        Member holder = Objects.requireNonNull(entry.holder);
        return timers.nanoTime() - (entry.due - holder.ackTimeout().toNanos());
    }

    /// A message that was out came back without having been tried.
    void unjudged(Entry entry) {
        if (trials.remove(entry)) {
            breaker.releasePermission();
        }
    }

    private void changed() {
        trials.clear();
        switch (state()) {
            case OPEN -> {
                opened++;
                until = timers.nanoTime() + config.waitWhileOpen().toNanos();
                Metrics seen = breaker.getMetrics();
                telling.circuitOpened(
                        seen.getNumberOfBufferedCalls(), seen.getNumberOfFailedCalls(), seen.getNumberOfSlowCalls());
            }
            case HALF_OPEN -> telling.circuitHalfOpen();
            case CLOSED -> telling.circuitClosed();
        }
    }

    /// Whether time changes it.
    boolean waits() {
        return state() == State.OPEN;
    }

    /// When it does.
    long until() {
        return until;
    }

    /// It is so late.
    void tick(long now) {
        if (waits() && until - now <= 0) {
            breaker.transitionToHalfOpenState();
        }
    }
}
