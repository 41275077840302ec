package dev.fanfare;

import dev.fanfare.delivery.Backlogs;
import dev.fanfare.delivery.Demand;
import dev.fanfare.delivery.Kind;
import dev.fanfare.delivery.Terms;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.TopicName;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/// How an acknowledged subscription shall be; [#handle], [#receive] or [#publisher] begins it. Made by
/// [SubscriptionBuilder#acknowledged]. Not for several threads at once; may be used again for further
/// subscriptions.
public final class AcknowledgedBuilder {

    /// How many messages may be in hand at a time when nothing else is said.
    public static final int DEFAULT_IN_FLIGHT = 100;

    /// The most messages in hand at a time.
    public static final int MAX_IN_FLIGHT = 10_000;

    /// How long a message may be in hand when nothing else is said.
    public static final Duration DEFAULT_ACK_TIMEOUT = Duration.ofSeconds(30);

    /// The most handler calls of a subscription at once.
    public static final int MAX_CONCURRENCY = 1_000;

    private static final int NAME_MAX = 256;

    /// Five attempts, after one second, two, four and eight.
    public static final RetryPolicy DEFAULT_RETRY =
            RetryPolicy.exponential(5, Duration.ofSeconds(1), 2, Duration.ofMinutes(1));

    private final Backlogs backlogs;
    private final Pattern pattern;
    private final String name;
    private final Start start;
    private int maxInFlight = DEFAULT_IN_FLIGHT;
    private int concurrency = 1;
    private @Nullable Duration ackTimeout;
    private RetryPolicy retry = DEFAULT_RETRY;
    private @Nullable String deadLetter;
    private boolean discards;
    private boolean buriesExpired;
    private boolean ordered;
    private int queue;
    private long queueBytes;
    private Overflow overflow;
    private Duration expiry = Duration.ZERO;
    private Kind kind = Kind.OWN;
    private @Nullable String shared;
    private @Nullable CircuitBreaker circuitBreaker;
    private final @Nullable Filter filter;

    AcknowledgedBuilder(
            Backlogs backlogs, Pattern pattern, String name, Start start, Overflow overflow, @Nullable Filter filter) {
        this.backlogs = backlogs;
        this.pattern = pattern;
        this.name = name;
        this.start = start;
        this.overflow = overflow;
        this.filter = filter;
    }

    /// Joins the group of that name, or makes it. Its members share the messages: each goes to one of them.
    /// Messages of one key are done one after the other, whoever does them. On a topic with partitions the same
    /// holds for those of one partition, and each partition belongs to one member while the members stay.
    ///
    /// The group keeps what is not done, and outlives its members for as long as its [#expiry]. Pattern, filter,
    /// retry policy, dead letters, order and circuit breaker are those of whoever made it, and must be the same for
    /// all.
    ///
    /// @param group 1 to 256 characters
    public AcknowledgedBuilder group(String group) {
        return shared(Kind.GROUP, group);
    }

    /// Attaches to the subscription of that name, or makes it: it goes on collecting while nobody is attached, for
    /// as long as its [#expiry]. Whoever is attached already is detached ([SubscriptionEnd#TAKEN_OVER]).
    ///
    /// @param durable 1 to 256 characters
    public AcknowledgedBuilder durable(String durable) {
        return shared(Kind.DURABLE, durable);
    }

    private AcknowledgedBuilder shared(Kind how, String text) {
        check(
                !text.isEmpty() && text.length() <= NAME_MAX,
                "a name must have 1 to " + NAME_MAX + " characters",
                text.length());
        kind = how;
        shared = text;
        return this;
    }

    /// How long a group or a durable name stays when nobody is attached, at most 365 days. Default: what
    /// [BrokerConfig#expiry] says, 1 hour, or 7 days on a durable topic that is subscribed to by its name.
    ///
    /// @throws FanfareException `BAD_REQUEST` when it is not more than 0 or too long
    public AcknowledgedBuilder expiry(Duration time) {
        Terms.checkExpiry(time);
        expiry = time;
        return this;
    }

    /// How many messages may be in hand and not acknowledged, 1 to [#MAX_IN_FLIGHT]. Default: [#DEFAULT_IN_FLIGHT].
    public AcknowledgedBuilder maxInFlight(int messages) {
        check(messages >= 1 && messages <= MAX_IN_FLIGHT, "max in flight must be 1 to " + MAX_IN_FLIGHT, messages);
        maxInFlight = messages;
        return this;
    }

    /// How many calls of a handler may run at once, 1 to [#MAX_CONCURRENCY]; messages of one key never do. Default:
    /// one, so that messages are handled in their order.
    public AcknowledgedBuilder concurrency(int calls) {
        check(calls >= 1 && calls <= MAX_CONCURRENCY, "concurrency must be 1 to " + MAX_CONCURRENCY, calls);
        concurrency = calls;
        return this;
    }

