package dev.fanfare.server;

import dev.fanfare.protocol.WireError;
import dev.fanfare.time.Timers;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How many messages one connection may still publish, over WebSocket or REST. On the connection's event loop.
public final class PublishLimit {

    private final ServerConfig.Rate rate;
    private final Dialect dialect;
    private final Object who;
    private final Timers timers;
    private final TokenBucket bucket;

    private PublishLimit(ServerConfig.Rate rate, Dialect dialect, Object who, Timers timers) {
        this.rate = rate;
        this.dialect = dialect;
        this.who = who;
        this.timers = timers;
        this.bucket = new TokenBucket(rate.perSecond(), rate.burst(), timers.nanoTime());
    }

    /// That of a new connection; null when there is none.
    ///
    /// @param who the connection, as errors name it
    public static @Nullable PublishLimit of(ServerConfig config, Dialect dialect, Object who, Timers timers) {
        ServerConfig.Rate rate = config.limits().publishRate(dialect);
        return rate == null ? null : new PublishLimit(rate, dialect, who, timers);
    }

    /// One more message is to be published.
    ///
    /// @return null if it may be, else what its publisher is told
    public @Nullable WireError take() {
        return take(1);
    }

    /// So many messages are to be published in one go.
    ///
    /// @return null if they may be, and then they count, else what their publisher is told
    public @Nullable WireError take(int count) {
        if (count > rate.burst()) {
            return new WireError(
                    WireError.Code.LIMIT_REACHED,
                    count + " messages at once are more than connection " + who
                            + " may ever publish (setting publish-burst: " + rate.burst() + ")");
        }
        long nanos = bucket.take(count, timers.nanoTime());
        if (nanos == 0) {
            return null;
        }
        long millis = Math.max(1, (nanos + 999_999) / 1_000_000);
        String wait = String.format(Locale.ROOT, "Try again in %.2fs", millis / 1000.0);
        String limit = dialect == Dialect.FLAT
                ? "Publish rate limit exceeded. "
                : "connection " + who + " publishes more than " + rate.perSecond()
                        + " messages per second (setting publish-rate) after a burst of " + rate.burst()
                        + " (setting publish-burst). ";
        return new WireError(WireError.Code.RATE_LIMITED, limit + wait, millis);
    }
}
