package dev.fanfare;

import dev.fanfare.delivery.Backlogs;
import dev.fanfare.delivery.DeliveryAccess;
import dev.fanfare.feed.FeedAccess;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.TopicName;
import dev.fanfare.feed.Wakes;
import dev.fanfare.local.Events;
import dev.fanfare.local.LocalDelivery;
import dev.fanfare.publishing.PublishQueue;
import dev.fanfare.request.Asking;
import dev.fanfare.request.Commands;
import dev.fanfare.routing.RouteTable;
import dev.fanfare.time.Deadline;
import dev.fanfare.time.SystemTimers;
import dev.fanfare.time.Timers;
import dev.fanfare.topic.TopicRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Publish/subscribe in one process: topics, who publishes to them, who hears them. Any thread.
///
/// Nothing of a broker outlives [#close]: no thread, no message. Until then its threads are daemons: a broker
/// that is forgotten keeps no process alive.
public final class Broker implements AutoCloseable {

    private static final Duration LISTENERS_GRACE = Duration.ofSeconds(1);

    private static final int MOST_REPLIES = 1_000;

    private static @Nullable Broker shared;

    /// What it runs with now.
    private volatile BrokerConfig config;
    private final Timers timers;
    private final TopicRegistry registry;
    private final TopicMaking making;
    private final LocalDelivery delivery;
    private final Backlogs backlogs;
    private final Events events;
    private final RouteTable routeTable;
    private final Routes routes;
    private final BrokerFigures figures;
    private final Asking asking;
    private final Commands commands = new Commands(this);
    private final Set<PublishQueue> batching = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final CountDownLatch over = new CountDownLatch(1);

    private Broker(BrokerConfig config) {
        this.config = config;
        this.timers = config.timers() == null ? new SystemTimers() : config.timers();
        this.events = new Events(timers);
        this.registry = new TopicRegistry(this::config, timers, events);
        this.making = new TopicMaking(registry);
        this.asking = new Asking(registry);
        registry.restore();
        this.routeTable = new RouteTable(registry, this::config, timers, events);
        try {
            routeTable.begin();
        } catch (RuntimeException refused) {
            closeTimers();
            throw refused;
        }
        this.routes = new Routes(routeTable);
        this.delivery = new LocalDelivery(
                registry.feeds(), timers, events, name -> registry.find(name).orElse(null));
        this.backlogs = new Backlogs(this::config, registry, delivery, events);
        backlogs.restore();
        this.figures = new BrokerFigures(registry, delivery, backlogs, routes);
    }

    /// A broker with the default configuration.
    public static Broker open() {
        return open(BrokerConfig.defaults());
    }

    /// A broker.
    ///
    /// @throws FanfareException when its [BrokerConfig#routing] is refused: see [Routes#add]
    public static Broker open(BrokerConfig config) {
        return new Broker(config);
    }

    /// The one broker that everybody in the process shares, with the default configuration; a new one when the
    /// last was closed.
    public static synchronized Broker shared() {
        if (shared == null || shared.closed.get()) {
            shared = open();
        }
        return shared;
    }

    /// What it runs with now: what it was opened with, or the last [#reconfigure].
    public BrokerConfig config() {
        return config;
    }

