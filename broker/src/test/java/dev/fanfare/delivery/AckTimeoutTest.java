package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.Delivery;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The time to acknowledge is each member's own, on virtual time.
@Timeout(60)
class AckTimeoutTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    private AcknowledgedBuilder jobs() {
        return broker.subscription("jobs").acknowledged().retry(RetryPolicy.fixed(5, Duration.ofMinutes(1)));
    }

    private Receiver worker(int seconds) {
        return jobs().group("workers")
                .maxInFlight(1)
                .ackTimeout(Duration.ofSeconds(seconds))
                .receive();
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        Delivery delivery = receiver.receive();
        assertThat(delivery).isNotNull();
        return delivery;
    }

    private void passes(int seconds) {
        timers.advance(Duration.ofSeconds(seconds));
    }

    @Test
    void eachMemberOfAGroupHasItsOwn() throws Exception {
        Receiver patient = worker(20);
        Receiver hasty = worker(5);
        Receiver everPatient = worker(0);
        for (int i = 0; i < 3; i++) {
            broker.publish("jobs", "" + i);
        }
        Delivery first = next(patient);
        next(hasty);
        Delivery third = next(everPatient);

        passes(4);
        assertThat(patient.figures().inFlight()).isEqualTo(3);
        passes(1);
        assertThat(patient.figures().inFlight()).as("after 5 s").isEqualTo(2);
        assertThat(patient.figures().failed()).isEqualTo(1);
        passes(14);
        assertThat(patient.figures().inFlight()).as("after 19 s").isEqualTo(2);
        passes(1);
        assertThat(patient.figures().inFlight()).as("after 20 s").isEqualTo(1);
        assertThat(first.ack()).as("late, but nobody has it").isTrue();
        passes(60);
        assertThat(next(hasty).attempt()).isEqualTo(2);
        assertThat(third.ack()).isTrue();
    }

    @Test
    void ofManyMembersEachGetsItsOwn() throws Exception {
        RetryPolicy later = RetryPolicy.fixed(5, Duration.ofHours(1));
        List<Receiver> members = new ArrayList<>();
        List<Delivery> taken = new ArrayList<>();
        for (int i = 1; i <= 100; i++) {
            members.add(broker.subscription("jobs")
                    .acknowledged()
                    .retry(later)
                    .group("workers")
                    .maxInFlight(1)
                    .ackTimeout(Duration.ofSeconds(i))
                    .receive());
            broker.publish("jobs", "" + i);
        }
        for (Receiver member : members) {
            taken.add(next(member));
        }
        for (int passed = 1; passed <= 100; passed++) {
            if (passed % 2 == 0) {
                assertThat(taken.get(passed - 1).ack()).isTrue();
            }
            passes(1);
            assertThat(members.getFirst().figures().failed())
                    .as("after %s s", passed)
                    .isEqualTo((passed + 1) / 2);
        }
        assertThat(members.getFirst().figures().inFlight()).isZero();
    }

    @Test
    void whatAMemberHadGoesBackWhateverItsTimeWas() throws Exception {
        Receiver patient = worker(20);
        Receiver hasty = worker(5);
        broker.publish("jobs", "0");
        next(patient);
        patient.close();

        assertThat(next(hasty).attempt()).isEqualTo(2);
        passes(5);
        assertThat(hasty.figures().failed()).isEqualTo(1);
    }

    @Test
    void whoTakesADurableNameOverBringsItsOwn() throws Exception {
        Receiver before =
                jobs().durable("audit").ackTimeout(Duration.ofSeconds(20)).receive();
        broker.publish("jobs", "0");
        next(before);
        Receiver now = jobs().durable("audit").ackTimeout(Duration.ofSeconds(5)).receive();
        next(now);

        passes(5);
        assertThat(now.figures().inFlight()).isZero();
        assertThat(now.figures().failed()).isEqualTo(1);
    }

    @Test
    void howLongACallTookIsMeasuredForEachMember() throws Exception {
        CircuitBreaker slow = new CircuitBreaker(100, Duration.ofSeconds(3), 100, 1, 1, Duration.ofSeconds(30), 1);
        Receiver patient = jobs().group("workers")
                .circuitBreaker(slow)
                .ackTimeout(Duration.ofSeconds(20))
                .receive();
        Receiver hasty = jobs().group("workers")
                .circuitBreaker(slow)
                .ackTimeout(Duration.ofSeconds(5))
                .receive();
        broker.publish("jobs", "0");
        Delivery taken = next(hasty);
        passes(2);
        assertThat(taken.ack()).isTrue();
        assertThat(patient.figures().circuit()).isEqualTo(CircuitBreaker.State.CLOSED);

        broker.publish("jobs", "1");
        taken = next(hasty);
        passes(4);
        assertThat(taken.ack()).isTrue();
        assertThat(patient.figures().circuit()).isEqualTo(CircuitBreaker.State.OPEN);
    }
}
