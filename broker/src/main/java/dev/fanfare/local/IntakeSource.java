package dev.fanfare.local;

import dev.fanfare.Subscription;
import dev.fanfare.feed.Attachment;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The subscription that fills an [Intake]. Any thread.
public interface IntakeSource extends Subscription {

    /// What it was granted.
    Attachment.Opened opened();

    /// Whether it has not come to the feed yet.
    boolean isReplaying();

    /// How many messages it has still to replay, at most: they are not in its lag.
    long unreplayed();

    /// Asks, later and as often as one likes, whether everything that is in the feeds of its topics now has come in or
    /// did not match.
    ///
    /// @return null while it replays
    @Nullable
    BooleanSupplier passing();

    /// Messages that the intake took over are done: publishers that wait for room may go on. Under no lock.
    void settled();

    /// The intake is full by another measure than the number of its messages: the next publish has to ask it.
    void tighten();
}
