package dev.fanfare.server.alerts;

import dev.fanfare.time.Timers;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends what is told of alerts to an address, one after the other, each up to three times. Nobody waits for it: a few
/// wait for their turn, and the oldest of them are given up for newer ones. Any thread.
final class Webhook implements AutoCloseable {

    private static final int QUEUE = 100;
    private static final int TRIES = 3;
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Duration BACKOFF = Duration.ofSeconds(1);
    private static final Logger LOG = LoggerFactory.getLogger("fanfare.alerts");

    private final Timers timers;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicLong failures = new AtomicLong();

    // Under the lock.
    private final Deque<Letter> queue = new ArrayDeque<>();
    private @Nullable HttpClient client;
    private @Nullable CompletableFuture<?> current;
    private boolean sending;
    private boolean failing;
    private boolean closed;

    private record Letter(URI to, byte[] body) {}

    Webhook(Timers timers) {
        this.timers = timers;
    }

    /// Sends a body when those before it are sent.
    void send(URI to, byte[] body) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (queue.size() == QUEUE) {
                queue.removeFirst();
                failures.incrementAndGet();
            }
            queue.addLast(new Letter(to, body));
        } finally {
            lock.unlock();
        }
        next();
    }

    /// How many did not arrive.
    long failures() {
        return failures.get();
    }

    private void next() {
        Letter letter;
        lock.lock();
        try {
            if (sending || closed) {
                return;
            }
            letter = queue.pollFirst();
            if (letter == null) {
                return;
            }
            sending = true;
        } finally {
            lock.unlock();
        }
        post(letter, 1);
    }

    /// Looking an address up may block: a thread does it.
    private void post(Letter letter, int attempt) {
        Thread.ofVirtual().name("fanfare-webhook").start(() -> {
            CompletableFuture<HttpResponse<Void>> answer;
            try {
                HttpClient sender = client();
                if (sender == null) {
                    return;
                }
                answer = sender.sendAsync(request(letter), HttpResponse.BodyHandlers.discarding());
            } catch (RuntimeException unusable) {
                done(letter, attempt, unusable.getClass().getSimpleName());
                return;
            }
            begun(answer);
            Timers.Timer limit = timers.schedule(TIMEOUT, () -> answer.cancel(true));
            answer.whenComplete((response, failure) -> {
                limit.cancel();
                if (failure == null) {
                    int status = response.statusCode();
                    done(letter, attempt, status >= 200 && status < 300 ? null : "status " + status);
                } else {
                    // Not its text, which may tell the address.
                    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
                    done(
                            letter,
                            attempt,
                            answer.isCancelled()
                                    ? "no answer in 5 s"
                                    : cause.getClass().getSimpleName());
                }
            });
        });
    }

    private void begun(CompletableFuture<?> answer) {
        lock.lock();
        try {
            current = answer;
            if (closed) {
                answer.cancel(true);
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable HttpClient client() {
        lock.lock();
        try {
            if (closed) {
                return null;
            }
            HttpClient made = client;
            if (made == null) {
                made = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(TIMEOUT)
                        .executor(Executors.newVirtualThreadPerTaskExecutor())
                        .build();
                client = made;
            }
            return made;
        } finally {
            lock.unlock();
        }
    }

    private static HttpRequest request(Letter letter) {
        HttpRequest.Builder request = HttpRequest.newBuilder(letter.to)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(letter.body));
        String user = letter.to.getUserInfo();
        if (user != null) {
            request.header(
                    "Authorization",
                    "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
        }
        return request.build();
    }

    /// @param failure null when it has arrived
    private void done(Letter letter, int attempt, @Nullable String failure) {
        boolean again = failure != null && attempt < TRIES;
        lock.lock();
        try {
            current = null;
            if (closed) {
                return;
            }
            if (!again) {
                sending = false;
                if (failure != null) {
                    failures.incrementAndGet();
                    if (!failing) {
                        LOG.warn(
                                "the webhook for alerts at {} did not take one in {} tries: {} (setting alerts-webhook)",
                                letter.to.getHost(),
                                TRIES,
                                failure);
                    }
                }
                failing = failure != null;
            }
        } finally {
            lock.unlock();
        }
        if (again) {
            timers.schedule(BACKOFF.multipliedBy(1L << (attempt - 1)), () -> post(letter, attempt + 1));
        } else {
            next();
        }
    }

    /// Sends nothing more; what is on its way is given up.
    @Override
    public void close() {
        HttpClient last;
        CompletableFuture<?> sent;
        lock.lock();
        try {
            closed = true;
            queue.clear();
            last = client;
            sent = current;
        } finally {
            lock.unlock();
        }
        if (sent != null) {
            sent.cancel(true);
        }
        if (last != null) {
            last.shutdownNow();
        }
    }
}
