package dev.fanfare.server.session;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.Topic;
import dev.fanfare.delivery.DeliveryAccess;
import dev.fanfare.feed.FeedAccess;
import dev.fanfare.feed.Pattern;
import dev.fanfare.feed.TopicName;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Connections;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.PublishLimit;
import dev.fanfare.server.Refusal;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.feed.WireCursor;
import dev.fanfare.server.limits.Limit;
import dev.fanfare.server.limits.Limits;
import dev.fanfare.server.metrics.ServerCounts;
import dev.fanfare.server.security.Access;
import dev.fanfare.server.security.Identity;
import dev.fanfare.server.tracing.Tracing;
import dev.fanfare.time.Timers;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What all sessions of one listener have in common: its dialect, the server's limits, and the way into the broker. Any
/// thread.
public final class SessionContext {

    private final ServerContext server;
    private final Dialect dialect;
    private final SessionLoops loops;
    private final WireKinds kinds;
    private final Timers timers;
    private final FeedAccess feeds;
    private final Executor background;

    /// The sessions of a listener.
    ///
    /// @param background where is done what takes too long for an event loop
    public SessionContext(
            ServerContext server, Dialect dialect, SessionLoops loops, WireKinds kinds, Executor background) {
        this.server = server;
        this.dialect = dialect;
        this.loops = loops;
        this.kinds = kinds;
        this.background = background;
        this.timers = server.broker().timers();
        this.feeds = server.broker().feeds();
    }

    /// A session on a new connection.
    ///
    /// @param clientId what the peer called itself in the handshake
    /// @param deflated whether events are to be compressed
    /// @param identity who the peer showed itself to be; null when it will say so in its first message
    public Session open(
            SessionLoop loop,
            Connection connection,
            @Nullable String clientId,
            @Nullable Identity identity,
            boolean deflated) {
        return new Session(this, loop, connection, clientId, identity, kinds.of(dialect, deflated));
    }

    /// What the sessions of an event loop share.
    public SessionLoops loops() {
        return loops;
    }

    /// Whether permessage-deflate is offered.
    public boolean deflates() {
        return config().network().deflate();
    }

    ServerConfig config() {
        return server.config();
    }

    Dialect dialect() {
        return dialect;
    }

    Codec codec(SessionLoop loop) {
        return loop.codec(dialect);
    }

    Executor background() {
        return background;
    }

    FeedAccess feeds() {
        return feeds;
    }

    WireKinds kinds() {
        return kinds;
    }

    DeliveryAccess deliveries() {
        return server.broker().deliveries();
    }

    /// The message that a peer wants to be published.
    ///
    /// @throws FanfareException when its payload is not what it says
    Message draft(Request.Publish request) {
        return Drafts.of(request, config().limits().maxMessageSize());
    }

    Limits limits() {
        return server.limits();
    }

    Connections connections() {
        return server.connections();
    }

    /// Makes spans of messages; null: nothing does.
    @Nullable
    Tracing tracing() {
        return server.tracing();
    }

    ServerCounts counts() {
        return server.counts();
    }

    Access access() {
        return server.access();
    }

    Timers timers() {
        return timers;
    }

    long nanos() {
        return timers.nanoTime();
    }

    long millis() {
        return timers.currentTimeMillis();
    }

    /// How much a connection of this listener may publish.
    PublishLimit publishLimit(String who) {
        return PublishLimit.of(server, dialect, who);
    }

    /// The topic of that name, made if topics make themselves; null when there is none.
    @Nullable
    Topic findOrCreate(String name, PublishLimit limit, Consumer<String> made) {
        Topic found = find(name);
        if (found != null || !config().autoCreateTopics() || TopicName.isReserved(name)) {
            return found;
        }
        WireError tooFast = limit.takeTopic();
        if (tooFast != null) {
            throw new Refusal(tooFast);
        }
        try {
            Topic created = feeds.create(name);
            made.accept(name);
            return created;
        } catch (FanfareException refused) {
            if (refused.code() == ErrorCode.TOPIC_EXISTS) {
                return find(name);
            }
            throw refused;
        }
    }

    @Nullable
    Topic find(String name) {
        return server.broker().topic(name).orElse(null);
    }

    /// Counts messages that were replayed; those of one topic mostly follow each other.
    void replayed(List<Message> messages) {
        Topic topic = null;
        for (Message message : messages) {
            if (topic == null || !topic.name().equals(message.topic())) {
                topic = find(message.topic());
            }
            if (topic != null) {
                topic.counters().delivered(1);
            }
        }
    }

    /// Checks that a connection may have one more subscription.
    void checkSubscriptions(int had, boolean replaces, String who) {
        int max = config().limits().maxSubscriptions();
        if (had >= max && !replaces) {
            limits().count(Limit.SUBSCRIPTIONS);
            throw new FanfareException(
                    ErrorCode.LIMIT_REACHED,
                    "connection " + who + " has " + had + " subscriptions; more than " + max
                            + " are not allowed (setting max-subscriptions)");
        }
    }

    /// How many messages may wait for a subscription whose peer refuses bytes.
    ///
    /// @param asked by the subscription; 0 if nothing was asked for
    int queue(int asked, String topic) {
        if (asked > 0) {
            return asked;
        }
        Topic found = find(topic);
        if (found != null && found.config().queue() > 0) {
            return found.config().queue();
        }
        return dialect == Dialect.FLAT
                ? config().flat().topicQueue()
                : config().delivery().subscriberQueue();
    }

    WireCursor.Overflow overflow(@Nullable String asked, Pattern pattern) {
        Topic found = find(pattern.text());
        if (asked != null) {
            WireCursor.Overflow policy = WireCursor.Overflow.valueOf(asked.toUpperCase(Locale.ROOT));
            if (policy == WireCursor.Overflow.SPILL) {
                checkSpill(pattern, found);
            }
            return policy;
        }
        // Refusing and blocking look only at subscriptions in process.
        switch (found == null ? null : found.config().overflow()) {
            case Overflow.DropOldest _ -> {
                return WireCursor.Overflow.DROP_OLDEST;
            }
            case Overflow.DropNewest _ -> {
                return WireCursor.Overflow.DROP_NEWEST;
            }
            case Overflow.Disconnect _ -> {
                return WireCursor.Overflow.DISCONNECT;
            }
            case Overflow.Spill _ -> {
                return WireCursor.Overflow.SPILL;
            }
            case null, default -> {}
        }
        if (dialect == Dialect.FLAT) {
            return WireCursor.Overflow.DISCONNECT;
        }
        return WireCursor.Overflow.valueOf(config().delivery().overflow().name());
    }

    private static void checkSpill(Pattern pattern, @Nullable Topic topic) {
        if (pattern.isWild()) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "overflow 'spill' is for subscriptions by name: not every topic that '" + pattern
                            + "' will match may be durable; subscribe to the topics by name, or choose 'disconnect'"
                            + " and resume with since");
        }
        if (topic == null || !topic.config().isDurable()) {
            throw new FanfareException(
                    ErrorCode.BAD_REQUEST,
                    "overflow 'spill' is for subscriptions to a durable topic: '" + pattern
                            + "' can have another policy");
        }
    }

    /// How long a subscriber may take no byte; 0: as long as it likes.
    long slowSendTimeoutNanos() {
        return dialect == Dialect.FLAT ? config().flat().slowSendTimeout().toNanos() : 0;
    }
}
