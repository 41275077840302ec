package dev.fanfare.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The requests of a client that wait for their replies. They are not sent again when the connection breaks: they may
/// have been carried out. Any thread.
final class Asking {

    /// How their request ids begin; those of publishes are numbers.
    private static final String PREFIX = "q";

    /// Servers have as many wait for one connection.
    private static final int WAITING_MAX = 1_000;

    /// Servers take no reply after so many, and say nothing of that.
    private static final int REPLIES_MAX = 1_000;

    private static final Duration TIMEOUT_MIN = Duration.ofMillis(1);
    private static final Duration TIMEOUT_MAX = Duration.ofDays(1);

    /// @param bytes of the request
    /// @param replies added by the connection, one call at a time
    private record Ask(boolean all, int bytes, List<Reply> replies, CompletableFuture<List<Reply>> answer) {}

    private final Map<String, Ask> waiting = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();

    /// Asks. What is returned is completed on a thread of its own, which may wait for this client.
    ///
    /// @param timeout from 1 ms to a day
    /// @param all whether every reply that comes in time is wanted, else the first
    /// @param patience how much later than in time the server may answer
    CompletableFuture<List<Reply>> ask(
            Connection connection,
            String topic,
            Outgoing message,
            Duration timeout,
            boolean all,
            Duration patience,
            Compression compression) {
        if (timeout.compareTo(TIMEOUT_MIN) < 0 || timeout.compareTo(TIMEOUT_MAX) > 0) {
            throw new IllegalArgumentException("the timeout of a request must be from 1 ms to a day, not " + timeout);
        }
        String id = PREFIX + ids.incrementAndGet();
        String text = Frames.request(id, topic, message, timeout, all, compression);
        CompletableFuture<List<Reply>> answer = new CompletableFuture<>();
        if (waiting.size() >= WAITING_MAX) {
            answer.completeExceptionally(
                    new ClientException("LIMIT_REACHED", WAITING_MAX + " requests of this client wait already"));
            return answer;
        }
        waiting.put(id, new Ask(all, Frames.size(text), new ArrayList<>(1), answer));
        if (!connection.send(text)) {
            fail(id, new ClientException(ClientException.CONNECTION, "there is no connection at the moment"));
        }
        CompletableFuture<List<Reply>> told = new CompletableFuture<>();
        var _ = answer.orTimeout(timeout.plus(patience).toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((replies, error) -> {
                    waiting.remove(id);
                    // Not on the thread that reads: what follows a reply may wait for the next thing that is read.
                    Thread.startVirtualThread(() -> {
                        if (error == null) {
                            told.complete(replies);
                        } else {
                            told.completeExceptionally(
                                    error instanceof TimeoutException ? late(topic, timeout) : error);
                        }
                    });
                });
        return told;
    }

    private static ClientException late(String topic, Duration timeout) {
        return new ClientException(
                "TIMEOUT", "the server did not answer the request to " + topic + " of " + timeout.toMillis() + " ms");
    }

    void replied(ServerFrame.Replied replied) {
        Ask ask = find(replied.requestId());
        if (ask != null) {
            ask.replies.add(replied.reply());
            if (!ask.all || ask.replies.size() == REPLIES_MAX) {
                ask.answer.complete(List.copyOf(ask.replies));
            }
        }
    }

    /// Something was refused.
    ///
    /// @return whether it was about a request for replies
    boolean refused(ServerFrame.Failure failure) {
        String id = failure.requestId();
        if (id == null || !id.startsWith(PREFIX)) {
            return false;
        }
        Ask ask = waiting.get(id);
        if (ask != null && ask.all && failure.code().equals("TIMEOUT")) {
            // The end of all replies.
            ask.answer.complete(List.copyOf(ask.replies));
        } else {
            fail(id, failure.exception());
        }
        return true;
    }

    /// Something was too large, and the server did not read what it was: the longest of all that waits for an answer.
    ///
    /// @param bytes of the longest that waits elsewhere
    /// @return whether it was a request for replies
    boolean refusedAsTooLarge(int bytes, ClientException why) {
        Map.Entry<String, Ask> longest = waiting.entrySet().stream()
                .max(Map.Entry.comparingByValue(Comparator.comparingInt(Ask::bytes)))
                .filter(entry -> entry.getValue().bytes > bytes)
                .orElse(null);
        if (longest == null) {
            return false;
        }
        fail(longest.getKey(), why);
        return true;
    }

    /// The connection is gone, or the client is closed.
    void failAll(ClientException why) {
        waiting.keySet().forEach(id -> fail(id, why));
    }

    private void fail(String id, ClientException why) {
        Ask ask = waiting.remove(id);
        if (ask != null) {
            ask.answer.completeExceptionally(why);
        }
    }

    private @Nullable Ask find(@Nullable String id) {
        return id == null ? null : waiting.get(id);
    }
}
