package dev.fanfare.delivery;

import dev.fanfare.local.IntakeSource;
import dev.fanfare.time.Timers;
import dev.fanfare.topic.LiveTopic;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Has a stored backlog move on in its topics though its filter lets nothing of them through: topics would keep all
/// that was published since the last match. Looks from time to time how far topics are, and later whether all of that
/// was asked about and has come in. On the clock's thread.
final class Passing {

    private static final Duration PERIOD = Duration.ofSeconds(10);

    private final Books books;
    private final Keeper keeper;
    private final Timers timers;
    private Map<LiveTopic, Long> ends = Map.of();

    /// Whether all that lies below [#ends] came in or did not match; null when nothing is waited for.
    private @Nullable BooleanSupplier passed;

    Passing(Books books, Keeper keeper, Timers timers) {
        this.books = books;
        this.keeper = keeper;
        this.timers = timers;
    }

    /// Goes on until the backlog is over.
    void start() {
        timers.schedule(PERIOD, this::look);
    }

    private void look() {
        try {
            pass();
        } finally {
            if (books.change(() -> {})) {
                start();
            }
        }
    }

    private void pass() {
        BooleanSupplier awaited = passed;
        IntakeSource reader = books.source();
        if (awaited == null && reader != null) {
            ends = keeper.ends();
            passed = ends.isEmpty() ? null : reader.passing();
        } else if (awaited != null && awaited.getAsBoolean()) {
            passed = null;
            books.change(() -> ends.forEach(keeper::passed));
        }
    }
}
