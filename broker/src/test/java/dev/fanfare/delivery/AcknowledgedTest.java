package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.Dispatch;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.Start;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Acknowledged subscriptions through the library's doors, on virtual time.
@Timeout(60)
class AcknowledgedTest extends OnVirtualTime {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private static void awaitLag(Receiver receiver, long lag) {
        while (receiver.figures().lag() != lag) {
            Thread.onSpinWait();
        }
    }

    /// Whatever was published so far is in the backlog, and nothing of it can be received.
    private static void assertNothingReady(Receiver receiver) throws InterruptedException {
        assertThat(receiver.receive(Duration.ZERO)).isNull();
    }

    private static String text(Delivery delivery) {
        return delivery.message().text();
    }

    // ---- receivers

    @Test
    void whatIsReceivedIsAcknowledgedOnce() throws Exception {
        Receiver receiver = on("orders").receive();
        broker.publish("orders", "a");
        Delivery delivery = next(receiver);
        assertThat(text(delivery)).isEqualTo("a");
        assertThat(delivery.attempt()).isEqualTo(1);
        assertThat(receiver.figures().inFlight()).isEqualTo(1);
        assertThat(delivery.ack()).isTrue();
        assertThat(delivery.ack()).isFalse();
        assertThat(delivery.nack()).isFalse();
        awaitLag(receiver, 0);
        assertNothingReady(receiver);
    }

    @Test
    void theWindowBoundsWhatIsInHand() throws Exception {
        Receiver receiver = on("orders").maxInFlight(2).receive();
        for (int i = 0; i < 3; i++) {
            broker.publish("orders", "" + i);
        }
        Delivery first = next(receiver);
        next(receiver);
        awaitLag(receiver, 3);
        assertNothingReady(receiver);
        first.ack();
        assertThat(text(next(receiver))).isEqualTo("2");
    }

    @Test
    void aNackWithADelayComesBackAfterIt() throws Exception {
        Receiver receiver = on("orders").receive();
        broker.publish("orders", "a");
        assertThat(next(receiver).nack(Duration.ofSeconds(10))).isTrue();
        timers.advance(Duration.ofSeconds(10).minusNanos(1));
        assertNothingReady(receiver);
        timers.advance(Duration.ofNanos(1));
        Delivery again = next(receiver);
        assertThat(again.attempt()).isEqualTo(2);
        assertThat(text(again)).isEqualTo("a");
    }

    @Test
    void whatIsNotAcknowledgedInTimeComesBack() throws Exception {
        Receiver receiver = on("orders")
                .ackTimeout(SECOND)
                .retry(RetryPolicy.fixed(2, Duration.ZERO))
                .receive();
        broker.publish("orders", "a");
        Delivery first = next(receiver);
        timers.advance(SECOND);
        Delivery second = next(receiver);
        assertThat(second.attempt()).isEqualTo(2);
        assertThat(first.ack()).as("somebody else has it").isFalse();
        timers.advance(SECOND);
        DeadLetter letter = broker.deadLetters("orders").find(0).orElseThrow();
        assertThat(letter.lastError()).isEqualTo("not acknowledged within PT1S");
        assertThat(second.ack()).isFalse();
    }

    @Test
    void aLateAcknowledgementCountsUntilTheNextAttemptHasBegun() throws Exception {
        Receiver receiver = on("orders")
                .ackTimeout(SECOND)
                .retry(RetryPolicy.fixed(9, SECOND))
                .receive();
        broker.publish("orders", "a");
        broker.publish("orders", "b");
        Delivery waits = next(receiver);
        timers.advance(SECOND);
        assertThat(waits.ack()).as("it waited for its retry").isTrue();
        Delivery queued = next(receiver);
        timers.advance(SECOND);
        timers.advance(SECOND);
        assertThat(queued.ack()).as("it was ready again").isTrue();
        assertThat(receiver.figures().waiting()).isZero();
        assertNothingReady(receiver);
        assertThat(receiver.figures().delivered()).isEqualTo(2);
        assertThat(timers.pending()).as("timers left").isZero();
    }

