package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// When the broker delivers again what failed, to the nanosecond, under each retry policy: none, fixed, growing
/// with a cap and with jitter, the user's own, and by the class of what was thrown.
@Timeout(60)
class RetryTimesTest extends OnVirtualTime {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration INSTANT = Duration.ofNanos(1);

    private Receiver receiver(RetryPolicy policy) {
        return on("jobs").retry(policy).ackTimeout(Duration.ZERO).receive();
    }

    private List<DeadLetter> dead() {
        return broker.deadLetters("jobs").list(0, 100);
    }

    /// Fails on a message until it is given up.
    ///
    /// @param delays from each failure to the next attempt
    private void failsAndComesAfter(RetryPolicy policy, Duration... delays) throws InterruptedException {
        Receiver receiver = receiver(policy);
        broker.publish("jobs", "a");
        Delivery delivery = next(receiver);
        int attempts = 1;
        for (Duration delay : delays) {
            assertThat(delivery.attempt()).isEqualTo(attempts++);
            assertThat(delivery.nack()).isTrue();
            if (!delay.isZero()) {
                timers.advance(delay.minus(INSTANT));
                assertThat(receiver.receive(Duration.ZERO))
                        .as("attempt %s, one nanosecond before it is due", attempts)
                        .isNull();
                timers.advance(INSTANT);
            }
            delivery = receiver.receive(Duration.ZERO);
            assertThat(delivery).as("attempt %s when it is due", attempts).isNotNull();
        }
        assertThat(dead()).isEmpty();
        assertThat(delivery.nack()).isTrue();
        assertThat(dead()).hasSize(1);
        assertThat(dead().getFirst().attempts()).isEqualTo(attempts);
        assertThat(dead().getFirst().reason()).isEqualTo(DeadLetter.Reason.ATTEMPTS);
        assertThat(receiver.figures().retried()).isEqualTo(delays.length);
        assertThat(receiver.figures().failed()).isEqualTo(attempts);
        timers.advance(RetryPolicy.MAX_DELAY);
        assertThat(receiver.receive(Duration.ZERO))
                .as("a dead letter comes again")
                .isNull();
        assertThat(receiver.figures().lag()).isZero();
    }

    @Test
    void noneGivesUpAfterTheFirstAttempt() throws Exception {
        failsAndComesAfter(RetryPolicy.none());
    }

    @Test
    void fixedWaitsTheSameEachTime() throws Exception {
        Duration delay = Duration.ofMinutes(3);
        failsAndComesAfter(RetryPolicy.fixed(5, delay), delay, delay, delay, delay);
    }

    @Test
    void aDelayOfNothingComesAtOnce() throws Exception {
        failsAndComesAfter(RetryPolicy.fixed(3, Duration.ZERO), Duration.ZERO, Duration.ZERO);
    }

    @Test
    void exponentialGrowsUpToItsCap() throws Exception {
        failsAndComesAfter(
                RetryPolicy.exponential(7, SECOND, 3, Duration.ofSeconds(20)),
                SECOND,
                SECOND.multipliedBy(3),
                SECOND.multipliedBy(9),
                SECOND.multipliedBy(20),
                SECOND.multipliedBy(20),
                SECOND.multipliedBy(20));
    }

    @Test
    void theLongestDelayIsWaitedToItsEnd() throws Exception {
        failsAndComesAfter(RetryPolicy.fixed(2, RetryPolicy.MAX_DELAY), RetryPolicy.MAX_DELAY);
    }

    @Test
    void theUsersOwnIsAskedEachTime() throws Exception {
        failsAndComesAfter(
                (attempt, cause) -> attempt == 4 ? null : Duration.ofMillis(7).multipliedBy(attempt),
                Duration.ofMillis(7),
                Duration.ofMillis(14),
                Duration.ofMillis(21));
    }

    @Test
    void anOwnOneThatThrowsGivesUp() throws Exception {
        failsAndComesAfter(
                (attempt, cause) -> {
                    if (attempt == 2) {
                        throw new IllegalStateException("a policy that fails");
                    }
                    return SECOND;
                },
                SECOND);
    }

    @Test
    void anOwnDelayBeyondAllBoundsIsCutAndOneBeforeNowIsNow() throws Exception {
        Receiver receiver = receiver(
                (attempt, cause) -> attempt == 1 ? Duration.ofSeconds(-5) : Duration.ofSeconds(Long.MAX_VALUE));
        broker.publish("jobs", "a");
        next(receiver).nack();
        Delivery second = next(receiver);
        assertThat(second.attempt()).isEqualTo(2);
        second.nack();
        assertThat(receiver.receive(Duration.ZERO)).isNull();
        assertThat(receiver.figures().waiting()).isEqualTo(1);
        timers.advance(Duration.ofDays(3_650));
        assertThat(next(receiver).attempt()).isEqualTo(3);
    }

