package dev.fanfare.feed;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// What all live subscriptions with the same pattern and kind see: one append-once sequence that each reads with a
/// cursor.
///
/// The feed of a topic is appended to inside that topic's section; the feed of a pattern by several topics at once,
/// so it has a lock of its own, taken after a topic's and held for one reservation and copy. Nothing else is
/// locked, waited for or called inside [#append], [#attach] and [#admit].
///
/// @param <C> a subscriber's cursor
public interface Feed<C> {

    /// [#admit]: the message may be appended.
    long OPEN = 0;

    /// [#admit]: a subscription refuses messages at its bound.
    long REFUSE = -1;

    /// [#lag]: nothing waits.
    CompletableFuture<Long> NO_LAG = CompletableFuture.completedFuture(0L);

    /// How many messages wait for the cursor that is furthest behind: for figures, soon. Those in process tell it
    /// themselves. Any thread.
    default CompletableFuture<Long> lag() {
        return NO_LAG;
    }

    /// Asked inside the section before a message gets its offset: [#OPEN], [#REFUSE], or for how many milliseconds
    /// the publisher may wait for room. Only subscriptions in process ever answer anything but [#OPEN].
    default long admit() {
        return OPEN;
    }

    /// [#admit] of a feed whose way in is full: what its subscriptions want publishers to be told, [#OPEN] when they
    /// would rather lose messages.
    default long whenFull() {
        return OPEN;
    }

    /// The name of the subscription because of which [#admit] did not let the last message in; empty when that is not
    /// known any more.
    default Optional<String> inTheWay() {
        return Optional.empty();
    }

    /// Where the way in to this feed stands: see [#isPast].
    default long mark() {
        return 0;
    }

    /// Whether everything that came before [#mark] was asked has found its place in the feed, or none.
    default boolean isPast(long mark) {
        return true;
    }

    /// Waits until nothing is on its way into the feed.
    ///
    /// @return false when that took longer
    default boolean awaitPassed(Duration atMost) throws InterruptedException {
        return true;
    }

    /// Adds a message that has its offset and timestamp and can be read in its topic. Costs nothing when no cursor is
    /// attached.
    ///
    /// @param prepared what [FeedKind#prepare] answered for this message
    void append(Topic topic, Message message, @Nullable Object prepared);

    /// Told inside the section that no plan of a topic has this feed any more, and that all the same so many messages
    /// that have their places may still be appended to it; less than 0: that so many of them are, or won't be.
    default void owes(long change) {}

    /// Called after the section, once per publish or per batch of publishes: offers what was appended to the
    /// readers. Cheap and idempotent: each loop is woken at most once until it has looked.
    void wake();

    /// [#wake], by a thread of a transport: it must not be lent to handlers, which may block.
    default void wakeFromTransport() {
        wake();
    }

    /// Whether more is waiting to be offered to the loops than a feed may hold. A publisher stops until [#onRoom].
    default boolean congested() {
        return false;
    }

    /// Whether the calling thread is one that has to drain this feed: it must not wait for room in it.
    default boolean drainsHere() {
        return false;
    }

    /// Runs `action` once, on any thread, as soon as there is room ([#admit] is [#OPEN] and not [#congested]); at
    /// once if there is.
    void onRoom(Runnable action);

    /// Places the cursor at the end: it sees what is appended after this call. Called inside the topic's section,
    /// or for a pattern outside of any and on any thread.
    void attach(C cursor);

    /// Takes the cursor out; what it has not read is forgotten. Without effect if it is not attached. Any thread.
    void detach(C cursor);

    /// The topic was deleted: nothing will be appended any more; each cursor is told once it has read what is left.
    /// Called with the registry of topics locked: it may wake readers, but calls nothing else.
    void end();

    /// The feed has no subscription left: gives its memory back. Nothing is appended, unless it is owed, or attached
    /// any more; a
    /// publisher that is just leaving may still call [#wake], [#congested] or [#onRoom], without effect.
    void close();
}
