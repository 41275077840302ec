package dev.fanfare.server;

/// How many publishes a connection may still make: `burst` at once, refilled with `perSecond`. On the connection's
/// event loop.
final class TokenBucket {

    private final double perNano;
    private final double burst;
    private double tokens;
    private long filledNanos;

    /// @param perSecond tokens added per second
    /// @param burst the most tokens there can be, and what it begins with
    TokenBucket(double perSecond, double burst, long nowNanos) {
        this.perNano = perSecond / 1e9;
        this.burst = burst;
        this.tokens = burst;
        this.filledNanos = nowNanos;
    }

    /// Takes so many tokens, at most [#burst], and answers 0, or answers in how many nanoseconds there will be so many.
    long take(int count, long nowNanos) {
        tokens = Math.min(burst, tokens + (nowNanos - filledNanos) * perNano);
        filledNanos = nowNanos;
        if (tokens >= count) {
            tokens -= count;
            return 0;
        }
        return (long) Math.ceil((count - tokens) / perNano);
    }
}
