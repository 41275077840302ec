package dev.fanfare;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How a [BatchingPublisher] gathers, tries again and compresses. Immutable.
///
/// @param size messages of a topic that make a batch, 1 to 100,000
/// @param bytes bytes of payload of a topic that make a batch, at least 1
/// @param linger how long a message waits at most for the batch to become whole; zero: not at all
/// @param maxMessages how many messages may wait in all, at least [#size]
/// @param maxBytes how many bytes of payload may wait in all, at least [#bytes]; one larger message may wait
///     alone
/// @param blockTimeout how long [BatchingPublisher#publish] waits for room at most
/// @param retry whether and when a message is tried again whose refusal says that it may succeed later
///     ([ErrorCode.Advice#RETRY_LATER])
/// @param compression what payloads of more than [#compressAbove] bytes are kept compressed by; null: nothing
/// @param compressAbove how large a payload may be to stay as it is
public record Batching(
        int size,
        long bytes,
        Duration linger,
        int maxMessages,
        long maxBytes,
        Duration blockTimeout,
        RetryPolicy retry,
        @Nullable Compression compression,
        int compressAbove) {

    private static final Duration LONGEST = Duration.ofHours(1);

    private static final Batching DEFAULTS = new Batching(
            100,
            64 << 10,
            Duration.ofMillis(5),
            10_000,
            16 << 20,
            Duration.ofSeconds(10),
            RetryPolicy.none(),
            null,
            1 << 10);

    /// Checks the bounds.
    public Batching {
        Objects.requireNonNull(retry, "retry");
        check(size >= 1 && size <= 100_000, "the size of a batch must be 1 to 100000 messages", size);
        check(bytes >= 1, "the bytes of a batch must be at least 1", bytes);
        check(isSpan(linger), "linger must be 0 to 1 hour", linger);
        check(maxMessages >= size, "maxMessages must be at least the size of a batch (" + size + ")", maxMessages);
        check(maxBytes >= bytes, "maxBytes must be at least the bytes of a batch (" + bytes + ")", maxBytes);
        check(isSpan(blockTimeout), "blockTimeout must be 0 to 1 hour", blockTimeout);
        check(compressAbove >= 0, "compressAbove must not be negative", compressAbove);
    }

    private static boolean isSpan(Duration span) {
        return !span.isNegative() && span.compareTo(LONGEST) <= 0;
    }

    private static void check(boolean fine, String rule, Object value) {
        if (!fine) {
            throw new FanfareException(ErrorCode.BAD_REQUEST, rule + ", not " + value);
        }
    }

    /// 100 messages, 64 KiB or 5 ms; 10,000 messages and 16 MiB may wait; no retry, no compression.
    public static Batching defaults() {
        return DEFAULTS;
    }

    /// The same, but every message goes out at once: for the retries alone.
    public static Batching none() {
        return DEFAULTS.withSize(1).withLinger(Duration.ZERO);
    }

    /// The same with another [#size].
    public Batching withSize(int messages) {
        return new Batching(
                messages, bytes, linger, maxMessages, maxBytes, blockTimeout, retry, compression, compressAbove);
    }

    /// The same with other [#bytes].
    public Batching withBytes(long payload) {
        return new Batching(
                size, payload, linger, maxMessages, maxBytes, blockTimeout, retry, compression, compressAbove);
    }

    /// The same with another [#linger].
    public Batching withLinger(Duration time) {
        return new Batching(size, bytes, time, maxMessages, maxBytes, blockTimeout, retry, compression, compressAbove);
    }

    /// The same with another [#maxMessages] and [#maxBytes].
    public Batching withRoom(int messages, long payload) {
        return new Batching(size, bytes, linger, messages, payload, blockTimeout, retry, compression, compressAbove);
    }

    /// The same with another [#blockTimeout].
    public Batching withBlockTimeout(Duration time) {
        return new Batching(size, bytes, linger, maxMessages, maxBytes, time, retry, compression, compressAbove);
    }

    /// The same with another [#retry].
    public Batching withRetry(RetryPolicy policy) {
        return new Batching(
                size, bytes, linger, maxMessages, maxBytes, blockTimeout, policy, compression, compressAbove);
    }

    /// The same, but payloads of more than so many bytes are compressed.
    public Batching withCompression(Compression how, int above) {
        return new Batching(size, bytes, linger, maxMessages, maxBytes, blockTimeout, retry, how, above);
    }
}