    /// How long a message may be in hand before that counts as a failed attempt; zero for ever, at most 7 days.
    /// Default: for ever with a handler, whose return or exception is awaited, else [#DEFAULT_ACK_TIMEOUT].
    /// Each member of a group has its own.
    public AcknowledgedBuilder ackTimeout(Duration time) {
        ackTimeout = Objects.requireNonNull(time);
        return this;
    }

    /// Whether and when what failed is delivered again. Default: [#DEFAULT_RETRY].
    public AcknowledgedBuilder retry(RetryPolicy policy) {
        retry = Objects.requireNonNull(policy);
        return this;
    }

    /// The topic that takes what is given up, made by the broker if it does not exist. Default: what the
    /// message's topic says ([TopicConfig#deadLetter]), else `$dead/` and its name.
    ///
    /// @throws FanfareException `BAD_REQUEST` for an illegal name
    public AcknowledgedBuilder deadLetter(String topic) {
        deadLetter = TopicName.check(topic);
        discards = false;
        return this;
    }

    /// What is given up is only counted.
    public AcknowledgedBuilder withoutDeadLetters() {
        deadLetter = null;
        discards = true;
        return this;
    }

    /// Messages whose time to live is over before they are done become dead letters. Default: they are only
    /// counted.
    public AcknowledgedBuilder expiredToDeadLetters() {
        buriesExpired = true;
        return this;
    }

    /// When this subscription or group is left alone for a while because it keeps failing or is slow: its
    /// messages wait, and no attempt is used up. Default: never.
    public AcknowledgedBuilder circuitBreaker(CircuitBreaker breaker) {
        circuitBreaker = Objects.requireNonNull(breaker);
        return this;
    }

    /// A message waits until all before it in its topic, or in the topics that share its order, are done or given up.
    /// Default: only those of the same key wait for each other.
    public AcknowledgedBuilder ordered() {
        ordered = true;
        return this;
    }

    /// How many messages may be not done, 1 to 10,000,000, beside those it replayed. Default: what its topic
    /// says ([TopicConfig#backlog]), for a pattern what the broker's default says ([BrokerConfig#withTopics]);
    /// 100,000 unless set otherwise.
    public AcknowledgedBuilder queue(int messages) {
        check(messages >= 1, "the queue must be at least 1 message", messages);
        queue = messages;
        return this;
    }

    /// What they may cost in memory, about, in bytes. Default: what its topic says ([TopicConfig#backlogBytes]),
    /// for a pattern the broker's default; 64 MiB unless set otherwise.
    public AcknowledgedBuilder queueBytes(long bytes) {
        check(bytes >= 1, "the queue must be at least 1 byte", bytes);
        queueBytes = bytes;
        return this;
    }

    /// What happens when the queue is full: [Overflow.Block], [Overflow.Refuse] or [Overflow.Disconnect].
    /// Default: what was said before [SubscriptionBuilder#acknowledged], what its topic says, else to block. A
    /// group or durable subscription of a topic whose [TopicConfig#backlogOverflow] is to move messages aside
    /// keeps nobody waiting.
    public AcknowledgedBuilder overflow(Overflow policy) {
        overflow = Objects.requireNonNull(policy);
        return this;
    }

    /// Begins a subscription with a handler, called on virtual threads: what it returns from is acknowledged, what
    /// it throws on has failed.
    ///
    /// @throws FanfareException `TOPIC_NOT_FOUND` when the topic does not exist and topics do not make themselves;
    ///     `BAD_REQUEST` when something does not fit; `LIMIT_REACHED`; `SHUTTING_DOWN`
    public AcknowledgedSubscription handle(Handler handler) {
        Objects.requireNonNull(handler);
        return backlogs.handle(demand(Duration.ZERO), handler, concurrency);
    }

    /// Begins a subscription whose user asks for messages. See [#handle].
    public Receiver receive() {
        return backlogs.receive(demand(DEFAULT_ACK_TIMEOUT));
    }

    /// A source of deliveries for reactive streams. Each subscriber begins a subscription of its own, as with
    /// [#receive], is handed as many deliveries as it asks for, and acknowledges them itself; what prevents the
    /// subscription comes as `onError`.
    public Flow.Publisher<Delivery> publisher() {
        Demand demand = demand(DEFAULT_ACK_TIMEOUT);
        return subscriber -> backlogs.flow(demand, Objects.requireNonNull(subscriber));
    }

    private Demand demand(Duration defaultAckTimeout) {
        return new Demand(
                kind, shared == null ? name : shared, terms(defaultAckTimeout), start, name, maxInFlight, null);
    }

    private Terms terms(Duration defaultAckTimeout) {
        return new Terms(
                pattern,
                ackTimeout == null ? defaultAckTimeout : ackTimeout,
                retry,
                deadLetter,
                discards,
                buriesExpired,
                ordered,
                queue,
                queueBytes,
                overflow,
                expiry,
                filter,
                circuitBreaker);
    }

    private static void check(boolean fine, String rule, Object value) {
        if (!fine) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, rule + ", not " + value);
        }
    }
}
