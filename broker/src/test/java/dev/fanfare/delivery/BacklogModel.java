package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedSubscription.Figures;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import dev.fanfare.delivery.ModelledMessage.Place;
import dev.fanfare.delivery.ModelledMessage.State;
import dev.fanfare.feed.Pattern;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What one subscription or group has to be like, by what its members were given and what they said about it:
/// where each message stands, and each figure. Every delivery is checked against it:
///
/// - it is wanted, not done, in nobody's hands, not too old, and its topic exists;
/// - its attempt is the next one, and its time has come;
/// - all before it in its lane are done.
///
/// Guarded by itself: handlers come on threads of their own.
final class BacklogModel {

    private final String name;
    private final Pattern pattern;
    private final @Nullable Filter filter;
    private final ModelledRetry retry;
    private final ModelledBound bound;
    private final boolean buriesExpired;
    private final SimulatedTopics topics;
    private final VirtualTimers timers;

    /// The first offset of each topic that was not looked at; 0 for one that came later.
    private final Map<Topic, Long> next = new HashMap<>();
    private final Map<Place, ModelledMessage> items = new HashMap<>();
    private final SequencedSet<ModelledMessage> open = new LinkedHashSet<>();
    private final ModelledLanes lanes;
    private final Map<Topic, Tally> tallies = new HashMap<>();

    /// How long each member may have a message; absent for ever.
    private final Map<Object, Duration> ackTimeouts = new HashMap<>();

    private long opened;
    private long delivered;
    private long failed;
    private long retried;
    private long redelivered;
    private long deadLettered;
    private int inFlight;

    // What nobody wanted any more: of some it is known what became of them, of some that it is done with, and
    // of some nothing but that there are so many of them by the figures.
    private long dropped;
    private long expired;
    private long gone;
    private long droppedInAll;
    private long expiredInAll;
    private long tickets;
    private boolean over;
    private boolean countsLost;

    BacklogModel(
            String name,
            String pattern,
            @Nullable Filter filter,
            ModelledRetry retry,
            ModelledBound bound,
            ModelledLanes lanes,
            boolean buriesExpired,
            SimulatedTopics topics,
            VirtualTimers timers) {
        this.name = name;
        this.pattern = Pattern.of(pattern);
        this.filter = filter;
        this.retry = retry;
        this.bound = bound;
        this.lanes = lanes;
        this.buriesExpired = buriesExpired;
        this.topics = topics;
        this.timers = timers;
    }

    // ---- coming in

    /// It begins: what is in the topic before `from` does not concern it.
    synchronized void begin(Topic topic, long from) {
        next.put(topic, from);
    }

    /// Takes in what was published.
    synchronized void catchUp(Topic topic) {
        if (over || topic.deleted() || !pattern.matches(topic.name())) {
            return;
        }
        for (Message message : topics.readFrom(topic, next.getOrDefault(topic, 0L))) {
            next.put(topic, message.offset() + 1);
            if (wants(message)) {
                ModelledMessage item = new ModelledMessage(topic, message, timers);
                items.put(Place.of(message), item);
                opens(item);
            }
        }
        makesRoom();
    }

    /// Takes in what has made room.
    private void makesRoom() {
        for (Message message : bound.moved()) {
            ModelledMessage item = item(message);
            bound.check(item, open);
            leaves(item, State.DEAD);
            deadLettered++;
            tally(item).deadLettered++;
        }
    }

    /// Whether so many more messages of its topic have room.
    synchronized Verdict room(Topic topic, int more) {
        return over || !pattern.matches(topic.name()) ? Verdict.YES : bound.room(open, more);
    }

    private ModelledMessage item(Message message) {
        ModelledMessage item = items.get(Place.of(message));
        assertThat(item).as(message + " of " + name).isNotNull();
        return item;
    }

    private boolean wants(Message message) {
        try {
            return filter == null || filter.matches(message);
        } catch (Exception e) {
            return false;
        }
    }

