package dev.fanfare.topic;

import dev.fanfare.BrokerEvent;
import dev.fanfare.Commit;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.Ordering;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Pending;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.TopicCounters;
import dev.fanfare.feed.Wakes;
import dev.fanfare.log.DurableTopicLog;
import dev.fanfare.log.TopicLog;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A topic: the single writer of its log.
///
/// A publish reads the plan, lets each kind of feed prepare, enters the section, asks the feeds that may refuse,
/// gives the message its offset and timestamp, appends it to the log and to each feed, raises the log's visible
/// mark and leaves; then the feeds are woken. The plan is replaced only inside the section: if it changed on the
/// way in, the kinds prepare again there.
///
/// The visible mark rises last, so that whoever enters the section finds every visible message in every feed, and
/// none but these.
public final class LiveTopic implements Topic {

    private static final Logger LOG = LoggerFactory.getLogger(LiveTopic.class);

    private static final long DELAY_MAX_MILLIS = Duration.ofDays(3_650).toMillis();

    private final String name;
    private final TopicConfig config;
    private final TopicLog log;
    private final TopicRegistry registry;
    private final ReentrantLock section;
    private final TopicCounters counters = new TopicCounters();

    /// The ids that were seen lately. In the section.
    private final Identities identities;

    /// The messages that wait for their time; null when none ever has.
    private volatile @Nullable DelayedQueue delayed;

    /// Up to where messages are with the feeds, or about to be. Written in the section.
    private volatile long heardUpTo;

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
        this.section = config.ordering() == Ordering.GLOBAL ? registry.globalSection() : new ReentrantLock();
        this.plan = plan;
        this.delivery = config.delivery();
        this.identities = Identities.of(config.dedup(), registry.budget());
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

