package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.Delivery;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a subscription has not done includes what it has still to replay.
@Timeout(60)
class LagTest {

    private static final int STORED = 1_000;

    private final Broker broker = Broker.open();

    @AfterEach
    void close() {
        broker.close();
    }

    private static void awaitLag(Receiver receiver, long lag) {
        long seen = receiver.figures().lag();
        for (int i = 0; seen != lag && i < 1_000_000; i++) {
            assertThat(Thread.interrupted()).isFalse();
            Thread.onSpinWait();
            seen = receiver.figures().lag();
        }
        assertThat(receiver.figures().lag()).isEqualTo(lag);
    }

    @ParameterizedTest
    @ValueSource(strings = {"t.a", "t.*"})
    void whatIsStillToBeReplayedIsNotDone(String pattern) throws Exception {
        broker.createTopic("t.a", TopicConfig.defaults().withHistory(STORED));
        for (int i = 0; i < STORED; i++) {
            broker.publish("t.a", "m");
        }
        Receiver receiver = broker.subscription(pattern)
                .start(Start.earliest())
                .acknowledged()
                .queue(10)
                .receive();
        Backlog backlog = ((Attached) receiver).backlog();
        // It stands still: so much waits already.
        while (!backlog.isCrowded()) {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            Thread.onSpinWait();
        }
        Delivery first = Objects.requireNonNull(receiver.receive());
        awaitLag(receiver, STORED);
        broker.publish("t.a", "another");
        first.ack();
        awaitLag(receiver, STORED);
        for (int i = 0; i < STORED; i++) {
            Objects.requireNonNull(receiver.receive()).ack();
        }
        awaitLag(receiver, 0);
    }
}
