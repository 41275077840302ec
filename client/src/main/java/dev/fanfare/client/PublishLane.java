package dev.fanfare.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The publishes of a client that are not answered yet, in the order of sending. A server answers in that order,
/// and a new connection gets all of them again before anything newer, so the order survives a reconnect.
///
/// The lock covers noting a request and handing it to the connection: what is sent first is first here.
final class PublishLane implements Connection.Owner {

    private static final Logger log = LoggerFactory.getLogger(PublishLane.class);

    /// After so many connections that broke in a row without an answer, what is unanswered is sent one at a
    /// time: to find what they break over.
    static final int BROKEN_TOGETHER = 3;

    /// So many more may break over one that is on its way alone.
    private static final int BROKEN_ALONE = 7;

    /// How many connections may break in a row over one message.
    static final int BROKEN_MOST = BROKEN_TOGETHER + BROKEN_ALONE;

    /// @param attempt which one this is, from 1
    private record Request(String text, Parcel parcel, int attempt) {}

    private final Connection connection;
    private final ClientOptions options;
    private final Semaphore window;
    private final ReentrantLock lock = new ReentrantLock();
    private final SequencedMap<String, Request> unanswered = new LinkedHashMap<>();

    /// Refused for now, to be sent again.
    private final Set<Request> waiting = new HashSet<>();

    private final Asking asking = new Asking();
    private final Executor executor;
    private long lastId;

    /// Whether the connection has all that waited for it. Until then a publish only takes its place behind that.
    private boolean caughtUp;

    /// How many connections broke in a row over what is unanswered.
    private int broken;

    /// The last of those that are sent one at a time, each when the one before it is answered, and all newer
    /// ones after them; 0 when all are sent at once.
    private long aloneUntil;

    // What all publishes fail with from now on, if anything.
    private @Nullable ClientException over;
    private long answeredNanos;

    PublishLane(HttpClient http, URI uri, ClientOptions options, Executor executor) {
        this.options = options;
        this.executor = executor;
        this.window = new Semaphore(options.window());
        this.connection = new Connection(http, uri, options, executor, this);
    }

    void open() {
        connection.open();
    }

    CompletableFuture<Published> publish(String topic, Outgoing message) throws InterruptedException {
        CompletableFuture<Published> answer = new CompletableFuture<>();
        send(new Parcel.One(topic, message, answer));
        return answer;
    }

    CompletableFuture<List<Published>> publish(List<Transaction.Part> parts) throws InterruptedException {
        CompletableFuture<List<Published>> answer = new CompletableFuture<>();
        send(new Parcel.Several(parts, answer));
        return answer;
    }

    CompletableFuture<List<Reply>> ask(String topic, Outgoing message, Duration timeout, boolean all) {
        return asking.ask(connection, topic, message, timeout, all, options.connectTimeout(), options.compression());
    }

    private void send(Parcel parcel) throws InterruptedException {
        window.acquire();
        boolean sent = false;
        try {
            sent = sendWithin(parcel);
        } finally {
            if (!sent) {
                window.release();
            }
        }
    }

    /// @return whether it waits for its answer now
    private boolean sendWithin(Parcel parcel) {
        ClientException why;
        lock.lock();
        try {
            why = over;
            if (why == null) {
                if (unanswered.isEmpty()) {
                    answeredNanos = System.nanoTime();
                }
                send(parcel, 1);
            }
        } finally {
            lock.unlock();
        }
        if (why != null) {
            parcel.failed(why);
        }
        return why == null;
    }

    /// Under the lock.
    private void send(Parcel parcel, int attempt) {
        String requestId = Long.toString(++lastId);
        String text = parcel.text(requestId, options.compression());
        unanswered.put(requestId, new Request(text, parcel, attempt));
        if (caughtUp && aloneUntil == 0) {
            connection.send(text);
        }
    }

