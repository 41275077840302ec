package dev.fanfare.topic;

import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerLimit;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.TopicName;
import dev.fanfare.feed.Wakes;
import dev.fanfare.local.Events;
import dev.fanfare.log.DurableTopicLog;
import dev.fanfare.log.HistoryBudget;
import dev.fanfare.log.LogReaders;
import dev.fanfare.log.MemoryTopicLog;
import dev.fanfare.log.TopicLog;
import dev.fanfare.request.Requests;
import dev.fanfare.store.Store;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// All topics by name. One lock, shared with [FeedRegistry], guards names, subscriptions and plans; looking a topic
/// up and publishing take none of it.
public final class TopicRegistry {

    /// Bound on a thread that routes: while the broker closes, only such a one still publishes.
    public static final ScopedValue<Boolean> ROUTING = ScopedValue.newInstance();

    /// What the broker runs with now.
    private final Supplier<BrokerConfig> config;
    private final Timers timers;
    private final Events events;
    private final HistoryBudget budget;
    private final HistoryShrinker shrinker;

    private final ReentrantLock lock = new ReentrantLock();
    /// The section of all topics that share one order.
    private final GlobalOrder globalOrder = new GlobalOrder();

    private final TopicDirectory directory = new TopicDirectory();
    private final DeletedTopics deleted = new DeletedTopics();
    private final FeedRegistry feeds;
    private final DelayedMessages delayed;
    private final Requests requests;
    private final LogReaders readers = new LogReaders();

    /// Null when nothing outlives the process.
    private final @Nullable Committer committer;

    private final @Nullable StoredTopics stored;

    private final AgingTopics aging;
    private volatile boolean closed;

    /// Told of each topic that was deleted.
    private volatile Consumer<String> deletion = _ -> {};

    /// Only routes still publish, to finish what was published before.
    private volatile boolean closing;

    /// Holds no topic yet.
    ///
    /// @param config what the broker runs with now
    /// @param events told what happens; it only puts it into the listeners' queues
    public TopicRegistry(Supplier<BrokerConfig> config, Timers timers, Events events) {
        this.config = config;
        this.timers = timers;
        this.events = events;
        BrokerConfig begun = config.get();
        this.budget = new HistoryBudget(begun.historyMemory());
        this.feeds = new FeedRegistry(this, config, lock, events);
        Store store = begun.store();
        this.committer = store == null ? null : new Committer(store, timers, events);
        this.stored = committer == null ? null : new StoredTopics(committer, timers, budget, directory);
        this.aging = new AgingTopics(directory, timers, committer, lock);
        this.delayed = new DelayedMessages(() -> config.get().pending(), timers, events, committer, directory);
        this.requests =
                new Requests(this, timers, events, () -> config.get().pending().requests());
        this.shrinker = new HistoryShrinker(budget, directory.all());
    }

    /// The broker's clock.
    public Timers timers() {
        return timers;
    }

    /// Who reads histories from the device.
    LogReaders readers() {
        return readers;
    }

    /// The section of all topics that share one order.
    GlobalOrder globalOrder() {
        return globalOrder;
    }

    /// The door for transports.
    public FeedRegistry feeds() {
        return feeds;
    }

    /// Who is told what happens.
    Events events() {
        return events;
    }

    /// What the histories cost.
    public HistoryBudget budget() {
        return budget;
    }

    /// How many subscriptions and groups hear by name the topic to which a message would go; none when it would
    /// only be made.
    ///
    /// @throws FanfareException `BAD_REQUEST` for an illegal name; `TOPIC_NOT_FOUND` when it does not exist and
    ///     topics do not make themselves
    public int responders(String name, Message draft) {
        LiveTopic topic = directory.find(name);
        Plan plan = topic == null ? planned(name) : topic.plan();
        Redirects redirects = plan.redirects();
        List<String> targets = redirects == null ? List.of() : redirects.targets(name, draft);
        return targets.isEmpty()
                ? plan.responders()
                : targets.stream().mapToInt(target -> responders(target, draft)).sum();
    }

    /// What the plan of a topic would be that does not exist.
    private Plan planned(String name) {
        TopicName.check(name);
        checkOpen();
        if (!config.get().autoCreateTopics()) {
            throw notFound(name);
        }
        lock.lock();
        try {
            return feeds.planFor(name);
        } finally {
            lock.unlock();
        }
    }

    /// The requests that wait for replies.
    public Requests requests() {
        return requests;
    }

    /// The messages that wait for their time.
    DelayedMessages delayed() {
        return delayed;
    }

    /// How many messages died that waited for their time.
    public long delayedLost() {
        return delayed.lost();
    }

    /// How long a publisher waits at most for loops that do not keep up, before it goes on all the same.
    Duration congestionWait() {
        return config.get().blockTimeout();
    }

    /// After each append, outside of the section, and when what the histories may cost has become less.
    ///
    /// @param transport whether the calling thread is a transport's: looking at all topics is not for it
    public void appended(boolean transport) {
        if (!budget.exceeded()) {
            return;
        }
        if (transport) {
            shrinker.shrinkElsewhere();
        } else {
            shrinker.shrink();
        }
    }

