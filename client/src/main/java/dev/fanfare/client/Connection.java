package dev.fanfare.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A WebSocket that is kept up: when one breaks, the next is opened after a delay that doubles, with jitter.
///
/// One lock guards which socket is the current one; it is never held while the owner is called. What an old socket
/// still says is ignored, so the owner hears, in this order: `up`, frames, `lost`, `up`, ...
final class Connection {

    /// What stands on a connection. Calls come one at a time.
    interface Owner {

        /// A socket is open: send what must be sent first. Nothing is received before this returns.
        ///
        /// @param again whether there was one before
        void up(boolean again);

        /// A frame came. The next one waits until this returns.
        ///
        /// @param readNanos when it was read from the socket, as [System#nanoTime]; it may have waited since
        void received(ServerFrame frame, long readNanos);

        /// What the server owes for longer than it may, as the end of "no answer to ..."; null when it owes nothing.
        /// Asked now and then, by any thread.
        @Nullable
        String overdue();

        /// The socket is gone, the next one is on its way.
        ///
        /// @param code of its close frame, or 1006 when there was none
        void lost(int code, String why);
    }

    private static final Logger log = LoggerFactory.getLogger(Connection.class);

    /// A frame longer than this breaks the connection; servers send at most a few times their message limit of 64
    /// KiB.
    private static final int FRAME_CHARS_MAX = 64 * 1024 * 1024;

    private static final int NO_CLOSE_FRAME = 1006;

    /// The code of a connection that was closed over a message far above what the server takes.
    static final int MESSAGE_TOO_BIG = 1009;

    private static final int LOOKS_PER_SILENCE = 75;

    /// How many looks a quiet connection is left alone for.
    private static final int LOOKS_PER_PING = 5;

    /// How many frames may wait for the owner; the next ones wait in the socket.
    private static final int INBOX_FRAMES = 64;

    private final HttpClient http;
    private final URI uri;
    private final ClientOptions options;
    private final Executor executor;
    private final Owner owner;

    private final ReentrantLock lock = new ReentrantLock();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final Backoff backoff;
    // Guarded by the lock.
    private @Nullable Socket current;

    Connection(HttpClient http, URI uri, ClientOptions options, Executor executor, Owner owner) {
        this.http = http;
        this.uri = uri;
        this.options = options;
        this.executor = executor;
        this.owner = owner;
        this.backoff = new Backoff(options);
    }

    /// Opens the first socket: this failure is the caller's.
    void open() {
        adopt(connect(), false);
    }

    /// Sends after everything sent before. Forgotten when no socket is open: the owner sends anew in [Owner#up].
    ///
    /// @return whether one is open
    boolean send(String text) {
        Socket socket = current();
        if (socket != null) {
            socket.outbox.add(text);
        }
        return socket != null;
    }

    /// Says what became of a delivery, after everything sent before. Forgotten when no socket is open, or the open one
    /// takes nothing: the delivery comes again.
    void settle(String clientId, Event event, Delivery.Outcome outcome) {
        Socket socket = current();
        if (socket != null) {
            socket.outbox.settle(clientId, event, outcome);
        }
    }

