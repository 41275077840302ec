package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedSubscription.Figures;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.RetryPolicy;
import dev.fanfare.Topic;
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

    private enum State {
        OPEN,
        DONE,
        DEAD,
        DROPPED
    }

    /// Whether something counts; `EITHER` when that depends on who looked at the message last.
    enum Verdict {
        YES,
        NO,
        EITHER;

        boolean allows(boolean counts) {
            return this == EITHER || counts == (this == YES);
        }
    }

    /// The place of a message.
    record Place(String topic, String epoch, long offset) {

        static Place of(Message message) {
            return new Place(message.topic(), message.epoch(), message.offset());
        }
    }

    private static final class Item {
        final Topic topic;
        Message message;
        State state = State.OPEN;
        int attempt;
        long ticket;
        int returns;

        @Nullable
        Object holder;

        long due;
        long notBefore;

        Item(Topic topic, Message message) {
            this.topic = topic;
            this.message = message;
        }
    }

    /// What happened to the messages of one topic.
    static final class Tally {
        long delivered;
        long failed;
        long deadLettered;
    }

    private final String name;
    private final Pattern pattern;
    private final @Nullable Filter filter;
    private final Duration ackTimeout;
    private final RetryPolicy retry;
    private final boolean ordered;
    private final boolean buriesExpired;
    private final VirtualTimers timers;

    /// The first offset of each topic that was not looked at; 0 for one that came later.
    private final Map<Topic, Long> next = new HashMap<>();
    private final Map<Place, Item> items = new HashMap<>();
    private final SequencedSet<Item> open = new LinkedHashSet<>();
    private final Map<String, SequencedSet<Item>> lanes = new HashMap<>();
    private final Map<Topic, Tally> tallies = new HashMap<>();

    private long opened;
    private long delivered;
    private long failed;
    private long retried;
    private long redelivered;
    private long deadLettered;
    private long dropped;
    private int inFlight;

    /// How many were done with because their time was over, and are in no figure.
    private long silent;

    private long tickets;
    private boolean over;
    private boolean countsLost;

    /// @param ackTimeout zero for ever
    BacklogModel(
            String name,
            String pattern,
            @Nullable Filter filter,
            Duration ackTimeout,
            RetryPolicy retry,
            boolean ordered,
            boolean buriesExpired,
            VirtualTimers timers) {
        this.name = name;
        this.pattern = Pattern.of(pattern);
        this.filter = filter;
        this.ackTimeout = ackTimeout;
        this.retry = retry;
        this.ordered = ordered;
        this.buriesExpired = buriesExpired;
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
        for (Message message : SimulatedTopics.readFrom(topic, next.getOrDefault(topic, 0L))) {
            next.put(topic, message.offset() + 1);
            if (wants(message)) {
                Item item = new Item(topic, message);
                items.put(Place.of(message), item);
                opens(item);
            }
        }
    }

    private Item item(Message message) {
        Item item = items.get(Place.of(message));
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

    private void opens(Item item) {
        item.state = State.OPEN;
        opened++;
        open.add(item);
        String lane = lane(item);
        if (lane != null) {
            lanes.computeIfAbsent(lane, made -> new LinkedHashSet<>()).addLast(item);
        }
    }

    /// What has to come one after the other. A topic that was made again is another one.
    private @Nullable String lane(Item item) {
        Message message = item.message;
        if (ordered) {
            return message.epoch();
        }
        return message.key() == null ? null : message.epoch() + "\n" + message.key();
    }

    private void leaves(Item item, State how) {
        item.state = how;
        open.remove(item);
        letGo(item);
        String lane = lane(item);
        if (lane != null) {
            lanes.getOrDefault(lane, new LinkedHashSet<>()).remove(item);
        }
    }

    private void letGo(Item item) {
        if (item.holder != null) {
            item.holder = null;
            inFlight--;
        }
    }

    // ---- being worked on

    /// A member has asked for messages: those that are too old, and are no dead letters, are done with
    /// without a word.
    synchronized void asked(Figures real) {
        long now = uncounted(real, opened);
        long most = buriesExpired ? 0 : open.stream().filter(this::isPassedOver).count();
        assertThat(now).as(name + ": messages that were too old").isBetween(silent, most);
        silent = now;
    }

    /// A member was given a message.
    ///
    /// @param attempt 0 when the member is not told
    /// @return what tells this attempt from all others
    synchronized long taken(Object member, Topic topic, Message message, int attempt) {
        catchUp(topic);
        String what = name + " is given " + message + " of " + message.key();
        Item item = items.get(Place.of(message));
        assertThat(item).as(what + ", which it does not want").isNotNull();
        assertThat(over).as(what + " after its end").isFalse();
        assertThat(item.state).as(what).isEqualTo(State.OPEN);
        assertThat(item.holder).as(what + ", which another one has").isNull();
        assertThat(isExpired(item)).as(what + ", whose time is over").isFalse();
        assertThat(item.topic.deleted()).as(what + ", whose topic is gone").isFalse();
        assertThat(item.notBefore).as(what + " too early").isLessThanOrEqualTo(timers.nanoTime());
        assertThat(attempt == 0 ? item.attempt + 1 : attempt)
                .as(what + ": attempt")
                .isEqualTo(item.attempt + 1);
        String lane = lane(item);
        if (lane != null) {
            for (Item before : lanes.getOrDefault(lane, new LinkedHashSet<>())) {
                if (before == item) {
                    break;
                }
                assertThat(before.holder == null && isPassedOver(before))
                        .as(what + " while " + before.message + " is not done")
                        .isTrue();
            }
        }
        item.attempt++;
        if (item.attempt > 1) {
            redelivered++;
        }
        item.holder = member;
        item.due = timers.nanoTime() + ackTimeout.toNanos();
        item.notBefore = 0;
        item.ticket = ++tickets;
        inFlight++;
        return item.ticket;
    }

    private boolean isExpired(Item item) {
        return item.message.isExpired(timers.currentTimeMillis());
    }

    /// Whether it may be done with because nobody wants it any more.
    private boolean isPassedOver(Item item) {
        return item.holder == null && isExpired(item);
    }

    /// Whether an acknowledgement would count.
    synchronized Verdict ackCounts(Message message, long ticket) {
        Item item = items.get(Place.of(message));
        if (over || item == null || item.state != State.OPEN || item.ticket != ticket) {
            return Verdict.NO;
        }
        return isPassedOver(item) ? Verdict.EITHER : Verdict.YES;
    }

    /// An acknowledgement counted.
    synchronized void acked(Message message) {
        Item item = item(message);
        leaves(item, State.DONE);
        delivered++;
        tally(item).delivered++;
    }

    /// Whether it counts that an attempt failed.
    synchronized boolean nackCounts(Message message, long ticket) {
        Item item = items.get(Place.of(message));
        return !over && item != null && item.ticket == ticket && item.holder != null;
    }

    /// Which attempt the present one is.
    synchronized int attempt(Message message) {
        return item(message).attempt;
    }

    /// An attempt failed.
    ///
    /// @param asked the delay that was asked for; null for the policy's
    synchronized void failed(Message message, @Nullable Duration asked) {
        failed(item(message), asked, false);
    }

    /// A message was rejected.
    synchronized void rejected(Message message) {
        failed(item(message), null, true);
    }

    private void failed(Item item, @Nullable Duration asked, boolean rejected) {
        failed++;
        tally(item).failed++;
        letGo(item);
        Duration delay = rejected ? null : retry.afterFailure(item.attempt - item.returns, null);
        if (delay == null) {
            leaves(item, State.DEAD);
            deadLettered++;
            tally(item).deadLettered++;
        } else {
            retried++;
            item.notBefore = timers.nanoTime() + (asked == null ? delay : asked).toNanos();
        }
    }

    /// What a member has goes back.
    synchronized void left(Object member) {
        for (Item item : open) {
            if (item.holder == member) {
                letGo(item);
                item.returns++;
            }
        }
    }

    /// Time has moved: what nobody acknowledged has failed.
    synchronized void timePassed() {
        if (over || ackTimeout.isZero()) {
            return;
        }
        for (Item item : List.copyOf(open)) {
            if (item.holder != null && item.due <= timers.nanoTime()) {
                failed(item, null, false);
            }
        }
    }

    // ---- dead letters and the end

    /// A topic was deleted: what is not done of it is lost, but for what may have been passed over before.
    synchronized void deleted(Topic topic) {
        for (Item item : List.copyOf(open)) {
            if (!over && item.topic == topic && !isPassedOver(item)) {
                leaves(item, State.DROPPED);
                dropped++;
            }
        }
    }

    /// A dead letter is about to come back. It has no time to live any more.
    synchronized void redriven(Message message) {
        Item item = confirmDead(message);
        item.message = message;
        item.attempt = 0;
        item.ticket = 0;
        item.returns = 0;
        item.notBefore = 0;
        opens(item);
    }

    /// A dead letter was published anew: there is no such dead letter any more.
    synchronized void publishedAnew(Message message) {
        confirmDead(message).state = State.DROPPED;
    }

    private Item confirmDead(Message message) {
        Item item = buried(message);
        if (item.state == State.OPEN) {
            leaves(item, State.DEAD);
            deadLettered++;
            tally(item).deadLettered++;
        }
        return item;
    }

    /// There is a dead letter: it was given up, or it was one that nobody has and whose time to live is over.
    private Item buried(Message message) {
        Item item = item(message);
        assertThat(item.state == State.DEAD
                        || item.state == State.OPEN && buriesExpired && item.holder == null && isExpired(item))
                .as("the dead letter " + message + " of " + name + ", which is " + item.state)
                .isTrue();
        return item;
    }

    /// These are its dead letters: all that it has given up, and nothing else.
    synchronized void checkDead(Collection<Message> letters) {
        Set<Item> found = new HashSet<>();
        for (Message letter : letters) {
            assertThat(found.add(buried(letter)))
                    .as("a dead letter once: " + letter)
                    .isTrue();
        }
        for (Item item : items.values()) {
            assertThat(item.state != State.DEAD || found.contains(item))
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

    /// Whether something is left that somebody has to do.
    synchronized boolean isBusy() {
        return !over && open.stream().anyMatch(item -> !isPassedOver(item));
    }

    // ---- figures

    synchronized Tally tally(Topic topic) {
        return tallies.computeIfAbsent(topic, made -> new Tally());
    }

    private Tally tally(Item item) {
        return tally(item.topic);
    }

    /// How many of a topic's messages may have been passed over because their time was over.
    synchronized long tooOld(Topic topic) {
        return open.stream()
                .filter(item -> item.topic == topic && isPassedOver(item))
                .count();
    }

    /// What is wrong with the figures; empty when they add up. Whether somebody has looked at a message that
    /// nobody wants any more can't be known: there, a figure has a range.
    synchronized String difference(Figures real) {
        long waiting = 0;
        long tooOld = 0;
        long gone = 0;
        for (Item item : open) {
            if (item.holder == null && item.notBefore > timers.nanoTime()) {
                waiting++;
            } else if (isPassedOver(item)) {
                tooOld++;
                gone += item.topic.deleted() ? 1 : 0;
            }
        }
        boolean lost = over && countsLost;
        long left = over && !countsLost ? open.size() : 0;
        long uncounted = uncounted(real, opened);
        StringBuilder wrong = new StringBuilder();
        same(wrong, "delivered", delivered, 0, real.delivered());
        same(wrong, "failed", failed, 0, real.failed());
        same(wrong, "retried", retried, 0, real.retried());
        same(wrong, "redelivered", redelivered, 0, real.redelivered());
        same(wrong, "dead letters", deadLettered, buriesExpired ? tooOld : 0, real.deadLettered());
        if (lost) {
            same(wrong, "dropped", dropped + open.size() - tooOld, tooOld, real.dropped());
        } else {
            same(wrong, "dropped", dropped, gone, real.dropped());
        }
        // Exactly: a message that has not come in yet is missed.
        long least = left > 0 ? Math.max(0, left - tooOld - gone) : silent;
        same(wrong, "neither done nor counted", least, Math.max(0, left - least), uncounted);
        if (!over) {
            same(wrong, "in flight", inFlight, 0, real.inFlight());
            same(wrong, "waiting", waiting, 0, real.waiting());
        }
        return wrong.toString();
    }

    private static long uncounted(Figures real, long opened) {
        return opened - real.delivered() - real.deadLettered() - real.dropped() - real.lag();
    }

    private static void same(StringBuilder wrong, String figure, long least, long more, long real) {
        if (real < least || real > least + more) {
            wrong.append(figure)
                    .append(" is ")
                    .append(real)
                    .append(" instead of ")
                    .append(least);
            if (more > 0) {
                wrong.append(" to ").append(least + more);
            }
            wrong.append("; ");
        }
    }
}
