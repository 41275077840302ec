package dev.fanfare.server.rest;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// What answers the calls of a route. A [Problem] or a [dev.fanfare.FanfareException] thrown becomes the answer.
public sealed interface Endpoint {

    /// Answers at once, on the connection's event loop: never blocks, never walks over all topics.
    @FunctionalInterface
    non-sealed interface Quick extends Endpoint {
        /// The answer.
        Answer answer(Call call);
    }

    /// Answers when something has happened, without a thread that waits for it; the connection waits.
    @FunctionalInterface
    non-sealed interface Later extends Endpoint {
        /// Begins what is to happen; on the connection's event loop: never blocks.
        Answering begin(Call call);
    }

    /// An answer that has to wait.
    ///
    /// @param ready completes, on any thread and in whatever way, when the answer can be given
    /// @param answer is asked for it then, on the connection's event loop; a [Problem] or a
    ///     [dev.fanfare.FanfareException] thrown becomes the answer
    record Answering(CompletableFuture<?> ready, Supplier<Answer> answer) {

        /// An answer that can be given at once.
        static Answering now(Answer answer) {
            return new Answering(CompletableFuture.completedFuture(null), () -> answer);
        }
    }

    /// Takes its time, on a thread of its own; the connection waits.
    @FunctionalInterface
    non-sealed interface Slow extends Endpoint {
        /// The answer.
        Answer answer(Call call);
    }

    /// Answers with a stream that ends when either side has enough of it.
    @FunctionalInterface
    non-sealed interface Streaming extends Endpoint {
        /// Begins the stream; on the connection's event loop.
        StreamSource open(Call call);
    }

    /// What a stream tells. All of it on the connection's event loop.
    interface StreamSource {

        /// The media type of the stream.
        String contentType();

        /// The peer listens from now on.
        void begin(StreamSink sink);

        /// Nobody listens any more.
        void end();
    }

    /// Where a stream goes.
    interface StreamSink {

        /// Whether the peer takes what it is sent; what is sent nevertheless waits in memory.
        boolean writable();

        /// Sends bytes, which belong to the sink from now on. On the connection's event loop.
        void send(byte[] bytes);

        /// Runs an action on the connection's event loop. Any thread.
        void execute(Runnable action);

        /// Runs an action on the connection's event loop again and again until the stream ends.
        void every(long millis, Runnable action);
    }
}