    /// Runs a task after a while, as a call of the owner's; never when the socket is another one then.
    void later(Duration delay, Runnable task) {
        Socket socket = current();
        if (socket != null) {
            CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS, executor)
                    .execute(() -> socket.submit(() -> {
                        if (isCurrent(socket)) {
                            task.run();
                        }
                    }));
        }
    }

    private @Nullable Socket current() {
        lock.lock();
        try {
            return current;
        } finally {
            lock.unlock();
        }
    }

    /// Closes after what was sent; the owner hears nothing more. Any number of times.
    ///
    /// @param afterCall whether a call of the owner that runs now is waited for, with what it sends
    /// @return completed when the server has agreed, or after two seconds
    CompletableFuture<Void> close(boolean afterCall) {
        Socket socket;
        lock.lock();
        try {
            closing.countDown();
            socket = current;
            if (socket == null) {
                closed.complete(null);
                return closed;
            }
        } finally {
            lock.unlock();
        }
        if (afterCall) {
            socket.submit(socket.outbox::leave);
        } else {
            socket.outbox.leave();
        }
        // The deadline is only a wait for good manners: whatever happens, the socket is gone after it.
        return closed.completeOnTimeout(null, 2, TimeUnit.SECONDS).whenComplete((nothing, error) -> socket.abort());
    }

    boolean isClosed() {
        return closed.isDone();
    }

    /// Gives the socket up and begins anew, after the delay that is due; the owner hears `up` but no `lost`.
    void startOver() {
        Socket socket;
        lock.lock();
        try {
            socket = current;
            current = null;
        } finally {
            lock.unlock();
        }
        if (socket != null) {
            var _ = socket.socket().sendClose(WebSocket.NORMAL_CLOSURE, "");
            executor.execute(this::reconnect);
        }
    }

    /// Whether [#close] was called.
    boolean isClosing() {
        return closing.getCount() == 0;
    }

    private Socket connect() {
        Socket socket = new Socket();
        WebSocket.Builder builder = http.newWebSocketBuilder().connectTimeout(options.connectTimeout());
        options.credentials().headers().forEach(builder::header);
        CompletableFuture<WebSocket> opening = builder.buildAsync(uri, socket);
        try {
            socket.webSocket = opening.get(options.connectTimeout().toMillis(), TimeUnit.MILLISECONDS);
            return socket;
        } catch (TimeoutException e) {
            opening.cancel(true);
            throw unreachable("no answer within " + options.connectTimeout().toMillis() + " ms", e);
        } catch (ExecutionException | CompletionException e) {
            throw ClientException.notConnected(uri, e);
        } catch (InterruptedException e) {
            opening.cancel(true);
            Thread.currentThread().interrupt();
            throw unreachable("interrupted", e);
        }
    }

    /// What to say about a server that has greeted.
    ClientException wrongDialect() {
        return new ClientException(
                ClientException.CONNECTION,
                uri + " is a port of the flat dialect; use the server's other port, that of the standard dialect (8080"
                        + " unless it was set otherwise)");
    }

    private ClientException unreachable(String why, Exception cause) {
        return new ClientException(ClientException.CONNECTION, "can't connect to " + uri + ": " + why, cause);
    }

    private void adopt(Socket socket, boolean again) {
        lock.lock();
        try {
            if (isClosing()) {
                socket.abort();
                closed.complete(null);
                return;
            }
            current = socket;
        } finally {
            lock.unlock();
        }
        owner.up(again);
        socket.begin();
        watch(socket);
    }

    private void down(Socket socket, int code, String why) {
        lock.lock();
        try {
            if (current != socket) {
                return;
            }
            current = null;
            if (isClosing()) {
                closed.complete(null);
                return;
            }
            if (System.nanoTime() - socket.openedNanos > options.mostDelay().toNanos()) {
                backoff.reset();
            }
        } finally {
            lock.unlock();
        }
        socket.abort();
        try {
            owner.lost(code, why);
        } finally {
            executor.execute(this::reconnect);
        }
    }

    private void reconnect() {
        try {
            while (!closing.await(backoff.next(), TimeUnit.MILLISECONDS)) {
                try {
                    adopt(connect(), true);
                    return;
                } catch (ClientException e) {
                    log.debug("Reconnecting to {} failed", uri, e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closed.complete(null);
    }

    /// Looks at the connection now and then. One on which nothing was heard for a while is pinged; one that stays
    /// silent is given up, and so is one on which the server owes an answer for too long.
    ///
    /// The ping is more than politeness: when a stream ends without a close frame while a message is being handed
    /// to the listener, the JDK's WebSocket says nothing. Sending then fails, and that is said: the first ping only
    /// provokes the reset, so one that is not answered is followed by another at the next look.
    private void watch(Socket socket) {
        if (!isCurrent(socket)) {
            return;
        }
        long heard = socket.heardNanos;
        Duration quiet = Duration.ofNanos(System.nanoTime() - heard);
        if (quiet.compareTo(options.silence()) >= 0) {
            socket.end(NO_CLOSE_FRAME, "nothing heard for " + quiet.toMillis() + " ms");
            return;
        }
        String overdue = owner.overdue();
        if (overdue != null) {
            socket.end(NO_CLOSE_FRAME, "no answer to " + overdue);
            return;
        }
        Duration look = options.silence().dividedBy(LOOKS_PER_SILENCE);
        boolean justPonged = socket.pongNanos == heard && quiet.compareTo(look.multipliedBy(LOOKS_PER_PING)) < 0;
        if (quiet.compareTo(look) >= 0 && !justPonged) {
            socket.ping();
        }
        CompletableFuture.delayedExecutor(look.toMillis() + 1, TimeUnit.MILLISECONDS, executor)
                .execute(() -> watch(socket));
    }

    private boolean isCurrent(Socket socket) {
        lock.lock();
        try {
            return current == socket && !isClosing();
        } finally {
            lock.unlock();
        }
    }

    /// One WebSocket. The JDK calls it one call at a time, and asks to have one message sent after the other.
    ///
    /// What it hears goes through an inbox to a thread of its own, for two reasons: the owner may take its time,
    /// and the end of the stream comes after all that was heard before it, wherever the end was noticed.
    private final class Socket implements WebSocket.Listener {

        private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();
        private final AtomicBoolean draining = new AtomicBoolean();

        private final StringBuilder partial = new StringBuilder();
        private final long openedNanos = System.nanoTime();
        private volatile long heardNanos = openedNanos;
        // The same instant as above when the last thing heard was a pong.
        private volatile long pongNanos = openedNanos;
        private volatile @Nullable WebSocket webSocket;
        private final Outbox outbox =
                new Outbox(this::socket, executor, error -> end(NO_CLOSE_FRAME, ClientException.reason(error)));

        /// Lets the first frames come.
        void begin() {
            socket().request(INBOX_FRAMES);
        }

        void ping() {
            var _ = socket().sendPing(ByteBuffer.allocate(0)).whenComplete((open, error) -> {
                if (error != null) {
                    end(NO_CLOSE_FRAME, ClientException.reason(error));
                }
            });
        }

        void end(int code, String why) {
            submit(() -> down(this, code, why));
        }

        private void submit(Runnable task) {
            inbox.add(task);
            if (draining.compareAndSet(false, true)) {
                executor.execute(this::drain);
            }
        }

        private void drain() {
            do {
                for (Runnable task = inbox.poll(); task != null; task = inbox.poll()) {
                    run(task);
                }
                draining.set(false);
                // What was added before that was seen by nobody else.
            } while (!inbox.isEmpty() && draining.compareAndSet(false, true));
        }

        /// A task that fails is a bug; it costs this socket, not the tasks after it nor the thread that drains.
        private void run(Runnable task) {
            try {
                task.run();
            } catch (Throwable e) {
                log.error("Hearing {} failed", uri, e);
                end(NO_CLOSE_FRAME, "the client failed: " + e);
            }
        }

        private WebSocket socket() {
            WebSocket open = webSocket;
            if (open == null) {
                throw new IllegalStateException("the socket is not open yet");
            }
            return open;
        }

        void abort() {
            WebSocket open = webSocket;
            if (open != null) {
                open.abort();
            }
        }

        @Override
        public void onOpen(WebSocket opened) {
            // Nothing is asked for before the owner knows.
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            long readNanos = System.nanoTime();
            heardNanos = readNanos;
            if (partial.length() + data.length() > FRAME_CHARS_MAX) {
                end(NO_CLOSE_FRAME, "a message of more than " + FRAME_CHARS_MAX + " characters");
                return null;
            }
            partial.append(data);
            if (last) {
                String text = partial.toString();
                partial.setLength(0);
                submit(() -> {
                    receive(text, readNanos);
                    from.request(1);
                });
            } else {
                from.request(1);
            }
            return null;
        }

        private void receive(String text, long readNanos) {
            if (!isCurrent(this)) {
                return;
            }
            try {
                owner.received(Frames.read(text), readNanos);
            } catch (ClientException e) {
                down(this, NO_CLOSE_FRAME, String.valueOf(e.getMessage()));
            }
        }

        @Override
        public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
            heardNanos = System.nanoTime();
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
            long now = System.nanoTime();
            pongNanos = now;
            heardNanos = now;
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String why) {
            end(code, why.isEmpty() ? "closed by the server, code " + code : why + ", code " + code);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            end(NO_CLOSE_FRAME, ClientException.reason(error));
        }
    }
}
