package dev.fanfare.topic;

import dev.fanfare.FanfareException;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Pattern;
import dev.fanfare.time.Timers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
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

    /// For a pattern: completes when every topic that matches has the feed in its plan, or fails with why not.
    private final CompletableFuture<SharedFeed<C>> planned = new CompletableFuture<>();

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

    /// Who reads it, in words.
    String reader() {
        return kind.reader(pattern);
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

    /// Every topic that its pattern matches has it in its plan.
    void planned() {
        planned.complete(this);
    }

    /// Not all topics can have it in their plans.
    void refused(Throwable why) {
        planned.completeExceptionally(why);
    }

    /// Waits until it is known which of the two.
    ///
    /// @throws FanfareException when it was refused
    void awaitPlanned() {
        try {
            planned.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof FanfareException refused) {
                throw Refused.of(refused).exception();
            }
            throw e;
        }
    }

    int subscriptions() {
        return subscriptions;
    }

    /// How many of them are counted.
    int counted() {
        return kind.isSubscription() ? subscriptions : 0;
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
