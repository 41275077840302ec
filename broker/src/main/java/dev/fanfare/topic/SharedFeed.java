package dev.fanfare.topic;

import dev.fanfare.feed.Feed;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.time.Timers;
import org.jspecify.annotations.Nullable;

/// A feed and who shares it: all live subscriptions with the same pattern and kind, those that still replay
/// included.
///
/// @param <C> a subscriber's cursor
final class SharedFeed<C> {

    private final Pattern pattern;
    private final FeedKind<C> kind;
    private final Feed<C> feed;
    private final Timers timers;
    private @Nullable RoomQueue room;

    /// Written under the registry's lock.
    private volatile int subscriptions;

    SharedFeed(Pattern pattern, FeedKind<C> kind, Timers timers) {
        this.pattern = pattern;
        this.kind = kind;
        this.feed = kind.open(pattern);
        this.timers = timers;
    }

    Pattern pattern() {
        return pattern;
    }

    FeedKind<C> kind() {
        return kind;
    }

    Feed<C> feed() {
        return feed;
    }

    /// Where publishers wait when the feed is full or congested.
    synchronized RoomQueue room() {
        if (room == null) {
            room = new RoomQueue(feed, timers);
        }
        return room;
    }

    /// Lets publishers that wait look again.
    synchronized void openRoom() {
        if (room != null) {
            room.open();
        }
    }

    int subscriptions() {
        return subscriptions;
    }

    /// Under the registry's lock.
    void changeSubscriptions(int change) {
        int before = subscriptions;
        subscriptions = before + change;
    }

    /// After the last subscription, when no plan holds the feed any more.
    void close() {
        feed.close();
        openRoom();
    }
}
