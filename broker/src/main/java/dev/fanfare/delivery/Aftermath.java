package dev.fanfare.delivery;

import dev.fanfare.DeadLetter;
import dev.fanfare.PublishResult.Refused;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides what becomes of a message that failed. Under no lock: policies are the user's, and moving a message
/// aside publishes it.
final class Aftermath {

    private static final Logger LOG = LoggerFactory.getLogger(Aftermath.class);

    /// The longest that an attempt is put off.
    private static final Duration LONGEST = Duration.ofDays(3_650);

    private final Backlog backlog;
    private final DeadLetterDesk deadLetters;

    Aftermath(Backlog backlog, DeadLetterDesk deadLetters) {
        this.backlog = backlog;
        this.deadLetters = deadLetters;
    }

    /// Has it tried again, or moves it aside, as the policy says.
    ///
    /// @param asked the delay that its receiver wants; null: the policy's
    void decide(Entry entry, @Nullable Duration asked, @Nullable Throwable cause) {
        if (backlog.isForgotten(entry)) {
            return;
        }
        int attempts = entry.attempt - Math.min(entry.returns, Backlog.FREE_RETURNS);
        Duration delay;
        try {
            delay = backlog.terms().retry().afterFailure(attempts, cause);
        } catch (Throwable e) {
            // Whatever the user's policy throws, the message must not be lost sight of.
            LOG.warn("The retry policy of {} failed: message {} is given up", backlog.name(), entry.message, e);
            delay = null;
        }
        if (delay == null) {
            bury(entry, DeadLetter.Reason.ATTEMPTS);
        } else {
            Duration wanted = asked == null ? delay : asked;
            backlog.retry(entry, wanted.compareTo(LONGEST) > 0 ? LONGEST : wanted);
        }
    }

    /// Moves it aside.
    void bury(Entry entry, DeadLetter.Reason reason) {
        bury(entry, reason, _ -> {});
    }

    /// Moves it aside.
    ///
    /// @param then told why that can't be now, and is tried again; null when it was
    void bury(Entry entry, DeadLetter.Reason reason, Consumer<@Nullable Refused> then) {
        entry.reason = reason;
        deadLetters.bury(backlog, entry, reason, moved -> {
            backlog.buried(entry, moved);
            then.accept(moved.refused());
        });
    }
}
