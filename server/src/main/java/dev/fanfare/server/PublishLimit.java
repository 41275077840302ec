package dev.fanfare.server;

import dev.fanfare.protocol.WireError;
import dev.fanfare.server.limits.Account;
import dev.fanfare.server.limits.Limit;
import dev.fanfare.server.limits.Limits;
import dev.fanfare.time.Timers;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How many messages one connection may still publish, over WebSocket or REST. On the connection's event loop.
public final class PublishLimit {

    private final Limits limits;
    private final ServerConfig.@Nullable Rate rate;
    private final Dialect dialect;
    private final Object who;
    private final Timers timers;
    private final @Nullable TokenBucket bucket;
    private @Nullable Account client;

    private PublishLimit(Limits limits, ServerConfig.@Nullable Rate rate, Dialect dialect, Object who, Timers timers) {
        this.limits = limits;
        this.rate = rate;
        this.dialect = dialect;
        this.who = who;
        this.timers = timers;
        this.bucket = rate == null ? null : new TokenBucket(rate.perSecond(), rate.burst(), timers.nanoTime());
    }

    /// That of a new connection, whose client is not known yet.
    ///
    /// @param who the connection, as errors name it
    public static PublishLimit of(ServerContext server, Dialect dialect, Object who) {
        return new PublishLimit(
                server.limits(),
                server.config().limits().publishRate(dialect),
                dialect,
                who,
                server.broker().timers());
    }

    /// Whose the connection is from now on; null: nobody's whose publishes are counted.
    public void belongsTo(@Nullable Account owner) {
        client = owner;
    }

    /// A topic is to be made.
    ///
    /// @return null if it may be, else what its maker is told
    public @Nullable WireError takeTopic() {
        return limits.makeTopic(client);
    }

    /// So many messages are to be published in one go.
    ///
    /// @param bytes of all of them, as sent
    /// @return null if they may be, and then they count, else what their publisher is told
    public @Nullable WireError take(int count, long bytes) {
        WireError own = bucket == null ? null : own(bucket, count);
        return own == null ? limits.publish(client, count, bytes) : own;
    }

    private @Nullable WireError own(TokenBucket own, int count) {
        if (rate == null) {
            return null;
        }
        if (count > rate.burst()) {
            return new WireError(
                    WireError.Code.LIMIT_REACHED,
                    count + " messages at once are more than connection " + who
                            + " may ever publish (setting publish-burst: " + rate.burst() + ")");
        }
        long nanos = own.take(count, timers.nanoTime());
        if (nanos == 0) {
            return null;
        }
        limits.count(Limit.PUBLISH_RATE);
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
