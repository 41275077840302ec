package dev.fanfare.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A subscription to a topic, or to all topics that match a pattern. It lasts until it is closed or the server ends
/// it; meanwhile it reconnects and resumes after the last message it heard, or, if it acknowledges, with those that it
/// has not acknowledged. Its listener is called by the client's threads.
public final class Subscription implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Subscription.class);

    /// How the refusal of a transaction begins that is about what it acknowledges, and not about what it publishes.
    private static final String ABOUT_THE_ACKNOWLEDGEMENT = "ack[";

    private final String pattern;
    private final boolean wildcards;
    private final Start start;
    private final Frames.Asked asked;
    private final Hearer hearer;
    private final ClientOptions options;
    private final Connection connection;
    private final CompletableFuture<ServerFrame.Ack> subscribed = new CompletableFuture<>();

    // Owned by the calls of the connection, which come one at a time.
    private final SequencedMap<String, Position> positions = new LinkedHashMap<>(16, 0.75f, true);
    private @Nullable String since;
    private boolean waiting;
    private int requests;
    private String lastError = "";
    private final Commits commits = new Commits();
    private final Unsettled unsettled;

    /// Since when the server owes the answer to a subscribe, as [System#nanoTime]; null when it owes none.
    private volatile @Nullable Long askedNanos;

    /// Who gets what a subscription hears.
    interface Hearer {
        /// A message came. What is said of the delivery counts where messages are acknowledged.
        ///
        /// @throws Exception when it could not be handled
        void heard(Delivery delivery) throws Exception;

        void told(Notice notice);
    }

    /// @param how null when nothing is acknowledged
    Subscription(
            HttpClient http,
            URI uri,
            ClientOptions options,
            Executor executor,
            String pattern,
            Start start,
            Selection wanted,
            @Nullable Acknowledging how,
            Hearer hearer) {
        this.pattern = pattern;
        this.wildcards = pattern.indexOf('*') >= 0;
        this.start = start;
        this.asked = new Frames.Asked(
                UUID.randomUUID().toString(),
                pattern,
                wanted,
                how,
                options.compression().takes());
        this.unsettled = new Unsettled(isNamed(), wanted.equals(Selection.all()));
        this.hearer = hearer;
        this.options = options;
        this.connection = new Connection(http, uri, options, executor, new Receiver());
    }

    /// Subscribes and waits for the server's answer.
    void open() {
        connection.open();
        try {
            subscribed.get(options.connectTimeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            close();
            throw e.getCause() instanceof ClientException refused
                    ? new ClientException(refused.code(), String.valueOf(refused.getMessage()), refused)
                    : new ClientException("INTERNAL", "subscribing failed", e);
        } catch (TimeoutException e) {
            close();
            throw new ClientException(
                    ClientException.CONNECTION,
                    "the server did not answer the subscription to " + pattern + " within "
                            + options.connectTimeout().toMillis() + " ms",
                    e);
        } catch (InterruptedException e) {
            close();
            Thread.currentThread().interrupt();
            throw new ClientException(ClientException.CLOSED, "interrupted while subscribing to " + pattern, e);
        }
    }

    /// What was subscribed to.
    public String pattern() {
        return pattern;
    }

    /// Ends the subscription. Does not wait: a call of the listener may still be running; what that has to acknowledge
    /// is acknowledged if it returns within two seconds. A group or durable name stays on the server. Any number of
    /// times, any thread.
    @Override
    public void close() {
        var _ = closing();
    }

    boolean isClosed() {
        return connection.isClosed();
    }

    CompletableFuture<Void> closing() {
        return connection.close(asked.how() != null);
    }

    /// Hears the connection.
    private final class Receiver implements Connection.Owner {

        @Override
        public void up(boolean again) {
            subscribe();
        }

        @Override
        public void received(ServerFrame frame, long readNanos) {
            switch (frame) {
                case ServerFrame.Message message -> deliver(message, readNanos);
                case ServerFrame.Ack ack -> acknowledged(ack);
                case ServerFrame.Failure failure -> failed(failure);
                case ServerFrame.Dropped(String dropped, long count) ->
                    tell(new Notice.MessagesDropped(dropped, count));
                case ServerFrame.TopicDeleted(String topic) -> {
                    if (!wildcards) {
                        end(new Notice.TopicDeleted(topic));
                    }
                }
                case ServerFrame.Ended(String why) -> end(new Notice.Ended(why));
                case ServerFrame.FlatGreeting() -> refused(connection.wrongDialect());
                case ServerFrame.Replied _, ServerFrame.Other _ -> {}
            }
        }

        @Override
        public @Nullable String overdue() {
            Long asked = askedNanos;
            // The first answer is awaited by whoever subscribes.
            return subscribed.isDone()
                            && asked != null
                            && System.nanoTime() - asked
                                    > options.connectTimeout().toNanos()
                    ? "the subscription to " + pattern + " within "
                            + options.connectTimeout().toMillis() + " ms"
                    : null;
        }

        @Override
        public void lost(int code, String why) {
            askedNanos = null;
            commits.lost(code, why);
            unsettled.rewind(positions);
            // What waits for its topic is quiet until it has it.
            if (!waiting) {
                tell(new Notice.ConnectionLost(lastError.isEmpty() ? why : lastError));
            }
            lastError = "";
        }
    }

    private void subscribe() {
        String requestId = Integer.toString(++requests);
        askedNanos = System.nanoTime();
        if (since == null) {
            connection.send(Frames.subscribe(requestId, asked, start));
        } else if (wildcards) {
            connection.send(Frames.resume(
                    requestId, asked, since, positions.sequencedEntrySet().reversed()));
        } else {
            Position last = positions.sequencedValues().getLast();
            connection.send(Frames.subscribe(requestId, asked, Start.after(last)));
        }
    }

    private void deliver(ServerFrame.Message message, long readNanos) {
        Event event = message.event();
        Position seen = positions.get(event.topic());
        boolean isNew = seen == null || event.position().after(seen);
        if (isNew) {
            positions.put(event.topic(), event.position());
        }
        if (unsettled.isRepeat(event)) {
            connection.settle(asked.clientId(), event, new Delivery.Outcome.Done(List.of()));
        } else if (asked.how() != null) {
            unsettled.add(event, readNanos, message.ttlMillis());
            handle(new Delivery(event, message.attempt(), readNanos));
        } else if (isNew) {
            // A pattern with more topics than a subscribe can name hears some of their messages again.
            hear(new Delivery(event, 1, readNanos));
        }
    }

    private void hear(Delivery delivery) {
        try {
            hearer.heard(delivery);
        } catch (Throwable e) {
            failed(delivery.event(), e);
        }
    }

    private void handle(Delivery delivery) {
        // Refusals without a request are of acknowledgements, as long as something comes.
        lastError = "";
        String hopeless = commits.hopeless(delivery.event());
        try {
            if (hopeless == null) {
                hearer.heard(delivery);
                delivery.done();
            } else {
                delivery.reject(hopeless);
            }
        } catch (Throwable e) {
            failed(delivery.event(), e);
            // What fails because the program ends has not failed: it comes again.
            if (!connection.isClosing()) {
                delivery.nack(e);
            }
        }
        switch (delivery.outcome()) {
            case null -> {}
            case Delivery.Outcome.Done(var published) when !published.isEmpty() -> commit(delivery, published, 1);
            case Delivery.Outcome outcome -> settle(delivery, outcome);
        }
    }

    private void settle(Delivery delivery, Delivery.Outcome outcome) {
        boolean again = outcome instanceof Delivery.Outcome.Failed
                && asked.how() != null
                && delivery.attempt() < asked.how().retry().attempts();
        if (!again) {
            unsettled.remove(delivery.event());
        }
        connection.settle(asked.clientId(), delivery.event(), outcome);
    }

    /// Acknowledges and publishes. What is not answered when the connection breaks comes again, if it was not done.
    private void commit(Delivery delivery, List<Transaction.Part> published, int attempt) {
        String requestId = commits.nextId();
        String text =
                AckFrames.transaction(requestId, asked.clientId(), delivery.event(), published, options.compression());
        commits.add(requestId, delivery, published, attempt, text);
        sendCommits();
    }

    private void sendCommits() {
        for (String next = commits.next(); next != null; next = commits.next()) {
            connection.send(next);
        }
    }

    /// Something was refused.
    ///
    /// @return whether it was about a transaction
    private boolean isRefusedCommit(ServerFrame.Failure failure) {
        String requestId = commits.idOf(failure);
        if (requestId == null) {
            return false;
        }
        Commits.Commit commit = commits.remove(requestId);
        if (commit == null) {
            return true;
        }
        if (failure.message().startsWith(ABOUT_THE_ACKNOWLEDGEMENT)) {
            // The server is done with the message, or has given it up, and does not deliver it again.
            unsettled.remove(commit.delivery().event());
        } else if (!failure.code().equals("SHUTTING_DOWN") && !isTriedAgain(commit, failure)) {
            // A server that goes away has not done it: it comes again.
            settle(commit.delivery(), outcome(failure));
        }
        sendCommits();
        return true;
    }

    /// What is refused for now costs the message none of its attempts, as long as its time to acknowledge is not
    /// over: then it comes again.
    private boolean isTriedAgain(Commits.Commit refused, ServerFrame.Failure failure) {
        Delivery delivery = refused.delivery();
        Duration delay = Duration.ofNanos(options.retry().delayNanos(refused.attempt(), failure.retryAfterMillis()));
        if (asked.how() == null
                || !options.retry().isDue(failure.code(), refused.attempt())
                || delivery.age().plus(delay).compareTo(asked.how().timeout()) >= 0) {
            return false;
        }
        connection.later(delay, () -> commit(delivery, refused.published(), refused.attempt() + 1));
        return true;
    }

    /// What becomes of an attempt whose transaction was refused. What is too large is so the next time, too.
    private static Delivery.Outcome outcome(ServerFrame.Failure failure) {
        String why = failure.code() + ": " + failure.message();
        return failure.code().equals(ClientException.TOO_LARGE)
                ? new Delivery.Outcome.Rejected(why)
                : new Delivery.Outcome.Failed(
                        failure.retryAfterMillis() > 0 ? Duration.ofMillis(failure.retryAfterMillis()) : null, why);
    }

    private void failed(Event event, Throwable why) {
        log.warn(
                "The listener of {} failed on offset {}",
                pattern,
                event.position().offset(),
                why);
    }

    private void acknowledged(ServerFrame.Ack ack) {
        if (ack.requestId() != null) {
            Commits.Commit committed = commits.remove(ack.requestId());
            if (committed != null) {
                unsettled.remove(committed.delivery().event());
                sendCommits();
            }
        }
        if (!Integer.toString(requests).equals(ack.requestId())) {
            return;
        }
        askedNanos = null;
        waiting = false;
        if (since != null) {
            tell(resumed(ack));
        }
        if (!wildcards && asked.how() != null) {
            unsettled.begin(pattern, ack.position());
        }
        if (!wildcards) {
            // The ack says the first offset to come.
            positions.put(pattern, new Position(ack.position().epoch(), Math.max(-1, ack.offset() - 1)));
        }
        if (since == null) {
            since = resumeTime(ack);
            subscribed.complete(ack);
        }
    }

    /// From when on topics that were not heard of are resumed. A subscription that began in the past may have been
    /// cut in the middle of it.
    private String resumeTime(ServerFrame.Ack ack) {
        return switch (start) {
            case Start.Earliest() -> "1970-01-01T00:00:00Z";
            case Start.At(var time) -> time.toString();
            case Start.Latest _, Start.Last _, Start.After _ -> ack.ts() == null ? "1970-01-01T00:00:00Z" : ack.ts();
        };
    }

    private Notice resumed(ServerFrame.Ack ack) {
        Position last = wildcards ? null : positions.get(pattern);
        boolean anew = last != null && ack.epoch() != null && !last.epoch().equals(ack.epoch());
        // Who joins what its name has kept is not told: nothing was lost.
        boolean kept = isNamed() && ack.recovered() == null && !anew;
        if (kept || Boolean.TRUE.equals(ack.recovered())) {
            return new Notice.Resumed(true, 0);
        }
        if (last == null || ack.epoch() == null || isNamed() && !anew) {
            return new Notice.Resumed(false, -1);
        }
        if (anew) {
            return new Notice.MadeAnew(pattern);
        }
        long missed = asked.how() == null
                ? Math.max(-1, ack.offset() - last.offset() - 1)
                : unsettled.missed(pattern, ack.position());
        return new Notice.Resumed(missed == 0, missed);
    }

    private boolean isNamed() {
        return asked.how() != null && asked.how().name() != null;
    }

    private void failed(ServerFrame.Failure failure) {
        if (isRefusedCommit(failure)) {
            return;
        }
        lastError = failure.code() + ": " + failure.message();
        if (failure.requestId() == null && failure.clientId() != null) {
            end(new Notice.Ended(lastError));
            return;
        }
        if (failure.requestId() == null) {
            // About the connection (a slow consumer, for example): the server closes it now.
            return;
        }
        askedNanos = null;
        if (since != null && failure.code().equals("TOPIC_NOT_FOUND")) {
            if (!waiting) {
                waiting = true;
                tell(new Notice.TopicMissing(pattern));
            }
            connection.startOver();
        } else if (since == null || !failure.code().equals("SHUTTING_DOWN")) {
            refused(failure.exception());
        }
    }

    /// The server does not give what was asked for, and never will.
    private void refused(ClientException error) {
        if (since == null) {
            subscribed.completeExceptionally(error);
        } else {
            boolean refusal = !error.code().equals(ClientException.CONNECTION);
            end(new Notice.Ended((refusal ? error.code() + ": " : "") + error.getMessage()));
        }
    }

    private void end(Notice why) {
        close();
        tell(why);
    }

    private void tell(Notice notice) {
        try {
            hearer.told(notice);
        } catch (Throwable e) {
            log.warn("The listener of {} failed on a notice", pattern, e);
        }
    }
}
