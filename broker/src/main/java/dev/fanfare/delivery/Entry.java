package dev.fanfare.delivery;

import dev.fanfare.DeadLetter;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.topic.LiveTopic;
import org.jspecify.annotations.Nullable;

/// One message that a backlog has not done. Guarded by the backlog's lock. Small: a million may wait.
final class Entry {

    final Message message;

    /// Null when the topic is gone.
    final @Nullable Topic topic;

    /// Does not count against the queue.
    final boolean replayed;

    /// Whose turn comes one after the other; null for a message that nothing holds back.
    @Nullable
    Lane lane;

    private Stage stage = Stage.CREATED;

    /// How often it was handed to a member; the number of the last time says which acknowledgement counts.
    int attempt;

    /// How many of the attempts ended because the member left: the first ones are not counted as failures.
    int returns;

    /// When its next attempt is due, or its present one times out, in nanoseconds of the broker's clock.
    long due;

    /// When the attempt is due for which it was waiting when the process began; 0 when it was not.
    long notBefore;

    /// Who has it.
    @Nullable
    Member holder;

    // Its neighbours among those in flight, or among those that nobody has.
    @Nullable
    Entry before;

    @Nullable
    Entry after;

    // See Surplus.
    boolean idle;
    Leaving leaving = Leaving.NOT;

    /// Whether it was not acknowledged too often before the process ended: that is a failed attempt.
    boolean endedTooOften;

    /// Whether it is in the heap of those that wait.
    boolean waits;

    /// Whether it has to make room.
    enum Leaving {
        NOT,
        ON_ITS_WAY,
        STUCK
    }

    /// Why it is to be moved aside, when that has to be tried again.
    DeadLetter.Reason reason = DeadLetter.Reason.ATTEMPTS;

    /// The dead letter that it was and came back from; null for others.
    @Nullable
    ReturnedLetter redriven;

    /// Null until it failed.
    @Nullable
    Failures failures;

    Entry(Message message, @Nullable Topic topic, boolean replayed) {
        this.message = message;
        this.topic = topic;
        this.replayed = replayed;
    }

    /// What is known of it from an earlier process.
    void was(Outcome known) {
        attempt = known.attempt();
        returns = known.returns();
        failures = known.failures();
        endedTooOften = returns > Backlog.FREE_RETURNS && known.dueMillis() == 0;
    }

    Stage stage() {
        return stage;
    }

    void to(Stage next) {
        stage = stage.to(next);
    }

    /// Whether its topic was deleted. A broker that closes does not delete its topics.
    boolean isGone() {
        return topic == null || topic instanceof LiveTopic live && live.isGone();
    }
}
