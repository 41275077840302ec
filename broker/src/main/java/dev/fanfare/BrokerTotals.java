package dev.fanfare;

import dev.fanfare.feed.LatencyCounts;

/// What all topics of a broker together have done since it was opened, those that were deleted included. Each figure
/// is right by itself, not all of the same instant; one that is asked for while a topic is being deleted may lack
/// that topic's. [Counter] says what they mean.
///
/// @param published what durable topics brought along from before included
/// @param delivered once per subscription
/// @param dropped once per subscription
/// @param failed once per subscription
/// @param deadLettered given up by acknowledged subscriptions and groups
/// @param latency of the deliveries, sampled
public record BrokerTotals(
        long published, long delivered, long dropped, long failed, long deadLettered, LatencyCounts latency) {

    /// Nothing was done.
    public static final BrokerTotals NONE = new BrokerTotals(0, 0, 0, 0, 0, LatencyCounts.NONE);

    /// With what one topic has done.
    public BrokerTotals plus(Topic topic) {
        return new BrokerTotals(
                published + topic.visible(),
                delivered + topic.counters().delivered(),
                dropped + topic.counters().dropped(),
                failed + topic.counters().failed(),
                deadLettered + topic.counters().deadLettered(),
                latency);
    }

    /// With other latencies.
    public BrokerTotals with(LatencyCounts counts) {
        return new BrokerTotals(published, delivered, dropped, failed, deadLettered, counts);
    }

    /// With what was lost besides.
    BrokerTotals withDropped(long more) {
        return new BrokerTotals(published, delivered, dropped + more, failed, deadLettered, latency);
    }
}