    @Test
    void aRejectedMessageIsADeadLetterAtOnce() throws Exception {
        Receiver receiver = on("orders").deadLetter("graveyard").receive();
        broker.publish("orders", "a");
        assertThat(next(receiver).reject("no such customer")).isTrue();
        assertThat(broker.deadLetters("orders").count()).isZero();
        assertThat(broker.deadLetters("graveyard").count()).isEqualTo(1);
        DeadLetter letter = broker.deadLetters("graveyard").find(0).orElseThrow();
        assertThat(letter.reason()).isEqualTo(DeadLetter.Reason.REJECTED);
        assertThat(letter.lastError()).isEqualTo("no such customer");
        assertThat(letter.attempts()).isEqualTo(1);
    }

    @Test
    void withoutDeadLettersWhatIsGivenUpIsOnlyCounted() throws Exception {
        Receiver receiver = on("orders").withoutDeadLetters().receive();
        broker.publish("orders", "a");
        next(receiver).reject("never mind");
        assertThat(receiver.figures().deadLettered()).isEqualTo(1);
        assertThat(broker.topic("$dead/orders")).isEmpty();
    }

    @Test
    void aWaitingMessageHoldsBackItsKeyOnly() throws Exception {
        Receiver receiver = on("orders").receive();
        broker.publish("orders", Message.text("a1").withKey("a"));
        broker.publish("orders", Message.text("a2").withKey("a"));
        broker.publish("orders", Message.text("b1").withKey("b"));
        broker.publish("orders", "free");
        Delivery a1 = next(receiver);
        assertThat(text(a1)).isEqualTo("a1");
        a1.nack(SECOND);
        assertThat(text(next(receiver))).isEqualTo("b1");
        assertThat(text(next(receiver))).isEqualTo("free");
        assertNothingReady(receiver);
        timers.advance(SECOND);
        Delivery again = next(receiver);
        assertThat(text(again)).isEqualTo("a1");
        assertNothingReady(receiver);
        again.ack();
        assertThat(text(next(receiver))).isEqualTo("a2");
    }

    @Test
    void orderedHoldsBackTheTopic() throws Exception {
        Receiver receiver = on("*").ordered().receive();
        broker.publish("orders", "1");
        broker.publish("orders", Message.text("2").withKey("k"));
        broker.publish("other", "x");
        Delivery first = next(receiver);
        first.nack(SECOND);
        assertThat(text(next(receiver))).isEqualTo("x");
        assertNothingReady(receiver);
        timers.advance(SECOND);
        next(receiver).ack();
        assertThat(text(next(receiver))).isEqualTo("2");
    }

    @Test
    void theSameKeyInTwoTopicsIsTwoKeys() throws Exception {
        Receiver receiver = on("*").receive();
        broker.publish("one", Message.text("1").withKey("k"));
        broker.publish("two", Message.text("2").withKey("k"));
        assertThat(text(next(receiver))).isEqualTo("1");
        assertThat(text(next(receiver))).isEqualTo("2");
    }

    @Test
    void replayIsAcknowledgedToo() throws Exception {
        broker.publish("orders", "old");
        Receiver receiver = broker.subscription("orders")
                .start(Start.earliest())
                .acknowledged()
                .receive();
        broker.publish("orders", "new");
        Delivery old = next(receiver);
        assertThat(text(old)).isEqualTo("old");
        assertThat(text(next(receiver))).isEqualTo("new");
        old.nack(Duration.ZERO);
        assertThat(text(next(receiver))).isEqualTo("old");
    }

    @Test
    void receivingWaitsOnTheBrokersClock() throws Exception {
        Receiver receiver = on("orders").receive();
        BlockingQueue<List<Delivery>> got = new LinkedBlockingQueue<>();
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                got.add(receiver.receive(10, Duration.ofHours(1)));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        while (timers.pending() == 0) {
            Thread.onSpinWait();
        }
        timers.advance(Duration.ofHours(1));
        assertThat(got.take()).isEmpty();
        waiting.join();
    }

