package dev.fanfare.topic;

import dev.fanfare.BrokerLimit;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.FeedKind;
import dev.fanfare.feed.Wakes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Where a topic's messages go: its feeds and their distinct kinds, resolved when topics or subscriptions change so
/// that a publish has nothing to look up. Immutable; replaced only inside the topic's section.
final class Plan {

    /// Nobody listens.
    static final Plan EMPTY = new Plan(new SharedFeed<?>[0]);

    /// The topic was deleted: nothing is appended any more.
    static final Plan GONE = new Plan(new SharedFeed<?>[0]);

    /// The broker is closing: nothing is appended any more.
    static final Plan CLOSED = new Plan(new SharedFeed<?>[0]);

    /// All of them, those included that take messages before they are appended.
    private final SharedFeed<?>[] all;

    private final SharedFeed<?>[] shared;
    private final Feed<?>[] feeds;
    /// One of those that have what is prepared in common.
    private final FeedKind<?>[] kinds;

    private final int[] kindOf;

    /// Which of [#kinds] have something prepared.
    private final boolean[] prepares;

    private final boolean preparesAny;
    private final @Nullable Redirects redirects;

    /// Whether only routes still append.
    private final boolean closing;

    private Plan(SharedFeed<?>[] all) {
        this(all, false);
    }

    private Plan(SharedFeed<?>[] all, boolean closing) {
        this.all = all;
        this.closing = closing;
        this.redirects = Redirects.of(all);
        this.shared = redirects == null ? all : Redirects.without(all);
        this.feeds = new Feed<?>[shared.length];
        this.kindOf = new int[shared.length];
        List<FeedKind<?>> distinct = new ArrayList<>(1);
        List<Object> preparations = new ArrayList<>(1);
        int[] feedsOf = new int[shared.length];
        for (int i = 0; i < shared.length; i++) {
            feeds[i] = shared[i].feed();
            FeedKind<?> of = shared[i].kind();
            int kind = preparations.indexOf(of.preparation());
            if (kind < 0) {
                kind = distinct.size();
                distinct.add(of);
                preparations.add(of.preparation());
            }
            kindOf[i] = kind;
            feedsOf[kind]++;
        }
        this.kinds = distinct.toArray(new FeedKind<?>[0]);
        this.prepares = new boolean[kinds.length];
        boolean any = false;
        for (int i = 0; i < kinds.length; i++) {
            prepares[i] = feedsOf[i] > 1 || kinds[i].preparesAlone();
            any |= prepares[i];
        }
        this.preparesAny = any;
    }

    static Plan of(List<SharedFeed<?>> feeds) {
        return feeds.isEmpty() ? EMPTY : new Plan(feeds.toArray(new SharedFeed<?>[0]));
    }

    Plan with(SharedFeed<?> added) {
        SharedFeed<?>[] more = Arrays.copyOf(all, all.length + 1);
        more[all.length] = added;
        return new Plan(more, closing);
    }

    Plan without(SharedFeed<?> removed) {
        List<SharedFeed<?>> fewer = new ArrayList<>(Arrays.asList(all));
        fewer.remove(removed);
        return closing ? new Plan(fewer.toArray(new SharedFeed<?>[0]), true) : of(fewer);
    }

    /// The same, but that nothing is appended any more except by routes, which finish what was published.
    Plan closing() {
        return new Plan(all, true);
    }

    boolean holds(List<SharedFeed<?>> feeds) {
        return Arrays.asList(all).equals(feeds);
    }

    boolean holds(SharedFeed<?> feed) {
        return Arrays.asList(all).contains(feed);
    }

    int size() {
        return all.length;
    }

    /// What takes messages before they are appended; null: nothing does.
    @Nullable
    Redirects redirects() {
        return redirects;
    }

    /// How many subscriptions and groups are there by exact name.
    int responders() {
        int sum = 0;
        for (SharedFeed<?> feed : shared) {
            sum += feed.pattern().isWild() ? 0 : feed.counted();
        }
        return sum;
    }