    /// The server refused it for now. It keeps its place in the window.
    private void sendLater(Request refused, long told) {
        ClientException why;
        lock.lock();
        try {
            why = over;
            if (why == null) {
                waiting.add(refused);
            }
        } finally {
            lock.unlock();
        }
        if (why != null) {
            window.release();
            tell(() -> refused.parcel.failed(why));
            return;
        }
        long delay = options.retry().delayNanos(refused.attempt, told);
        CompletableFuture.delayedExecutor(delay, TimeUnit.NANOSECONDS, executor).execute(() -> sendAgain(refused));
    }

    private void sendAgain(Request refused) {
        lock.lock();
        try {
            if (waiting.remove(refused)) {
                if (unanswered.isEmpty()) {
                    answeredNanos = System.nanoTime();
                }
                send(refused.parcel, refused.attempt + 1);
            }
        } finally {
            lock.unlock();
        }
    }

    CompletableFuture<Void> close() {
        return end(new ClientException(ClientException.CLOSED, "the client was closed before the server answered"));
    }

    private CompletableFuture<Void> end(ClientException why) {
        List<Request> left;
        lock.lock();
        try {
            over = why;
            left = new ArrayList<>(unanswered.values());
            left.addAll(waiting);
            unanswered.clear();
            waiting.clear();
        } finally {
            lock.unlock();
        }
        left.forEach(request -> tell(() -> request.parcel.failed(why)));
        asking.failAll(why);
        window.release(left.size());
        return connection.close(false);
    }

    @Override
    public void up(boolean again) {
        int resent;
        lock.lock();
        try {
            if (broken >= BROKEN_TOGETHER && aloneUntil == 0 && !unanswered.isEmpty()) {
                aloneUntil = lastId;
            }
            resent = sent().size();
            sent().values().forEach(request -> connection.send(request.text));
            caughtUp = true;
            answeredNanos = System.nanoTime();
        } finally {
            lock.unlock();
        }
        if (again) {
            tell(new Notice.Reconnected(resent));
        }
    }

    /// Those of the unanswered that are on their way; under the lock.
    private SequencedMap<String, Request> sent() {
        Map.Entry<String, Request> first = unanswered.firstEntry();
        if (first == null || aloneUntil == 0) {
            return unanswered;
        }
        SequencedMap<String, Request> alone = new LinkedHashMap<>(2);
        alone.put(first.getKey(), first.getValue());
        return alone;
    }

    /// Something is unanswered no more; under the lock.
    private void moveOn() {
        if (aloneUntil == 0) {
            broken = 0;
            return;
        }
        Map.Entry<String, Request> first = unanswered.firstEntry();
        if (first == null || Long.parseLong(first.getKey()) > aloneUntil) {
            aloneUntil = 0;
            broken = 0;
        } else {
            broken = BROKEN_TOGETHER;
        }
        sent().values().forEach(request -> connection.send(request.text));
    }

    @Override
    public void received(ServerFrame frame, long readNanos) {
        switch (frame) {
            case ServerFrame.Ack ack -> {
                Request request = take(ack.requestId());
                if (request != null) {
                    tell(() -> request.parcel.published(ack));
                }
            }
            case ServerFrame.Replied replied -> asking.replied(replied);
            case ServerFrame.Failure failure when asking.refused(failure) -> {}
            case ServerFrame.Failure failure
            when failure.requestId() == null && failure.code().equals(ClientException.TOO_LARGE) ->
                refusedAsTooLarge(failure.exception());
            // A server that is going away has not taken the message: it goes to the next connection.
            case ServerFrame.Failure failure when failure.code().equals("SHUTTING_DOWN") -> {}
            case ServerFrame.Failure failure -> refused(failure);
            case ServerFrame.FlatGreeting() -> {
                var _ = end(connection.wrongDialect());
            }
            case ServerFrame.Message _,
                    ServerFrame.Dropped _,
                    ServerFrame.TopicDeleted _,
                    ServerFrame.Ended _,
                    ServerFrame.Other _ -> {}
        }
    }

