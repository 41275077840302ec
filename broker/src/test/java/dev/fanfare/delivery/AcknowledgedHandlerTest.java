package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.DeadLetter;
import dev.fanfare.Message;
import dev.fanfare.RetryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Acknowledged subscriptions with handlers through the library's doors, on virtual time.
@Timeout(60)
class AcknowledgedHandlerTest extends OnVirtualTime {

    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void aHandlerThatReturnsHasAcknowledged() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        AcknowledgedSubscription subscription = on("orders").handle(message -> heard.add(message.text()));
        broker.publish("orders", "a");
        broker.publish("orders", "b");
        assertThat(heard.take()).isEqualTo("a");
        assertThat(heard.take()).isEqualTo("b");
        awaitDelivered(subscription, 2);
        assertThat(subscription.figures().lag()).isZero();
        assertThat(subscription.figures().failed()).isZero();
    }

    @Test
    void aHandlerThatThrowsGetsTheMessageAgainAfterTheDelay() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        AtomicInteger calls = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(1);
        AcknowledgedSubscription subscription = on("orders")
                .retry(RetryPolicy.fixed(3, SECOND))
                .handle(message -> {
                    heard.add(message.text());
                    if (calls.incrementAndGet() < 3) {
                        throw new IllegalStateException("not yet");
                    }
                    done.countDown();
                });
        broker.publish("orders", "a");
        assertThat(heard.take()).isEqualTo("a");
        advanceWhenWaiting(subscription);
        assertThat(heard.take()).isEqualTo("a");
        advanceWhenWaiting(subscription);
        done.await();
        awaitDelivered(subscription, 1);
        assertThat(subscription.figures().failed()).isEqualTo(2);
        assertThat(subscription.figures().retried()).isEqualTo(2);
        assertThat(subscription.figures().redelivered()).isEqualTo(2);
        assertThat(broker.stats().topic("orders").orElseThrow().failed()).isEqualTo(2);
        assertThat(broker.stats().topic("orders").orElseThrow().delivered()).isEqualTo(1);
    }

    private void advanceWhenWaiting(AcknowledgedSubscription subscription) {
        while (subscription.figures().waiting() == 0) {
            Thread.onSpinWait();
        }
        timers.advance(SECOND);
    }

    @Test
    void afterTheLastAttemptItIsADeadLetterThatTellsWhy() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        AcknowledgedSubscription subscription = broker.subscription("orders")
                .name("billing")
                .acknowledged()
                .retry(RetryPolicy.fixed(2, Duration.ZERO))
                .handle(message -> {
                    throw new IllegalStateException("call " + calls.incrementAndGet());
                });
        Message draft = Message.text("a").withId("id-1").withKey("k").withType("t");
        broker.publish("orders", draft);
        while (subscription.figures().deadLettered() == 0) {
            Thread.onSpinWait();
        }
        List<DeadLetter> letters = broker.deadLetters("orders").list(0, 10);
        assertThat(letters).hasSize(1);
        DeadLetter letter = letters.getFirst();
        assertThat(letter.subscription()).isEqualTo("billing");
        assertThat(letter.reason()).isEqualTo(DeadLetter.Reason.ATTEMPTS);
        assertThat(letter.attempts()).isEqualTo(2);
        assertThat(letter.firstError()).isEqualTo("java.lang.IllegalStateException: call 1");
        assertThat(letter.lastError()).isEqualTo("java.lang.IllegalStateException: call 2");
        assertThat(letter.at()).isEqualTo(java.time.Instant.ofEpochMilli(timers.currentTimeMillis()));
        assertThat(letter.message().topic()).isEqualTo("orders");
        assertThat(letter.message().offset()).isZero();
        assertThat(letter.message().id()).isEqualTo("id-1");
        assertThat(letter.message().key()).isEqualTo("k");
        assertThat(letter.message().headers()).isEmpty();
        assertThat(broker.stats().topic("orders").orElseThrow().deadLettered()).isEqualTo(1);
        assertThat(subscription.figures().lag()).isZero();
    }

    @Test
    void anotherSubscriptionThatSucceededNeverSeesTheRetry() throws Exception {
        AtomicInteger good = new AtomicInteger();
        AcknowledgedSubscription succeeds = on("orders").handle(message -> good.incrementAndGet());
        AcknowledgedSubscription fails = on("orders")
                .retry(RetryPolicy.fixed(5, Duration.ZERO))
                .handle(message -> {
                    throw new IllegalStateException();
                });
        broker.publish("orders", "a");
        while (fails.figures().deadLettered() == 0) {
            Thread.onSpinWait();
        }
        awaitDelivered(succeeds, 1);
        assertThat(fails.figures().failed()).isEqualTo(5);
        assertThat(good).hasValue(1);
    }

    @Test
    void severalCallsMayRunAtOnceButNeverTwoOfOneKey() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        AtomicInteger ofKey = new AtomicInteger();
        List<String> order = java.util.Collections.synchronizedList(new ArrayList<>());
        AcknowledgedSubscription subscription = on("orders").concurrency(8).handle(message -> {
            if (message.key() == null) {
                both.countDown();
                both.await();
            } else {
                assertThat(ofKey.incrementAndGet()).isEqualTo(1);
                order.add(message.text());
                Thread.onSpinWait();
                ofKey.decrementAndGet();
            }
        });
        broker.publish("orders", "x");
        broker.publish("orders", "y");
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            broker.publish("orders", Message.text("" + i).withKey("k"));
            expected.add("" + i);
        }
        awaitDelivered(subscription, 1_002);
        assertThat(order).isEqualTo(expected);
    }
}
