package dev.fanfare;

import dev.fanfare.feed.Latency;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a broker has done so far, as [Broker#stats] found it: each figure is right by itself, not all of the same
/// instant. [Counter] says what they mean.
///
/// @param topics in the order of their names
/// @param subscriptions the live ones in process, in no order
/// @param droppedByPatterns messages that subscriptions of patterns lost because they came too late to read them;
///     of what topics is not known, so they are not among those of the topics
/// @param delayedLost messages that waited for their time when their topic was deleted
/// @param transactionsCommitted whose publishes and acknowledgements were done
/// @param transactionsRefused of which nothing was done
/// @param requestTimeouts requests to which no reply came in time
/// @param requestsUnanswerable requests that were refused because nobody answers on their topic
/// @param lifecycleViolations steps of messages that their lifecycle does not allow, in all brokers of the process:
///     each one a bug
/// @param routes in the order in which they were added
/// @param acknowledged acknowledged subscriptions and groups, in no order
/// @param storage of the store of durable topics; null when there is none
public record BrokerStats(
        List<TopicStats> topics,
        List<SubscriptionStats> subscriptions,
        long droppedByPatterns,
        long delayedLost,
        long transactionsCommitted,
        long transactionsRefused,
        long requestTimeouts,
        long requestsUnanswerable,
        long lifecycleViolations,
        List<RouteStats> routes,
        List<AcknowledgedSubscription.Figures> acknowledged,
        @Nullable StorageStats storage) {

    /// The store of durable topics.
    ///
    /// @param bytes what is stored takes on the device; as it was known last, while the store can't be asked
    /// @param room how many bytes may still be written before publishes are refused
    /// @param pending bytes that wait to be written
    /// @param commits writes, each of all there was to be stored at a time
    /// @param syncs how often the device was asked to have everything
    /// @param failing whether publishes to durable topics are refused: a write has failed, or there is no room
    /// @param damages how often something was found that can't be read, since the broker was opened
    public record StorageStats(
            long bytes, long room, long pending, long commits, long syncs, boolean failing, long damages) {}

    /// One topic.
    ///
    /// @param published since the topic was made
    /// @param delivered once per subscription
    /// @param dropped once per subscription; what subscriptions of patterns lost is counted apart
    /// @param failed once per subscription
    /// @param expired passed over because their time to live was over, once per reader
    /// @param duplicates publishes that repeated an earlier one
    /// @param filterFailures for which a filter failed, which is a non-match
    /// @param delayed messages that wait for their time
    /// @param subscribers by its name and by patterns
    /// @param deadLettered given up by acknowledged subscriptions and groups
    /// @param queueDepth the largest lag of the subscriptions by its name, in process and over the network
    /// @param averageBatch how many messages were handed to a subscription at once, on average; 0 when none were
    /// @param latency of its deliveries
    public record TopicStats(
            String name,
            long published,
            long delivered,
            long dropped,
            long failed,
            long expired,
            long duplicates,
            long filterFailures,
            long deadLettered,
            long delayed,
            int subscribers,
            long queueDepth,
            double averageBatch,
            Latency latency) {}

    /// One subscription in process.
    ///
    /// @param delivery its own strategy; null when it follows its topic's
    public record SubscriptionStats(
            String pattern,
            String name,
            long lag,
            long delivered,
            long dropped,
            long failed,
            @Nullable DeliveryStrategy delivery) {

        static SubscriptionStats of(Subscription subscription) {
            return new SubscriptionStats(
                    subscription.pattern(),
                    subscription.name(),
                    subscription.lag(),
                    subscription.delivered(),
                    subscription.dropped(),
                    subscription.failed(),
                    subscription.delivery());
        }
    }

    static TopicStats of(Topic topic, long depth) {
        return new TopicStats(
                topic.name(),
                topic.visible(),
                topic.counters().delivered(),
                topic.counters().dropped(),
                topic.counters().failed(),
                topic.counters().expired(),
                topic.counters().duplicates(),
                topic.counters().filterFailures(),
                topic.counters().deadLettered(),
                topic.delayed(),
                topic.subscribers(),
                depth,
                (double) topic.counters().delivered()
                        / Math.max(1, topic.counters().runs()),
                topic.counters().latency());
    }

    /// The figures of one topic.
    public Optional<TopicStats> topic(String name) {
        return topics.stream().filter(topic -> topic.name().equals(name)).findFirst();
    }

    /// All that were published to the topics there are.
    public long published() {
        return topics.stream().mapToLong(TopicStats::published).sum();
    }

    /// All that were delivered by them.
    public long delivered() {
        return topics.stream().mapToLong(TopicStats::delivered).sum();
    }

    /// All that were lost, by subscriptions of patterns too.
    public long dropped() {
        return droppedByPatterns
                + topics.stream().mapToLong(TopicStats::dropped).sum();
    }

    /// All whose handler threw.
    public long failed() {
        return topics.stream().mapToLong(TopicStats::failed).sum();
    }
}
