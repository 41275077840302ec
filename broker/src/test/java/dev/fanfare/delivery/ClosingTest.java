package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.Delivery;
import dev.fanfare.ErrorCode;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A broker that closes waits for what its acknowledged subscriptions do by themselves, within its grace.
@Timeout(60)
class ClosingTest {

    @Test
    void closingTheBrokerLetsAHandlerFinishWhatWasPublished() {
        AtomicInteger handled = new AtomicInteger();
        try (Broker closing = Broker.open()) {
            closing.subscription("orders").acknowledged().handle(message -> handled.incrementAndGet());
            for (int i = 0; i < 10_000; i++) {
                closing.publish("orders", "x");
            }
        }
        assertThat(handled).hasValue(10_000);
    }

    @Test
    void closingTheBrokerWaitsForARetryPolicyThatIsBeingAsked() throws Exception {
        try (Broker closing = Broker.open()) {
            CountDownLatch asked = new CountDownLatch(1);
            Receiver receiver = closing.subscription("orders")
                    .acknowledged()
                    .withoutDeadLetters()
                    .retry((attempt, cause) -> {
                        asked.countDown();
                        awaitClosing(closing);
                        return null;
                    })
                    .receive();
            closing.publish("orders", "a");
            Delivery delivery = Objects.requireNonNull(receiver.receive());
            Thread fails = Thread.ofVirtual().start(delivery::nack);
            asked.await();
            closing.close(Duration.ofSeconds(50));
            assertThat(receiver.figures().deadLettered()).isEqualTo(1);
            assertThat(receiver.figures().dropped()).isZero();
            fails.join();
        }
    }

    private static void awaitClosing(Broker closing) {
        while (!(closing.publish("another", "x") instanceof PublishResult.Refused refused
                && refused.code() == ErrorCode.SHUTTING_DOWN)) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
        }
    }
}