    /// A server may take its time over a message, for example while a subscriber in its process has no room; but when
    /// for as long as a connection may be silent none at all was answered, it won't.
    @Override
    public @Nullable String overdue() {
        lock.lock();
        try {
            Duration waited = Duration.ofNanos(System.nanoTime() - answeredNanos);
            return unanswered.isEmpty() || waited.compareTo(options.silence()) < 0
                    ? null
                    : "a publish within " + options.silence().toMillis() + " ms";
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void lost(int code, String why) {
        lock.lock();
        try {
            caughtUp = false;
        } finally {
            lock.unlock();
        }
        if (code == Connection.MESSAGE_TOO_BIG) {
            // Sent again, it would break the next connection too.
            refusedAsTooLarge(new ClientException(
                    ClientException.TOO_LARGE, "the server closed the connection over this message: " + why));
        } else {
            brokenAgain(why);
        }
        asking.failAll(new ClientException(
                ClientException.CONNECTION,
                "the connection broke before a reply came, the request may be done: " + why));
        tell(new Notice.ConnectionLost(why));
    }

    /// A message that is far too large costs its connection, too, when the close frame that says so is lost; sent
    /// again and again, it would keep all behind it from being published.
    private void brokenAgain(String why) {
        String over = null;
        lock.lock();
        try {
            if (!unanswered.isEmpty() && ++broken >= BROKEN_MOST) {
                over = unanswered.firstEntry().getKey();
            }
        } finally {
            lock.unlock();
        }
        Request request = over == null ? null : take(over);
        if (request != null) {
            tell(() -> request.parcel.failed(new ClientException(
                    ClientException.CONNECTION,
                    BROKEN_MOST + " connections in a row broke before this message of "
                            + Frames.size(request.text) + " bytes was answered, " + BROKEN_ALONE
                            + " with nothing else on its way: it may be larger than the server takes, or"
                            + " published; the last one: " + why)));
        }
    }

    /// Completes what somebody waits for, on a thread of its own: what follows may wait for the next answer,
    /// which comes on the thread that this one came on.
    private void tell(Runnable completion) {
        Thread.startVirtualThread(completion);
    }

    private void tell(Notice notice) {
        try {
            options.notices().accept(notice);
        } catch (Throwable e) {
            log.warn("The listener of the notices failed", e);
        }
    }

    private void refused(ServerFrame.Failure failure) {
        Request request = take(failure.requestId(), false);
        if (request == null) {
            return;
        }
        if (options.retry().isDue(failure.code(), request.attempt)) {
            sendLater(request, failure.retryAfterMillis());
        } else {
            window.release();
            tell(() -> request.parcel.failed(failure.exception()));
        }
    }

    /// The server did not read what it was, publish or request: the longest; of several, the one sent first.
    private void refusedAsTooLarge(ClientException error) {
        String id = "";
        int bytes = 0;
        lock.lock();
        try {
            for (Map.Entry<String, Request> sent : sent().entrySet()) {
                int size = Frames.size(sent.getValue().text);
                if (size > bytes) {
                    id = sent.getKey();
                    bytes = size;
                }
            }
        } finally {
            lock.unlock();
        }
        if (!asking.refusedAsTooLarge(bytes, error)) {
            Request request = take(id);
            if (request != null) {
                tell(() -> request.parcel.failed(error));
            }
        }
    }

    /// The request with that id; without one, the oldest: publishes are answered in the order they are sent.
    private @Nullable Request take(@Nullable String requestId) {
        return take(requestId, true);
    }

    private @Nullable Request take(@Nullable String requestId, boolean release) {
        lock.lock();
        try {
            String id = requestId != null
                    ? requestId
                    : unanswered.keySet().stream().findFirst().orElse("");
            Request request = unanswered.remove(id);
            if (request != null) {
                answeredNanos = System.nanoTime();
                moveOn();
                if (release) {
                    window.release();
                }
            }
            return request;
        } finally {
            lock.unlock();
        }
    }
}
