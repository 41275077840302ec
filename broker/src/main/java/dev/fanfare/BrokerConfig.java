package dev.fanfare;

import dev.fanfare.store.Store;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a broker is opened with: [#defaults], changed by the methods named `with…`. Immutable.
///
/// @param autoCreateTopics whether the first publish or subscribe makes the topic
/// @param topics what topics are made with when nothing else is said
/// @param maxTopics the most topics
/// @param maxSubscribersPerTopic the most subscriptions of a topic or of a pattern
/// @param maxFeedsPerTopic the most distinct pairs of pattern and encoding that hear one topic
/// @param maxPatterns the most distinct patterns subscribed to
/// @param historyMemory the most that all histories may cost together, in bytes: beyond it the largest shrink first
/// @param blockTimeout how long a publisher waits at most when a subscription that blocks says nothing else
/// @param expiry how long groups and durable names stay when nobody is attached
/// @param deadLetters what topics are made with that keep dead letters
/// @param pending how much may wait for its time or for an answer
/// @param codec turns objects into payloads
/// @param routing the routes it begins with, and their bounds
/// @param timers the clock; null for the machine's. A given one is not closed with the broker
/// @param store where durable topics are kept; null: there are none. A given one is closed with the broker
/// @param durable which topics are durable without having to say so, and what durable ones are made with
public record BrokerConfig(
        boolean autoCreateTopics,
        TopicConfig topics,
        int maxTopics,
        int maxSubscribersPerTopic,
        int maxFeedsPerTopic,
        int maxPatterns,
        long historyMemory,
        Duration blockTimeout,
        Expiry expiry,
        TopicConfig deadLetters,
        Pending pending,
        PayloadCodec codec,
        RoutingConfig routing,
        @Nullable Timers timers,
        @Nullable Store store,
        DurableTopics durable) {

    private static final BrokerConfig DEFAULTS = new BrokerConfig(
            true,
            TopicConfig.defaults(),
            100_000,
            100_000,
            1_000,
            10_000,
            Runtime.getRuntime().maxMemory() / 10 * 4,
            Duration.ofSeconds(10),
            Expiry.defaults(),
            TopicConfig.defaults()
                    .withHistory(10_000)
                    .withHistoryBytes(16 << 20)
                    .withHistoryAge(Duration.ofDays(7)),
            Pending.defaults(),
            PayloadCodec.NONE,
            RoutingConfig.defaults(),
            null,
            null,
            DurableTopics.none());

    /// Checks the bounds.
    public BrokerConfig {
        Objects.requireNonNull(topics, "topics");
        Objects.requireNonNull(blockTimeout, "blockTimeout");
        Objects.requireNonNull(expiry, "expiry");
        Objects.requireNonNull(deadLetters, "deadLetters");
        Objects.requireNonNull(pending, "pending");
        Objects.requireNonNull(codec, "codec");
        Objects.requireNonNull(routing, "routing");
        Objects.requireNonNull(durable, "durable");
        check("maxTopics", maxTopics);
        check("maxSubscribersPerTopic", maxSubscribersPerTopic);
        check("maxFeedsPerTopic", maxFeedsPerTopic);
        check("maxPatterns", maxPatterns);
        if (historyMemory < 0) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST, "historyMemory must not be negative, but is " + historyMemory);
        }
        if (blockTimeout.isNegative() || blockTimeout.compareTo(Duration.ofHours(1)) > 0) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, "blockTimeout must be 0 to 1 hour, not " + blockTimeout);
        }
    }

    private static void check(String name, int value) {
        if (value < 1) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, name + " must be at least 1, not " + value);
        }
    }

    /// Topics make themselves; 40 % of the heap for histories.
    public static BrokerConfig defaults() {
        return DEFAULTS;
    }

    /// This with those parts of another that a broker can change while it runs: see [Broker#reconfigure].
    public BrokerConfig withMutable(BrokerConfig other) {
        Parts parts = new Parts(other);
        parts.codec = codec;
        parts.routing = routing.withMutable(other.routing);
        parts.timers = timers;
        parts.store = store;
        return parts.whole();
    }

    /// The same with another [#autoCreateTopics].
    public BrokerConfig withAutoCreateTopics(boolean value) {
        Parts parts = new Parts(this);
        parts.autoCreateTopics = value;
        return parts.whole();
    }

    /// The same with other [#topics].
    public BrokerConfig withTopics(TopicConfig value) {
        Parts parts = new Parts(this);
        parts.topics = value;
        return parts.whole();
    }

    /// The same with another [#maxTopics].
    public BrokerConfig withMaxTopics(int value) {
        Parts parts = new Parts(this);
        parts.maxTopics = value;
        return parts.whole();
    }

    /// The same with another [#maxSubscribersPerTopic].
    public BrokerConfig withMaxSubscribersPerTopic(int value) {
        Parts parts = new Parts(this);
        parts.maxSubscribersPerTopic = value;
        return parts.whole();
    }

    /// The same with another [#maxFeedsPerTopic].
    public BrokerConfig withMaxFeedsPerTopic(int value) {
        Parts parts = new Parts(this);
        parts.maxFeedsPerTopic = value;
        return parts.whole();
    }

    /// The same with another [#maxPatterns].
    public BrokerConfig withMaxPatterns(int value) {
        Parts parts = new Parts(this);
        parts.maxPatterns = value;
        return parts.whole();
    }

    /// The same with another [#historyMemory].
    public BrokerConfig withHistoryMemory(long bytes) {
        Parts parts = new Parts(this);
        parts.historyMemory = bytes;
        return parts.whole();
    }

    /// The same with another [#blockTimeout].
    public BrokerConfig withBlockTimeout(Duration value) {
        Parts parts = new Parts(this);
        parts.blockTimeout = value;
        return parts.whole();
    }

    /// The same with another [#expiry].
    public BrokerConfig withExpiry(Expiry value) {
        Parts parts = new Parts(this);
        parts.expiry = value;
        return parts.whole();
    }

    /// The same with other [#deadLetters].
    public BrokerConfig withDeadLetters(TopicConfig value) {
        Parts parts = new Parts(this);
        parts.deadLetters = value;
        return parts.whole();
    }

    /// The same with another [#pending].
    public BrokerConfig withPending(Pending value) {
        Parts parts = new Parts(this);
        parts.pending = value;
        return parts.whole();
    }

    /// The same with another [#codec].
    public BrokerConfig withCodec(PayloadCodec value) {
        Parts parts = new Parts(this);
        parts.codec = value;
        return parts.whole();
    }

    /// The same with other [#routing].
    public BrokerConfig withRouting(RoutingConfig value) {
        Parts parts = new Parts(this);
        parts.routing = value;
        return parts.whole();
    }

    /// The same with other [#timers]: [dev.fanfare.time.VirtualTimers] in tests.
    public BrokerConfig withTimers(Timers value) {
        Parts parts = new Parts(this);
        parts.timers = value;
        return parts.whole();
    }

    /// The same with a [#store].
    public BrokerConfig withStore(@Nullable Store value) {
        Parts parts = new Parts(this);
        parts.store = value;
        return parts.whole();
    }

    /// The same with other [#durable] topics.
    public BrokerConfig withDurable(DurableTopics value) {
        Parts parts = new Parts(this);
        parts.durable = value;
        return parts.whole();
    }

    /// What a topic of that name is made with when nothing else is said.
    public TopicConfig topics(String name) {
        return durable.matches(name) ? durable.config() : topics;
    }

    /// The components, to change one of them.
    private static final class Parts {
        private boolean autoCreateTopics;
        private TopicConfig topics;
        private int maxTopics;
        private int maxSubscribersPerTopic;
        private int maxFeedsPerTopic;
        private int maxPatterns;
        private long historyMemory;
        private Duration blockTimeout;
        private Expiry expiry;
        private TopicConfig deadLetters;
        private Pending pending;
        private PayloadCodec codec;
        private RoutingConfig routing;
        private @Nullable Timers timers;
        private @Nullable Store store;
        private DurableTopics durable;

        Parts(BrokerConfig of) {
            autoCreateTopics = of.autoCreateTopics;
            topics = of.topics;
            maxTopics = of.maxTopics;
            maxSubscribersPerTopic = of.maxSubscribersPerTopic;
            maxFeedsPerTopic = of.maxFeedsPerTopic;
            maxPatterns = of.maxPatterns;
            historyMemory = of.historyMemory;
            blockTimeout = of.blockTimeout;
            expiry = of.expiry;
            deadLetters = of.deadLetters;
            pending = of.pending;
            codec = of.codec;
            routing = of.routing;
            timers = of.timers;
            store = of.store;
            durable = of.durable;
        }

        BrokerConfig whole() {
            return new BrokerConfig(
                    autoCreateTopics,
                    topics,
                    maxTopics,
                    maxSubscribersPerTopic,
                    maxFeedsPerTopic,
                    maxPatterns,
                    historyMemory,
                    blockTimeout,
                    expiry,
                    deadLetters,
                    pending,
                    codec,
                    routing,
                    timers,
                    store,
                    durable);
        }
    }
}
