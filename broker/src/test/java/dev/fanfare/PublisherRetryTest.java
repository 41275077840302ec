package dev.fanfare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PublisherRetryTest {

    @Test
    void publishesAgainWhatWasRefusedForNow() throws Exception {
        VirtualTimers timers = new VirtualTimers();
        try (Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers))) {
            CountDownLatch held = new CountDownLatch(1);
            broker.subscription("t").overflow(Overflow.refuse()).queue(1).handle(message -> held.await());
            while (broker.publish("t", "fill") instanceof PublishResult.Accepted) {
                // Until its queue is full.
            }
            Publisher patient = broker.publisher("t").withRetry(RetryPolicy.fixed(1_000, Duration.ofSeconds(1)));
            CompletableFuture<PublishResult> result = CompletableFuture.supplyAsync(() -> patient.publish("late"));
            timers.advance(Duration.ofSeconds(2));
            assertThat(result).isNotDone();
            held.countDown();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (!result.isDone() && System.nanoTime() < deadline) {
                timers.advance(Duration.ofSeconds(1));
            }
            assertThat(result.get(20, TimeUnit.SECONDS)).isInstanceOf(PublishResult.Accepted.class);
        }
    }

    @Test
    void givesUpWhenThePolicySaysSoAndAtOnceWhatNeverSucceeds() {
        try (Broker broker = Broker.open(BrokerConfig.defaults().withAutoCreateTopics(false))) {
            assertThat(broker.publisher("missing")
                            .withRetry(RetryPolicy.fixed(1_000, Duration.ofDays(1)))
                            .publish("x"))
                    .isInstanceOf(PublishResult.Refused.class);
        }
    }
}