    @Test
    void jitterSpreadsThoseWhoFailedTogetherWithinItsPart() throws Exception {
        int count = 200;
        Receiver receiver = on("jobs")
                .retry(RetryPolicy.exponential(3, SECOND, 4, Duration.ofSeconds(2))
                        .withJitter(0.5))
                .ackTimeout(Duration.ZERO)
                .maxInFlight(count)
                .receive();
        for (int i = 0; i < count; i++) {
            broker.publish("jobs", "" + i);
        }
        List<Delivery> taken = new ArrayList<>();
        while (taken.size() < count) {
            taken.addAll(receiver.receive(count, Duration.ofSeconds(20)));
        }
        for (Duration whole : List.of(SECOND, Duration.ofSeconds(2))) {
            taken.forEach(Delivery::nack);
            timers.advance(whole.dividedBy(2).minus(INSTANT));
            assertThat(receiver.receive(count, Duration.ZERO))
                    .as("earlier than jitter allows")
                    .isEmpty();
            timers.advance(whole.dividedBy(4));
            taken = new ArrayList<>(receiver.receive(count, Duration.ZERO));
            // Each of them is on either side by a toss of a coin.
            assertThat(taken).as("in the first half of the time").hasSizeBetween(1, count - 1);
            timers.advance(whole.dividedBy(4).plus(INSTANT));
            taken.addAll(receiver.receive(count, Duration.ZERO));
            assertThat(taken).as("when the whole delay is over").hasSize(count);
        }
        taken.forEach(Delivery::nack);
        assertThat(receiver.figures().deadLettered()).isEqualTo(count);
    }

    @Test
    void aDelayThatIsAskedForReplacesThePolicysButNotItsAttempts() throws Exception {
        Receiver receiver = receiver(RetryPolicy.fixed(2, SECOND));
        broker.publish("jobs", "a");
        next(receiver).nack(Duration.ofHours(1));
        timers.advance(Duration.ofHours(1).minus(INSTANT));
        assertThat(receiver.receive(Duration.ZERO)).isNull();
        timers.advance(INSTANT);
        next(receiver).nack(Duration.ofHours(1));
        assertThat(dead()).hasSize(1);
    }

    @Test
    void anAttemptThatIsNotAcknowledgedInTimeIsAFailureOfNoClass() throws Exception {
        BlockingQueue<String> asked = new LinkedBlockingQueue<>();
        Receiver receiver = on("jobs")
                .ackTimeout(Duration.ofSeconds(10))
                .retry((attempt, cause) -> {
                    asked.add(attempt + " " + cause);
                    return attempt < 2 ? SECOND : null;
                })
                .receive();
        broker.publish("jobs", "a");
        next(receiver);
        timers.advance(Duration.ofSeconds(10));
        assertThat(asked.take()).isEqualTo("1 null");
        until(() -> receiver.figures().waiting() == 1);
        timers.advance(SECOND);
        assertThat(next(receiver).attempt()).isEqualTo(2);
        timers.advance(Duration.ofSeconds(10));
        assertThat(asked.take()).isEqualTo("2 null");
        until(() -> receiver.figures().deadLettered() == 1);
        assertThat(dead().getFirst().lastError()).contains("not acknowledged");
    }

    // ---- by what was thrown

    /// Has one message handled, by a handler that throws these one after the other.
    private AcknowledgedSubscription throwing(RetryPolicy policy, Exception... failures) {
        Queue<Exception> left = new ConcurrentLinkedQueue<>(List.of(failures));
        AcknowledgedSubscription handling = on("jobs").retry(policy).handle(message -> {
            throw left.remove();
        });
        broker.publish("jobs", "a");
        return handling;
    }

    @Test
    void whatIsGivenUpOnIsGivenUpAtOnceAndTheRestIsTriedAgain() {
        AcknowledgedSubscription handling = throwing(
                RetryPolicy.givingUpOn(RetryPolicy.fixed(10, SECOND), FileNotFoundException.class, Error.class),
                new IOException(),
                new IllegalStateException(),
                new FileNotFoundException());
        until(() -> handling.figures().waiting() == 1);
        timers.advance(SECOND);
        until(() -> handling.figures().failed() == 2 && handling.figures().waiting() == 1);
        timers.advance(SECOND);
        until(() -> handling.figures().deadLettered() == 1);
        assertThat(dead().getFirst().attempts()).isEqualTo(3);
        assertThat(dead().getFirst().firstError()).isEqualTo("java.io.IOException");
        assertThat(dead().getFirst().lastError()).isEqualTo("java.io.FileNotFoundException");
        assertThat(handling.figures().retried()).isEqualTo(2);
    }

    @Test
    void onlyWhatIsListedIsTriedAgain() {
        AcknowledgedSubscription handling = throwing(
                RetryPolicy.retryingOnly(RetryPolicy.fixed(10, SECOND), IOException.class),
                new FileNotFoundException(),
                new IllegalStateException());
        until(() -> handling.figures().waiting() == 1);
        timers.advance(SECOND);
        until(() -> handling.figures().deadLettered() == 1);
        assertThat(dead().getFirst().attempts()).isEqualTo(2);
        assertThat(dead().getFirst().lastError()).isEqualTo("java.lang.IllegalStateException");
    }

    @Test
    void whatIsListedIsGivenUpWithItsAttempts() {
        AcknowledgedSubscription handling = throwing(
                RetryPolicy.retryingOnly(RetryPolicy.fixed(2, Duration.ZERO), IOException.class),
                new IOException(),
                new IOException());
        until(() -> handling.figures().deadLettered() == 1);
        assertThat(dead().getFirst().attempts()).isEqualTo(2);
    }

    @Test
    void theCauseThatAReceiverTellsDecidesToo() throws Exception {
        Receiver receiver =
                receiver(RetryPolicy.givingUpOn(RetryPolicy.fixed(10, Duration.ZERO), IllegalArgumentException.class));
        broker.publish("jobs", "a");
        next(receiver).nack(new IOException("later"));
        Delivery second = next(receiver);
        assertThat(second.attempt()).isEqualTo(2);
        second.nack(new NumberFormatException("never"));
        until(() -> receiver.figures().deadLettered() == 1);
        assertThat(dead().getFirst().lastError()).isEqualTo("java.lang.NumberFormatException: never");
    }
}
