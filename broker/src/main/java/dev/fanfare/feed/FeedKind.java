package dev.fanfare.feed;

import dev.fanfare.Message;
import dev.fanfare.Topic;
import org.jspecify.annotations.Nullable;

/// One way to see messages: references in process, or an encoding of the wire. Live subscriptions with the same
/// pattern and the same kind share one [Feed]. There is one object per kind, for the broker's whole life.
///
/// @param <C> what a subscriber of such a feed is: its cursor
public interface FeedKind<C> {

    /// Makes the feed of a pattern (a plain topic name is the simplest pattern). Called with the registry of topics
    /// locked: it calls nothing of the broker.
    Feed<C> open(Pattern pattern);

    /// The same behind a filter: appended to by one thread, which waits for room; a subscriber may find messages in it
    /// that came before it, and asks [Attachment#skips] until [Attachment#settled].
    default Feed<C> openBehindFilter(Pattern pattern) {
        return open(pattern);
    }

    /// Messages don't come to the feed this cursor reads: its subscription is told, before anything that was published
    /// after them is appended. Any thread.
    ///
    /// @return whether they are lost to it, rather than read elsewhere; then the topic counts them
    default boolean missed(C cursor, Topic topic, long count) {
        return true;
    }

    /// What can be computed for a message before the topic's section is entered, once for all feeds of this kind.
    /// Runs on the publisher's thread; the answer is handed to [Feed#append] on the same thread, and may therefore
    /// live in a scratch area of that thread until the next call.
    ///
    /// @param draft the message without offset and timestamp
    default @Nullable Object prepare(Topic topic, Message draft) {
        return null;
    }

    /// By what the kinds of a topic's feeds share what [#prepare] computes: once for all whose answers here are equal.
    default Object preparation() {
        return this;
    }

    /// Whether [#prepare] is called for a single feed, too; if not, that one gets null.
    default boolean preparesAlone() {
        return true;
    }

    /// Whether who reads such a feed is a subscription, and counted as one. A route is not.
    default boolean isSubscription() {
        return true;
    }

    /// Who it is that has too much waiting, for the refusal of a publish.
    default String reader(Pattern pattern) {
        return "a subscription of '" + pattern + "'";
    }
}
