package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/// A burst at once, then so many per second, and an honest answer when there is none.
class TokenBucketTest {

    private static final long SECOND = 1_000_000_000L;

    @Test
    void aBurstThenTheRate() {
        TokenBucket bucket = new TokenBucket(1000, 500, 0);
        for (int i = 0; i < 500; i++) {
            assertThat(bucket.take(1, 0)).isZero();
        }

        assertThat(bucket.take(1, 0)).isBetween(1_000_000L, 1_000_001L);
        assertThat(bucket.take(1, 400_000)).isBetween(600_000L, 600_001L);
        assertThat(bucket.take(1, 1_000_000)).isZero();
        assertThat(bucket.take(1, 1_000_000)).isBetween(1_000_000L, 1_000_001L);
    }

    @Test
    void neverMoreThanTheBurst() {
        TokenBucket bucket = new TokenBucket(10, 3, 0);
        for (int i = 0; i < 3; i++) {
            assertThat(bucket.take(1, 3600 * SECOND)).isZero();
        }
        assertThat(bucket.take(1, 3600 * SECOND)).isPositive();
    }

    @Test
    void theClockMayBeginAnywhere() {
        TokenBucket bucket = new TokenBucket(1, 1, Long.MAX_VALUE - 10);

        assertThat(bucket.take(1, Long.MAX_VALUE - 10)).isZero();
        assertThat(bucket.take(1, Long.MAX_VALUE - 10)).isBetween(SECOND, SECOND + 1);
        assertThat(bucket.take(1, Long.MIN_VALUE + SECOND)).isZero(); // nanoTime has wrapped around
    }

    @Test
    void overALongTimeTheRateHoldsAndTheAnsweredTimeIsEnough() {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("TokenBucketTest: -Dfanfare.seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 100; round++) {
            double rate = 1 + random.nextInt(100_000);
            int burst = 1 + random.nextInt(1000);
            TokenBucket bucket = new TokenBucket(rate, burst, 0);
            long now = 0;
            long taken = 0;
            for (int i = 0; i < 1000; i++) {
                now += random.nextLong((long) (2 * SECOND / rate) + 1);
                long wait = bucket.take(1, now);
                if (wait > 0) {
                    assertThat(wait).isLessThanOrEqualTo((long) Math.ceil(SECOND / rate) + 1);
                    now += wait + 1; // a nanosecond for rounding
                    wait = bucket.take(1, now);
                    assertThat(wait).as("seed %d", seed).isZero();
                }
                taken++;
            }
            assertThat((double) taken).isLessThanOrEqualTo(burst + rate * now / SECOND + 1);
        }
    }
}
