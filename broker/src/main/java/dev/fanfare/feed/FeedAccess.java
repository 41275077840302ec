package dev.fanfare.feed;

import dev.fanfare.BrokerEvent;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Start;
import dev.fanfare.Topic;
import java.time.Duration;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The door for transports: publishing and subscribing without blocking and without a thread per subscription.
/// [dev.fanfare.Broker#feeds] hands it out. Any thread; nothing here calls user code, and nothing blocks but
/// [#attach] to a pattern, which looks at all topics that match, and [#attach] at a time, which may have to be
/// looked for on a device: on an event loop that is too long.
public interface FeedAccess {

    /// Publishes without waiting and without waking: the feeds that were appended to are noted in `wakes`, and
    /// the caller flushes them when its batch is done.
    PublishResult publish(Topic topic, Message draft, Wakes wakes);

    /// Makes a topic as the broker's configuration says. It does not wait until a durable one is stored: that
    /// happens before anything is stored that is published to it.
    ///
    /// @throws dev.fanfare.FanfareException `TOPIC_EXISTS` and what else [dev.fanfare.Broker#createTopic] says
    Topic create(String name);

    /// Whether subscribers may have got what was appended to a topic below and with this offset, or will at any
    /// moment: it is as safe then as the topic promises. Who publishes to it may be told before them.
    boolean isHeard(Topic topic, long offset);

    /// Asks whoever hears a topic by its name, and hands replies to `asker` until there were as many as wanted or
    /// the time is over. It may hear before this returns.
    ///
    /// @param timeout 1 ms to a day
    /// @param replies how many replies end it, 1 or more
    /// @return ends it: the asker hears nothing more
    Runnable ask(String topic, Message draft, Duration timeout, int replies, Asker asker, Wakes wakes);

    /// Hands a reply to the one who asked. It is stored nowhere: what is answered has no epoch and the offset −1.
    ///
    /// @param address the request's [Message#replyTo], of which [#isReplyAddress] says that it is no topic
    PublishResult reply(String address, Message draft);

    /// Whether this is the address of somebody who waits for a reply, and no topic.
    boolean isReplyAddress(String topic);

    /// [#attach]: of what is replayed, that is passed over which has expired by then.
    long AS_IT_GOES = Long.MAX_VALUE;

    /// Begins a live subscription: [#AS_IT_GOES].
    ///
    /// @throws dev.fanfare.FanfareException see [#attach(Pattern, Start, FeedKind, Object, long, ObjLongConsumer)]
    default <C> Attachment attach(Pattern pattern, Start start, FeedKind<C> kind, C cursor) {
        return attach(pattern, start, kind, cursor, AS_IT_GOES, null);
    }

    /// Begins a live subscription. The cursor belongs to feeds of `kind`. When there is nothing to replay it is
    /// attached before this returns, and may be read at once. The cursor of a pattern is attached while this
    /// runs.
    ///
    /// @param expiredBy of what is replayed, that is passed over which had expired at this time, in milliseconds
    ///     on the clock that stamps messages; what expires later is handed out
    /// @param begins is told of each topic that there is which offset is the first to be delivered, before this
    ///     returns, under no lock; of topics that are made meanwhile it may hear, too: what it does not hear of is
    ///     delivered from the beginning. Null: nobody asks
    /// @throws dev.fanfare.FanfareException `TOPIC_NOT_FOUND` when the topic of a pattern without wildcards does
    ///     not exist and topics do not make themselves; `BAD_REQUEST` when `start` does not fit the pattern;
    ///     `LIMIT_REACHED`; `SHUTTING_DOWN`
    <C> Attachment attach(
            Pattern pattern,
            Start start,
            FeedKind<C> kind,
            C cursor,
            long expiredBy,
            @Nullable ObjLongConsumer<Topic> begins);

    /// How many subscriptions, by name and by pattern, hear the topic.
    int subscribers(Topic topic);

    /// How many topics there are.
    int topics();

    /// How many subscriptions there are, one of a pattern counted once.
    int subscriptions();

    /// Tells the broker's listeners; the supplier is not asked when there are none.
    void emit(Supplier<BrokerEvent> event);
}
