package dev.fanfare.topic;

import dev.fanfare.BrokerEvent;
import dev.fanfare.Commit;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Pending;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Wakes;
import dev.fanfare.log.TopicLog;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How a topic's messages get their places: its section, in which one publisher at a time assigns an offset,
/// appends to the log and to the feeds, and raises the visible mark.
///
/// A publish reads the plan, lets each kind of feed prepare, enters the section, asks the feeds that may
/// refuse, gives the message its offset and timestamp, appends it to the log, raises the log's visible mark, appends
/// it to each feed and leaves; then the feeds are woken. On a durable topic, and behind what a transaction has not
/// made visible yet, it leaves after appending to the log; whoever commits does the rest ([#reveal]).
///
/// The visible mark rises before the feeds have anything: who has heard a message finds it in its topic. Whoever
/// enters the section finds every visible message in every feed, and none but these.
final class Section {

    private static final Logger LOG = LoggerFactory.getLogger(Section.class);

    private static final long DELAY_MAX_MILLIS = Duration.ofDays(3_650).toMillis();

    private final LiveTopic topic;
    private final TopicLog log;
    private final TopicRegistry registry;
    private final ReentrantLock section;

    /// What it shares with other topics; null: nothing.
    private final @Nullable GlobalOrder shared;

    /// Who was in the plan when what is not visible yet was appended. In the section.
    private final Handovers handovers = new Handovers();

    /// The ids that were seen lately. In the section.
    private final Identities identities;

    /// Up to where what had to be committed is visible, and with the feeds or about to be. Not the visible mark of
    /// a topic in memory: that may have risen over what got the offset of a message that was taken back.
    /// Written in the section.
    private volatile long heardUpTo;

    /// @param shared what it shares with other topics, that their messages are in one order; null: nothing
    Section(LiveTopic topic, TopicLog log, TopicRegistry registry, @Nullable GlobalOrder shared) {
        this.topic = topic;
        this.log = log;
        this.registry = registry;
        this.shared = shared;
        this.section = shared == null ? new ReentrantLock() : shared.section();
        this.identities = Identities.of(topic.config().dedup(), registry.budget());
        if (shared != null) {
            shared.join(log);
        }
    }

    /// Enters the section: nothing is appended until [#leave].
    void enter() {
        section.lock();
    }

    void leave() {
        section.unlock();
    }

    /// Waits until whoever is in the section has left it.
    void pass() {
        if (section.isLocked()) {
            enter();
            leave();
        }
    }

    Identities identities() {
        return identities;
    }

    /// In the section.
    Handovers handovers() {
        return handovers;
    }

    /// Publishes here, or where a rule sends it; waits for room, and until what was published is as safe as it has to
    /// be.
    ///
    /// @param with see [LiveTopic#publish(Message, Wakes, Committer.Change)]
    PublishResult publish(Message draft, Committer.@Nullable Change with) {
        PublishResult result = attempt(draft, null, with);
        if (result instanceof Pending pending) {
            PublishResult committed = pending.await();
            wake(topic.plan());
            return committed;
        }
        return result instanceof Refused refused && refused.full() != null
                ? publishWhenRoom(draft, refused, with)
                : result;
    }

