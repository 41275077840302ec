package dev.fanfare;

import java.time.Duration;

/// When a subscription is woken for what waits: it gates the wake-up, never the feed, so it can be changed at any
/// moment.
public sealed interface DeliveryStrategy {

    /// At once.
    record Immediate() implements DeliveryStrategy {}

    /// When `size` messages wait, or `linger` after the first of them began to wait, whichever comes first.
    ///
    /// @param size 1 to 100,000
    /// @param linger up to one minute
    record Batched(int size, Duration linger) implements DeliveryStrategy {
        /// Checks the bounds.
        public Batched {
            if (size < 1 || size > 100_000) {
                throw new FanfareException(ErrorCode.BAD_REQUEST, "batch size must be 1 to 100000, not " + size);
            }
            if (linger.isNegative() || linger.compareTo(Duration.ofMinutes(1)) > 0) {
                throw new FanfareException(ErrorCode.BAD_REQUEST, "batch linger must be 0 to 1 minute, not " + linger);
            }
        }
    }

    /// [Immediate].
    static DeliveryStrategy immediate() {
        return new Immediate();
    }

    /// [Batched].
    static DeliveryStrategy batched(int size, Duration linger) {
        return new Batched(size, linger);
    }
}