    private void opens(ModelledMessage item) {
        item.state = State.OPEN;
        opened++;
        open.add(item);
        lanes.add(item);
    }

    private void leaves(ModelledMessage item, State how) {
        item.state = how;
        open.remove(item);
        letGo(item);
        lanes.remove(item);
    }

    private void letGo(ModelledMessage item) {
        if (item.holder != null) {
            item.holder = null;
            inFlight--;
        }
    }

    // ---- being worked on

    private void expired(ModelledMessage item) {
        leaves(item, State.EXPIRED);
        expired++;
        tally(item).expired++;
    }

    /// Members have taken all that they can: somebody came to what is too old, and it is done with.
    synchronized void allTaken() {
        open.stream().filter(this::isReached).toList().forEach(this::expired);
    }

    /// Whether a message that nobody wants any more is next for a member that takes all it can.
    private boolean isReached(ModelledMessage item) {
        return item.isPassedOver() && lanes.before(item).stream().allMatch(ModelledMessage::isPassedOver);
    }

    /// A member was given a message.
    ///
    /// @param attempt 0 when the member is not told
    /// @return what tells this attempt from all others
    synchronized long taken(Object member, Topic topic, Message message, int attempt) {
        catchUp(topic);
        String what = name + " is given " + message + " of " + message.key();
        ModelledMessage item = items.get(Place.of(message));
        assertThat(item).as(what + ", which it does not want").isNotNull();
        assertThat(over).as(what + " after its end").isFalse();
        assertThat(item.state).as(what).isEqualTo(State.OPEN);
        assertThat(item.holder).as(what + ", which another one has").isNull();
        assertThat(item.isExpired()).as(what + ", whose time is over").isFalse();
        assertThat(item.topic.deleted()).as(what + ", whose topic is gone").isFalse();
        assertThat(item.notBefore).as(what + " too early").isLessThanOrEqualTo(timers.nanoTime());
        assertThat(attempt == 0 ? item.attempt + 1 : attempt)
                .as(what + ": attempt")
                .isEqualTo(item.attempt + 1);
        for (ModelledMessage before : lanes.before(item)) {
            assertThat(before.isPassedOver())
                    .as(what + " while " + before.message + " is not done")
                    .isTrue();
            expired(before);
        }
        lanes.given(member, item, what);
        item.attempt++;
        if (item.attempt > 1) {
            redelivered++;
        }
        item.holder = member;
        Duration ackTimeout = ackTimeouts.get(member);
        item.due = ackTimeout == null ? Long.MAX_VALUE : timers.nanoTime() + ackTimeout.toNanos();
        item.notBefore = 0;
        item.ticket = ++tickets;
        inFlight++;
        return item.ticket;
    }

    /// Whether an acknowledgement would count.
    synchronized Verdict ackCounts(Message message, long ticket) {
        ModelledMessage item = items.get(Place.of(message));
        if (over || item == null || item.ticket != ticket) {
            return Verdict.NO;
        }
        return switch (item.state) {
            case OPEN -> item.isPassedOver() ? Verdict.EITHER : Verdict.YES;
            case GONE -> Verdict.EITHER; // it may still be there
            default -> Verdict.NO;
        };
    }

    /// An acknowledgement counted.
    synchronized void acked(Message message) {
        ModelledMessage item = item(message);
        gone -= item.state == State.GONE ? 1 : 0;
        leaves(item, State.DONE);
        delivered++;
        tally(item).delivered++;
    }

    /// An acknowledgement did not count: if it could have, somebody has come to the message before.
    synchronized void refused(Message message, long ticket) {
        if (ackCounts(message, ticket) == Verdict.EITHER && item(message).state == State.OPEN) {
            expired(item(message));
        }
    }

    /// Whether it counts that an attempt failed.
    synchronized boolean nackCounts(Message message, long ticket) {
        ModelledMessage item = items.get(Place.of(message));
        return !over && item != null && item.ticket == ticket && item.holder != null;
    }