    @Test
    void closingLetsWhoeverWaitsGo() throws Exception {
        Receiver receiver = on("orders").receive();
        BlockingQueue<String> got = new LinkedBlockingQueue<>();
        Thread.ofVirtual().start(() -> {
            try {
                got.add("" + receiver.receive());
            } catch (InterruptedException e) {
                got.add("interrupted");
            }
        });
        while (timers.pending() == 0) {
            Thread.onSpinWait();
        }
        receiver.close();
        assertThat(got.take()).isEqualTo("null");
        assertThat(receiver.ended()).contains(SubscriptionEnd.CLOSED);
        assertThat(broker.stats().acknowledged()).isEmpty();
        assertThat(broker.topic("orders").orElseThrow().subscribers()).isZero();
    }

    @Test
    void deletingTheTopicEndsItAndCountsWhatIsLost() throws Exception {
        Receiver receiver = on("orders").receive();
        broker.publish("orders", "a");
        broker.publish("orders", "b");
        Delivery first = next(receiver);
        awaitLag(receiver, 2);
        broker.deleteTopic("orders");
        assertThat(receiver.receive()).isNull();
        assertThat(receiver.ended()).contains(SubscriptionEnd.TOPIC_DELETED);
        assertThat(receiver.figures().dropped()).isEqualTo(2);
        assertThat(first.ack()).isFalse();
    }

    @Test
    void whatAPatternHasOfADeletedTopicIsForgottenAtOnce() throws Exception {
        broker.createTopic("jobs.other");
        Receiver receiver = on("jobs.*").maxInFlight(3).receive();
        broker.publish("jobs.gone", "waits");
        next(receiver).nack(SECOND);
        broker.publish("jobs.gone", Message.text("in hand").withKey("k"));
        broker.publish("jobs.gone", Message.text("behind it").withKey("k"));
        broker.publish("jobs.gone", "in hand");
        broker.publish("jobs.other", "kept");
        broker.publish("jobs.gone", "ready");
        broker.publish("jobs.other", "kept, too");
        List<Delivery> held = List.of(next(receiver), next(receiver), next(receiver));
        awaitLag(receiver, 7);
        Topic gone = broker.topic("jobs.gone").orElseThrow();
        broker.deleteTopic("jobs.gone");
        awaitLag(receiver, 2);
        AcknowledgedSubscription.Figures figures = receiver.figures();
        assertThat(figures.dropped()).isEqualTo(5);
        assertThat(gone.counters().dropped()).isEqualTo(5);
        assertThat(figures.inFlight()).isEqualTo(1);
        assertThat(figures.waiting()).isZero();
        assertThat(held.get(0).ack()).as("of a topic that is gone").isFalse();
        assertThat(held.get(1).nack()).as("of a topic that is gone").isFalse();
        assertThat(held.get(2).ack()).as("of another one").isTrue();
        assertThat(text(next(receiver))).isEqualTo("kept, too");
        broker.publish("jobs.gone", Message.text("of the new one").withKey("k"));
        assertThat(text(next(receiver))).isEqualTo("of the new one");
        assertThat(receiver.figures().dropped()).isEqualTo(5);
    }

    // ---- time to live

    @Test
    void whatHasExpiredIsNotDeliveredAgain() throws Exception {
        Receiver receiver = on("orders").receive();
        broker.publish("orders", Message.text("short").withTtl(SECOND));
        broker.publish("orders", "long");
        next(receiver).nack(SECOND);
        Delivery other = next(receiver);
        timers.advance(SECOND.multipliedBy(2));
        assertNothingReady(receiver);
        assertThat(other.ack()).isTrue();
        awaitLag(receiver, 0);
        assertThat(broker.stats().topic("orders").orElseThrow().expired()).isEqualTo(1);
        assertThat(broker.deadLetters("orders").count()).isZero();
    }

