package dev.fanfare.server.session;

import dev.fanfare.delivery.Claim;
import dev.fanfare.feed.Pattern;
import dev.fanfare.protocol.CloseCode;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.limits.Account;
import dev.fanfare.server.security.Access;
import dev.fanfare.server.security.Credentials;
import dev.fanfare.server.security.Identity;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.security.Rights;
import dev.fanfare.server.security.Unauthorized;
import dev.fanfare.time.Timers;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// Who the peer of a session is, and what it may do. On the connection's event loop.
///
/// ```
///  WAITING ── auth ──▶ IN ── expired, revoked ──▶ OUT ── auth ──▶ IN
///     └── 5 s ──▶ closed                            └── 5 s ──▶ closed
/// ```
///
/// While it is out nothing is sent to it but answers, and nothing is done for it.
final class Admission {

    /// How long a peer may take to say who it is, or to say it anew.
    static final Duration GRACE = Duration.ofSeconds(5);

    private static final long LINGER_MILLIS = 5_000;
    private static final String SAY_WHO = "send {\"type\":\"auth\"} with api_key or token";

    private final Session session;
    private final SessionContext context;
    private final Connection connection;
    private final Answers answers;
    private final Codec codec;
    private final SessionLog log;
    private final Access access;
    private final @Nullable String clientId;

    /// Null while it is waited for.
    private @Nullable Identity identity;

    private Rights rights;
    private boolean out;
    private boolean checking;
    private boolean closed;
    private Timers.@Nullable Timer timer;
    private @Nullable Account client;
    private Identity counted = Identity.ANONYMOUS;
    private @Nullable String publishesTo;

    /// @param clientId what the peer called itself in the handshake
    /// @param identity who it showed itself to be there; null when it will say so in its first message
    Admission(
            Session session,
            SessionContext context,
            Connection connection,
            Answers answers,
            Codec codec,
            SessionLog log,
            @Nullable String clientId,
            @Nullable Identity identity) {
        this.session = session;
        this.context = context;
        this.connection = connection;
        this.answers = answers;
        this.codec = codec;
        this.log = log;
        this.access = context.access();
        this.clientId = clientId;
        this.identity = identity;
        this.rights = identity == null ? Rights.NONE : access.rights(identity, clientId);
    }

    /// The transport is up.
    void opened() {
        if (identity == null) {
            closeIn(GRACE, "nobody said who it is within " + GRACE.toSeconds() + " s");
        } else {
            // What has changed since the handshake was told only to those who were there.
            recheck();
        }
    }

    /// Has it called out when its time is over.
    private void watch(Identity who) {
        cancel();
        Duration next = access.checkIn(who);
        if (next != null) {
            timer = context.timers().schedule(next, () -> session.later(this::recheck));
        }
    }

    private void closeIn(Duration time, String why) {
        cancel();
        timer = context.timers().schedule(time, () -> session.later(() -> turnAway(why)));
    }

    private void cancel() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void turnAway(String why) {
        if (!closed && (out || identity == null)) {
            session.refuseNow(null, unauthorized(why));
            session.detach();
            connection.close(CloseCode.POLICY, "unauthorized", LINGER_MILLIS);
        }
    }

    private static WireError unauthorized(String why) {
        return new WireError(WireError.Code.UNAUTHORIZED, why);
    }

    /// Whether it is being found out who the peer is: nothing is read meanwhile.
    boolean isChecking() {
        return checking;
    }

    /// Why nothing is done for the peer now; null when it is in.
    @Nullable
    WireError refusal() {
        if (identity != null && !out) {
            return null;
        }
        return unauthorized((out ? "who you were does not count any more: " : "say first who you are: ") + SAY_WHO);
    }

    /// Why an operation on a topic is refused; null when it is not.
    @Nullable
    WireError refusal(Operation operation, String topic) {
        if (rights.isAll() || operation == Operation.PUBLISH && topic.equals(publishesTo)) {
            return null;
        }
        if (!rights.may(operation, topic)) {
            return forbidden(operation, topic);
        }
        if (operation == Operation.PUBLISH) {
            publishesTo = topic;
        }
        return null;
    }

    /// What is said when something is not allowed.
    WireError forbidden(Operation operation, String topic) {
        return new WireError(
                WireError.Code.FORBIDDEN,
                identity + " is not allowed to " + operation.word() + " '" + Excerpt.of(topic) + "'");
    }

    /// Who the peer is, for people; empty while that is waited for.
    String who() {
        return identity == null ? "" : identity.toString();
    }

    /// What the peer may do.
    Rights rights() {
        return rights;
    }

    /// What the peer has a right to among durable names; null where nobody is asked who it is.
    @Nullable
    Claim claim(Pattern pattern) {
        Identity who = identity;
        return who == null || !access.isGuarded()
                ? null
                : new Claim(who.kind() + " " + who.name(), rights.mayAll(Operation.MANAGE, pattern));
    }

