package dev.fanfare.server.session;

import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerLimit;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Wakes;
import dev.fanfare.protocol.CloseCode;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Connections;
import dev.fanfare.server.PublishLimit;
import dev.fanfare.server.WireSubscriber;
import dev.fanfare.server.feed.WireKind;
import dev.fanfare.server.feed.Woken;
import dev.fanfare.server.limits.Account;
import dev.fanfare.server.limits.Limit;
import dev.fanfare.server.security.Identity;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// One peer: reads its requests, answers each in order, and holds its subscriptions. It knows neither sockets nor
/// the bytes of a dialect: the [Connection] and the [Codec] do. All of it on the connection's event loop.
public final class Session implements Connections.Peer {

    /// The most bytes of answers that may wait for a peer that does not read them; then it is not read either.
    public static final int CONTROL_MAX_BYTES = 256 * 1024;

    private static final long SLOW_LINGER_MILLIS = 30_000;
    private static final long CLOSE_LINGER_MILLIS = 5_000;

    private final SessionContext context;
    private final SessionLoop loop;
    private final Connection connection;
    private final Codec codec;
    private final Answers answers;
    private final Admission admission;
    private final Notices notices;
    private final String id;
    private final Wakes wakes = new Wakes();
    private final PublishLimit limit;
    private final SessionLog log;

    private final Subscriptions subscriptions;
    private final Patience patience;
    private final Inquiries inquiries;
    private final Transactions transactions;
    private final TopicsInUse topics;
    private final RequestDesk requests;

    private boolean congested;
    private boolean detached;

    private final SignsOfLife life;

    /// A session that has just been opened.
    ///
    /// @param clientId what the peer called itself in the handshake
    /// @param identity who it showed itself to be; null when it will say so in its first message
    Session(
            SessionContext context,
            SessionLoop loop,
            Connection connection,
            @Nullable String clientId,
            @Nullable Identity identity,
            WireKind kind) {
        this.context = context;
        this.loop = loop;
        this.connection = connection;
        this.codec = context.codec(loop);
        this.answers = new Answers(this, context, loop, connection);
        this.id = clientId == null ? UUID.randomUUID().toString() : clientId;
        this.limit = context.publishLimit(id);
        this.log = new SessionLog(
                context.counts(),
                context.limits(),
                context.dialect(),
                connection.peer(),
                id,
                context.nanos(),
                context.access().audit());
        this.admission = new Admission(this, context, connection, answers, codec, log, clientId, identity);
        this.topics = new TopicsInUse(context, limit, log);
        this.notices = new Notices(context, answers, codec, log);
        this.subscriptions = new Subscriptions(this, context, loop, connection, answers, notices, kind, id);
        this.patience = new Patience(this, loop);
        Publishing publishing = new Publishing(this, context, answers, codec, log, wakes, patience);
        this.inquiries = new Inquiries(this, context, answers, connection, codec, wakes, patience);
        Acknowledged acknowledged = new Acknowledged(context, subscriptions, admission);
        this.transactions = new Transactions(this, context, answers, codec, acknowledged, limit, log, patience);
        this.requests = new RequestDesk(
                this, codec, answers, limit, subscriptions, publishing, inquiries, acknowledged, transactions);
        this.life = new SignsOfLife(log.openedNanos());
    }

    SessionContext context() {
        return context;
    }

    /// The largest message this session takes.
    public int maxMessageSize() {
        return context.config().limits().maxMessageSize();
    }

    /// The transport is up.
    public void opened() {
        log.opened();
        context.connections().add(this);
        admission.opened();
        if (codec.greets() && !detached) {
            answers.tell(out -> codec.greeting(out, id));
        }
    }

    /// Bytes came in.
    public void received() {
        life.received(context.nanos());
    }

    /// Bytes went out; less than none when some were taken back.
    public void sent(int bytes) {
        life.sent(context.nanos());
        log.sent(bytes);
    }

    /// One text message.
    public void text(byte[] bytes, int from, int to) {
        requests.serve(codec.decode(bytes, from, to), to - from);
    }

    /// Who the peer is and what it may do.
    Admission admission() {
        return admission;
    }

    /// Whose the session is from now on; null: nobody's any more.
    void becomes(@Nullable Account owner) {
        limit.belongsTo(owner);
        subscriptions.becomes(owner);
    }