    /// What commits; only what is durable asks.
    Committer committer() {
        if (committer == null) {
            throw new IllegalStateException("this broker has no store");
        }
        return committer;
    }

    /// What commits; empty when nothing outlives the process.
    public Optional<Committer> storage() {
        return Optional.ofNullable(committer);
    }

    /// Brings the topics back that are stored. Once, before anything else.
    ///
    /// @throws dev.fanfare.store.StoreException when they can't be read
    public void restore() {
        if (stored == null || committer == null) {
            return;
        }
        lock.lock();
        try {
            for (StoredTopics.Found found : stored.read(Epochs::next)) {
                DurableTopicLog log = stored.log(found);
                LiveTopic topic = add(found.form().name(), found.form().config(), log);
                stored.restore(topic, found.number(), delayed);
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- topics

    /// Makes a topic with the configured settings: see [#create(String, TopicConfig)].
    public LiveTopic create(String name) {
        return create(name, config.get().topics(name));
    }

    /// Makes a topic. One that is durable is stored soon, before anything that is published to it.
    ///
    /// @throws FanfareException `BAD_REQUEST`, `TOPIC_EXISTS`, `LIMIT_REACHED`, `SHUTTING_DOWN`
    public LiveTopic create(String name, TopicConfig topicConfig) {
        TopicName.check(name);
        if (name.equals(topicConfig.deadLetter())) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, "topic '" + name + "' can't take its own dead letters");
        }
        lock.lock();
        try {
            checkOpen();
            if (directory.find(name) != null) {
                throw new FanfareException(ErrorCode.TOPIC_EXISTS, "topic '" + name + "' exists already");
            }
            return add(name, topicConfig);
        } finally {
            lock.unlock();
        }
    }

    /// The topic of that name, made with the default settings if it does not exist and topics make themselves.
    ///
    /// @throws FanfareException `TOPIC_NOT_FOUND` when it does not exist; those of [#create]
    public LiveTopic require(String name) {
        LiveTopic topic = directory.find(name);
        if (topic != null) {
            return topic;
        }
        if (!config.get().autoCreateTopics()) {
            checkOpen();
            throw notFound(name);
        }
        return requireOwn(TopicName.check(name), config.get().topics(name));
    }

    /// The topic of that name, made with `topicConfig` if it does not exist: by the broker itself, which makes
    /// topics as it needs them, with names that clients can't make.
    ///
    /// @throws FanfareException `LIMIT_REACHED`, `SHUTTING_DOWN`
    public LiveTopic requireOwn(String name, TopicConfig topicConfig) {
        LiveTopic topic = directory.find(name);
        if (topic != null) {
            return topic;
        }
        lock.lock();
        try {
            checkOpen();
            topic = directory.find(name);
            return topic == null ? add(name, topicConfig) : topic;
        } finally {
            lock.unlock();
        }
    }

    /// Forgets every message of a topic.
    public void forget(Topic topic) {
        LiveTopic emptied = (LiveTopic) topic;
        emptied.shrink(0);
        if (committer != null && emptied.config().isDurable()) {
            committer.tidy(emptied);
        }
    }

    private static FanfareException notFound(String name) {
        return new FanfareException(ErrorCode.TOPIC_NOT_FOUND, "topic '" + name + "' does not exist; create it first");
    }

    void checkOpen() {
        if (closed || closing && !ROUTING.isBound()) {
            throw new FanfareException(ErrorCode.SHUTTING_DOWN, "the broker is closing");
        }
    }

    /// Under the lock.
    private LiveTopic add(String name, TopicConfig topicConfig) {
        if (directory.size() >= config.get().maxTopics()) {
            throw new FanfareException(
                    BrokerLimit.TOPICS,
                    "topic '" + name + "' would be one more than max-topics ("
                            + config.get().maxTopics() + ") allows: delete topics or raise the setting");
        }
        if (!topicConfig.isDurable()) {
            LiveTopic topic =
                    add(name, topicConfig, new MemoryTopicLog(Epochs.next(), topicConfig.retention(), timers, budget));
            // Here, where it is only put into queues, so that creation and deletion are told in their order.
            events.emit(() -> new BrokerEvent.TopicCreated(name));
            return topic;
        }
        if (stored == null) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "topic '" + name + "' can't have the durability '"
                            + topicConfig.durability().label()
                            + "': nothing durable is kept here (start with a data folder)");
        }
        DurableTopicLog log = stored.newLog(name, Epochs.next(), topicConfig);
        LiveTopic topic = add(name, topicConfig, log);
        topic.committed(stored.created(name, log, topicConfig));
        events.emit(() -> new BrokerEvent.TopicCreated(name));
        return topic;
    }

    /// Under the lock.
    private LiveTopic add(String name, TopicConfig topicConfig, TopicLog log) {
        Plan plan = closing ? feeds.planFor(name).closing() : feeds.planFor(name);
        LiveTopic topic = new LiveTopic(name, topicConfig, log, this, plan);
        directory.add(topic);
        aging.added(topic);
        return topic;
    }

    /// The topic of that name.
    public Optional<Topic> find(String name) {
        return Optional.ofNullable(directory.find(name));
    }

    /// The topics whose names begin with `prefix` and come after `after`, in the order of their names (by UTF-16
    /// code unit).
    public Stream<Topic> list(String prefix, String after) {
        return directory.list(prefix, after).map(topic -> topic);
    }

    /// Deletes a topic: nothing is appended any more when this returns, and its subscriptions by name end.
    ///
    /// @return the topic, whose [LiveTopic#committed] tells when it will not come back; null when there was none
    public @Nullable LiveTopic delete(String name) {
        LiveTopic topic = remove(name);
        if (topic != null) {
            deletion.accept(name);
        }
        return topic;
    }

    /// Who is told of each topic that was deleted, on the thread that deleted it, which may be an event loop;
    /// under no lock. One, once.
    public void onDeletion(Consumer<String> told) {
        deletion = told;
    }

    private @Nullable LiveTopic remove(String name) {
        lock.lock();
        try {
            LiveTopic topic = directory.remove(name);
            if (topic == null) {
                return null;
            }
            end(topic, Plan.GONE);
            if (stored != null && topic.log() instanceof DurableTopicLog log) {
                topic.committed(stored.deleted(log, topic.config().durability()));
            }
            delayed.drop(topic, true);
            deleted.add(topic);
            feeds.totals().deleted(topic);
            aging.removed(topic);
            // Under the lock, so that no feed is told that was closed meanwhile.
            topic.named().forEach(named -> named.feed().end());
            events.emit(() -> new BrokerEvent.TopicDeleted(name));
            return topic;
        } finally {
            lock.unlock();
        }
    }

    /// Under the lock.
    private static void end(LiveTopic topic, Plan why) {
        Plan last = topic.plan();
        topic.end(why);
        // Publishers that wait for room look again, and find that it is over.
        last.openRooms();
    }

    /// The topics that were deleted lately.
    DeletedTopics deleted() {
        return deleted;
    }

    /// How many topics there are.
    int size() {
        return directory.size();
    }

    /// Calls `action` for each topic that the pattern matches; those that come or go meanwhile may be among them or
    /// not.
    void matching(Pattern pattern, Consumer<LiveTopic> action) {
        directory.matching(pattern, action);
    }

    /// From now on nothing is made, published or subscribed to, except by routes, which finish what was
    /// published.
    public void stopButRoutes() {
        lock.lock();
        try {
            closing = true;
            PlanChange change = new PlanChange(Plan::closing);
            for (LiveTopic topic : directory.all()) {
                topic.plan(change.of(topic.plan()));
            }
        } finally {
            lock.unlock();
        }
    }

    /// From now on nothing is made, published or subscribed to; what was published can still be read.
    public void stop() {
        lock.lock();
        try {
            closed = true;
            aging.close();
            for (LiveTopic topic : directory.all()) {
                end(topic, Plan.CLOSED);
                delayed.drop(topic, false);
            }
            delayed.close();
        } finally {
            lock.unlock();
        }
    }

    /// Stores what was published before [#stop], and closes the store. Once, when nothing is published any more.
    public void closeStore() {
        readers.close();
        if (committer != null) {
            committer.close();
            committer.store().close();
        }
    }

    /// Forgets all topics.
    public void clear() {
        lock.lock();
        try {
            directory.clear();
        } finally {
            lock.unlock();
        }
    }

    /// A publish to a name: the topic is made if topics make themselves.
    public PublishResult publish(String name, Message draft) {
        return publish(name, draft, null);
    }

    /// A publish to a name.
    ///
    /// @param wakes null: it waits for room; else it does not, and notes the feeds to be woken there
    public PublishResult publish(String name, Message draft, @Nullable Wakes wakes) {
        return publish(name, draft, wakes, null);
    }

    /// A publish to a name, together with something else.
    ///
    /// @param wakes null: it waits for room; else it does not, and notes the feeds to be woken there
    /// @param with see [LiveTopic#publish(Message, Wakes, Committer.Change)]
    public PublishResult publish(String name, Message draft, @Nullable Wakes wakes, Committer.@Nullable Change with) {
        if (Requests.isAddress(name)) {
            return requests.reply(name, draft);
        }
        while (true) {
            LiveTopic topic;
            try {
                topic = require(name);
            } catch (FanfareException e) {
                return Refused.of(e);
            }
            PublishResult result =
                    wakes == null ? topic.publishAwaiting(draft, with) : topic.publish(draft, wakes, with);
            boolean deletedMeanwhile = result instanceof Refused refused && refused.code() == ErrorCode.TOPIC_NOT_FOUND;
            if (!deletedMeanwhile || !config.get().autoCreateTopics()) {
                return result;
            }
        }
    }
}
