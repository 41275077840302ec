package dev.fanfare;

import dev.fanfare.log.Retention;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What one topic is made with. Immutable.
///
/// @param history how many of the newest messages are kept, 0 to 10,000,000
/// @param historyBytes the most that the kept messages may cost in memory, overhead included; 0 keeps none
/// @param historyAge how old a kept message may be, at most 36,500 days; zero for no bound
/// @param delivery how messages are handed to subscriptions that do not say it themselves; null leaves it to them
/// @param queue how many messages may wait for a subscription in process that does not say it itself; 0 leaves it
///     to them
/// @param overflow what happens when a subscription in process that does not say it itself is full; null leaves it
///     to them
/// @param dedup which repeated publishes are recognised; null for none
/// @param partitions how many lanes the keys of its messages share in groups, 0 to 10,000; 0: each key has its own
/// @param ordering which order its messages have with those of other topics
/// @param durability how safe a message is before it is acknowledged and delivered
/// @param compact whether only the newest message of each key is kept; messages without a key all are
public record TopicConfig(
        int history,
        long historyBytes,
        Duration historyAge,
        @Nullable DeliveryStrategy delivery,
        int queue,
        @Nullable Overflow overflow,
        @Nullable Dedup dedup,
        int partitions,
        Ordering ordering,
        Durability durability,
        boolean compact) {

    private static final Duration MAX_AGE = Duration.ofDays(36_500);
    private static final TopicConfig DEFAULTS = new TopicConfig(
            100, 1 << 20, Duration.ZERO, null, 0, null, null, 0, Ordering.FIFO, Durability.MEMORY, false);
    private static final int MAX_PARTITIONS = 10_000;
    private static final int MAX_HISTORY = 10_000_000;

    /// Checks the bounds.
    public TopicConfig {
        if (history < 0 || history > MAX_HISTORY) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "history must be 0 to " + MAX_HISTORY + ", not " + history);
        }
        if (historyBytes < 0) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "history bytes must not be negative, but are " + historyBytes);
        }
        if (queue < 0 || queue > SubscriptionBuilder.MAX_QUEUE) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "queue must be 0 to " + SubscriptionBuilder.MAX_QUEUE + " messages, not " + queue);
        }
        if (partitions < 0 || partitions > MAX_PARTITIONS) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "partitions must be 0 to " + MAX_PARTITIONS + ", not " + partitions);
        }
        if (ordering == Ordering.PARTITIONED && partitions == 0) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, "ordering 'partitioned' needs partitions: say how many");
        }
        if (durability == Durability.REPLICATED) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "durability 'replicated' can't be had here: there is one machine");
        }
        if (compact && durability == Durability.MEMORY) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, "only durable topics can be compacted");
        }
        if (historyAge.isNegative() || historyAge.compareTo(MAX_AGE) > 0) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "history age must be 0 to " + MAX_AGE.toDays() + " days, not " + historyAge);
        }
    }

    /// 100 messages, 1 MiB, any age.
    public static TopicConfig defaults() {
        return DEFAULTS;
    }

    /// The same with another [#history].
    public TopicConfig withHistory(int messages) {
        return new TopicConfig(
                messages,
                historyBytes,
                historyAge,
                delivery,
                queue,
                overflow,
                dedup,
                partitions,
                ordering,
                durability,
                compact);
    }

    /// The same with another [#historyBytes].
    public TopicConfig withHistoryBytes(long bytes) {
        return new TopicConfig(
                history,
                bytes,
                historyAge,
                delivery,
                queue,
                overflow,
                dedup,
                partitions,
                ordering,
                durability,
                compact);
    }

    /// The same with another [#historyAge].
    public TopicConfig withHistoryAge(Duration age) {
        return new TopicConfig(
                history,
                historyBytes,
                age,
                delivery,
                queue,
                overflow,
                dedup,
                partitions,
                ordering,
                durability,
                compact);
    }

    /// The same with another [#delivery].
    public TopicConfig withDelivery(@Nullable DeliveryStrategy strategy) {
        return new TopicConfig(
                history,
                historyBytes,
                historyAge,
                strategy,
                queue,
                overflow,
                dedup,
                partitions,
                ordering,
                durability,
                compact);
    }

    /// The same with another [#queue].
    public TopicConfig withQueue(int messages) {
        return new TopicConfig(
                history,
                historyBytes,
                historyAge,
                delivery,
                messages,
                overflow,
                dedup,
                partitions,
                ordering,
                durability,
                compact);
    }

    /// The same with another [#overflow].
    public TopicConfig withOverflow(@Nullable Overflow policy) {
        return new TopicConfig(
                history,
                historyBytes,
                historyAge,
                delivery,
                queue,
                policy,
                dedup,
                partitions,
                ordering,
                durability,
                compact);
    }

    /// The same with another [#dedup].
    public TopicConfig withDedup(@Nullable Dedup window) {
        return new TopicConfig(
                history,
                historyBytes,
                historyAge,
                delivery,
                queue,
                overflow,
                window,
                partitions,
                ordering,
                durability,
                compact);
    }

    /// The same that recognises repeated publishes: [Dedup].
    public TopicConfig dedup(Duration window, int count) {
        return withDedup(new Dedup(window, count));
    }

    /// The same with other [#partitions].
    public TopicConfig withPartitions(int count) {
        return new TopicConfig(
                history,
                historyBytes,
                historyAge,
                delivery,
                queue,
                overflow,
                dedup,
                count,
                ordering,
                durability,
                compact);
    }

    /// The same with another [#ordering].
    public TopicConfig withOrdering(Ordering value) {
        return new TopicConfig(
                history,
                historyBytes,
                historyAge,
                delivery,
                queue,
                overflow,
                dedup,
                partitions,
                value,
                durability,
                compact);
    }

    /// The same with another [#durability].
    public TopicConfig withDurability(Durability value) {
        return new TopicConfig(
                history,
                historyBytes,
                historyAge,
                delivery,
                queue,
                overflow,
                dedup,
                partitions,
                ordering,
                value,
                compact);
    }

    /// The same with another [#compact].
    public TopicConfig withCompact(boolean value) {
        return new TopicConfig(
                history,
                historyBytes,
                historyAge,
                delivery,
                queue,
                overflow,
                dedup,
                partitions,
                ordering,
                durability,
                value);
    }

    /// Whether its messages outlive the process.
    public boolean isDurable() {
        return durability != Durability.MEMORY;
    }

    /// What the topic's log keeps.
    public Retention retention() {
        return new Retention(history, historyBytes, historyAge.toMillis());
    }
}