    /// The peer may do other things than before.
    void rightsChanged() {
        subscriptions.recheck(admission.rights());
    }

    /// The peer is nobody any more: what it asked for is not for it.
    void isOut(WireError why) {
        inquiries.refuse(why);
    }

    @Override
    public void recheck() {
        execute(admission::recheck);
    }

    /// A binary message.
    public void binary() {
        refuse(null, WireError.badRequest("binary messages are not understood; send JSON in text messages"));
    }

    /// A message above the limit.
    public void tooLarge() {
        refuse(
                null,
                new WireError(
                                WireError.Code.TOO_LARGE,
                                "a message of connection " + id + " is larger than " + maxMessageSize()
                                        + " bytes (setting max-message-size)")
                        .by(BrokerLimit.MESSAGE_SIZE.label()));
    }

    /// What the peer sends is not read any more.
    ///
    /// @param limit what it ran into; null when it was no limit
    public void isNotRead(@Nullable String limit) {
        context.limits().count(limit);
    }

    /// The topic of that name, made if topics make themselves; null when there is none.
    @Nullable
    Topic topic(String name) {
        return topics.get(name);
    }

    /// Whether subscribers may have got this message already.
    boolean isHeard(Topic topic, long offset) {
        return context.feeds().isHeard(topic, offset);
    }

    @Override
    public CompletableFuture<List<WireSubscriber>> subscribers(String topic) {
        CompletableFuture<List<WireSubscriber>> found = new CompletableFuture<>();
        execute(() -> found.complete(live(topic)), () -> found.complete(List.of()));
        return found;
    }

    private List<WireSubscriber> live(String topic) {
        long untaken = connection.untakenBytes();
        long stuckMillis = life.stuckNanos(context.nanos(), untaken) / 1_000_000;
        return subscriptions.live(
                topic, String.valueOf(connection.peer()), admission.who(), untaken, untaken == 0 ? 0 : stuckMillis);
    }

    // What subscriptions tell.

    void tellDropped(Subscribed.Key key, long count) {
        log.dropped(count);
        context.feeds().emit(() -> new BrokerEvent.MessagesDropped(key.topic(), name(key), count));
        notices.dropped(key, count);
    }

    /// The peer is too slow for a subscription whose policy is to disconnect. It is told behind what is already
    /// with the transport; until it has read that, it counts as no subscriber.
    void overflowed(Subscribed.Key key, long lag) {
        // The feed is just offering to its subscribers, and none of them may leave it meanwhile.
        later(() -> {
            if (!detached) {
                context.feeds().emit(() -> new BrokerEvent.SlowConsumer(key.topic(), name(key), lag));
                disconnectSlow(
                        lag + " messages of the subscription to '" + key.topic() + "' wait (setting subscriber-queue)");
            }
        });
    }

    private void disconnectSlow(String why) {
        refuseNow(
                null,
                new WireError(WireError.Code.SLOW_CONSUMER, "this connection takes its messages too slowly: " + why));
        subscriptions.giveUp();
        detach();
        connection.close(CloseCode.POLICY, "slow consumer", SLOW_LINGER_MILLIS);
    }

    /// A subscription of this connection, as listeners are told of it.
    String name(Subscribed.Key key) {
        return key.clientId().isEmpty() ? id : id + "/" + key.clientId();
    }

    /// What ends the events of an acknowledged subscription, up to the number of the attempt.
    byte[] deliveryEnding(String clientId, String subscription) {
        JsonBytes out = new JsonBytes();
        codec.deliveryBegin(out, clientId, subscription);
        return Arrays.copyOf(out.array(), out.length());
    }

    void ended(AckedSubscription subscription, SubscriptionEnd why) {
        if (subscriptions.end(subscription)) {
            notices.ended(subscription.key(), why);
        }
    }

    void ended(WireSubscription subscription) {
        if (subscriptions.end(subscription)) {
            notices.topicDeleted(subscription.key());
        }
    }

    // The rhythm of a connection.

    /// The bytes at hand are read: subscribers of what was published hear of it.
    public void endOfBatch() {
        Feed<?> full = wakes.flush();
        if (full != null && !congested) {
            congested = true;
            full.onRoom(() -> later(() -> {
                congested = false;
                connection.readAgain();
            }));
        }
    }

