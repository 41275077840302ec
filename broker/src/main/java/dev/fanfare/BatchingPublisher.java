package dev.fanfare;

import dev.fanfare.publishing.PublishQueue;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/// Publishes in batches, in the background: [Broker#batching]. Any thread.
///
/// Messages of one topic keep the order in which they were handed over, whatever is tried again; messages of
/// different topics are in no order between them. What is handed over and not yet published is lost with the
/// process.
public final class BatchingPublisher implements AutoCloseable {

    private final PublishQueue queue;
    private final Runnable onClose;

    BatchingPublisher(PublishQueue queue, Runnable onClose) {
        this.queue = queue;
        this.onClose = onClose;
    }

    /// Hands over a text. See [#publish(String, Message)].
    public CompletableFuture<PublishResult> publish(String topic, String text) {
        return publish(topic, Message.text(text));
    }

    /// Hands over a message. Waits while there is no room, [Batching#blockTimeout] at most.
    ///
    /// @return completed with what became of it, by a thread that publishes: what is hung on it should be quick.
    ///     A refusal is a result: `BACKPRESSURE` too when there was no room in time. Never completed with an
    ///     exception. A message whose future is cancelled before its turn is not published
    public CompletableFuture<PublishResult> publish(String topic, Message message) {
        return queue.add(topic, message);
    }

    /// Publishes what waits, without waiting for whole batches. What waits to be tried again goes on waiting.
    ///
    /// @return completed when everything that was handed over before has its result
    public CompletableFuture<Void> flush() {
        return queue.flush();
    }

    /// How many messages were handed over and have no result yet.
    public int waiting() {
        return queue.waiting();
    }

    /// [#close(Duration)] with 5 seconds.
    @Override
    public void close() {
        close(Duration.ofSeconds(5));
    }

    /// Publishes what waits and takes nothing more. What waits to be tried again is tried once more, now.
    /// Idempotent.
    ///
    /// @param grace how long it may take, in real time; what is not published then is refused with
    ///     `SHUTTING_DOWN`
    public void close(Duration grace) {
        queue.close(grace);
        onClose.run();
    }
}
