package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.Broker;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.SubscriptionBuilder;
import dev.fanfare.feed.Pattern;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A group or durable name of a history whose process dies again and again: its members, and what is known of
/// each of its messages. On the history's thread.
final class StoredName {

    /// What is known of a message. `TOLD`: acknowledged, but not known to be stored. `PERHAPS`: acknowledged
    /// before the process died, stored or not.
    private enum Standing {
        OPEN,
        TOLD,
        PERHAPS,
        DONE
    }

    private static final class Item {
        private final Message message;
        private Standing standing = Standing.OPEN;
        private @Nullable Delivery holder;
        private boolean inDoubt;

        /// The last attempt that was seen; the next one is the next number.
        private int attempt;

        private boolean anotherProcess;
        private boolean everAcknowledged;
        private boolean everFailed;

        /// It came back from the dead letters: it is behind those of its key now.
        private boolean redriven;

        private Item(Message message) {
            this.message = message;
        }
    }

    private static final int MOST_MEMBERS = 3;
    private static final List<Filter> FILTERS = List.of(Filter.types("t0", "t1"), Filter.header("h", "1"));

    private final String name;
    private final String pattern;
    private final boolean group;
    private final boolean ordered;
    private final int attempts;
    private final RetryPolicy retry;
    private final @Nullable Filter filter;
    private final RandomGenerator random;
    private final Map<String, Item> items = new HashMap<>();
    private final List<Receiver> members = new ArrayList<>();

    /// Why nobody could come the last time.
    private @Nullable FanfareException refusal;

    /// @param pattern a topic or several; it begins before anything is published
    StoredName(String name, String pattern, RandomGenerator random) {
        this.name = name;
        this.pattern = pattern;
        this.random = random;
        this.group = random.nextBoolean();
        this.ordered = random.nextInt(4) == 0;
        this.attempts = 1 + random.nextInt(4);
        Duration delay = SimulatedTopics.ticks(random.nextInt(8));
        int last = attempts;
        // One of the program's own can't be stored: whoever comes back brings it along.
        this.retry = random.nextBoolean()
                ? RetryPolicy.fixed(attempts, delay)
                : (attempt, cause) -> attempt < last ? delay : null;
        this.filter = random.nextInt(3) == 0 ? FILTERS.get(random.nextInt(FILTERS.size())) : null;
    }

    String name() {
        return name;
    }

    boolean isServed() {
        return !members.isEmpty();
    }

    // ---- members

    /// Somebody comes, unless there are as many as may be.
    ///
    /// @return whether somebody is there; not when the store is away
    boolean join(Broker broker) {
        if (members.size() == MOST_MEMBERS) {
            return true;
        }
        SubscriptionBuilder begun = broker.subscription(pattern);
        if (filter != null) {
            begun.filter(filter);
        }
        AcknowledgedBuilder builder = begun.acknowledged()
                .retry(retry)
                .ackTimeout(Duration.ZERO)
                .expiry(Duration.ofDays(300))
                .maxInFlight(1 + random.nextInt(5));
        if (ordered) {
            builder.ordered();
        }
        Receiver joined;
        try {
            joined = (group ? builder.group(name) : builder.durable(name)).receive();
        } catch (FanfareException away) {
            refusal = away;
            // Of a durable name whoever came before may have been detached all the same.
            if (members.removeIf(each -> each.ended().isPresent())) {
                letGo();
            }
            return false;
        }
        if (!group) {
            letGo();
            members.clear();
        }
        members.add(joined);
        return true;
    }

    /// All of them go; what they have goes back.
    void leave() {
        letGo();
        members.forEach(Receiver::close);
        members.clear();
    }

    private void letGo() {
        items.values().forEach(item -> item.holder = null);
    }

    /// Whether what was published has come in.
    boolean hasAll() {
        return members.stream().allMatch(each -> {
            Backlog backlog = ((Attached) each).backlog();
            return !backlog.isReplaying() && backlog.unread() == 0;
        });
    }

    // ---- work

    /// A message is in its topic.
    void published(Message message) {
        if (Pattern.of(pattern).matches(message.topic()) && wants(message)) {
            items.put(message.text(), new Item(message));
        }
    }

    private boolean wants(Message message) {
        try {
            return filter == null || filter.matches(message);
        } catch (Exception e) {
            throw new AssertionError("a filter that fails", e);
        }
    }

    /// Asks for messages.
    ///
    /// @param letters its dead letters as they are then, by their texts
    List<Delivery> receive(int max, Supplier<Map<String, DeadLetter>> letters) throws InterruptedException {
        if (members.isEmpty()) {
            return List.of();
        }
        List<Delivery> taken = members.get(random.nextInt(members.size())).receive(max, Duration.ZERO);
        // What they waited for is stored by now.
        Map<String, DeadLetter> dead = letters.get();
        taken.forEach(each -> taken(each, dead));
        return taken;
    }

