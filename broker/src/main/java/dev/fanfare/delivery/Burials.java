package dev.fanfare.delivery;

import dev.fanfare.Commit;
import dev.fanfare.PublishResult.Refused;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Several messages that are moved aside at once: tells when all are, and that is stored. Any thread.
final class Burials {

    private final AtomicInteger left;
    private final AtomicReference<@Nullable Refused> failure = new AtomicReference<>();
    private final Supplier<@Nullable Commit> stored;
    private final Commit done = new Commit();

    /// @param count how many, at least 1
    /// @param stored asked when all are moved: tells when what was said so far is stored; null when it is
    Burials(int count, Supplier<@Nullable Commit> stored) {
        this.left = new AtomicInteger(count);
        this.stored = stored;
    }

    /// What became of one of them.
    ///
    /// @param refused why it could not be moved; null when it was
    void one(@Nullable Refused refused) {
        if (refused != null) {
            failure.compareAndSet(
                    null,
                    refused.because(
                            "a message could not be moved to its dead-letter topic; this is tried again every second: "
                                    + refused.reason()));
        }
        if (left.decrementAndGet() == 0) {
            Refused failed = failure.get();
            Commit last = failed == null ? stored.get() : null;
            if (last == null) {
                done.finish(failed);
            } else {
                last.onDone(done::finish);
            }
        }
    }

    /// Tells when all are moved, or why not; null when they are.
    @Nullable
    Commit commit() {
        return done.isDone() && done.await() == null ? null : done;
    }
}
