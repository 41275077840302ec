package dev.fanfare.server.session;

import dev.fanfare.Commit;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.Start;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Pattern;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Refusal;
import dev.fanfare.server.WireSubscriber;
import dev.fanfare.server.feed.TextFrame;
import dev.fanfare.server.feed.WireKind;
import dev.fanfare.server.filter.Expressions;
import dev.fanfare.server.limits.Account;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.security.Rights;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What one session is subscribed to. On the connection's event loop, but for two things that are found out
/// elsewhere: which topics a pattern matches, since there may be very many, and where in a history a time is,
/// since that may have to be read from a device. The session reads no further request meanwhile, so that
/// answers keep their order.
final class Subscriptions {

    private final Session session;
    private final SessionContext context;
    private final SessionLoop loop;
    private final Connection connection;
    private final Answers answers;
    private final Notices notices;
    private final Codec codec;
    private final WireKind kind;
    private final String id;
    private Map<Subscribed.Key, Subscribed> all = Map.of();
    private boolean resolving;
    private boolean acknowledgesPatterns;
    private boolean closed;
    private @Nullable Account owner;

    /// @param id of the session, as it is named in errors
    Subscriptions(
            Session session,
            SessionContext context,
            SessionLoop loop,
            Connection connection,
            Answers answers,
            Notices notices,
            WireKind kind,
            String id) {
        this.session = session;
        this.context = context;
        this.loop = loop;
        this.connection = connection;
        this.answers = answers;
        this.notices = notices;
        this.codec = context.codec(loop);
        this.kind = kind;
        this.id = id;
    }

