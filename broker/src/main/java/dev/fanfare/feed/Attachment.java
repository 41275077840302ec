package dev.fanfare.feed;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One live subscription's way from the log into a feed, without gap or duplicate. Made by [FeedAccess#attach];
/// used by one thread at a time, except [#close].
///
/// A subscription of one topic holds no place in the feed while it replays: [#replay] hands out the log until,
/// inside the topic's section, nothing is left; there the cursor is attached and the subscription is [State#LIVE].
/// That may be as soon as [FeedAccess#attach] returns, and it may come together with the last messages of
/// [#replay]: these are to be handed out before the cursor is drained. When the log's last part has to be read
/// from a device, the cursor is attached before that is read; it must not be drained before it is [State#LIVE]
/// either.
///
/// A subscription of a pattern is attached first and must not be drained before it is [State#LIVE]; then every
/// message up to the feed's end as it stood when [FeedAccess#attach] returned has to be asked about with [#skips].
public interface Attachment {

    /// How far the subscription is.
    enum State {
        /// [#replay] has more, or has not yet said that it has not.
        REPLAYING,
        /// The cursor is in the feed.
        LIVE,
        /// The topic is gone and everything of it was handed out, or [#close] was called.
        ENDED
    }

    /// What the subscription was granted.
    ///
    /// @param epoch of the topic; null for a pattern
    /// @param offset the first offset that will be delivered; −1 for a pattern
    /// @param timestampMillis when it began, on the clock that stamps messages
    /// @param recovered whether nothing was lost since the position asked for; null if none was asked for
    record Opened(
            @Nullable String epoch,
            long offset,
            long timestampMillis,
            @Nullable Boolean recovered) {}

    /// What was granted.
    Opened opened();

    /// Where the subscription stands now.
    State state();

    /// The next messages of the log, oldest first, at least one if there is any, at most `maxMessages` and, from
    /// the second on, at most `maxBytes` of payload. Empty: the subscription is no longer [State#REPLAYING].
    ///
    /// Never waits for a device: what is not in memory is read by a thread of the broker's, one slice at a
    /// time.
    ///
    /// @param whenRead runs once when null was returned and it is worth calling again, on the thread that reads; it
    ///     may run before this returns
    /// @return null when what comes next is being read
    /// @throws RuntimeException what the last read failed with: mostly a [dev.fanfare.store.StoreException]
    @Nullable
    List<Message> replay(int maxMessages, int maxBytes, Runnable whenRead);

    /// How many messages are still to be replayed, at most: some may be forgotten, expired, or let through by no
    /// filter. Any thread.
    long unreplayed();

    /// The first offset that comes from the feed; −1 before the cursor is in it, and for a pattern.
    default long joinedAt() {
        return -1;
    }

    /// Leaves the feed and replays again, or on, because the subscription was too slow for what is in memory.
    /// By whoever replays and drains.
    ///
    /// @param offset the first that it has not had from the feed; what it had from a replay before comes only
    ///     once
    /// @return false when it can't: it is not in the feed, or a pattern's
    default boolean replayFrom(long offset) {
        return false;
    }

    /// How many messages retention took away before they could be replayed, since the last call.
    long takeLost();

    /// Whether a message found in a pattern's feed was or will be replayed, so that the feed's copy is to be passed
    /// over.
    boolean skips(Topic topic, long offset);

    /// Whether everything that [#skips] may say yes to is in the feed now: with a filter, the feed may stand before
    /// where the subscription joined.
    default boolean settled() {
        return true;
    }

    /// Where the way into the feed stands: see [#isPast]. Any thread.
    long mark();

    /// Whether everything that was visible before [#mark] was asked is in the feed now, or did not match. Any thread.
    boolean isPast(long mark);

    /// Ends the subscription; idempotent, any thread. The cursor is detached.
    void close();
}
