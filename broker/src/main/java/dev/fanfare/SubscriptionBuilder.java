package dev.fanfare;

import dev.fanfare.delivery.Backlogs;
import dev.fanfare.feed.Pattern;
import dev.fanfare.local.LocalDelivery;
import dev.fanfare.local.SubscriptionSpec;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// How a subscription shall be; [#handle] or [#handleBatch] begins it. Made by [Broker#subscription]. Not for
/// several threads at once; may be used again for further subscriptions.
public final class SubscriptionBuilder {

    /// How many messages may wait for a subscription when nothing else is said.
    public static final int DEFAULT_QUEUE = 1_024;

    /// The longest queue.
    public static final int MAX_QUEUE = 1_000_000;

    private final Broker broker;
    private final LocalDelivery delivery;
    private final Backlogs backlogs;
    private final Pattern pattern;
    private @Nullable String name;
    private Dispatch dispatch = Dispatch.virtualThread();
    private Start start = Start.latest();
    private int queue;
    private @Nullable Overflow overflow;
    private @Nullable DeliveryStrategy strategy;
    private @Nullable BiConsumer<? super Message, ? super Throwable> onError;
    private Consumer<? super SubscriptionEnd> onEnd = why -> {};
    private @Nullable Filter filter;

    SubscriptionBuilder(Broker broker, LocalDelivery delivery, Backlogs backlogs, Pattern pattern) {
        this.broker = broker;
        this.delivery = delivery;
        this.backlogs = backlogs;
        this.pattern = pattern;
    }

    /// What it is called in events, logs and figures. Need not be unique. Default: a made-up one.
    public SubscriptionBuilder name(String text) {
        name = Objects.requireNonNull(text);
        return this;
    }

    /// Which thread calls the handler. Default: [Dispatch#virtualThread].
    public SubscriptionBuilder dispatch(Dispatch how) {
        dispatch = Objects.requireNonNull(how);
        return this;
    }

    /// Where it begins to read. What it replays does not count against its queue and is not batched. Default:
    /// [Start#latest].
    public SubscriptionBuilder start(Start where) {
        start = Objects.requireNonNull(where);
        return this;
    }

    /// How many messages may wait for it, 1 to [#MAX_QUEUE]. Default: what its topic says, else [#DEFAULT_QUEUE].
    public SubscriptionBuilder queue(int messages) {
        if (messages < 1 || messages > MAX_QUEUE) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "the queue of a subscription must be 1 to " + MAX_QUEUE + " messages, not " + messages);
        }
        queue = messages;
        return this;
    }

    /// What happens when its queue is full. Default: what its topic says, else [Overflow.Block] for
    /// [BrokerConfig#blockTimeout].
    public SubscriptionBuilder overflow(Overflow policy) {
        overflow = Objects.requireNonNull(policy);
        return this;
    }

    /// When it is woken for what waits. Default: as its topic says, else immediately.
    public SubscriptionBuilder delivery(DeliveryStrategy how) {
        strategy = Objects.requireNonNull(how);
        return this;
    }

    /// Which messages it wants; several filters must all match. Its lag and its queue know only these. With
    /// [Dispatch#caller] its handler gets a virtual thread, since a filter never runs on the publisher's.
    /// Default: all.
    public SubscriptionBuilder filter(Filter wanted) {
        filter = filter == null ? Objects.requireNonNull(wanted) : filter.and(wanted);
        return this;
    }

    /// Only messages of these types: [#filter] with [Filter#types].
    public SubscriptionBuilder types(String... types) {
        return filter(Filter.types(types));
    }

    /// Hears of what the handler throws, on the handler's thread, before the next message. Default: a warning in
    /// the log, at most one per second.
    public SubscriptionBuilder onError(BiConsumer<? super Message, ? super Throwable> handler) {
        onError = Objects.requireNonNull(handler);
        return this;
    }

    /// Hears once that and why it ended, after its last handler call: on the handler's thread, a loop, or the
    /// thread that closes it.
    public SubscriptionBuilder onEnd(Consumer<? super SubscriptionEnd> handler) {
        onEnd = Objects.requireNonNull(handler);
        return this;
    }

    /// Begins a subscription whose handler gets one message at a time: it hears what is published after this
    /// returns.
    ///
    /// @throws FanfareException `TOPIC_NOT_FOUND` when the topic does not exist and topics do not make themselves;
    ///     `BAD_REQUEST` when the start does not fit the pattern; `LIMIT_REACHED`; `SHUTTING_DOWN`
    public Subscription handle(Handler handler) {
        return begin(Objects.requireNonNull(handler), null);
    }

    /// Begins a subscription whose handler gets several messages at a time. See [#handle].
    public Subscription handleBatch(BatchHandler handler) {
        return begin(null, Objects.requireNonNull(handler));
    }

    /// Goes on to say how a subscription shall be that gets each message at least once. Of what was said so far its
    /// name, start, filter and overflow policy apply; dispatch, queue, delivery and what is called on errors do
    /// not.
    public AcknowledgedBuilder acknowledged() {
        Overflow policy = overflow == null ? overflowOf(topicConfig()) : overflow;
        boolean loses = policy instanceof Overflow.DropOldest || policy instanceof Overflow.DropNewest;
        if (overflow == null && (loses || policy instanceof Overflow.Spill)) {
            // Its topic says so for those who may lose messages.
            policy = Overflow.block(broker.config().blockTimeout());
        }
        return new AcknowledgedBuilder(backlogs, pattern, named(), start, policy, filter);
    }

    private String named() {
        return name == null ? "subscription-" + UUID.randomUUID() : name;
    }

    private TopicConfig topicConfig() {
        return broker.topic(pattern.text())
                .map(Topic::config)
                .orElse(broker.config().topics());
    }

    private Overflow overflowOf(TopicConfig topic) {
        Overflow policy = overflow;
        if (policy == null && !pattern.isWild()) {
            policy = topic.overflow();
            if (policy instanceof Overflow.Spill && dispatch instanceof Dispatch.Caller) {
                policy = null;
            }
        }
        return policy == null ? Overflow.block(broker.config().blockTimeout()) : policy;
    }

    private void checkSpill(TopicConfig topic) {
        if (!(overflow instanceof Overflow.Spill)) {
            return;
        }
        if (pattern.isWild()) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "overflow 'spill' is for subscriptions by name: not every topic that '" + pattern
                            + "' will match may be durable; subscribe to the topics by name, or have a route copy"
                            + " them to one durable topic");
        }
        if (!topic.isDurable() || dispatch instanceof Dispatch.Caller) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "overflow 'spill' is for subscriptions to a durable topic whose handler is not called by"
                            + " publishers; '" + pattern + "' can have another policy");
        }
    }

    private Subscription begin(@Nullable Handler each, @Nullable BatchHandler batch) {
        TopicConfig topic = topicConfig();
        checkSpill(topic);
        int topics = pattern.isWild() ? 0 : topic.queue();
        return delivery.subscribe(new SubscriptionSpec(
                pattern,
                named(),
                dispatch,
                start,
                queue > 0 ? queue : topics > 0 ? topics : DEFAULT_QUEUE,
                overflowOf(topic),
                strategy,
                each,
                batch,
                null,
                filter,
                onError,
                onEnd));
    }
}
