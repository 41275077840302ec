package dev.fanfare;

import dev.fanfare.feed.TopicName;
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
/// @param compact whether, of a durable topic, only the newest message of each key is kept: older ones are taken out
///     soon after it came, history bounds what is left; messages without a key all are kept
/// @param backlog how many messages an acknowledged subscription or group of this topic that does not say it
///     itself may have to do, 1 to 10,000,000
/// @param backlogBytes what these may cost in memory, about, in bytes
/// @param backlogOverflow what happens when a group or durable subscription has as many
/// @param deadLetter the topic that takes what subscriptions give up that do not name one themselves, made by the
///     broker if it does not exist; null: `$dead/` and the name of this topic
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
        boolean compact,
        int backlog,
        long backlogBytes,
        BacklogOverflow backlogOverflow,
        @Nullable String deadLetter) {

    private static final Duration MAX_AGE = Duration.ofDays(36_500);
    private static final TopicConfig DEFAULTS = new TopicConfig(
            100,
            1 << 20,
            Duration.ZERO,
            null,
            0,
            null,
            null,
            0,
            Ordering.FIFO,
            Durability.MEMORY,
            false,
            100_000,
            64L << 20,
            BacklogOverflow.REFUSE,
            null);
    private static final int MAX_PARTITIONS = 10_000;
    private static final int MAX_HISTORY = 10_000_000;

    /// The largest [#backlog].
    public static final int MAX_BACKLOG = 10_000_000;

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
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "'compact' needs a durable topic: memory keeps the newest messages only");
        }
        if (backlog < 1 || backlog > MAX_BACKLOG) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "backlog must be 1 to " + MAX_BACKLOG + " messages, not " + backlog);
        }
        if (backlogBytes < 1) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "backlog bytes must be at least 1, but are " + backlogBytes);
        }
        if (backlogOverflow == BacklogOverflow.SPILL && durability == Durability.MEMORY) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "backlog overflow 'spill' needs a durable topic: memory has nowhere to leave it");
        }
        if (overflow instanceof Overflow.Spill && durability == Durability.MEMORY) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "overflow 'spill' needs a durable topic: memory has nowhere to leave it");
        }
        if (deadLetter != null) {
            TopicName.check(deadLetter);
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
        Parts parts = new Parts(this);
        parts.history = messages;
        return parts.whole();
    }

    /// The same with another [#historyBytes].
    public TopicConfig withHistoryBytes(long bytes) {
        Parts parts = new Parts(this);
        parts.historyBytes = bytes;
        return parts.whole();
    }

    /// The same with another [#historyAge].
    public TopicConfig withHistoryAge(Duration age) {
        Parts parts = new Parts(this);
        parts.historyAge = age;
        return parts.whole();
    }

    /// The same with another [#delivery].
    public TopicConfig withDelivery(@Nullable DeliveryStrategy strategy) {
        Parts parts = new Parts(this);
        parts.delivery = strategy;
        return parts.whole();
    }

    /// The same with another [#queue].
    public TopicConfig withQueue(int messages) {
        Parts parts = new Parts(this);
        parts.queue = messages;
        return parts.whole();
    }

    /// The same with another [#overflow].
    public TopicConfig withOverflow(@Nullable Overflow policy) {
        Parts parts = new Parts(this);
        parts.overflow = policy;
        return parts.whole();
    }

    /// The same with another [#dedup].
    public TopicConfig withDedup(@Nullable Dedup window) {
        Parts parts = new Parts(this);
        parts.dedup = window;
        return parts.whole();
    }

    /// The same that recognises repeated publishes: [Dedup].
    public TopicConfig dedup(Duration window, int count) {
        return withDedup(new Dedup(window, count));
    }

    /// The same with other [#partitions].
    public TopicConfig withPartitions(int count) {
        Parts parts = new Parts(this);
        parts.partitions = count;
        return parts.whole();
    }

    /// The same with another [#ordering].
    public TopicConfig withOrdering(Ordering value) {
        Parts parts = new Parts(this);
        parts.ordering = value;
        return parts.whole();
    }

    /// The same with another [#durability].
    public TopicConfig withDurability(Durability value) {
        Parts parts = new Parts(this);
        parts.durability = value;
        return parts.whole();
    }

    /// The same with another [#compact].
    public TopicConfig withCompact(boolean value) {
        Parts parts = new Parts(this);
        parts.compact = value;
        return parts.whole();
    }

    /// The same with another [#backlog] and [#backlogBytes].
    public TopicConfig withBacklog(int messages, long bytes) {
        Parts parts = new Parts(this);
        parts.backlog = messages;
        parts.backlogBytes = bytes;
        return parts.whole();
    }

    /// The same with another [#backlogOverflow].
    public TopicConfig withBacklogOverflow(BacklogOverflow policy) {
        Parts parts = new Parts(this);
        parts.backlogOverflow = policy;
        return parts.whole();
    }

    /// The same with another [#deadLetter].
    public TopicConfig withDeadLetter(@Nullable String topic) {
        Parts parts = new Parts(this);
        parts.deadLetter = topic;
        return parts.whole();
    }

    /// Whether its messages outlive the process.
    public boolean isDurable() {
        return durability != Durability.MEMORY;
    }

    /// What the topic's log keeps.
    public Retention retention() {
        return new Retention(history, historyBytes, historyAge.toMillis());
    }

    /// The components, to change some of them.
    private static final class Parts {
        private int history;
        private long historyBytes;
        private Duration historyAge;
        private @Nullable DeliveryStrategy delivery;
        private int queue;
        private @Nullable Overflow overflow;
        private @Nullable Dedup dedup;
        private int partitions;
        private Ordering ordering;
        private Durability durability;
        private boolean compact;
        private int backlog;
        private long backlogBytes;
        private BacklogOverflow backlogOverflow;
        private @Nullable String deadLetter;

        Parts(TopicConfig of) {
            history = of.history;
            historyBytes = of.historyBytes;
            historyAge = of.historyAge;
            delivery = of.delivery;
            queue = of.queue;
            overflow = of.overflow;
            dedup = of.dedup;
            partitions = of.partitions;
            ordering = of.ordering;
            durability = of.durability;
            compact = of.compact;
            backlog = of.backlog;
            backlogBytes = of.backlogBytes;
            backlogOverflow = of.backlogOverflow;
            deadLetter = of.deadLetter;
        }

        TopicConfig whole() {
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
                    compact,
                    backlog,
                    backlogBytes,
                    backlogOverflow,
                    deadLetter);
        }
    }
}
