package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.CircuitBreaker.State;
import dev.fanfare.Delivery;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Circuit breakers, on virtual time.
@Timeout(60)
class CircuitBreakerTest {

    private static final Duration WAIT = Duration.ofSeconds(10);

    /// Opens when half of the last four failed; tries two.
    private static final CircuitBreaker BREAKER =
            CircuitBreaker.defaults().withWindow(4, 4).withWaitWhileOpen(WAIT).withTrialCalls(2);

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final List<BrokerEvent> heard = new CopyOnWriteArrayList<>();

    CircuitBreakerTest() {
        broker.listen(event -> {
            if (event.name().startsWith("circuit_")) {
                heard.add(event);
            }
        });
    }

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    private AcknowledgedBuilder on(CircuitBreaker breaker) {
        return broker.subscription("jobs")
                .name("worker")
                .acknowledged()
                .retry(RetryPolicy.fixed(100, Duration.ZERO))
                .circuitBreaker(breaker);
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            broker.publish("jobs", "" + i);
        }
    }

    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted())
                    .as("it took too long")
                    .isFalse();
            Thread.onSpinWait();
        }
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        Delivery delivery = receiver.receive();
        assertThat(delivery).isNotNull();
        return delivery;
    }

    private static List<Delivery> ready(Receiver receiver) throws InterruptedException {
        return receiver.receive(100, Duration.ZERO);
    }

    /// Waits until the ten have come in.
    private static void await(Receiver receiver) {
        until(() -> ((Attached) receiver).backlog().undone() == 10);
    }

    private Receiver opened() throws InterruptedException {
        Receiver receiver = on(BREAKER).receive();
        publish(10);
        await(receiver);
        for (int i = 0; i < 4; i++) {
            next(receiver).nack();
        }
        assertThat(state(receiver)).isEqualTo(State.OPEN);
        return receiver;
    }

    private static State state(AcknowledgedSubscription subscription) {
        State state = subscription.figures().circuit();
        assertThat(state).isNotNull();
        return state;
    }

    private void heard(String... names) {
        until(() -> heard.size() >= names.length);
        assertThat(heard).extracting(BrokerEvent::name).containsExactly(names);
    }

    @Test
    void whoKeepsFailingIsLeftAloneAndNothingIsUsedUpMeanwhile() throws Exception {
        Receiver receiver = opened();
        assertThat(ready(receiver)).isEmpty();
        timers.advance(WAIT.minusNanos(1));
        assertThat(ready(receiver)).isEmpty();
        AcknowledgedSubscription.Figures figures = receiver.figures();
        assertThat(figures.lag()).isEqualTo(10);
        assertThat(figures.failed()).isEqualTo(4);
        assertThat(figures.deadLettered()).isZero();
        assertThat(figures.circuitOpened()).isEqualTo(1);
        heard("circuit_opened");
        assertThat(heard).containsExactly(new BrokerEvent.CircuitOpened("jobs", "worker", 4, 4, 0));
    }

    @Test
    void afterAWhileAFewAreLetThroughAndItClosesWhenTheyGoWell() throws Exception {
        Receiver receiver = opened();
        timers.advance(WAIT);
        assertThat(state(receiver)).isEqualTo(State.HALF_OPEN);
        List<Delivery> trials = ready(receiver);
        assertThat(trials).hasSize(2);
        assertThat(ready(receiver)).isEmpty();
        trials.getFirst().ack();
        assertThat(ready(receiver)).as("trials are not replaced").isEmpty();
        trials.getLast().ack();
        assertThat(state(receiver)).isEqualTo(State.CLOSED);
        List<Delivery> rest = ready(receiver);
        assertThat(rest).hasSize(8);
        assertThat(receiver.ack(rest)).isEqualTo(8);
        heard("circuit_opened", "circuit_half_open", "circuit_closed");
    }

    @Test
    void itOpensAgainWhenTheTrialsFail() throws Exception {
        Receiver receiver = opened();
        timers.advance(WAIT);
        List<Delivery> trials = ready(receiver);
        trials.getFirst().ack();
        trials.getLast().nack();
        assertThat(state(receiver)).isEqualTo(State.OPEN);
        assertThat(ready(receiver)).isEmpty();
        timers.advance(WAIT);
        ready(receiver).forEach(Delivery::ack);
        assertThat(state(receiver)).isEqualTo(State.CLOSED);
        assertThat(receiver.figures().circuitOpened()).isEqualTo(2);
    }

    @Test
    void whatWasInHandWhenItOpenedIsJudgedAsEver() throws Exception {
        Receiver receiver = on(BREAKER).receive();
        publish(10);
        await(receiver);
        List<Delivery> early = List.of(next(receiver), next(receiver), next(receiver));
        for (int i = 0; i < 4; i++) {
            next(receiver).nack();
        }
        assertThat(state(receiver)).isEqualTo(State.OPEN);
        assertThat(early.get(0).ack()).isTrue();
        assertThat(early.get(1).nack()).isTrue();
        timers.advance(WAIT);
        List<Delivery> trials = ready(receiver);
        assertThat(early.get(2).nack()).as("it counts, but is no trial").isTrue();
        trials.forEach(Delivery::ack);
        assertThat(state(receiver)).isEqualTo(State.CLOSED);
        assertThat(receiver.figures().failed()).isEqualTo(6);
    }

    @Test
    void silenceIsFailure() throws Exception {
        Receiver receiver =
                on(BREAKER).ackTimeout(Duration.ofSeconds(1)).maxInFlight(4).receive();
        publish(10);
        await(receiver);
        for (int i = 0; i < 4; i++) {
            next(receiver);
        }
        timers.advance(Duration.ofSeconds(1));
        assertThat(state(receiver)).isEqualTo(State.OPEN);
        timers.advance(WAIT);
        assertThat(ready(receiver)).hasSize(2);
        timers.advance(Duration.ofSeconds(1));
        assertThat(state(receiver)).isEqualTo(State.OPEN);
    }

    @Test
    void whoIsSlowIsLeftAloneAsWell() throws Exception {
        Receiver receiver = on(BREAKER.withSlowCalls(Duration.ofSeconds(2), 75)).receive();
        publish(10);
        for (int i = 0; i < 4; i++) {
            Delivery delivery = next(receiver);
            timers.advance(i == 0 ? Duration.ofMillis(1_999) : Duration.ofSeconds(2));
            delivery.ack();
        }
        assertThat(state(receiver)).isEqualTo(State.OPEN);
        heard("circuit_opened");
        assertThat(heard).containsExactly(new BrokerEvent.CircuitOpened("jobs", "worker", 4, 0, 3));
    }

    @Test
    void onlyTheLastOnesAreLookedAt() throws Exception {
        Receiver receiver = on(BREAKER).receive();
        publish(100);
        for (int i = 0; i < 60; i++) {
            Delivery delivery = next(receiver);
            if (i % 3 == 0 && i % 2 == 0) {
                delivery.nack(Duration.ofDays(1));
            } else {
                delivery.ack();
            }
        }
        assertThat(state(receiver)).as("one in six fails, never two of four").isEqualTo(State.CLOSED);
        next(receiver).nack();
        next(receiver).nack();
        assertThat(state(receiver)).isEqualTo(State.OPEN);
    }

    @Test
    void aRejectedMessageIsNotItsReceiversFault() throws Exception {
        Receiver receiver = on(BREAKER).receive();
        publish(10);
        for (int i = 0; i < 10; i++) {
            next(receiver).reject("bad");
        }
        assertThat(state(receiver)).isEqualTo(State.CLOSED);
    }

    @Test
    void aTrialThatGoesBackIsTriedByAnother() throws Exception {
        Receiver first = on(BREAKER).group("g").receive();
        publish(10);
        await(first);
        for (int i = 0; i < 4; i++) {
            next(first).nack();
        }
        timers.advance(WAIT);
        assertThat(ready(first)).hasSize(2);
        Receiver second = on(BREAKER).group("g").receive();
        assertThat(ready(second)).isEmpty();
        first.close();
        assertThat(state(second)).isEqualTo(State.HALF_OPEN);
        List<Delivery> trials = ready(second);
        assertThat(trials).hasSize(2);
        trials.forEach(Delivery::ack);
        assertThat(state(second)).isEqualTo(State.CLOSED);
    }

    @Test
    void aHandlerIsCalledAgainWhenItsTimeHasCome() {
        AtomicBoolean works = new AtomicBoolean();
        AtomicInteger calls = new AtomicInteger();
        AcknowledgedSubscription worker = on(BREAKER).handle(message -> {
            calls.incrementAndGet();
            if (!works.get()) {
                throw new IllegalStateException("down");
            }
        });
        publish(50);
        until(() -> state(worker) == State.OPEN);
        assertThat(calls).as("no batch is burnt").hasValue(4);
        works.set(true);
        timers.advance(WAIT);
        until(() -> worker.figures().lag() == 0);
        assertThat(calls).hasValue(54);
        assertThat(state(worker)).isEqualTo(State.CLOSED);
    }

    @Test
    void ownersOfPartitionsGoOnWhenItCloses() {
        broker.createTopic("jobs", TopicConfig.defaults().withPartitions(8));
        AtomicBoolean works = new AtomicBoolean();
        List<AcknowledgedSubscription> members = List.of(1, 2, 3).stream()
                .map(each -> on(BREAKER).group("g").handle(message -> {
                    if (!works.get()) {
                        throw new IllegalStateException("down");
                    }
                }))
                .toList();
        AcknowledgedSubscription first = members.getFirst();
        for (int i = 0; i < 100; i++) {
            broker.publish("jobs", Message.text("x").withKey("k" + i));
        }
        until(() -> state(first) == State.OPEN && first.figures().inFlight() == 0);
        works.set(true);
        timers.advance(WAIT);
        until(() -> first.figures().lag() == 0);
        assertThat(state(first)).isEqualTo(State.CLOSED);
    }

    @Test
    void aBrokerThatClosesDoesNotWaitForIt() {
        AcknowledgedSubscription worker = on(BREAKER).handle(message -> {
            throw new IllegalStateException("down");
        });
        publish(10);
        until(() -> state(worker) == State.OPEN);
        broker.close(Duration.ofSeconds(50));
    }

    @Test
    void withoutOneThereIsNoState() {
        Receiver receiver = broker.subscription("jobs").acknowledged().receive();
        assertThat(receiver.figures().circuit()).isNull();
    }

    @Test
    void theFirstOfAGroupDecides() {
        on(BREAKER).group("g").receive();
        AcknowledgedBuilder other = on(BREAKER.withTrialCalls(3)).group("g");
        assertThatThrownBy(other::receive).hasMessageContaining("circuit breaker is CircuitBreaker[failureRate=50");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
    void boundsAreChecked(int which) {
        List<UnaryOperator<CircuitBreaker>> wrong = List.of(
                breaker -> breaker.withFailureRate(0),
                breaker -> breaker.withFailureRate(101),
                breaker -> breaker.withSlowCalls(Duration.ofMillis(-1), 50),
                breaker -> breaker.withSlowCalls(Duration.ofMillis(1), 0),
                breaker -> breaker.withWindow(0, 10),
                breaker -> breaker.withWindow(11, 10),
                breaker -> breaker.withWindow(1, 10_001),
                breaker -> breaker.withWaitWhileOpen(Duration.ZERO),
                breaker -> breaker.withWaitWhileOpen(Duration.ofDays(8)),
                breaker -> breaker.withTrialCalls(0));
        assertThatThrownBy(() -> wrong.get(which).apply(BREAKER)).isInstanceOf(FanfareException.class);
    }
}
