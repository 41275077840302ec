package dev.fanfare.protocol;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a peer asks for, in either dialect.
public sealed interface Request {

    /// Begin to hear a topic or a pattern.
    ///
    /// @param clientId with the topic, the subscription's identity on the connection; empty in the flat dialect
    /// @param from where to begin
    /// @param overflow policy asked for: `drop_oldest`, `drop_newest`, `disconnect` or `spill`
    /// @param queue its bound; 0 when not asked for
    /// @param manual how messages are acknowledged; null when they are not
    /// @param filter an expression about the messages that are wanted; null when none was given
    /// @param types of the messages that are wanted; empty when none were given
    /// @param acceptEncoding in what payloads may stay compressed; empty when they are to be plain
    record Subscribe(
            @Nullable String requestId,
            String topic,
            String clientId,
            From from,
            @Nullable String overflow,
            int queue,
            @Nullable Batch batch,
            @Nullable Manual manual,
            @Nullable String filter,
            Set<String> types,
            Set<String> acceptEncoding)
            implements Request {}

    /// Hear it no more.
    record Unsubscribe(@Nullable String requestId, String topic, String clientId) implements Request {}

    /// Append a message.
    ///
    /// @param id of the message; null when the server is to make one
    /// @param timing how long it counts and when it goes out; null when nothing was said
    /// @param payload one JSON value as it was written, validated; an array of its own
    /// @param encoding what the payload, a string then, stands for; null when it is the payload itself
    /// @param noAck whether an ack is not wanted
    /// @param durability how safe it has to be: one of [StandardCodec#DURABILITIES]; null when not given
    record Publish(
            @Nullable String requestId,
            String topic,
            @Nullable String id,
            @Nullable String type,
            @Nullable String key,
            Map<String, String> headers,
            @Nullable String replyTo,
            @Nullable String correlationId,
            @Nullable Timing timing,
            byte[] payload,
            @Nullable Encoding encoding,
            boolean noAck,
            @Nullable String durability)
            implements Request {}

    /// Append a message and wait for replies to it.
    ///
    /// @param message what to append
    /// @param all whether every reply is wanted, until the time is over; else the first
    record Ask(String requestId, Publish message, long timeoutMillis, boolean all) implements Request {}

    /// Deliveries are done.
    record Ack(@Nullable String requestId, Deliveries which) implements Request {}

    /// Deliveries have failed.
    ///
    /// @param delayMillis until the next attempt; −1 when not given
    /// @param dead whether there is to be no further attempt
    record Nack(
            @Nullable String requestId,
            Deliveries which,
            long delayMillis,
            @Nullable String reason,
            boolean dead) implements Request {}

    /// Messages are published and deliveries are done, all of it or nothing.
    ///
    /// @param publishes without an id of a request, an ack or a delay of their own
    /// @param acks of which `publishes` are perhaps the outcome; together with them at least one
    record Transaction(@Nullable String requestId, List<Publish> publishes, List<Deliveries> acks) implements Request {}

    /// The peer says who it is, or says it anew. One of the two is given.
    record Auth(
            @Nullable String requestId,
            @Nullable String apiKey,
            @Nullable String token) implements Request {

        /// Without the secrets.
        @Override
        public String toString() {
            return "Auth[requestId=" + requestId + "]";
        }
    }

    /// A sign of life is wanted.
    record Ping(@Nullable String requestId) implements Request {}

    /// Nothing that can be served.
    ///
    /// @param requestId if it could be read
    record Malformed(@Nullable String requestId, WireError error) implements Request {}

    /// Bytes that are written as a string in base64.
    ///
    /// @param name how they are compressed: `gzip` or `zstd`; `base64` when they are not
    /// @param contentType what they are when they are not compressed any more
    /// @param bytes an array of its own
    record Encoding(String name, String contentType, byte[] bytes) {}

    /// How long a message counts and when it goes out; at most one of `delayMillis` and `deliverAt` is given.
    ///
    /// @param ttlMillis 0 when not given
    /// @param delayMillis 0 when not given
    record Timing(
            long ttlMillis, long delayMillis, @Nullable Instant deliverAt) {}

    /// How messages of a subscription are acknowledged.
    ///
    /// @param maxInFlight how many may be unacknowledged at a time
    /// @param ackTimeout how long each may be
    /// @param deadLetter the topic that takes what is given up; null when not given
    /// @param buriesExpired whether what was not done within its time becomes a dead letter
    /// @param ordered whether a message waits until all before it in its topic are done
    /// @param breaker when the subscription is left alone; null when not given
    /// @param durable the name under which the position outlives the connection; null when not given
    /// @param group whose messages are shared; null when not given
    /// @param automatic whether a message is done when it is sent
    record Manual(
            int maxInFlight,
            Duration ackTimeout,
            Retry retry,
            @Nullable String deadLetter,
            boolean buriesExpired,
            boolean ordered,
            @Nullable Breaker breaker,
            @Nullable String durable,
            @Nullable String group,
            boolean automatic) {}

    /// When a message that was not acknowledged is delivered again.
    ///
    /// @param jitter which part of each delay is random, 0 to 1
    record Retry(int maxAttempts, Duration backoff, double multiplier, Duration maxBackoff, double jitter) {}

    /// When a subscription that keeps failing or is slow is left alone for a while. Rates are per cent.
    ///
    /// @param slowCall from when on an attempt was slow; zero for never
    /// @param waitWhileOpen how long it is left alone
    record Breaker(
            int failureRate,
            Duration slowCall,
            int slowCallRate,
            int minimumCalls,
            int window,
            Duration waitWhileOpen,
            int trialCalls) {}

    /// Messages of one topic that were delivered to a subscription.
    ///
    /// @param topic of the messages
    /// @param offsets at least one
    /// @param epoch of the topic; null when not given
    /// @param subscription as their events name it; null when not given
    record Deliveries(
            String topic,
            String clientId,
            long[] offsets,
            @Nullable String epoch,
            @Nullable String subscription) {}

    /// A place in a topic's log.
    record Position(String epoch, long offset) {}

    /// Batched delivery.
    record Batch(int size, Duration linger) {}

    /// Where a subscription begins.
    sealed interface From {
        /// What is published from now on.
        record Latest() implements From {}

        /// The oldest message kept.
        record Earliest() implements From {}

        /// The newest so many messages.
        record LastN(int count) implements From {}

        /// This offset.
        record Offset(long offset) implements From {}

        /// This time.
        record Time(Instant time) implements From {}

        /// After this position.
        record Since(Position position) implements From {}

        /// After these positions; other topics from this time.
        record SinceAll(Instant time, Map<String, Position> topics) implements From {}
    }
}