    // ---- saying who it is

    void auth(Request.Auth request) {
        String apiKey = request.apiKey();
        Credentials credentials = apiKey != null
                ? new Credentials.ApiKey(apiKey)
                : new Credentials.Token(String.valueOf(request.token()));
        try {
            Identity known = access.known(credentials);
            if (known != null) {
                admit(request, known);
                return;
            }
        } catch (Unauthorized refused) {
            refuse(request, refused.reason());
            return;
        }
        checking = true;
        try {
            access.whenItsTurn(() -> verify(request, credentials));
        } catch (RejectedExecutionException full) {
            checking = false;
            // It has shown nothing wrong: it may try again.
            session.refuse(
                    request.requestId(),
                    new WireError(WireError.Code.BACKPRESSURE, "too many tokens wait to be checked; try again later"));
        }
    }

    /// On a thread that may wait.
    private void verify(Request.Auth request, Credentials credentials) {
        Identity found;
        try {
            found = access.verify(credentials);
        } catch (Unauthorized refused) {
            session.execute(() -> checked(() -> refuse(request, refused.reason())), () -> {});
            return;
        } catch (RuntimeException | Error failed) {
            session.execute(
                    () -> checked(() -> {
                        session.failed(failed);
                        connection.abort("internal error");
                    }),
                    () -> {});
            return;
        }
        session.execute(() -> checked(() -> admit(request, found)), () -> {});
    }

    private void checked(Runnable action) {
        checking = false;
        if (!closed) {
            action.run();
            session.readAgain();
        }
    }

    private void admit(Request.Auth request, Identity now) {
        Identity before = identity;
        if (before != null
                && before.kind() != Identity.Kind.ANONYMOUS
                && !(before.kind() == now.kind() && before.name().equals(now.name()))) {
            session.refuse(
                    request.requestId(),
                    unauthorized(
                            "this connection is " + before + "'s and can't become " + now + "'s: open another one"));
            return;
        }
        boolean wasOut = out;
        enter(now);
        if (closed) {
            return;
        }
        answers.say(writer -> codec.authenticated(writer, request.requestId(), context.millis()));
        if (wasOut) {
            connection.outbox().hold(false);
        }
    }

    private void enter(Identity now) {
        identity = now;
        log.is(now);
        count(now);
        if (closed) {
            return; // there was no room for one more
        }
        watch(now);
        Rights may = access.rights(now, clientId);
        if (out || !may.equals(rights)) {
            out = false;
            rights = may;
            publishesTo = null;
            session.rightsChanged();
        }
    }

    /// Has what the peer does counted as that of whom it is.
    private void count(Identity now) {
        Account before = client;
        if (before != null && now.kind() == counted.kind() && now.name().equals(counted.name())) {
            return;
        }
        uncount();
        Account account = context.limits().client(now, connection.peer());
        WireError tooMany = context.limits().opened(account);
        if (tooMany != null) {
            context.limits().release(account);
            session.refuseNow(null, tooMany);
            session.detach();
            connection.close(CloseCode.POLICY, "too many connections", LINGER_MILLIS);
            return;
        }
        counted = now;
        client = account;
        session.becomes(account);
    }

    private void uncount() {
        Account before = client;
        if (before != null) {
            session.becomes(null);
            client = null;
            context.limits().closed(before);
            context.limits().release(before);
        }
    }

    private void refuse(Request.Auth request, String why) {
        session.refuse(request.requestId(), unauthorized(why));
        if (identity == null) {
            // Who guesses has one guess per connection.
            session.detach();
            connection.close(CloseCode.POLICY, "unauthorized", LINGER_MILLIS);
        }
    }

    // ---- what changes

    /// Keys or rules may be others than before, or its time may be over.
    void recheck() {
        Identity who = identity;
        if (who == null || out || closed) {
            return;
        }
        try {
            enter(access.again(who));
            access.verifyAgain(who, refused -> session.later(() -> withdrawn(who, refused)));
        } catch (Unauthorized gone) {
            leave(gone.reason());
        } catch (RuntimeException failed) {
            session.failed(failed);
            leave("it can't be told any more who you are");
        }
    }

    private void withdrawn(Identity who, Unauthorized refused) {
        if (who.equals(identity) && !out && !closed) {
            leave(refused.reason());
        }
    }

    private void leave(String why) {
        out = true;
        rights = Rights.NONE;
        publishesTo = null;
        connection.outbox().hold(true);
        session.isOut(unauthorized(why));
        if (codec.authenticates()) {
            session.refuseNow(
                    null,
                    unauthorized(why + ": " + SAY_WHO + " within " + GRACE.toSeconds()
                            + " s, or this connection is closed"));
            closeIn(GRACE, why);
        } else {
            turnAway(why);
        }
    }

    /// The connection is gone.
    void close() {
        closed = true;
        cancel();
        uncount();
    }
}