    /// Those of a slice whose time to live is not over; the others are counted.
    List<Message> unexpired(List<Message> slice) {
        for (int i = 0; i < slice.size(); i++) {
            if (slice.get(i).ttlMillis() > 0) {
                long now = registry.timers().currentTimeMillis();
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
        Redirects redirects = plan.redirects();
        PublishResult elsewhere = redirects == null ? null : redirects.publish(registry, this, draft, null);
        return elsewhere == null ? publishHere(draft) : elsewhere;
    }

    private PublishResult publishHere(Message draft) {
        PublishResult result = append(draft, null);
        if (result instanceof Pending pending) {
            PublishResult committed = pending.await();
            wake(plan);
            return committed;
        }
        return result instanceof Refused refused && refused.full() != null ? publishWhenRoom(draft, refused) : result;
    }

    /// Waits for room as long as the first refusal allows, and tries again each time there may be some.
    private PublishResult publishWhenRoom(Message draft, Refused first) {
        Timers timers = registry.timers();
        long deadline = timers.nanoTime() + first.waitMillis() * 1_000_000;
        Refused refused = first;
        while (true) {
            Feed<?> full = refused.full();
            long left = deadline - timers.nanoTime();
            if (full == null || left <= 0) {
                return refused;
            }
            if (full.drainsHere()) {
                return new Refused(
                        refused.code(),
                        refused.reason() + "; this thread has to drain that queue and must not wait for it");
            }
            RoomQueue room = plan.room(full);
            if (room != null && !room.await(Duration.ofNanos(left), this::deleted)) {
                return new Refused(refused.code(), refused.reason() + "; interrupted while waiting");
            }
            PublishResult result = append(draft, null);
            if (!(result instanceof Refused again)) {
                return result instanceof Pending pending ? pending.await() : result;
            }
            refused = again;
        }
    }

    /// Publishes without waiting for room, here or where a route sends the message.
    ///
    /// @param wakes where the feeds to be woken are noted
    PublishResult publish(Message draft, Wakes wakes) {
        Redirects redirects = plan.redirects();
        PublishResult elsewhere = redirects == null ? null : redirects.publish(registry, this, draft, wakes);
        return elsewhere == null ? append(draft, wakes) : elsewhere;
    }

    /// Publishes here without waiting for room.
    ///
    /// @param wakes where the feeds to be woken are noted; null: they are woken here, and a congested one is waited
    ///     for
    PublishResult append(Message draft, @Nullable Wakes wakes) {
        Refused tooSafe = refuseDurability(draft.durability());
        if (tooSafe != null) {
            return tooSafe;
        }
        return draft.isDelayed() ? delay(draft, wakes) : append(draft, wakes, false, null);
    }

    private @Nullable Refused refuseDurability(Durability asked) {
        if (asked == Durability.MEMORY || config.isDurable() && asked != Durability.REPLICATED) {
            return null;
        }
        return new Refused(
                ErrorCode.BAD_REQUEST,
                "topic '" + name + "' can't be published to with durability '" + asked.label() + "': it is kept "
                        + (config.isDurable() ? "on one machine" : "in memory only"));
    }

    /// A message whose time has come.
    ///
    /// @param with what has to be stored with it; null for nothing
    PublishResult appendDue(Message message, Wakes wakes, Committer.@Nullable Change with) {
        return append(message, wakes, true, with);
    }

    private PublishResult append(Message draft, @Nullable Wakes wakes, boolean due, Committer.@Nullable Change with) {
        Plan planned = plan;
        Message named = draft.id().isEmpty() ? draft.withId(newId()) : draft;
        MessageIdentity identity = identities.of(draft);
        boolean durable = config.isDurable();
        // What is committed first is prepared by who commits.
        Object prepared = durable ? null : planned.prepare(this, named);
        Message stored;
        Throwable failure;
        section.lock();
        try {
            if (plan != planned) {
                planned = plan;
                prepared = durable ? null : planned.prepare(this, named);
            }
            if (planned == Plan.GONE || planned == Plan.CLOSED) {
                return gone(planned);
            }
            long now = Math.max(registry.timers().currentTimeMillis(), log.lastTimestamp());
            PublishResult first = due ? null : first(identity, named, now);
            if (first != null) {
                return first;
            }
            Refused refused = durable ? registry.committer().refusal() : null;
            if (refused == null) {
                refused = planned.admit(this);
            }
            if (refused != null) {
                return refused;
            }
            stored = named.stored(named.id(), name, log.epoch(), log.end(), now);
            log.append(stored);
            identities.remember(identity, stored, due);
            if (durable || log.visible() < stored.offset()) {
                // Also behind what a transaction has not made visible yet.
                return commit(stored, draft.durability(), with, planned, wakes);
            }
            failure = planned.append(this, stored, prepared);
            log.reveal(log.end());
        } finally {
            section.unlock();
        }
        registry.appended(wakes != null);
        tellEnqueued(stored);
        if (wakes != null) {
            planned.noteIn(wakes);
        } else {
            wake(planned);
        }
        if (failure != null) {
            // A bug. The message has its place, and everybody else has it.
            throw new IllegalStateException("a feed of topic '" + name + "' did not take message " + stored, failure);
        }
        return new Accepted(stored.id(), stored.epoch(), stored.offset(), stored.timestampMillis());
    }

    /// Inside the section: what was appended becomes visible when it is committed.
    private PublishResult commit(
            Message stored, Durability asked, Committer.@Nullable Change with, Plan planned, @Nullable Wakes wakes) {
        Commit commit = registry.committer().add(this, log.end(), TopicLog.cost(stored), asked, with);
        if (commit == null) {
            log.takeBack(stored.offset());
            identities.forget(stored.offset());
            return registry.committer().refuseNow();
        }
        if (wakes != null) {
            // A publisher that is faster than the readers has to learn of it.
            planned.noteIn(wakes);
        }
        return new Pending(accepted(stored, asked), commit);
    }

    private Accepted accepted(Message stored, Durability asked) {
        return new Accepted(
                stored.id(),
                stored.epoch(),
                stored.offset(),
                stored.timestampMillis(),
                false,
                config.durability().or(asked));
    }

    /// Inside the section: what became of the publish that this one repeats; null when it repeats none.
    private @Nullable PublishResult first(@Nullable MessageIdentity identity, Message named, long now) {
        PublishResult first = identities.first(identity, named.id(), log.epoch(), now, config.durability());
        if (first == null) {
            return null;
        }
        counters.duplicate();
        if (!config.isDurable() && !(first instanceof Accepted accepted && accepted.offset() >= log.visible())) {
            return first;
        }
        // The first one may not be stored yet, or not as safely as this one wants it.
        Commit commit = registry.committer().add(this, log.end(), 0, named.durability(), null);
        return commit == null ? registry.committer().refuseNow() : new Pending(first, commit);
    }

    /// After a message became visible.
    void tellEnqueued(Message stored) {
        if (registry.events().listeningToMessages()) {
            registry.events().emitMessage(() -> new BrokerEvent.MessageEnqueued(name, stored.offset(), stored.id()));
        }
    }

    /// Inside the section: whether what is appended next is not visible at once.
    boolean mustCommit() {
        return config.isDurable() || log.visible() < log.end();
    }

    /// Tells when it is stored that the topic was made, or that it is gone; null when that need not be.
    public @Nullable Commit committed() {
        return committed;
    }

    void committed(Commit commit) {
        committed = commit;
    }

    /// Inside the section: why nothing can be appended in a transaction now; null when it can.
    @Nullable
    Refused refusal() {
        Plan planned = plan;
        if (planned == Plan.GONE || planned == Plan.CLOSED) {
            return gone(planned);
        }
        Refused unstored = config.isDurable() ? registry.committer().refusal() : null;
        if (unstored != null) {
            return unstored;
        }
        return planned.redirects() == null
                ? planned.admit(this)
                : new Refused(
                        ErrorCode.BAD_REQUEST,
                        "a route redirects messages of topic '" + name + "': publish to its target in the transaction");
    }

    /// Inside the section, when nothing refuses it: appends a message of a transaction, without making it visible.
    PublishResult place(Message draft) {
        Message named = draft.id().isEmpty() ? draft.withId(newId()) : draft;
        MessageIdentity identity = identities.of(draft);
        long now = Math.max(registry.timers().currentTimeMillis(), log.lastTimestamp());
        PublishResult first = identities.first(identity, named.id(), log.epoch(), now, config.durability());
        if (first != null) {
            counters.duplicate();
            return first;
        }
        Message stored = named.stored(named.id(), name, log.epoch(), log.end(), now);
        log.append(stored);
        identities.remember(identity, stored, false);
        return accepted(stored, draft.durability());
    }

    /// Whether subscribers may have got the message of a durable topic with that offset. When this says so, whoever
    /// looks finds it visible.
    boolean isHeard(long offset) {
        if (offset >= heardUpTo) {
            return false;
        }
        if (offset >= log.visible()) {
            passSection();
        }
        return true;
    }

    /// Inside the section: hands what was appended to the feeds and makes it visible.
    void reveal(long upTo) {
        Plan planned = plan;
        // Before the first feed has anything: who has heard a message finds it here.
        heardUpTo = upTo;
        for (Message message : log.appended(log.visible(), upTo)) {
            Throwable failure;
            try {
                failure = planned.append(this, message, planned.prepare(this, message));
            } catch (RuntimeException | Error e) {
                failure = e;
            }
            if (failure != null) {
                // A bug, or a compression of somebody else's. The message has its place, and everybody else has it.
                LOG.error("A feed of topic {} did not take message {}", name, message, failure);
            }
            tellEnqueued(message);
        }
        log.reveal(upTo);
    }

    /// Inside the section: what is not visible has never been.
    void takeBack() {
        log.takeBack(log.visible());
        identities.forget(log.visible());
    }

    /// Lets a message wait for its time, or appends it if that has come.
    private PublishResult delay(Message draft, @Nullable Wakes wakes) {
        long now = registry.timers().currentTimeMillis();
        long due = draft.dueMillis(now);
        if (due <= now) {
            return append(draft, wakes, false, null);
        }
        if (due - now > DELAY_MAX_MILLIS) {
            return new Refused(
                    ErrorCode.BAD_REQUEST,
                    "a message can be delayed by at most "
                            + Duration.ofMillis(DELAY_MAX_MILLIS).toDays() + " days");
        }
        Message named = draft.id().isEmpty() ? draft.withId(newId()) : draft;
        MessageIdentity identity = identities.of(draft);
        section.lock();
        try {
            if (deleted() || plan.isClosing()) {
                return gone(plan);
            }
            long seenAt = Math.max(now, log.lastTimestamp());
            PublishResult first = first(identity, named, seenAt);
            if (first != null) {
                return first;
            }
            PublishResult result = registry.delayed().add(this, named, due, seenAt);
            if (!(result instanceof Refused)) {
                identities.wait(identity, seenAt, due);
            }
            return result;
        } finally {
            section.unlock();
        }
    }

    @Override
    public int delayed() {
        DelayedQueue queue = delayed;
        return queue == null ? 0 : queue.size();
    }

    /// Under the lock of [DelayedMessages], like the two below.
    DelayedQueue delayedQueue() {
        DelayedQueue queue = delayed;
        if (queue == null) {
            queue = new DelayedQueue(this);
            delayed = queue;
        }
        return queue;
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

    private void wake(Plan planned) {
        SharedFeed<?> congested = planned.wake();
        if (congested != null && !congested.feed().drainsHere()) {
            congested.room().await(registry.congestionWait(), this::deleted);
        }
    }

    private Refused gone(Plan why) {
        return why == Plan.CLOSED || why.isClosing()
                ? new Refused(ErrorCode.SHUTTING_DOWN, "the broker is closing")
                : new Refused(ErrorCode.TOPIC_NOT_FOUND, "topic '" + name + "' was deleted");
    }

    /// A random UUID; they identify, they do not protect, so a fast generator will do.
    static String newId() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long high = (random.nextLong() & 0xffff_ffff_ffff_0fffL) | 0x4000L;
        long low = (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low).toString();
    }

    /// Enters the section: nothing is appended until [#leave].
    void enter() {
        section.lock();
    }

    void leave() {
        section.unlock();
    }

    /// Waits until whoever is in the section has left it.
    void passSection() {
        if (section.isLocked()) {
            enter();
            leave();
        }
    }

    boolean forgetsByAge() {
        return !config.historyAge().isZero();
    }

    /// Gives the memory of messages back that are too old now.
    void expire() {
        section.lock();
        try {
            log.expire();
        } finally {
            section.unlock();
        }
    }

    /// Forgets the oldest messages until the history costs at most so many bytes.
    long shrink(long bytes) {
        section.lock();
        try {
            return log.shrink(bytes);
        } finally {
            section.unlock();
        }
    }

    /// Gives memory back until the log holds at most so many bytes.
    ///
    /// @return how many messages were forgotten
    long relieve(long bytes) {
        section.lock();
        try {
            return log.relieve(bytes);
        } finally {
            section.unlock();
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
            section.lock();
            try {
                durable.hold(who, offset);
            } finally {
                section.unlock();
            }
        }
    }

    /// Ends [#hold].
    public void release(Object who) {
        if (log instanceof DurableTopicLog durable) {
            section.lock();
            try {
                durable.release(who);
            } finally {
                section.unlock();
            }
        }
    }

    Identities identities() {
        return identities;
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
        section.lock();
        try {
            if (!deleted()) {
                plan = next;
            }
        } finally {
            section.unlock();
        }
    }

    /// Under the registry's lock: nothing is appended any more when this returns.
    void end(Plan why) {
        section.lock();
        try {
            plan = why;
            log.close();
            identities.close();
        } finally {
            section.unlock();
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