    /// Waits for room as long as the first refusal allows, and tries again each time there may be some.
    private PublishResult publishWhenRoom(Message draft, Refused first, Committer.@Nullable Change with) {
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
                return refused.because(
                        refused.reason() + "; this thread has to drain that queue and must not wait for it");
            }
            RoomQueue room = topic.plan().room(full);
            if (room != null && !room.await(Duration.ofNanos(left), topic::deleted)) {
                return refused.because(refused.reason() + "; interrupted while waiting");
            }
            PublishResult result = attempt(draft, null, with);
            if (!(result instanceof Refused again)) {
                return result instanceof Pending pending ? pending.await() : result;
            }
            refused = again;
        }
    }

    /// Publishes without waiting for room here, or where a rule sends it.
    ///
    /// @param wakes where the feeds to be woken are noted; null: they are woken here, a congested one is waited
    ///     for, and so is room where a rule sends it
    /// @param with see [LiveTopic#publish(Message, Wakes, Committer.Change)]
    PublishResult attempt(Message draft, @Nullable Wakes wakes, Committer.@Nullable Change with) {
        return attempt(draft, wakes, false, with);
    }

    /// A message whose time has come.
    ///
    /// @param with what has to be stored with it; null for nothing
    PublishResult appendDue(Message message, Wakes wakes, Committer.@Nullable Change with) {
        return attempt(message.withDelay(Duration.ZERO), wakes, true, with);
    }

    private PublishResult attempt(Message draft, @Nullable Wakes wakes, boolean due, Committer.@Nullable Change with) {
        PublishResult result = null;
        while (result == null) {
            Redirects redirects = topic.plan().redirects();
            // One that is due was as safe as it had to be when its publisher was answered.
            Message sent = due ? draft.withDurability(Durability.MEMORY) : draft;
            result = redirects == null ? null : redirects.publish(registry, topic, sent, wakes, with);
            if (result == null && !due) {
                result = refuseDurability(draft.durability());
            }
            if (result == null) {
                result =
                        draft.isDelayed() ? delay(draft, wakes, redirects) : append(draft, wakes, due, with, redirects);
            }
        }
        return result;
    }

    private @Nullable Refused refuseDurability(Durability asked) {
        if (asked == Durability.MEMORY || topic.config().isDurable() && asked != Durability.REPLICATED) {
            return null;
        }
        return new Refused(
                ErrorCode.BAD_REQUEST,
                "topic '" + topic.name() + "' can't be published to with durability '" + asked.label()
                        + "': it is kept " + (topic.config().isDurable() ? "on one machine" : "in memory only"));
    }

    /// @param asked the rules that don't take it
    /// @return null when there are others now
    private @Nullable PublishResult append(
            Message draft,
            @Nullable Wakes wakes,
            boolean due,
            Committer.@Nullable Change with,
            @Nullable Redirects asked) {
        Plan planned = topic.plan();
        Message named = draft.id().isEmpty() ? draft.withId(newId()) : draft;
        MessageIdentity identity = identities.of(draft);
        boolean durable = topic.config().isDurable();
        // What is committed first is prepared by who commits.
        Object prepared = durable ? null : planned.prepare(topic, named);
        Message stored;
        Throwable failure;
        section.lock();
        try {
            if (topic.plan() != planned) {
                planned = topic.plan();
                prepared = durable ? null : planned.prepare(topic, named);
            }
            if (planned == Plan.GONE || planned == Plan.CLOSED) {
                return gone(planned);
            }
            if (!Redirects.same(planned.redirects(), asked)) {
                return null;
            }
            long now = now();
            PublishResult first = due ? null : first(identity, named, now, with);
            if (first != null) {
                return first;
            }
            Refused refused = durable || shared != null && shared.hides()
                    ? registry.committer().refusal()
                    : null;
            if (refused == null) {
                refused = planned.admit(topic);
            }
            if (refused != null) {
                return refused;
            }
            stored = named.stored(named.id(), topic.name(), log.epoch(), log.end(), now, turn());
            log.append(stored);
            identities.remember(identity, stored, due);
            if (durable || log.visible() < stored.offset() || shared != null && shared.hides()) {
                // Also behind what a transaction has not made visible yet, and what others have that share its order.
                // One that was due is as safe as it asked to be: the store has it waiting until it has it here.
                return commit(stored, due ? Durability.MEMORY : draft.durability(), with, planned, wakes);
            }
            log.reveal(log.end());
            failure = planned.append(topic, stored, prepared);
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
            throw new IllegalStateException(
                    "a feed of topic '" + topic.name() + "' did not take message " + stored, failure);
        }
        return new Accepted(stored.id(), stored.epoch(), stored.offset(), stored.timestampMillis());
    }

    /// Inside the section: what was appended becomes visible when it is committed.
    private PublishResult commit(
            Message stored, Durability asked, Committer.@Nullable Change with, Plan planned, @Nullable Wakes wakes) {
        Commit commit = registry.committer().add(topic, log.end(), TopicLog.cost(stored), asked, with);
        if (commit == null) {
            log.takeBack(stored.offset());
            identities.forget(stored.offset());
            return registry.committer().refuseNow();
        }
        hide();
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
                topic.config().durability().or(asked));
    }

    /// Inside the section: what became of the publish that this one repeats; null when it repeats none.
    private @Nullable PublishResult first(
            @Nullable MessageIdentity identity, Message named, long now, Committer.@Nullable Change with) {
        PublishResult first = identities.first(
                identity, named.id(), log.epoch(), now, topic.config().durability());
        if (first == null) {
            return null;
        }
        tellRepeated(first, named.id());
        if (!topic.config().isDurable()
                && !(first instanceof Accepted accepted && accepted.offset() >= log.visible())) {
            return first;
        }
        // The first one may not be stored yet, or not as safely as this one wants it.
        Committer.Change alsoOfRepeats = with != null && with.holdsForRepeats() ? with : null;
        // One that waits for its time is there only when it is as safe as it asked for, which nobody remembers.
        Durability level = first instanceof PublishResult.Scheduled ? Durability.SYNCED : named.durability();
        Commit commit = registry.committer().add(topic, log.end(), 0, level, alsoOfRepeats);
        return commit == null ? registry.committer().refuseNow() : new Pending(first, commit);
    }

    /// After a message became visible.
    void tellEnqueued(Message stored) {
        if (registry.events().listeningToMessages()) {
            registry.events()
                    .emitMessage(() -> new BrokerEvent.MessageEnqueued(topic.name(), stored.offset(), stored.id()));
        }
    }

    /// Inside the section: a publish repeated an earlier one.
    private void tellRepeated(PublishResult first, String id) {
        topic.counters().duplicate();
        if (registry.events().listeningToMessages()) {
            registry.events().emitMessage(() -> new BrokerEvent.PublishRepeated(topic.name(), first.offset(), id));
        }
    }

    /// Inside the section: whether what is appended next is not visible at once.
    boolean mustCommit() {
        return topic.config().isDurable() || log.visible() < log.end() || shared != null && shared.hides();
    }

    /// Inside the section: the time of what is appended now.
    private long now() {
        long now = Math.max(registry.timers().currentTimeMillis(), log.lastTimestamp());
        return shared == null ? now : shared.stamp(now);
    }

    private int turn() {
        return shared == null ? 0 : shared.turn();
    }

    /// Inside the section: what was appended last can't be seen yet.
    private void hide() {
        if (shared != null) {
            shared.hide(topic, log.end());
        }
    }

    /// What it shares with other topics; null: nothing.
    @Nullable
    GlobalOrder shared() {
        return shared;
    }

    /// Inside the section: why nothing can be appended in a transaction now; null when it can.
    @Nullable
    Refused refusal() {
        Plan planned = topic.plan();
        if (planned == Plan.GONE || planned == Plan.CLOSED) {
            return gone(planned);
        }
        Refused unstored = topic.config().isDurable() ? registry.committer().refusal() : null;
        if (unstored != null) {
            return unstored;
        }
        return planned.redirects() == null
                ? planned.admit(topic)
                : new Refused(
                        ErrorCode.BAD_REQUEST,
                        "a route redirects messages of topic '" + topic.name()
                                + "': publish to its target in the transaction");
    }

    /// Inside the section, when nothing refuses it: appends a message of a transaction, without making it visible.
    PublishResult place(Message draft) {
        Message named = draft.id().isEmpty() ? draft.withId(newId()) : draft;
        MessageIdentity identity = identities.of(draft);
        long now = now();
        PublishResult first = identities.first(
                identity, named.id(), log.epoch(), now, topic.config().durability());
        if (first != null) {
            tellRepeated(first, named.id());
            return first;
        }
        Message stored = named.stored(named.id(), topic.name(), log.epoch(), log.end(), now, turn());
        log.append(stored);
        identities.remember(identity, stored, false);
        hide();
        return accepted(stored, draft.durability());
    }

    /// Whether subscribers may have got the message with that offset, which had to be committed. It is visible then.
    boolean isHeard(long offset) {
        return offset < heardUpTo;
    }

    /// Inside the section: makes what was committed visible and hands it to the feeds.
    void reveal(long upTo) {
        Plan planned = topic.plan();
        // Now: afterwards the log may have forgotten some of it.
        long from = log.visible();
        List<Message> revealed = log.appended(from, upTo);
        log.reveal(upTo);
        heardUpTo = upTo;
        for (Message message : revealed) {
            Throwable failure;
            try {
                Plan hearing = handovers.plan(planned, message.offset());
                failure = hearing.append(topic, message, hearing.prepare(topic, message));
            } catch (RuntimeException | Error e) {
                failure = e;
            }
            if (failure != null) {
                // A bug, or a compression of somebody else's. The message has its place, and everybody else has it.
                LOG.error("A feed of topic {} did not take message {}", topic.name(), message, failure);
            }
            tellEnqueued(message);
        }
        handovers.revealed(from, upTo);
    }

    /// Inside the section: what is not visible has never been.
    void takeBack() {
        log.takeBack(log.visible());
        identities.forget(log.visible());
        handovers.takenBack(log.visible());
        if (shared != null) {
            shared.takenBack(topic);
        }
    }

    /// Lets a message wait for its time, or appends it if that has come.
    private @Nullable PublishResult delay(Message draft, @Nullable Wakes wakes, @Nullable Redirects asked) {
        long now = registry.timers().currentTimeMillis();
        long due = draft.dueMillis(now);
        if (due <= now) {
            return append(draft, wakes, false, null, asked);
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
            if (topic.deleted() || topic.plan().isClosing()) {
                return gone(topic.plan());
            }
            long seenAt = Math.max(now, log.lastTimestamp());
            PublishResult first = first(identity, named, seenAt, null);
            if (first != null) {
                return first;
            }
            PublishResult result = registry.delayed().add(topic, named, due, seenAt);
            if (!(result instanceof Refused)) {
                identities.wait(identity, seenAt, due);
            }
            return result;
        } finally {
            section.unlock();
        }
    }

    private void wake(Plan planned) {
        SharedFeed<?> congested = planned.wake();
        if (congested != null && !congested.feed().drainsHere()) {
            congested.room().await(registry.congestionWait(), topic::deleted);
        }
    }

    private Refused gone(Plan why) {
        return why == Plan.CLOSED || why.isClosing()
                ? new Refused(ErrorCode.SHUTTING_DOWN, "the broker is closing")
                : new Refused(ErrorCode.TOPIC_NOT_FOUND, "topic '" + topic.name() + "' was deleted");
    }

    /// A random UUID; they identify, they do not protect, so a fast generator will do.
    static String newId() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long high = (random.nextLong() & 0xffff_ffff_ffff_0fffL) | 0x4000L;
        long low = (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low).toString();
    }
}
