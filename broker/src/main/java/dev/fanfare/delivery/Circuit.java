package dev.fanfare.delivery;

import dev.fanfare.CircuitBreaker;
import dev.fanfare.CircuitBreaker.State;
import dev.fanfare.time.Timers;
import java.util.BitSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;

/// How a [CircuitBreaker] stands: what it has seen, and how many messages may be handed out. Guarded by the
/// backlog's lock.
final class Circuit {

    private final CircuitBreaker config;
    private final Timers timers;
    private final Telling telling;

    private State state = State.CLOSED;
    private Seen seen;

    /// When it becomes half open.
    private long until;

    /// Trials that are out.
    private final Set<Entry> trials = Collections.newSetFromMap(new IdentityHashMap<>(0));

    /// How many more may go out.
    private int trialsLeft;

    private long opened;

    Circuit(CircuitBreaker config, Timers timers, Telling telling) {
        this.config = config;
        this.timers = timers;
        this.telling = telling;
        this.seen = new Seen(config.window());
    }

    State state() {
        return state;
    }

    /// How often it opened.
    long opened() {
        return opened;
    }

    /// How many messages may be handed out now.
    int permits() {
        return switch (state) {
            case CLOSED -> Integer.MAX_VALUE;
            case OPEN -> 0;
            case HALF_OPEN -> trialsLeft;
        };
    }

    /// A message goes out.
    void handed(Entry entry) {
        if (state == State.HALF_OPEN) {
            trials.add(entry);
            trialsLeft--;
        }
    }

    /// A message that its member still has is done, or failed.
    void judge(Entry entry, boolean failed) {
        boolean counts = state == State.CLOSED || trials.remove(entry);
        if (!counts) {
            // Went out before it opened.
            return;
        }
        boolean slow = !failed
                && !config.slowCall().isZero()
                && took(entry) >= config.slowCall().toNanos();
        seen.add(failed, slow);
        int needed = state == State.CLOSED ? config.minimumCalls() : config.trialCalls();
        if (seen.count() < needed) {
            return;
        }
        if (seen.failed() * 100L >= (long) config.failureRate() * seen.count()
                || seen.slow() * 100L >= (long) config.slowCallRate() * seen.count()) {
            open();
        } else if (state == State.HALF_OPEN) {
            to(State.CLOSED, config.window());
        }
    }

    private long took(Entry entry) {
        Member holder = Objects.requireNonNull(entry.holder);
        return timers.nanoTime() - (entry.due - holder.ackTimeout().toNanos());
    }

    /// A message that was out came back without having been tried.
    void unjudged(Entry entry) {
        if (trials.remove(entry)) {
            trialsLeft++;
        }
    }

    private void open() {
        opened++;
        until = timers.nanoTime() + config.waitWhileOpen().toNanos();
        telling.circuitOpened(seen.count(), seen.failed(), seen.slow());
        to(State.OPEN, 0);
    }

    private void to(State next, int window) {
        state = next;
        seen = new Seen(window);
        trials.clear();
        trialsLeft = 0;
        if (next == State.CLOSED) {
            telling.circuitClosed();
        }
    }

    /// Whether time changes it.
    boolean waits() {
        return state == State.OPEN;
    }

    /// When it does.
    long until() {
        return until;
    }

    /// It is so late.
    void tick(long now) {
        if (state == State.OPEN && until - now <= 0) {
            to(State.HALF_OPEN, config.trialCalls());
            trialsLeft = config.trialCalls();
            telling.circuitHalfOpen();
        }
    }

    /// How the last attempts went.
    private static final class Seen {
        private final int window;
        private final BitSet failures;
        private final BitSet slows;
        private int next;
        private int count;
        private int failed;
        private int slow;

        Seen(int window) {
            this.window = window;
            this.failures = new BitSet(window);
            this.slows = new BitSet(window);
        }

        void add(boolean isFailed, boolean isSlow) {
            failed += change(failures, isFailed);
            slow += change(slows, isSlow);
            next = next + 1 == window ? 0 : next + 1;
            count = Math.min(count + 1, window);
        }

        /// By how much there are more than before.
        private int change(BitSet bits, boolean now) {
            int before = bits.get(next) ? 1 : 0;
            bits.set(next, now);
            return (now ? 1 : 0) - before;
        }

        int count() {
            return count;
        }

        int failed() {
            return failed;
        }

        int slow() {
            return slow;
        }
    }
}