    @Test
    void whatHasExpiredBecomesADeadLetterWhenAsked() throws Exception {
        Receiver receiver = on("orders").expiredToDeadLetters().receive();
        broker.publish("orders", Message.text("short").withTtl(SECOND));
        next(receiver).nack(SECOND);
        timers.advance(SECOND.multipliedBy(2));
        assertNothingReady(receiver);
        DeadLetter letter = broker.deadLetters("orders").list(0, 1).getFirst();
        assertThat(letter.reason()).isEqualTo(DeadLetter.Reason.EXPIRED);
        assertThat(letter.firstError()).isEqualTo("not acknowledged");
        assertThat(letter.lastError()).isEqualTo("its time to live was over");
    }

    // ---- back pressure

    @Test
    void aFullBacklogRefusesUntilSomethingIsDone() throws Exception {
        Receiver receiver = on("orders").queue(3).overflow(Overflow.refuse()).receive();
        for (int i = 0; i < 3; i++) {
            assertThat(broker.publish("orders", "" + i)).isInstanceOf(PublishResult.Accepted.class);
        }
        assertThat(broker.publish("orders", "x")).isInstanceOfSatisfying(PublishResult.Refused.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
        });
        Delivery first = next(receiver);
        first.nack(SECOND);
        assertThat(broker.publish("orders", "x"))
                .as("waiting for a retry is not done")
                .isInstanceOf(PublishResult.Refused.class);
        timers.advance(SECOND);
        Delivery any = next(receiver);
        any.ack();
        assertThat(broker.publish("orders", "3")).isInstanceOf(PublishResult.Accepted.class);
    }

    @Test
    void aBacklogIsBoundedInBytesToo() throws Exception {
        // On every loop one that began before: a loop serves it after whatever began later, so what it has heard
        // the backlog has, too, and its publishers know whether that was too much.
        List<AtomicInteger> heard = new ArrayList<>();
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            AtomicInteger count = new AtomicInteger();
            heard.add(count);
            broker.subscription("orders").dispatch(Dispatch.loop()).handle(message -> count.incrementAndGet());
        }
        Receiver receiver =
                on("orders").queueBytes(10_000).overflow(Overflow.refuse()).receive();
        String large = "x".repeat(4_000);
        int accepted = 0;
        while (broker.publish("orders", large) instanceof PublishResult.Accepted) {
            accepted++;
            for (AtomicInteger count : heard) {
                while (count.get() < accepted) {
                    assertThat(Thread.currentThread().isInterrupted()).isFalse();
                    Thread.onSpinWait();
                }
            }
        }
        assertThat(accepted).as("as many as it takes to reach the bound").isEqualTo(3);
        for (int i = 0; i < accepted; i++) {
            next(receiver).ack();
        }
        assertThat(broker.publish("orders", "small")).isInstanceOf(PublishResult.Accepted.class);
    }

    @Test
    void aBlockedPublisherGoesOnWhenThereIsRoom() throws Exception {
        Receiver receiver = on("orders").queue(2).overflow(Overflow.block()).receive();
        broker.publish("orders", "0");
        broker.publish("orders", "1");
        CountDownLatch published = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> {
            broker.publish("orders", "2");
            published.countDown();
        });
        Delivery first = next(receiver);
        Delivery second = next(receiver);
        while (timers.pending() < 2) {
            Thread.onSpinWait();
        }
        first.ack();
        second.ack();
        assertThat(published.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(text(next(receiver))).isEqualTo("2");
    }

    @Test
    void aFullBacklogThatDisconnectsEndsAndIsCounted() throws Exception {
        Receiver receiver =
                on("orders").queue(2).overflow(Overflow.disconnect()).receive();
        for (int i = 0; i < 3; i++) {
            assertThat(broker.publish("orders", "" + i)).isInstanceOf(PublishResult.Accepted.class);
        }
        @Nullable Delivery last;
        do {
            last = receiver.receive();
        } while (last != null);
        assertThat(receiver.ended()).contains(SubscriptionEnd.SLOW_CONSUMER);
        // The one that found it full may have come in before it was ended.
        assertThat(receiver.figures().dropped()).isBetween(2L, 3L);
    }

    @Test
    void policiesThatLoseMessagesAreRefused() {
        assertThatThrownBy(() -> on("orders").overflow(Overflow.dropOldest()).receive())
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("an acknowledged subscription loses nothing");
    }
}