    private void taken(Delivery delivery, Map<String, DeadLetter> dead) {
        Message message = delivery.message();
        String what = this + " is given " + message + " of " + message.key() + ", attempt " + delivery.attempt();
        Item item = items.get(message.text());
        assertThat(item).as(what + ", which it does not want").isNotNull();
        assertThat(message.offset()).as(what + ": its place").isEqualTo(item.message.offset());
        assertThat(message.epoch()).as(what + ": its place").isEqualTo(item.message.epoch());
        assertThat(item.standing).as(what).isIn(Standing.OPEN, Standing.PERHAPS);
        assertThat(item.holder == null || item.inDoubt)
                .as(what + ", which another one has")
                .isTrue();
        assertThat(dead).as(what + ", which is a dead letter").doesNotContainKey(message.text());
        if (!item.anotherProcess) {
            assertThat(delivery.attempt()).as(what).isEqualTo(item.attempt + 1);
        }
        items.values().stream().filter(before -> isBefore(before, item)).forEach(before -> {
            boolean settled = before.standing != Standing.OPEN || dead.containsKey(before.message.text());
            assertThat(settled)
                    .as(what + " while " + before.message + " is not done")
                    .isTrue();
            if (before.standing == Standing.PERHAPS && !dead.containsKey(before.message.text())) {
                before.standing = Standing.DONE;
            }
        });
        item.standing = Standing.OPEN;
        item.attempt = delivery.attempt();
        item.anotherProcess = false;
        item.holder = delivery;
        item.inDoubt = false;
    }

    private boolean isBefore(Item one, Item other) {
        return one != other
                && !one.redriven
                && !other.redriven
                && one.message.topic().equals(other.message.topic())
                && one.message.offset() < other.message.offset()
                && (ordered || one.message.key() != null && one.message.key().equals(other.message.key()));
    }

    private Item item(Delivery delivery) {
        return Objects.requireNonNull(items.get(delivery.message().text()));
    }

    /// Whether what is said about it counts.
    boolean holds(Delivery delivery) {
        return item(delivery).holder == delivery;
    }

    void acknowledge(Delivery delivery) {
        assertThat(delivery.ack()).as(this + " acknowledges " + delivery).isTrue();
        acknowledged(delivery, false);
    }

    /// @param stored whether that is known to be stored
    void acknowledged(Delivery delivery, boolean stored) {
        Item item = item(delivery);
        item.holder = null;
        item.standing = stored ? Standing.DONE : Standing.TOLD;
        item.everAcknowledged = true;
    }

    /// It could not be stored that it is done: it is still in hand, or comes again, which depends on whether that
    /// was tried.
    void inDoubt(Delivery delivery) {
        item(delivery).inDoubt = true;
    }

    void fail(Delivery delivery) {
        Item item = item(delivery);
        boolean counts = random.nextInt(4) == 0
                ? delivery.reject("by chance")
                : random.nextBoolean() ? delivery.nack() : delivery.nack(SimulatedTopics.ticks(random.nextInt(9)));
        assertThat(counts || item.inDoubt).as(this + " fails on " + delivery).isTrue();
        item.holder = null;
        if (counts) {
            item.everFailed = true;
        }
    }

    /// A dead letter is on its way back.
    void redriven(String text) {
        Item item = Objects.requireNonNull(items.get(text));
        item.standing = Standing.OPEN;
        item.attempt = 0;
        item.anotherProcess = false;
        item.redriven = true;
    }

    // ---- what is stored

    /// Something was stored after all that was said so far: so is that.
    void stored() {
        for (Item item : items.values()) {
            if (item.standing == Standing.TOLD) {
                item.standing = Standing.DONE;
            }
        }
    }

    /// The process has died.
    void died() {
        members.clear();
        for (Item item : items.values()) {
            item.holder = null;
            item.anotherProcess = true;
            if (item.standing == Standing.TOLD) {
                item.standing = Standing.PERHAPS;
            }
        }
    }

    /// What was acknowledged in a transaction that was refused, and is stored all the same.
    void turnsOutDone(String text) {
        Objects.requireNonNull(items.get(text)).standing = Standing.DONE;
        Objects.requireNonNull(items.get(text)).everAcknowledged = true;
    }

    // ---- the end

    /// Whether every message that was published is done or a dead letter.
    boolean isDone(Map<String, DeadLetter> dead) {
        return items.values().stream()
                .allMatch(item -> item.standing != Standing.OPEN || dead.containsKey(item.message.text()));
    }

    /// Who is there, and what is not done.
    String missing() {
        return this + ", served by "
                + members.stream()
                        .map(each -> each.ended().isPresent() ? "one that ended" : "one")
                        .toList() + " (" + refusal + "): "
                + items.values().stream()
                        .filter(item -> item.standing == Standing.OPEN)
                        .map(item -> item.message.text())
                        .toList();
    }

    /// Every message is done or a dead letter.
    void checkEnd(Map<String, DeadLetter> dead) {
        assertThat(items.keySet()).as("dead letters of " + this).containsAll(dead.keySet());
        for (Item item : items.values()) {
            DeadLetter letter = dead.get(item.message.text());
            String what = item.message + " of " + this;
            if (letter == null) {
                assertThat(item.everAcknowledged && item.standing != Standing.OPEN)
                        .as(what + " is done or a dead letter; it is " + item.standing)
                        .isTrue();
            } else {
                assertThat(item.standing)
                        .as(what + ", which is a dead letter: " + letter)
                        .isNotEqualTo(Standing.DONE);
                assertThat(item.everFailed).as(what + " failed: " + letter).isTrue();
                if (letter.reason() == DeadLetter.Reason.ATTEMPTS) {
                    assertThat(letter.attempts()).as(what).isGreaterThanOrEqualTo(attempts);
                }
            }
        }
    }

    @Override
    public String toString() {
        return name + " (" + (group ? "group" : "durable") + (ordered ? ", ordered" : "") + ", " + attempts
                + " attempts) of " + pattern;
    }
}