    /// Goes on with another configuration. Topics, groups and durable names that there are keep what they were
    /// made with. Limits hold for what is begun from now on and end nothing; but histories that hold more than
    /// they may forget. Routes that only the configuration before had go, those that only this one has come; one
    /// that differs is changed, and passes over nothing; what was added or removed by [Routes] stays so. Any thread
    /// that may wait.
    ///
    /// @throws FanfareException and nothing has changed: `BAD_REQUEST` when something differs that is fixed at
    ///     the start (codec, clock, store, restoring routes), or why a route is refused: see [Routes#add]
    public synchronized void reconfigure(BrokerConfig next) {
        BrokerConfig now = config;
        if (!now.withMutable(next).equals(next)) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "a broker that runs can't get another codec, timers, store or way to restore routes: close it and open"
                            + " another");
        }
        routeTable.replace(now.routing().routes(), next.routing());
        config = next;
        registry.budget().limitTo(next.historyMemory());
        registry.appended(false);
    }

    // ---- topics

    /// Makes a topic with [BrokerConfig#topics(String)].
    ///
    /// @throws FanfareException see [#createTopic(String, TopicConfig)]
    public Topic createTopic(String name) {
        return createTopic(name, config.topics(name));
    }

    /// Makes a topic. Waits until a durable one is stored.
    ///
    /// @throws FanfareException `TOPIC_EXISTS`, `BAD_REQUEST` for an illegal name or a durable topic without a
    /// store,
    ///     `LIMIT_REACHED`, `SHUTTING_DOWN`, `INTERNAL` when it could not be stored
    public Topic createTopic(String name, TopicConfig topicConfig) {
        return making.create(name, topicConfig);
    }

    /// [#createTopicAsync(String, TopicConfig)] with [BrokerConfig#topics(String)].
    public CompletableFuture<Topic> createTopicAsync(String name) {
        return createTopicAsync(name, config.topics(name));
    }

    /// Makes a topic without waiting until a durable one is stored.
    ///
    /// @return the topic, or a [FanfareException] as of [#createTopic(String, TopicConfig)]
    public CompletableFuture<Topic> createTopicAsync(String name, TopicConfig topicConfig) {
        return making.createAsync(name, topicConfig);
    }

    /// The topic of that name.
    public Optional<Topic> topic(String name) {
        return registry.find(name);
    }

    /// All topics, in the order of their names.
    public Stream<Topic> topics() {
        return topics("", "");
    }

    /// All topics whose names start with `prefix` and come after `after` (empty: from the first), in the order of
    /// their names, UTF-16 code unit by code unit. Topics made or deleted while the stream is read may be in it
    /// or not.
    public Stream<Topic> topics(String prefix, String after) {
        return registry.list(prefix, after);
    }

    /// Deletes a topic: false when there was none. When it returns nothing is published to it any more; what was,
    /// still reaches its subscriptions, and those by its name end then. Waits until a durable one is gone for good.
    ///
    /// @throws FanfareException `INTERNAL` when that could not be stored: it is gone here, and from
    ///     the store as soon as that can be written to
    public boolean deleteTopic(String name) {
        return making.delete(name);
    }

    /// Deletes a topic without waiting until a durable one is gone for good: when this returns nothing is published
    /// to it any more.
    ///
    /// @return false when there was none, or a [FanfareException] as of [#deleteTopic]
    public CompletableFuture<Boolean> deleteTopicAsync(String name) {
        return making.deleteAsync(name);
    }

    // ---- publishing

    /// Publishes a text. See [#publish(String, Message)].
    public PublishResult publish(String topic, String text) {
        return publish(topic, Message.text(text));
    }

    /// Publishes bytes, copied, of no known meaning. See [#publish(String, Message)].
    public PublishResult publish(String topic, byte[] bytes) {
        return publish(topic, Message.of(Payload.bytes(bytes, Payload.BINARY)));
    }

    /// Publishes an object: a [Message], a [Payload], a [String] or a `byte[]` as it is, anything else through
    /// [BrokerConfig#codec], with the name of its class for the message's type. See [#publish(String, Message)].
    ///
    /// @throws FanfareException `BAD_REQUEST` when no codec is set; what the codec throws
    public PublishResult publish(String topic, Object value) {
        return publish(topic, message(value));
    }

    /// What is published for an object.
    Message message(Object value) {
        return switch (value) {
            case Message message -> message;
            case Payload payload -> Message.of(payload);
            case String text -> Message.text(text);
            case byte[] bytes -> Message.of(Payload.bytes(bytes, Payload.BINARY));
            default ->
                Message.of(config.codec().encode(value))
                        .withType(value.getClass().getName());
        };
    }

    /// Publishes a message: it has its place in the topic's log when this returns, and is on its way to the
    /// subscriptions. A received message can be published again: it keeps its id and gets a new place.
    ///
    /// Waits for room when a subscription's policy is to block, and is refused when there is none in time. Never
    /// waits on a thread that would have to make the room.
    ///
    /// @return what became of it; an illegal name, a missing topic or a limit is a refusal too
    public PublishResult publish(String topic, Message message) {
        return registry.publish(topic, message);
    }

    /// Publishes a message without waiting for anything: for who has many to publish to durable topics and
    /// wants to be told of each when it is stored. Those of one thread keep their order.
    ///
    /// @return what became of it. Where [#publish] would wait for room it is refused with `BACKPRESSURE`
    public CompletableFuture<PublishResult> publishAsync(String topic, Message message) {
        Wakes wakes = new Wakes();
        PublishResult result = registry.publish(topic, message, wakes);
        wakes.flush();
        if (!(result instanceof PublishResult.Pending(PublishResult outcome, Commit commit))) {
            return CompletableFuture.completedFuture(result);
        }
        CompletableFuture<PublishResult> future = new CompletableFuture<>();
        commit.onDone(failure -> future.complete(failure == null ? outcome : failure));
        return future;
    }

    /// A publisher bound to a topic, which need not exist yet.
    ///
    /// @throws FanfareException `BAD_REQUEST` for an illegal name
    public Publisher publisher(String topic) {
        return new Publisher(this, TopicName.check(topic));
    }

    /// A publisher that gathers messages, publishes them in the background, and may try again and compress. It is
    /// closed with the broker, within the same time.
    public BatchingPublisher batching(Batching how) {
        PublishQueue queue = new PublishQueue(registry, timers, how, config.blockTimeout());
        batching.add(queue);
        if (closed.get()) {
            queue.close(Duration.ZERO);
        }
        return new BatchingPublisher(queue, () -> batching.remove(queue));
    }

    /// The rules by which messages go from topic to topic.
    public Routes routes() {
        return routes;
    }

    // ---- requests and replies

    /// Asks whoever hears a topic by its name, and waits for the first reply: a command, or a query.
    ///
    /// @param timeout 1 ms to a day; the request is not replayed to anybody after it
    /// @return the first reply, or a [FanfareException]: `NO_RESPONDERS` at once when no subscription has that name
    ///     (nothing is published then), `TIMEOUT`, `FAILED` when whoever was asked could not do it,
    ///     `LIMIT_REACHED` when too many requests wait, or why the publish was refused
    public CompletableFuture<Message> request(String topic, Message message, Duration timeout) {
        return asking.first(topic, message, timeout);
    }

    /// [#requestAll(String, Message, Duration, int)] with 1,000 replies at most.
    public CompletableFuture<List<Message>> requestAll(String topic, Message message, Duration timeout) {
        return requestAll(topic, message, timeout, MOST_REPLIES);
    }

    /// Asks whoever hears a topic by its name, and gathers what they reply until the time is over or there are as
    /// many replies as wanted; those that say that somebody could not answer ([Message#failure]) among them.
    ///
    /// @param most 1 or more
    /// @return the replies, at least one, or a [FanfareException] as of [#request]
    public CompletableFuture<List<Message>> requestAll(String topic, Message message, Duration timeout, int most) {
        return asking.all(topic, message, timeout, most);
    }

    /// Replies to a request: to the one who waits for it, or to the topic that it names. The reply carries the
    /// request's correlation id unless it has one.
    ///
    /// @return refused with `TOPIC_NOT_FOUND` when nobody waits any more, with `BAD_REQUEST` when the message asked
    ///     for no reply
    public PublishResult reply(Message request, Message answer) {
        return asking.reply(request, answer);
    }

    /// Handles the commands of a topic: one handler only, whose answer is the result. What it throws is told to
    /// the one who asked as `FAILED`, and counts as a failure of its subscription. A command whose timeout is
    /// over is not handled any more.
    ///
    /// @return ends the handling when it is closed
    /// @throws FanfareException `LIMIT_REACHED` when the topic has a handler of commands; what [#subscribe] says
    public Subscription onCommand(String topic, Responder handler) {
        return commands.handle(TopicName.check(topic), handler);
    }

    /// Answers the queries of a topic, one of any number: each gets every query. Otherwise like [#onCommand].
    ///
    /// @return ends the answering when it is closed
    /// @throws FanfareException what [#subscribe] says
    public Subscription onQuery(String topic, Responder responder) {
        return commands.answer(TopicName.check(topic), responder);
    }

    /// How many requests wait for replies.
    public int pendingRequests() {
        return registry.requests().waiting();
    }

    // ---- subscribing

    /// Subscribes with a virtual thread, to what is published from now on: [#subscription] says it differently.
    ///
    /// @param pattern a topic's name, or a pattern over names: `orders.*`, `orders.**`
    /// @throws FanfareException see [SubscriptionBuilder#handle]; `BAD_REQUEST` for an illegal pattern
    public Subscription subscribe(String pattern, Handler handler) {
        return subscription(pattern).handle(handler);
    }

    /// Prepares a subscription.
    ///
    /// @param pattern a topic's name, or a pattern over names
    /// @throws FanfareException `BAD_REQUEST` for an illegal pattern
    public SubscriptionBuilder subscription(String pattern) {
        return new SubscriptionBuilder(this, delivery, backlogs, Pattern.of(pattern));
    }

    /// What acknowledged subscriptions and groups have given up of a topic; or, for a topic that keeps dead
    /// letters, what it keeps.
    ///
    /// @throws FanfareException `TOPIC_NOT_FOUND`
    public DeadLetters deadLetters(String topic) {
        return backlogs.deadLetters(topic);
    }

    /// Begins a transaction: publishes and acknowledgements that happen together or not at all.
    public Transaction transaction() {
        return new Transaction(backlogs);
    }

    /// Ends a group or a durable subscription: what it had not done is lost, and counted. Waits until that outlives
    /// the power, if there is a store.
    ///
    /// @return false when there is none of that name
    /// @throws FanfareException when it has ended, but the store could not be told so yet
    public boolean endSubscription(String name) {
        Optional<Commit> ended = backlogs.end(name);
        PublishResult.Refused failure = ended.map(Commit::await).orElse(null);
        if (failure != null) {
            throw new FanfareException(
                    failure.code(), "'" + name + "' has ended, but that is not yet stored: " + failure.reason());
        }
        return ended.isPresent();
    }

    // ---- what happens

    /// Adds a listener to what happens from now on, until its registration is closed or the broker is. Before that
    /// it hears which damage to the store was found so far: the first 100 such events.
    public BrokerListener.Registration listen(BrokerListener listener) {
        return events.listen(listener);
    }

    /// What happened so far. Looks at every topic and subscription, and asks event loops: for now and then, not
    /// for every message, and not on an event loop.
    public BrokerStats stats() {
        return figures.all();
    }

    /// What happened so far, in parts.
    public BrokerFigures figures() {
        return figures;
    }

    /// The figures of the store of durable topics; empty when there is none. Asks the store: not on an event
    /// loop.
    public Optional<BrokerStats.StorageStats> storageStats() {
        return figures.storage();
    }

    // ---- transports

    /// The door for transports.
    public FeedAccess feeds() {
        return registry.feeds();
    }

    /// The door for transports to acknowledged delivery.
    public DeliveryAccess deliveries() {
        return backlogs;
    }

    /// The clock that stamps messages.
    public Timers timers() {
        return timers;
    }

    /// What all histories cost in memory, about, in bytes; at most [BrokerConfig#historyMemory], but for a
    /// moment.
    public long historyMemoryUsed() {
        return registry.budget().used();
    }

    /// How many messages were forgotten because all histories together had become too large.
    public long historyForgotten() {
        return registry.budget().forgotten();
    }

    // ---- the end

    /// Whether [#close] was called.
    public boolean isClosed() {
        return closed.get();
    }

    /// [#close(Duration)] with 5 seconds.
    @Override
    public void close() {
        close(Duration.ofSeconds(5));
    }

    /// Refuses everything from now on, lets subscriptions finish what was published, and ends them when they have
    /// or when `grace` is over, in real time whatever [BrokerConfig#timers] is: it waits for handlers, not for a
    /// clock. Then its listeners hear what is left, for a second or as long again.
    ///
    /// Handlers and listeners that stay in a call are interrupted; one that ignores even that keeps its thread.
    /// Idempotent: a second caller waits for the first, unless it is a handler, for which the first one waits.
    public void close(Duration grace) {
        if (!closed.compareAndSet(false, true)) {
            awaitClose(grace);
            return;
        }
        delivery.announceClose();
        Deadline deadline = Deadline.in(grace);
        batching.forEach(each -> each.close(deadline.left()));
        routeTable.close(deadline.left());
        backlogs.announceClose();
        registry.stop();
        registry.feeds().awaitFilters(deadline.left().dividedBy(2));
        delivery.close(deadline.left());
        registry.requests().close();
        backlogs.close(deadline.left());
        registry.closeStore();
        registry.clear();
        events.close(grace.compareTo(LISTENERS_GRACE) > 0 ? grace : LISTENERS_GRACE);
        closeTimers();
        over.countDown();
    }

    private void closeTimers() {
        if (config.timers() == null) {
            timers.close();
        }
    }

    private void awaitClose(Duration grace) {
        if (delivery.isInHandler() || backlogs.isInHandler()) {
            return;
        }
        try {
            over.await(grace.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
