package dev.fanfare.topic;

import dev.fanfare.BrokerEvent;
import dev.fanfare.Commit;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;
import dev.fanfare.Ordering;
import dev.fanfare.PublishResult;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.FeedAccess;
import dev.fanfare.feed.TopicCounters;
import dev.fanfare.feed.Wakes;
import dev.fanfare.log.DurableTopicLog;
import dev.fanfare.log.TopicLog;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A topic: the single writer of its log. Messages get their places in its [Section]; what hears them is in its
/// [Plan], which is replaced only inside the section.
public final class LiveTopic implements Topic {

    private final String name;
    private final TopicConfig config;
    private final TopicLog log;
    private final TopicRegistry registry;
    private final Section appending;
    private final TopicCounters counters;

    /// The messages that wait for their time; null when none ever has.
    private volatile @Nullable DelayedQueue delayed;

    private volatile Plan plan;
    private volatile @Nullable Commit committed;
    private volatile @Nullable DeliveryStrategy delivery;

    /// The feeds of subscriptions by name. Guarded by the registry's lock.
    private List<SharedFeed<?>> named = List.of();

    LiveTopic(String name, TopicConfig config, TopicLog log, TopicRegistry registry, Plan plan) {
        this.name = name;
        this.config = config;
        this.log = log;
        this.registry = registry;
        this.plan = plan;
        this.counters = new TopicCounters(registry.feeds().totals().latencies());
        this.delivery = config.delivery();
        this.appending =
                new Section(this, log, registry, config.ordering() == Ordering.GLOBAL ? registry.globalOrder() : null);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String epoch() {
        return log.epoch();
    }

    @Override
    public TopicConfig config() {
        return config;
    }

    @Override
    public long visible() {
        return log.visible();
    }

    /// As [#visible], when all below is in the feeds as well.
    public long heardUpTo() {
        appending.enter();
        try {
            return log.visible();
        } finally {
            appending.leave();
        }
    }

    @Override
    public long oldest() {
        return log.oldest();
    }

    @Override
    public long historyBytes() {
        return log.bytes();
    }

    @Override
    public List<Message> read(long from, int maxMessages, int maxBytes) {
        long position = from;
        while (true) {
            List<Message> slice = log.read(position, maxMessages, maxBytes);
            List<Message> kept = unexpired(slice);
            if (!kept.isEmpty() || slice.isEmpty()) {
                return kept;
            }
            position = slice.getLast().offset() + 1;
        }
    }

    /// The newest message, even if its time to live is over: nobody reads it by that, so nothing is counted.
    public Optional<Message> newest() {
        return log.read(log.visible() - 1, 1, 0).stream().findFirst();
    }

    /// Those of a slice whose time to live is not over; the others are counted.
    List<Message> unexpired(List<Message> slice) {
        return unexpired(slice, FeedAccess.AS_IT_GOES);
    }

    /// Those of a slice whose time to live was not over at some time, or is not now if that is earlier.
    List<Message> unexpired(List<Message> slice, long by) {
        for (int i = 0; i < slice.size(); i++) {
            if (slice.get(i).ttlMillis() > 0) {
                long now = Math.min(by, registry.timers().currentTimeMillis());
                List<Message> kept = slice.stream()
                        .filter(message -> !message.isExpired(now))
                        .toList();
                counters.expired(slice.size() - kept.size());
                return kept;
            }
        }
        return slice;
    }

    @Override
    public long firstAt(Instant time) {
        return log.firstAt(Start.millis(time));
    }

    @Override
    public boolean deleted() {
        return plan == Plan.GONE || plan == Plan.CLOSED;
    }

    /// Whether it was deleted by somebody, rather than closed with its broker.
    public boolean isGone() {
        return plan == Plan.GONE;
    }

    @Override
    public @Nullable DeliveryStrategy delivery() {
        return delivery;
    }

    @Override
    public void delivery(@Nullable DeliveryStrategy strategy) {
        delivery = strategy;
        // Who gathers under the old one has to look again.
        plan.wake();
        registry.events().emit(() -> new BrokerEvent.StrategySwapped(name, null, strategy));
    }

    @Override
    public TopicCounters counters() {
        return counters;
    }

    @Override
    public int subscribers() {
        return plan.subscriptions();
    }

    @Override
    public PublishResult publish(Message draft) {
        return publishAwaiting(draft, null);
    }

    /// Publishes together with something else, and waits as [#publish(Message)] does.
    ///
    /// @param with see [#publish(Message, Wakes, Committer.Change)]
    PublishResult publishAwaiting(Message draft, Committer.@Nullable Change with) {
        return appending.publish(draft, with);
    }

    /// Publishes without waiting for room, here or where a route sends the message.
    ///
    /// @param wakes where the feeds to be woken are noted
    PublishResult publish(Message draft, Wakes wakes) {
        return publish(draft, wakes, null);
    }

    /// Publishes without waiting for room, together with something else.
    ///
    /// @param wakes where the feeds to be woken are noted
    /// @param with what is stored if and only if the message is; null for nothing. Whatever does not answer
    ///     with [PublishResult.Pending] does not store it, [Committer.Change#write] has not been called then
    public PublishResult publish(Message draft, Wakes wakes, Committer.@Nullable Change with) {
        return appending.attempt(draft, wakes, with);
    }

    /// How its messages get their places.
    Section appending() {
        return appending;
    }

    /// Tells when it is stored that the topic was made, or that it is gone; null when that need not be.
    public @Nullable Commit committed() {
        return committed;
    }

    void committed(Commit commit) {
        committed = commit;
    }

    @Override
    public int delayed() {
        DelayedQueue queue = delayed;
        return queue == null ? 0 : queue.size();
    }

    /// Under the lock of [DelayedMessages], like the three below.
    DelayedQueue delayedQueue() {
        DelayedQueue queue = delayed;
        if (queue == null) {
            queue = new DelayedQueue(this);
            delayed = queue;
        }
        return queue;
    }

    @Nullable
    DelayedQueue delayedQueueIfAny() {
        return delayed;
    }

    boolean hasDelayedQueue(DelayedQueue queue) {
        return delayed == queue;
    }

    @Nullable
    DelayedQueue takeDelayedQueue() {
        DelayedQueue queue = delayed;
        delayed = null;
        return queue;
    }

    /// Enters the section: nothing is appended until [#leave].
    void enter() {
        appending.enter();
    }

    void leave() {
        appending.leave();
    }

    boolean forgetsByAge() {
        return !config.historyAge().isZero();
    }

    /// Gives the memory of messages back that are too old now.
    void expire() {
        appending.enter();
        try {
            log.expire();
        } finally {
            appending.leave();
        }
    }

    /// Forgets the oldest messages until the history costs at most so many bytes.
    long shrink(long bytes) {
        appending.enter();
        try {
            return log.shrink(bytes);
        } finally {
            appending.leave();
        }
    }

    /// Gives memory back until the log holds at most so many bytes.
    ///
    /// @return how many messages were forgotten
    long relieve(long bytes) {
        appending.enter();
        try {
            return log.relieve(bytes);
        } finally {
            appending.leave();
        }
    }

    /// Its number in the store; 0 when nothing of it is stored.
    public int number() {
        return log instanceof DurableTopicLog durable ? durable.number() : 0;
    }

    /// Has it keep what lies at or after an offset, whatever its settings say: somebody is not done with it. By
    /// whoever commits, or before anything is published.
    ///
    /// @param who instead of what it said before
    public void hold(Object who, long offset) {
        if (log instanceof DurableTopicLog durable) {
            appending.enter();
            try {
                durable.hold(who, offset);
            } finally {
                appending.leave();
            }
        }
    }

    /// Ends [#hold].
    public void release(Object who) {
        if (log instanceof DurableTopicLog durable) {
            appending.enter();
            try {
                durable.release(who);
            } finally {
                appending.leave();
            }
        }
    }

    TopicLog log() {
        return log;
    }

    Plan plan() {
        return plan;
    }

    /// Under the registry's lock, which alone decides about plans; a plan that says the topic has ended is the last
    /// one.
    void plan(Plan next) {
        plan(next, null, null);
    }

    /// The same, where one reader comes in the place of another: what has its place already is for that one.
    ///
    /// @param from null: of none
    /// @param to null: none comes
    void plan(Plan next, @Nullable SharedFeed<?> from, @Nullable SharedFeed<?> to) {
        appending.enter();
        try {
            if (!deleted()) {
                if (from != null || to != null) {
                    appending.handovers().add(from, to, log.visible(), log.end());
                }
                plan = next;
            }
        } finally {
            appending.leave();
        }
    }

    /// Under the registry's lock: nothing is appended any more when this returns.
    void end(Plan why) {
        appending.enter();
        try {
            plan = why;
            appending.handovers().takenBack(log.visible());
            log.close();
            appending.identities().close();
        } finally {
            appending.leave();
        }
    }

    /// Under the registry's lock.
    List<SharedFeed<?>> named() {
        return named;
    }

    /// Under the registry's lock.
    void named(List<SharedFeed<?>> feeds) {
        named = List.copyOf(feeds);
    }

    @Override
    public String toString() {
        return "Topic[" + name + "]";
    }
}
