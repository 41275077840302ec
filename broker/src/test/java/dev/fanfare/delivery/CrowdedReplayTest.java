package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// An acknowledged subscription replays more than its queue holds: it stands still while that is full, and goes
/// on when there is room again.
@Timeout(60)
class CrowdedReplayTest {

    private static final int MESSAGES = 1_000;

    private final VirtualTimers timers = new VirtualTimers();
    private MemoryStore store = new MemoryStore();
    private Broker broker = open();

    private Broker open() {
        return Broker.open(BrokerConfig.defaults()
                .withTimers(timers)
                .withStore(store)
                .withTopics(TopicConfig.defaults().withHistory(2 * MESSAGES)));
    }

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    private void publish(int from, int to) {
        for (int i = from; i < to; i++) {
            broker.publish("jobs", Message.text("" + i).withHeaders(Map.of("kind", i % 2 == 0 ? "even" : "odd")));
        }
    }

    private AcknowledgedBuilder on(String pattern) {
        return broker.subscription(pattern)
                .start(Start.earliest())
                .acknowledged()
                .queue(10);
    }

    private static List<Integer> receive(Receiver receiver, int count) throws InterruptedException {
        List<Integer> heard = new ArrayList<>();
        while (heard.size() < count) {
            Delivery delivery = receiver.receive();
            heard.add(Integer.valueOf(Objects.requireNonNull(delivery).message().text()));
            delivery.ack();
        }
        return heard;
    }

    private static List<Integer> numbers(int from, int to, int step) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = from; i < to; i += step) {
            numbers.add(i);
        }
        return numbers;
    }

    @Test
    void itGoesOnAsSoonAsThereIsRoom() throws Exception {
        publish(0, MESSAGES);
        Receiver receiver = on("jobs").receive();

        assertThat(receive(receiver, MESSAGES)).isEqualTo(numbers(0, MESSAGES, 1));
        publish(MESSAGES, MESSAGES + 5);
        assertThat(receive(receiver, 5)).isEqualTo(numbers(MESSAGES, MESSAGES + 5, 1));
    }

    @Test
    void itEndsWithItsTopicAlthoughThereIsNoRoom() throws Exception {
        publish(0, MESSAGES);
        Receiver receiver = on("jobs").receive();
        Delivery first = Objects.requireNonNull(receiver.receive());
        while (!((Attached) receiver).backlog().isCrowded()) {
            Thread.onSpinWait();
        }
        broker.deleteTopic("jobs");
        assertThat(receiver.receive()).isNull();
        assertThat(receiver.ended()).contains(SubscriptionEnd.TOPIC_DELETED);
        assertThat(first.ack()).isFalse();
    }

    @Test
    void soDoesOneOfAPatternWhoseFeedGrowsMeanwhile() throws Exception {
        publish(0, MESSAGES);
        Receiver receiver = on("*").receive();
        publish(MESSAGES, MESSAGES + 5);

        assertThat(receive(receiver, MESSAGES + 5)).isEqualTo(numbers(0, MESSAGES + 5, 1));
    }

    @Test
    void soDoesOneWithAFilter() throws Exception {
        publish(0, MESSAGES);
        Receiver receiver = broker.subscription("jobs")
                .start(Start.earliest())
                .filter(message -> "even".equals(message.headers().get("kind")))
                .acknowledged()
                .queue(10)
                .receive();

        assertThat(receive(receiver, MESSAGES / 2)).isEqualTo(numbers(0, MESSAGES, 2));
        publish(MESSAGES, MESSAGES + 4);
        assertThat(receive(receiver, 2)).containsExactly(MESSAGES, MESSAGES + 2);
    }

    @Test
    void soDoesOneWithAHandler() {
        publish(0, MESSAGES);
        AtomicInteger handled = new AtomicInteger();
        on("jobs").handle(message -> handled.incrementAndGet());

        while (handled.get() < MESSAGES) {
            Thread.onSpinWait();
        }
    }

    @Test
    void soDoesADurableOneThatIsResumed() throws Exception {
        broker.createTopic("jobs", TopicConfig.defaults().withHistory(10).withDurability(Durability.WRITTEN));
        broker.subscription("jobs").acknowledged().durable("workers").receive().close();
        publish(0, MESSAGES);
        MemoryStore next = store.afterKill();
        broker.close(Duration.ZERO);
        store = next;
        broker = open();

        assertThat(receive(on("jobs").durable("workers").receive(), MESSAGES)).isEqualTo(numbers(0, MESSAGES, 1));
    }

    @Test
    void whatExpiresInTheQueueMakesRoomToo() throws Exception {
        for (int i = 0; i < MESSAGES; i++) {
            broker.publish("jobs", Message.text("" + i).withTtl(Duration.ofSeconds(1)));
        }
        Receiver receiver = on("jobs").receive();
        while (receiver.figures().lag() == 0) {
            Thread.onSpinWait();
        }
        timers.advance(Duration.ofSeconds(2));
        publish(MESSAGES, MESSAGES + 1);

        assertThat(receive(receiver, 1)).containsExactly(MESSAGES);
    }

    @Test
    void oneThatStandsStillCanBeClosed() {
        publish(0, MESSAGES);
        Receiver plain = on("jobs").receive();
        Receiver filtered = broker.subscription("jobs")
                .start(Start.earliest())
                .filter(message -> true)
                .acknowledged()
                .queue(10)
                .receive();
        for (Receiver receiver : List.of(plain, filtered)) {
            while (receiver.figures().lag() == 0) {
                Thread.onSpinWait();
            }
            receiver.close();
            assertThat(receiver.ended()).isPresent();
        }
    }
}
