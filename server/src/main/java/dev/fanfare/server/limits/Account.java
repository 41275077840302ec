package dev.fanfare.server.limits;

import dev.fanfare.server.ServerConfig;
import dev.fanfare.time.Timers;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// What one client or one address has taken so far. Any thread.
public final class Account {

    /// Whole tokens in so many seconds, since a rate may be a fraction.
    private static final long PERIOD_SECONDS = 1_000;

    final String key;
    final AtomicInteger connections = new AtomicInteger();
    final AtomicInteger subscriptions = new AtomicInteger();
    private final Timers timers;
    private volatile @Nullable Buckets buckets;

    /// Who holds it; under the lock of the table's entry.
    int holders;

    Account(String key, Timers timers) {
        this.key = key;
        this.timers = timers;
    }

    /// What is taken at a rate; null where none is set.
    ///
    /// @param limits those for which they were made
    record Buckets(
            ServerConfig.ClientLimits limits,
            @Nullable Bucket opening,
            @Nullable Bucket publishes,
            @Nullable Bucket bytes,
            @Nullable Bucket topics) {}

    /// Those of these limits. They begin full, also when the limits have become others.
    Buckets buckets(ServerConfig.ClientLimits limits) {
        Buckets there = buckets;
        if (there != null && (there.limits == limits || there.limits.equals(limits))) {
            return there;
        }
        return make(limits);
    }

    private synchronized Buckets make(ServerConfig.ClientLimits limits) {
        Buckets there = buckets;
        if (there == null || !there.limits.equals(limits)) {
            Clock clock = new Clock(timers, timers.nanoTime());
            there = new Buckets(
                    limits,
                    bucket(limits.addressConnectionRate().orElse(null), clock),
                    bucket(limits.publishRate().orElse(null), clock),
                    bucket(limits.publishBytes().orElse(null), clock),
                    bucket(limits.topicRate().orElse(null), clock));
            buckets = there;
        }
        return there;
    }

    /// Whether it matters who comes again that it was here.
    boolean remembers() {
        Buckets there = buckets;
        return there != null
                && (there.opening != null || there.publishes != null || there.bytes != null || there.topics != null);
    }

    private static @Nullable Bucket bucket(ServerConfig.@Nullable Rate rate, Clock clock) {
        if (rate == null) {
            return null;
        }
        long tokens = Math.max(1, Math.round(rate.perSecond() * PERIOD_SECONDS));
        return Bucket.builder()
                .withCustomTimePrecision(clock)
                .addLimit(
                        limit -> limit.capacity(rate.burst()).refillGreedy(tokens, Duration.ofSeconds(PERIOD_SECONDS)))
                .build();
    }

    /// Takes tokens, or says in how many milliseconds there will be so many.
    ///
    /// @return 0 when they were taken; −1 when there never will be so many
    static long take(@Nullable Bucket bucket, long count) {
        if (bucket == null || bucket.tryConsume(count)) {
            return 0;
        }
        long nanos = bucket.estimateAbilityToConsume(count).getNanosToWaitForRefill();
        return nanos == Long.MAX_VALUE ? -1 : Math.max(1, (nanos + 999_999) / 1_000_000);
    }

    /// The broker's clock, from 0 on.
    private record Clock(Timers timers, long start) implements TimeMeter {
        @Override
        public long currentTimeNanos() {
            return timers.nanoTime() - start;
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    }
}
