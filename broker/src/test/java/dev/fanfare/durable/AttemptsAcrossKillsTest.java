package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How often a message was handed out is known after the process was killed, however often.
@Timeout(60)
class AttemptsAcrossKillsTest {

    private static final TopicConfig DURABLE =
            TopicConfig.defaults().withHistory(10).withDurability(Durability.WRITTEN);

    private final VirtualTimers timers = new VirtualTimers();
    private MemoryStore store = new MemoryStore();
    private Broker broker = open();

    private Broker open() {
        return Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(store));
    }

    private void kill() {
        MemoryStore next = store.afterKill();
        broker.close(Duration.ZERO);
        store = next;
        broker = open();
    }

    @BeforeEach
    void topics() {
        broker.createTopic("jobs", DURABLE);
        broker.createTopic("other", DURABLE);
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private void publish(String topic, String... texts) {
        for (String text : texts) {
            assertThat(broker.publish(topic, text)).isInstanceOf(PublishResult.Accepted.class);
        }
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        return Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
    }

    /// What was handed out is stored when this returns.
    private void settle() {
        publish("other", "barrier");
    }

    private Receiver receiver() {
        return broker.subscription("jobs")
                .start(Start.earliest())
                .acknowledged()
                .ordered()
                .group("workers")
                .retry(RetryPolicy.fixed(3, Duration.ZERO))
                .receive();
    }

    /// Who is given it and dies with it, each time anew, does not get it for ever.
    @Test
    void aMessageThatKillsTheProcessEachTimeIsGivenUp() throws Exception {
        Receiver receiver = receiver();
        publish("jobs", "deadly", "well");
        int attempts = 0;
        Delivery first = next(receiver);
        while (first.message().text().equals("deadly")) {
            attempts++;
            assertThat(first.attempt()).isEqualTo(attempts);
            settle();
            kill();
            receiver = receiver();
            first = next(receiver);
        }
        // Nineteen times it was not its fault, three times it was.
        assertThat(attempts).isEqualTo(22);
        assertThat(first.message().text()).isEqualTo("well");
        assertThat(first.attempt()).as("it was handed to nobody").isEqualTo(2);
        List<DeadLetter> letters = broker.deadLetters("jobs").list(0, 10);
        assertThat(letters).extracting(letter -> letter.message().text()).containsExactly("deadly");
        assertThat(letters.getFirst().lastError()).contains("the process ended");
    }

    @Test
    void eachKillRaisesTheAttempt() throws Exception {
        publish("jobs", "a");
        for (int i = 1; i <= 4; i++) {
            assertThat(next(receiver()).attempt()).isEqualTo(i);
            settle();
            kill();
        }
    }

    /// One that was handed to nobody, or only may have been: no more often than it can have been.
    @Test
    void aKillBetweenRaisesNothing() throws Exception {
        publish("jobs", "a");
        next(receiver());
        settle();
        kill();
        kill();
        kill();
        assertThat(next(receiver()).attempt()).isEqualTo(2);
    }

    /// Also what its receivers gave back before.
    @Test
    void whatWasGivenBackBeforeAKillIsAmongTheAttempts() throws Exception {
        publish("jobs", "a");
        for (int i = 1; i <= 3; i++) {
            try (Receiver receiver = receiver()) {
                assertThat(next(receiver).attempt()).isEqualTo(i);
            }
        }
        settle();
        kill();
        assertThat(next(receiver()).attempt()).isEqualTo(4);
    }
}
