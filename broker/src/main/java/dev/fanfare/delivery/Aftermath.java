package dev.fanfare.delivery;

import dev.fanfare.DeadLetter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides what becomes of a message that failed. Under no lock: policies are the user's, and moving a message
/// aside publishes it.
final class Aftermath {

    private static final Logger LOG = LoggerFactory.getLogger(Aftermath.class);

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
        int attempts = entry.attempt - Math.min(entry.returns, Backlog.FREE_RETURNS);
        Duration delay;
        try {
            delay = backlog.terms().retry().afterFailure(attempts, cause);
        } catch (RuntimeException e) {
            LOG.warn("The retry policy of {} failed: message {} is given up", backlog.name(), entry.message, e);
            delay = null;
        }
        if (delay == null) {
            bury(entry, DeadLetter.Reason.ATTEMPTS);
        } else {
            backlog.retry(entry, asked == null ? delay : asked);
        }
    }

    /// Moves it aside.
    void bury(Entry entry, DeadLetter.Reason reason) {
        entry.reason = reason;
        deadLetters.bury(backlog, entry, reason, done -> backlog.buried(entry, done));
    }
}
