package dev.fanfare.topic;

import dev.fanfare.BrokerTotals;
import dev.fanfare.feed.LatencyHistogram;
import java.util.stream.Stream;

/// What all topics together have done, those that were deleted included: the sums never fall. Any thread.
final class TopicTotals {

    private final LatencyHistogram latencies = new LatencyHistogram();

    /// Of the topics that were deleted.
    private BrokerTotals gone = BrokerTotals.NONE;

    /// The latencies of all topics.
    LatencyHistogram latencies() {
        return latencies;
    }

    /// A topic was deleted.
    synchronized void deleted(LiveTopic topic) {
        gone = gone.plus(topic);
    }

    private synchronized BrokerTotals gone() {
        return gone;
    }

    /// The sums now.
    ///
    /// @param topics those that there are; looked at one by one
    BrokerTotals of(Stream<LiveTopic> topics) {
        // What is deleted while they are looked at is missed rather than counted twice.
        BrokerTotals before = gone();
        return topics.reduce(before, BrokerTotals::plus, (one, other) -> one).with(latencies.counts());
    }
}
