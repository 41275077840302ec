package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.BacklogOverflow;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What expires while it is only stored becomes a dead letter as well, for who wants that.
class ExpiredWhileAwayTest extends Restarts {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final TopicConfig DURABLE = TopicConfig.defaults().withDurability(Durability.WRITTEN);

    private Receiver group(String pattern) {
        return broker.subscription(pattern)
                .start(Start.earliest())
                .acknowledged()
                .group("workers")
                .expiredToDeadLetters()
                .receive();
    }

    private void publish(String text, boolean expires) {
        Message message = Message.text(text);
        assertThat(broker.publish("jobs.a", expires ? message.withTtl(SECOND) : message))
                .isInstanceOf(PublishResult.Accepted.class);
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        return Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
    }

    /// They are moved aside while others are delivered.
    private List<DeadLetter> dead(int count) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (broker.deadLetters("jobs.a").count() < count && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        return broker.deadLetters("jobs.a").list(0, 100);
    }

    @ParameterizedTest
    @ValueSource(strings = {"jobs.a", "jobs.*"})
    void whileNobodyIsThere(String pattern) throws Exception {
        broker.createTopic("jobs.a", DURABLE);
        publish("before there was the group", true);
        timers.advance(SECOND.multipliedBy(2));
        Receiver first = group(pattern);
        publish("short", true);
        publish("long", false);
        assertThat(next(first).message().text()).isEqualTo("short");
        kill();
        timers.advance(SECOND.multipliedBy(2));
        Receiver receiver = group(pattern);
        assertThat(next(receiver).message().text()).isEqualTo("long");
        assertThat(dead(1)).singleElement().satisfies(letter -> {
            assertThat(letter.message().text()).isEqualTo("short");
            assertThat(letter.reason()).isEqualTo(DeadLetter.Reason.EXPIRED);
        });
    }

    @Test
    void whileTheBacklogHasNoRoomForIt() throws Exception {
        broker.createTopic("jobs.a", DURABLE.withBacklog(5, 1 << 20).withBacklogOverflow(BacklogOverflow.SPILL));
        Receiver receiver = group("jobs.a");
        for (int i = 0; i < 50; i++) {
            publish("short", true);
        }
        publish("long", false);
        timers.advance(SECOND.multipliedBy(2));
        for (Delivery delivery = next(receiver); !delivery.message().text().equals("long"); delivery = next(receiver)) {
            delivery.nack(SECOND);
        }
        assertThat(dead(50)).hasSize(50);
    }
}