    /// Whether the topics of a pattern are being looked for.
    boolean resolving() {
        return resolving;
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    void subscribe(Request.Subscribe request) {
        String expression = request.filter();
        if (expression == null) {
            subscribe(request, wanted(request, null));
        } else {
            // First of all: what is refused makes no topic either.
            inBackground(
                    request,
                    () -> Expressions.filter(expression),
                    understood -> subscribe(request, wanted(request, understood)),
                    () -> {});
        }
    }

    /// What is wanted of a topic's messages; null: all.
    private static @Nullable Filter wanted(Request.Subscribe request, @Nullable Filter expression) {
        return Expressions.both(request.types().isEmpty() ? null : new Filter.Types(request.types()), expression);
    }

    private void subscribe(Request.Subscribe request, @Nullable Filter wanted) {
        try {
            Pattern pattern = Pattern.of(request.topic());
            Request.Manual manual = request.manual();
            if (manual != null && String.valueOf(manual.deadLetter()).startsWith("$")) {
                session.refuse(request.requestId(), WireError.ofBroker(String.valueOf(manual.deadLetter())));
                return;
            }
            Rights.View view = session.admission().rights().view(pattern);
            WireError refusal = refusal(request);
            if (view == null || refusal != null) {
                session.refuse(request.requestId(), refusal == null ? forbidden(request) : refusal);
                return;
            }
            boolean replaces = all.containsKey(key(request));
            context.checkSubscriptions(all.size(), replaces, id);
            WireError tooMany = replaces ? null : context.limits().subscribe(owner);
            if (tooMany != null) {
                session.refuse(request.requestId(), tooMany);
                return;
            }
            if (!pattern.isWild() && session.topic(request.topic()) == null) {
                session.refuse(request.requestId(), WireError.topicNotFound(request.topic()));
                return;
            }
            subscribe(request, pattern, view, Expressions.both(view.filter(), wanted));
        } catch (FanfareException refused) {
            refuse(request.requestId(), refused);
        }
    }

    /// Why a subscription is refused, whatever it is to hear; null when it is not.
    private @Nullable WireError refusal(Request.Subscribe request) {
        WireError stranger = session.admission().refusal();
        Request.Manual manual = request.manual();
        String deadLetter = manual == null ? null : manual.deadLetter();
        return stranger != null || deadLetter == null
                ? stranger
                : session.admission().refusal(Operation.PUBLISH, deadLetter);
    }

    private WireError forbidden(Request.Subscribe request) {
        return session.admission().forbidden(Operation.SUBSCRIBE, request.topic());
    }

    private void refuse(@Nullable String requestId, FanfareException refused) {
        session.refuse(requestId, Refusal.error(refused));
    }

    private static Subscribed.Key key(Request.Subscribe request) {
        return new Subscribed.Key(request.clientId(), request.topic());
    }

    private void subscribe(Request.Subscribe request, Pattern pattern, Rights.View view, @Nullable Filter wanted) {
        Subscribed.Key key = key(request);
        Request.Manual manual = request.manual();
        Subscribed subscription = manual == null
                ? live(request, key, pattern, view, wanted)
                : acknowledged(request, manual, key, pattern, view, wanted);
        // The old one goes first, since a limit has no room for both; that is before the ack, so none of its events
        // follow that.
        Subscribed replaced = forget(key);
        if (replaced != null) {
            replaced.close();
        }
        Start start = Starts.of(request);
        if (pattern.isWild() || start instanceof Start.AtTime) {
            resolve(request, subscription, start, replaced != null);
            return;
        }
        try {
            subscription.open(start);
        } catch (FanfareException refused) {
            if (replaced != null) {
                notices.ended(key);
            }
            throw refused;
        }
        begin(request, subscription, replaced != null);
    }

    private Subscribed live(
            Request.Subscribe request, Subscribed.Key key, Pattern pattern, Rights.View view, @Nullable Filter wanted) {
        Request.Batch batch = request.batch();
        return new WireSubscription(
                session,
                key,
                pattern,
                view,
                connection.outbox(),
                context.kinds().of(kind, request.acceptEncoding()),
                loop.replaySlices(),
                wanted,
                batch == null ? null : DeliveryStrategy.batched(batch.size(), batch.linger()),
                context.overflow(request.overflow(), pattern),
                context.queue(request.queue(), request.topic()));
    }

    private Subscribed acknowledged(
            Request.Subscribe request,
            Request.Manual manual,
            Subscribed.Key key,
            Pattern pattern,
            Rights.View view,
            @Nullable Filter wanted) {
        return new AckedSubscription(
                session,
                key,
                pattern,
                view,
                manual,
                wanted,
                session.admission().claim(pattern),
                Starts.of(request),
                connection.outbox(),
                loop,
                context.kinds().events(request.acceptEncoding()));
    }

    private void resolve(Request.Subscribe request, Subscribed subscription, Start start, boolean replaces) {
        inBackground(
                request,
                () -> {
                    try {
                        subscription.open(start);
                    } catch (FanfareException refused) {
                        if (replaces) {
                            session.later(() -> notices.ended(subscription.key()));
                        }
                        throw refused;
                    }
                    return subscription;
                },
                opened -> found(request, opened, replaces),
                subscription::close);
    }

    /// It has its place; rights may have changed while that was looked for.
    private void found(Request.Subscribe request, Subscribed subscription, boolean replaces) {
        WireError refusal = refusal(request);
        boolean same = subscription.view().equals(session.admission().rights().view(subscription.pattern()));
        if (same && refusal == null) {
            begin(request, subscription, replaces);
            return;
        }
        subscription.close();
        if (replaces) {
            notices.ended(subscription.key());
        }
        session.refuse(request.requestId(), refusal == null ? forbidden(request) : refusal);
    }

    /// Does what takes too long for the loop elsewhere, and goes on here with what comes of it; meanwhile nothing is
    /// read.
    ///
    /// @param undo when the session has ended meanwhile
    private <T> void inBackground(Request.Subscribe request, Supplier<T> work, Consumer<T> then, Runnable undo) {
        resolving = true;
        try {
            context.background().execute(() -> doHere(request, work, then, undo));
        } catch (RejectedExecutionException closing) {
            resolving = false;
            session.refuse(
                    request.requestId(),
                    new WireError(WireError.Code.SHUTTING_DOWN, "the server is shutting down; connect again later"));
        }
    }

    /// On a thread that may take its time.
    private <T> void doHere(Request.Subscribe request, Supplier<T> work, Consumer<T> then, Runnable undo) {
        T done;
        try {
            done = work.get();
        } catch (FanfareException refused) {
            session.execute(() -> resolved(() -> refuse(request.requestId(), refused)), () -> {});
            return;
        } catch (RuntimeException | Error failed) {
            session.execute(
                    () -> resolved(() -> {
                        session.failed(failed);
                        connection.abort("internal error");
                    }),
                    () -> {});
            return;
        }
        session.execute(
                () -> {
                    if (closed) {
                        undo.run();
                    } else {
                        resolved(() -> then.accept(done));
                    }
                },
                undo);
    }

    private void resolved(Runnable action) {
        resolving = false;
        if (!closed) {
            action.run();
            connection.readAgain();
        }
    }

    private void begin(Request.Subscribe request, Subscribed subscription, boolean replaces) {
        if (all.isEmpty()) {
            // Most connections have one subscription: a map for two costs an idle one little.
            all = new HashMap<>(2);
        }
        all.put(subscription.key(), subscription);
        count(1);
        acknowledgesPatterns |= subscription instanceof AckedSubscription acked && acked.isWild();
        Attachment.Opened opened = subscription.opened();
        TextFrame frame = answers.begin();
        codec.subscribed(
                frame.begin(), request, opened.timestampMillis(), opened.epoch(), opened.offset(), opened.recovered());
        Commit established = subscription.established();
        if (established == null) {
            answers.send(frame, subscription::begin);
            return;
        }
        answers.sendWhen(established, frame, request.requestId(), failure -> {
            if (failure == null) {
                subscription.begin();
            } else if (end(subscription) && replaces) {
                // The answer first.
                session.later(() -> {
                    if (!closed) {
                        notices.ended(subscription.key());
                    }
                });
            }
        });
    }

    /// What waits for the peer counts as lost: it is too slow to get it.
    void giveUp() {
        all.values().forEach(Subscribed::giveUp);
    }

    /// Whose they are from now on; null: nobody's any more.
    void becomes(@Nullable Account account) {
        count(-all.size());
        owner = account;
        count(all.size());
    }

    private void count(int more) {
        if (owner != null) {
            context.limits().subscribed(owner, more);
        }
    }

    private @Nullable Subscribed forget(Subscribed.Key key) {
        Subscribed forgotten = all.isEmpty() ? null : all.remove(key);
        if (forgotten != null) {
            count(-1);
        }
        return forgotten;
    }

    void unsubscribe(Request.Unsubscribe request) {
        try {
            end(request, Pattern.of(request.topic()));
        } catch (FanfareException noName) {
            refuse(request.requestId(), noName);
        }
    }

    private void end(Request.Unsubscribe request, Pattern pattern) {
        Subscribed subscription = forget(new Subscribed.Key(request.clientId(), request.topic()));
        Commit stored = null;
        if (subscription != null) {
            stored = subscription.unsubscribe();
        } else if (codec.refusesStrayUnsubscribe()) {
            session.refuse(request.requestId(), WireError.notSubscribed(request.topic()));
            return;
        } else if (!pattern.isWild() && !session.admission().rights().sees(request.topic())) {
            session.refuse(request.requestId(), session.admission().forbidden(Operation.SUBSCRIBE, request.topic()));
            return;
        } else if (!pattern.isWild() && context.find(request.topic()) == null) {
            session.refuse(request.requestId(), WireError.topicNotFound(request.topic()));
            return;
        }
        TextFrame frame = answers.begin();
        codec.unsubscribed(frame.begin(), request, context.millis());
        if (stored == null) {
            answers.send(frame);
        } else {
            answers.sendWhen(stored, frame, request.requestId(), _ -> {});
        }
    }

    /// It has ended.
    ///
    /// @return false when it had ended already
    boolean end(Subscribed subscription) {
        // Another one may have taken its place.
        boolean was = !all.isEmpty() && all.remove(subscription.key(), subscription);
        if (was) {
            count(-1);
            subscription.close();
        }
        return was;
    }

    /// Rights have changed: ends what may not be heard any more, or not in that way.
    void recheck(Rights rights) {
        for (Subscribed each : List.copyOf(all.values())) {
            String deadLetter = each.deadLetter();
            boolean asBefore = each.view().equals(rights.view(each.pattern()))
                    && (deadLetter == null || rights.may(Operation.PUBLISH, deadLetter));
            if (!asBefore) {
                end(each);
                notices.forbidden(each.key());
            }
        }
    }

    int size() {
        return all.size();
    }

    /// Whether there may be a pattern's among those that are acknowledged.
    boolean acknowledgesPatterns() {
        return acknowledgesPatterns;
    }

    /// All of them.
    Collection<Subscribed> all() {
        return all.values();
    }

    /// The one of this identity; null if there is none.
    @Nullable
    Subscribed find(Subscribed.Key key) {
        return all.get(key);
    }

    /// The live ones that hear a topic.
    List<WireSubscriber> live(String topic, String peer, String identity, long untakenBytes, long untakenMillis) {
        List<WireSubscriber> found = new ArrayList<>();
        for (Subscribed each : all.values()) {
            if (each instanceof WireSubscription live && each.pattern().matches(topic)) {
                found.add(live.described(peer, identity, untakenBytes, untakenMillis));
            }
        }
        return found;
    }

    /// Delivers what is there, whatever its batches still wait for.
    void flush() {
        all.values().forEach(Subscribed::flush);
    }

    /// Ends all of them, for good.
    void close() {
        closed = true;
        List<Subscribed> ended = List.copyOf(all.values());
        count(-ended.size());
        all = Map.of();
        ended.forEach(Subscribed::close);
    }
}