    /// Which attempt the present one is.
    synchronized int attempt(Message message) {
        return item(message).attempt;
    }

    /// An attempt failed.
    ///
    /// @param asked the delay that was asked for; null for the policy's
    /// @param cause what was thrown; null when that was not told
    synchronized void failed(Message message, @Nullable Duration asked, @Nullable Throwable cause) {
        failed(item(message), asked, cause, false);
    }

    /// A message was rejected.
    synchronized void rejected(Message message) {
        failed(item(message), null, null, true);
    }

    private void failed(ModelledMessage item, @Nullable Duration asked, @Nullable Throwable cause, boolean rejected) {
        failed++;
        tally(item).failed++;
        letGo(item);
        Duration delay = rejected ? null : retry.after(item.attempt - item.returns, cause);
        if (delay == null) {
            leaves(item, State.DEAD);
            deadLettered++;
            tally(item).deadLettered++;
        } else {
            retried++;
            item.notBefore = timers.nanoTime() + (asked == null ? delay : asked).toNanos();
        }
    }

    /// A member joins.
    synchronized void joins() {
        lanes.membersChange();
    }

    /// From now on a member may have a message so long.
    synchronized void gives(Object member, Duration ackTimeout) {
        ackTimeouts.put(member, ackTimeout);
    }

    /// What a member has goes back.
    synchronized void left(Object member) {
        lanes.membersChange();
        for (ModelledMessage item : open) {
            if (item.holder == member) {
                letGo(item);
                item.returns++;
            }
        }
    }

    /// Time has moved: what nobody acknowledged has failed.
    synchronized void timePassed() {
        if (over) {
            return;
        }
        for (ModelledMessage item : List.copyOf(open)) {
            if (item.holder != null && item.due <= timers.nanoTime()) {
                failed(item, null, null, false);
            }
        }
    }

    // ---- dead letters and the end

    /// A topic was deleted: what is not done of it is lost, but for what may have been passed over before.
    synchronized void deleted(Topic topic) {
        for (ModelledMessage item : over ? List.<ModelledMessage>of() : List.copyOf(open)) {
            if (item.topic == topic && item.isPassedOver()) {
                leaves(item, State.GONE);
                gone++;
            } else if (item.topic == topic) {
                leaves(item, State.DROPPED);
                dropped++;
            }
        }
    }

    /// A dead letter is about to come back. It has no time to live any more.
    synchronized void redriven(Message message) {
        ModelledMessage item = confirmDead(message);
        item.message = message;
        item.attempt = 0;
        item.ticket = 0;
        item.returns = 0;
        item.notBefore = 0;
        item.counts = false;
        opens(item);
    }

    /// A dead letter was published anew: there is no such dead letter any more.
    synchronized void publishedAnew(Message message) {
        confirmDead(message).state = State.DROPPED;
    }

    private ModelledMessage confirmDead(Message message) {
        ModelledMessage item = buried(message);
        if (item.state == State.OPEN || item.state == State.GONE) {
            gone -= item.state == State.GONE ? 1 : 0;
            expired(item);
        }
        return item;
    }

    /// There is a dead letter: it was given up, or it was one that nobody has and whose time to live is over.
    private ModelledMessage buried(Message message) {
        ModelledMessage item = item(message);
        boolean tooOld = item.state == State.GONE || item.state == State.OPEN && item.isPassedOver();
        assertThat(isLetter(item) || buriesExpired && tooOld)
                .as("the dead letter " + message + " of " + name + ", which is " + item.state)
                .isTrue();
        return item;
    }

    private boolean isLetter(ModelledMessage item) {
        return item.state == State.DEAD || item.state == State.EXPIRED && buriesExpired;
    }

    /// These are its dead letters: all that it has given up, and nothing else.
    synchronized void checkDead(Collection<Message> letters) {
        Set<ModelledMessage> found = new HashSet<>();
        for (Message letter : letters) {
            assertThat(found.add(buried(letter)))
                    .as("a dead letter once: " + letter)
                    .isTrue();
        }
        for (ModelledMessage item : items.values()) {
            assertThat(!isLetter(item) || found.contains(item))
                    .as(item.message + ", which " + name + " gave up, is a dead letter")
                    .isTrue();
        }
    }

