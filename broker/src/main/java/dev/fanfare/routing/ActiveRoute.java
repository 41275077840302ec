package dev.fanfare.routing;

import dev.fanfare.RouteStats;
import dev.fanfare.feed.FeedKind;
import java.time.Duration;

/// A rule at work: the kind of reader it is, in the plans of the topics it means.
interface ActiveRoute extends FeedKind<Void> {

    /// What counts for it.
    RouteTally tally();

    /// What it did.
    RouteStats stats();

    /// Waits until nothing waits to be copied.
    ///
    /// @param atMost in real time
    /// @return false when something still waits
    boolean awaitIdle(Duration atMost) throws InterruptedException;

    /// The broker closes: what still waits is counted as failed.
    void giveUp();

    @Override
    default boolean isSubscription() {
        return false;
    }
}