    int subscriptions() {
        int sum = 0;
        for (SharedFeed<?> feed : shared) {
            sum += feed.counted();
        }
        return sum;
    }

    /// What each kind computes before the section: with one kind its answer, with several an array of them.
    @Nullable
    Object prepare(LiveTopic topic, Message draft) {
        if (!preparesAny) {
            return null;
        }
        if (kinds.length == 1) {
            return kinds[0].prepare(topic, draft);
        }
        @Nullable Object[] prepared = new @Nullable Object[kinds.length];
        for (int i = 0; i < kinds.length; i++) {
            prepared[i] = prepares[i] ? kinds[i].prepare(topic, draft) : null;
        }
        return prepared;
    }

    boolean isClosing() {
        return closing;
    }

    /// Asks every feed, inside the section.
    ///
    /// @return null when the message may be appended
    @Nullable
    Refused admit(LiveTopic topic) {
        if (closing && !TopicRegistry.ROUTING.isBound()) {
            return new Refused(ErrorCode.SHUTTING_DOWN, "the broker is closing");
        }
        for (int i = 0; i < feeds.length; i++) {
            long answer = feeds[i].admit();
            if (answer != Feed.OPEN) {
                return refused(topic, shared[i], answer);
            }
        }
        return null;
    }

    private static Refused refused(LiveTopic topic, SharedFeed<?> full, long answer) {
        String who = "topic '" + topic.name() + "': " + full.reader()
                + full.feed().inTheWay().map(name -> ", '" + name + "',").orElse("")
                + " has as many messages waiting as its queue holds and its overflow policy ";
        return answer == Feed.REFUSE
                ? new Refused(BrokerLimit.QUEUE, who + "refuses more")
                : new Refused(
                        ErrorCode.BACKPRESSURE,
                        who + "blocks publishers (up to " + answer + " ms)",
                        full.feed(),
                        answer,
                        BrokerLimit.QUEUE);
    }

    /// Hands the message to every feed, inside the section.
    ///
    /// @return what a feed threw: that keeps the message from no other
    @Nullable
    Throwable append(LiveTopic topic, Message message, @Nullable Object prepared) {
        Throwable failure = null;
        for (int i = 0; i < feeds.length; i++) {
            try {
                feeds[i].append(topic, message, kinds.length == 1 ? prepared : part(prepared, kindOf[i]));
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        }
        return failure;
    }

    private static @Nullable Object part(@Nullable Object prepared, int kind) {
        return prepared instanceof @Nullable Object[] parts ? parts[kind] : null;
    }

    void noteIn(Wakes wakes) {
        for (Feed<?> feed : feeds) {
            wakes.add(feed);
        }
    }

    /// Wakes every feed.
    ///
    /// @return one that is congested, or null
    @Nullable
    SharedFeed<?> wake() {
        SharedFeed<?> congested = null;
        for (int i = 0; i < feeds.length; i++) {
            feeds[i].wake();
            if (feeds[i].congested()) {
                congested = shared[i];
            }
        }
        return congested;
    }

    /// Wakes every feed, on a thread that must not be lent to handlers.
    void wakeFromTransport() {
        for (Feed<?> feed : feeds) {
            feed.wakeFromTransport();
        }
    }

    /// Asks the feeds of subscriptions by name how far they are behind.
    void askLags(Consumer<CompletableFuture<Long>> answers) {
        for (SharedFeed<?> feed : shared) {
            if (!feed.pattern().isWild()) {
                CompletableFuture<Long> lag = feed.feed().lag();
                if (lag != Feed.NO_LAG) {
                    answers.accept(lag);
                }
            }
        }
    }

    /// Lets publishers that wait look again.
    void openRooms() {
        for (SharedFeed<?> feed : all) {
            feed.openRoom();
        }
    }

    /// Where publishers wait for this feed.
    @Nullable
    RoomQueue room(Feed<?> feed) {
        for (SharedFeed<?> candidate : all) {
            if (candidate.feed() == feed) {
                return candidate.room();
            }
        }
        return null;
    }
}