    /// It has ended.
    ///
    /// @param lost whether what is not done counts as lost
    synchronized void ended(boolean lost) {
        over = true;
        countsLost = lost;
    }

    /// Whether something is left that somebody has to do or to come to.
    synchronized boolean isBusy() {
        return !over && left() > 0;
    }

    // ---- figures

    synchronized Tally tally(Topic topic) {
        return tallies.computeIfAbsent(topic, made -> new Tally());
    }

    private Tally tally(ModelledMessage item) {
        return tally(item.topic);
    }

    /// How many of a topic's messages may have been passed over because their time was over.
    synchronized long maybeExpired(Topic topic) {
        return items.values().stream()
                .filter(item -> item.topic == topic)
                .filter(item -> item.state == State.GONE || item.state == State.OPEN && item.isPassedOver())
                .count();
    }

    /// How many were passed over because their time was over.
    synchronized long expired() {
        return expiredInAll;
    }

    boolean buriesExpired() {
        return buriesExpired;
    }

    /// How many are not done.
    private long left() {
        return open.size() + gone - (expiredInAll - expired) - (droppedInAll - dropped);
    }

    /// How many have expired, by the figures.
    private long expired(Figures real) {
        return buriesExpired
                ? real.deadLettered() - deadLettered
                : opened - real.delivered() - real.deadLettered() - real.dropped() - real.lag();
    }

    /// What is wrong with the figures; empty when they add up.
    ///
    /// Whether somebody has come to a message that nobody wants any more can't always be known. Then there is a
    /// range for what became of it.
    synchronized String difference(Figures real) {
        long lost = over && countsLost ? left() : 0;
        long tooOld =
                over ? 0 : open.stream().filter(ModelledMessage::isPassedOver).count();
        long nowExpired = over ? expiredInAll : expired(real);
        long both = real.dropped() - lost - dropped + nowExpired - expired;
        StringBuilder wrong = new StringBuilder();
        check(wrong, "delivered", delivered, 0, real.delivered());
        check(wrong, "failed", failed, 0, real.failed());
        check(wrong, "retried", retried, 0, real.retried());
        check(wrong, "redelivered", redelivered, 0, real.redelivered());
        check(wrong, "dead letters", deadLettered + (buriesExpired ? nowExpired : 0), 0, real.deadLettered());
        if (over) {
            check(wrong, "dropped", droppedInAll + lost, 0, real.dropped());
            check(wrong, "lag", 0, 0, real.lag());
        } else {
            check(wrong, "in flight", inFlight, 0, real.inFlight());
            check(wrong, "waiting", open.stream().filter(ModelledMessage::waits).count(), 0, real.waiting());
            check(wrong, "dropped", dropped, dropped + gone, real.dropped());
            check(wrong, "expired", expired, expired + gone + tooOld, nowExpired);
            check(wrong, "dropped or expired", gone, gone + tooOld, both);
            check(wrong, "lag", open.size() + gone - both, 0, real.lag());
            wrong.append(bound.holds(open) ? "" : "more than may be wait; ");
        }
        return wrong.toString();
    }

    /// These figures add up, and count for what is known from nowhere else.
    synchronized void seen(Figures real) {
        if (!over) {
            expiredInAll = expired(real);
            droppedInAll = real.dropped();
        }
    }

    /// @param most 0 when it is exactly the least
    private static void check(StringBuilder wrong, String figure, long least, long most, long real) {
        if (real < least || real > Math.max(least, most)) {
            wrong.append(figure)
                    .append(" is ")
                    .append(real)
                    .append(" instead of ")
                    .append(least);
            if (most > least) {
                wrong.append(" to ").append(most);
            }
            wrong.append("; ");
        }
    }
}
