package dev.fanfare;

import dev.fanfare.PublishResult.Refused;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// When what was published together is as safe as it was asked to be. Any thread.
public final class Commit {

    private final CompletableFuture<Optional<Refused>> done = new CompletableFuture<>();

    /// One that is not over. By the broker.
    public Commit() {}

    /// One of what had nothing to wait for. By the broker.
    public static Commit done() {
        Commit done = new Commit();
        done.finish(null);
        return done;
    }

    /// Whether it is known what became of it.
    public boolean isDone() {
        return done.isDone();
    }

    /// Calls `action` with why it failed, null when it did not: at once if that is known, else on the thread that
    /// commits, which must not be blocked.
    public void onDone(Consumer<@Nullable Refused> action) {
        var _ = done.thenAccept(failure -> action.accept(failure.orElse(null)));
    }

    /// Waits. Not on an event loop.
    ///
    /// @return why it failed; null when it did not. When the thread is interrupted it waits no longer, and says so:
    ///     whether what was published stays is not known then
    public @Nullable Refused await() {
        try {
            return done.get().orElse(null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Refused(
                    ErrorCode.INTERNAL,
                    "interrupted while waiting for the storage; it may have been stored all the same");
        } catch (ExecutionException | CompletionException | CancellationException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /// By the broker, once.
    ///
    /// @param failure null when all went well
    public void finish(@Nullable Refused failure) {
        done.complete(Optional.ofNullable(failure));
    }
}
