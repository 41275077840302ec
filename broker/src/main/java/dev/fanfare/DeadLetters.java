package dev.fanfare;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The dead letters of a topic. They are messages of a topic of their own, `$dead/` and the topic's name unless a
/// subscription said otherwise, and can be subscribed to as such; it forgets the oldest as
/// [BrokerConfig#deadLetters] says. Any thread.
public interface DeadLetters {

    /// The name of the topic that keeps them.
    String topic();

    /// How many there are.
    long count();

    /// Dead letters in the order in which they were given up.
    ///
    /// @param from the first offset in the dead-letter topic
    /// @param max at most so many, at least 1
    List<DeadLetter> list(long from, int max);

    /// The one with this offset in the dead-letter topic.
    Optional<DeadLetter> find(long offset);

    /// What became of a redrive.
    ///
    /// @param done how many are on their way again, and no dead letters any more
    /// @param refused why it stopped before the end; null when it did not
    record Redriven(int done, PublishResult.@Nullable Refused refused) {}

    /// Sends dead letters on their way again. Each goes back to the subscription or group that gave it up, and only
    /// there, with its attempts counted from 1; if that has ended, or `to` is given, it is published anew.
    ///
    /// @param offsets in the dead-letter topic; those that are gone are passed over; null for all
    /// @param to the topic to publish them to; null: back to where they came from
    Redriven redrive(@Nullable Collection<Long> offsets, @Nullable String to);

    /// Forgets all.
    ///
    /// @return how many
    long purge();
}
