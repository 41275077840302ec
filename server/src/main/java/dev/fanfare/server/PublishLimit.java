package dev.fanfare.server;

import dev.fanfare.protocol.WireError;
import dev.fanfare.server.limits.Account;
import dev.fanfare.server.limits.Limit;
import dev.fanfare.server.limits.Limits;
import dev.fanfare.time.Timers;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// How many messages one connection may still publish, over WebSocket or REST. It begins anew, with a full burst, when
/// settings are read anew that say otherwise. On the connection's event loop.
public final class PublishLimit {

    private final Limits limits;
    private final Supplier<ServerConfig.Limits> settings;
    private final Dialect dialect;
    private final Object who;
    private final Timers timers;
    private ServerConfig.@Nullable Limits seen;
    private ServerConfig.@Nullable Rate rate;
    private @Nullable TokenBucket bucket;
    private @Nullable Account client;

    private PublishLimit(
            Limits limits, Supplier<ServerConfig.Limits> settings, Dialect dialect, Object who, Timers timers) {
        this.limits = limits;
        this.settings = settings;
        this.dialect = dialect;
        this.who = who;
        this.timers = timers;
    }

    /// That of a new connection, whose client is not known yet.
    ///
    /// @param who the connection, as errors name it
    public static PublishLimit of(ServerContext server, Dialect dialect, Object who) {
        return new PublishLimit(
                server.limits(),
                () -> server.config().limits(),
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
        ServerConfig.Limits now = settings.get();
        if (now != seen) {
            look(now);
        }
        WireError own = rate == null || bucket == null ? null : own(rate, bucket, count);
        return own == null ? limits.publish(client, count, bytes) : own;
    }

    private void look(ServerConfig.Limits now) {
        seen = now;
        ServerConfig.Rate next = now.publishRate(dialect);
        if (!Objects.equals(next, rate)) {
            rate = next;
            bucket = next == null ? null : new TokenBucket(next.perSecond(), next.burst(), timers.nanoTime());
        }
    }

    private @Nullable WireError own(ServerConfig.Rate rate, TokenBucket own, int count) {
        if (count > rate.burst()) {
            limits.count(Limit.PUBLISH_BURST);
            return new WireError(
                    WireError.Code.LIMIT_REACHED,
                    count + " messages at once are more than connection " + who
                            + " may ever publish (setting publish-burst: " + rate.burst() + ")",
                    -1);
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