    /// Whether nothing more may be read for now.
    public boolean paused() {
        return patience.waits() || congested || admission.isChecking() || subscriptions.resolving() || answers.isFull();
    }

    /// The peer has taken what was sent.
    public void progressed() {
        life.progressed();
    }

    /// Called every now and then: heartbeats, and peers that are gone or stuck.
    public void tick(long now) {
        long heartbeat = context.config().delivery().heartbeat().toNanos();
        if (life.gone(now, heartbeat)) {
            context.limits().count(Limit.HEARTBEAT);
            connection.abort("no sign of life for a heartbeat after it was asked for one");
            return;
        }
        if (life.unfinishedNanos(now, connection.unfinishedMessage()) >= 2 * heartbeat) {
            // A pong now and then is no reason to keep half a message for ever.
            context.limits().count(Limit.HEARTBEAT);
            connection.abort("a message was begun and not ended within twice the heartbeat");
            return;
        }
        if (life.pingDue(now, heartbeat)) {
            connection.ping();
        }
        if (codec.sendsHeartbeats() && !detached && life.heartbeatDue(now, heartbeat)) {
            answers.tell(out -> codec.heartbeat(out, context.millis()));
        }
        long timeout = context.slowSendTimeoutNanos();
        long stuck = life.stuckNanos(now, connection.untakenBytes());
        if (timeout > 0 && stuck >= timeout && !detached && !subscriptions.isEmpty()) {
            context.limits().count(Limit.SLOW_SEND_TIMEOUT);
            disconnectSlow("no byte was taken for " + timeout / 1_000_000 + " ms (setting slow-send-timeout)");
        }
    }

    // The end.

    @Override
    public void drain() {
        execute(requests::drain);
    }

    @Override
    public void close() {
        execute(() -> {
            endOfBatch();
            // What was published is answered.
            answers.whenSettled(() -> {
                // What waits for its batch to be full goes out now; after the close frame nothing may follow.
                subscriptions.flush();
                connection.outbox().whenEmpty(() -> {
                    detach();
                    connection.close(CloseCode.GOING_AWAY, "shutting down", CLOSE_LINGER_MILLIS);
                });
            });
        });
    }

    @Override
    public long waitingBytes() {
        return connection.untakenBytes() + connection.outbox().controlBytes() + connection.unreadBytes();
    }

    @Override
    public void tooSlow() {
        execute(() -> {
            if (!detached) {
                disconnectSlow("the server has no memory left for what waits (setting buffer-memory)");
            }
        });
    }

    @Override
    public void abort() {
        execute(() -> connection.abort("shutting down: not closed in time"));
    }

    /// Ends every subscription; the peer is no subscriber any more.
    public void detach() {
        detached = true;
        admission.close();
        patience.close();
        answers.close();
        subscriptions.close();
        inquiries.close();
        transactions.close();
    }

    /// The connection is gone.
    public void closed(String reason) {
        endOfBatch();
        detach();
        context.connections().remove(this);
        log.closed(reason, context.nanos());
    }

    /// Something was wrong in here, not at the peer.
    public void failed(Throwable cause) {
        log.failed(cause);
    }

    /// Runs on the session's loop.
    public void execute(Runnable action) {
        execute(action, () -> {});
    }

    /// Runs on the session's loop, but not from inside what it is doing now. Any thread.
    void later(Runnable action) {
        loop.delivery().execute(action);
    }

    /// Has the loop drain it at the end of its turn. Any thread.
    void wake(Woken one) {
        loop.delivery().wake(one);
    }

    /// What kept it from reading is over.
    void readAgain() {
        connection.readAgain();
    }

    /// Runs on the session's loop, or, if that has ended and all its sessions with it, `otherwise` here.
    void execute(Runnable action, Runnable otherwise) {
        if (loop.delivery().eventLoop().inEventLoop()) {
            action.run();
        } else if (!loop.delivery().execute(action)) {
            otherwise.run();
        }
    }

    /// Says why a request is not served, when those before it are answered.
    void refuse(@Nullable String requestId, WireError error) {
        log.refused(requestId, error, context.nanos());
        answers.refuse(requestId, error);
    }

    /// Says at once why a request is not served, or what went wrong without one.
    void refuseNow(@Nullable String requestId, WireError error) {
        log.refused(requestId, error, context.nanos());
        answers.tellError(requestId, error);
    }
}
