package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.Position;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Receiver;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Where a stored name begins is stored with it: whenever the process is killed, whoever comes back to a name that is
/// there gets what was asked for when it was made, no less and no more.
@Timeout(60)
class StoredStartTest extends Restarts {

    private static final TopicConfig DURABLE = TopicConfig.defaults().withDurability(Durability.WRITTEN);
    private static final List<String> TOPICS = List.of("t.a", "t.b", "t.c");
    private static final String LAST = "last";

    /// What a process would find that was begun after each write.
    private final List<MemoryStore> kills = new CopyOnWriteArrayList<>();

    private void publish(Broker to, String topic, String text) {
        assertThat(to.publish(topic, text)).isInstanceOf(Accepted.class);
    }

    /// Three messages in each topic but the last, which has none, the first of them at 1 ms, 2 ms and so on.
    private void published() {
        TOPICS.forEach(topic -> broker.createTopic(topic, DURABLE));
        for (int i = 1; i <= 3; i++) {
            for (String topic : TOPICS.subList(0, 2)) {
                timers.advance(Duration.ofMillis(1));
                publish(broker, topic, topic + i);
            }
        }
    }

    private AcknowledgedBuilder named(Broker of, String pattern, Start start) {
        return of.subscription(pattern).start(start).acknowledged().durable("audit");
    }

    private Broker after(MemoryStore kill) {
        return Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(kill));
    }

    private static boolean isThere(Broker broker) {
        return broker.stats().acknowledged().stream()
                .anyMatch(figures -> figures.name().equals("audit"));
    }

    /// What comes until each topic's last one has come.
    private List<String> heard(Broker from, String pattern) throws InterruptedException {
        try (Receiver receiver = named(from, pattern, Start.latest()).receive()) {
            TreeSet<String> open = new TreeSet<>(pattern.contains("*") ? TOPICS : List.of(pattern));
            List.copyOf(open).forEach(topic -> publish(from, topic, LAST));
            List<String> texts = new ArrayList<>();
            while (!open.isEmpty()) {
                Delivery delivery = Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
                if (delivery.message().text().equals(LAST)) {
                    open.remove(delivery.message().topic());
                } else {
                    texts.add(delivery.message().text());
                }
                delivery.ack();
            }
            return texts;
        }
    }

    record Case(String what, String pattern, Start start, List<String> expected) {
        @Override
        public String toString() {
            return what;
        }
    }

    /// Messages have the times 1 to 6 ms after the beginning.
    static Stream<Case> starts() {
        Instant begun = Instant.ofEpochMilli(new VirtualTimers().currentTimeMillis());
        return Stream.of(
                new Case("the last two", "t.*", Start.lastN(2), List.of("t.a3", "t.b3")),
                new Case("the last none", "t.*", Start.lastN(0), List.of()),
                new Case("what comes", "t.*", Start.latest(), List.of()),
                new Case("all", "t.*", Start.earliest(), List.of("t.a1", "t.b1", "t.a2", "t.b2", "t.a3", "t.b3")),
                new Case("an offset", "t.*", new Start.AtOffset(2), List.of("t.a3", "t.b3")),
                new Case("a time", "t.*", new Start.AtTime(begun.plusMillis(5)), List.of("t.a3", "t.b3")),
                new Case(
                        "a time between two milliseconds",
                        "t.*",
                        new Start.AtTime(begun.plusMillis(4).plusNanos(1)),
                        List.of("t.a3", "t.b3")),
                new Case("by name, what comes", "t.a", Start.latest(), List.of()),
                new Case("by name, the last two", "t.a", Start.lastN(2), List.of("t.a2", "t.a3")));
    }

    private void beginsAsAsked(Case asked) throws Exception {
        // In the millisecond of the last message.
        store.afterWrite(() -> kills.add(store.copy()));
        Receiver receiver = named(broker, asked.pattern(), asked.start()).receive();
        // It was told that it is there: so it is.
        kills.add(store.copy());
        store.afterWrite(() -> {});
        int there = 0;
        for (MemoryStore kill : kills) {
            try (Broker next = after(kill)) {
                if (isThere(next)) {
                    there++;
                    assertThat(heard(next, asked.pattern())).isEqualTo(asked.expected());
                }
            }
        }
        assertThat(there).isPositive();
        receiver.close();
    }

    @ParameterizedTest
    @MethodSource("starts")
    void aNameThatIsThereBeginsAsItWasAsked(Case asked) throws Exception {
        published();
        beginsAsAsked(asked);
    }

    @Test
    void aNameThatIsThereResumesEachTopicAfterItsPosition() throws Exception {
        published();
        String epoch = broker.topic("t.a").orElseThrow().epoch();
        Instant later = Instant.ofEpochMilli(timers.currentTimeMillis());
        beginsAsAsked(new Case(
                "since",
                "t.*",
                new Start.AfterAll(later.minusNanos(1), Map.of("t.a", new Position(epoch, 0))),
                List.of("t.a2", "t.a3", "t.b3")));
    }

    @Test
    void aNameOfMoreTopicsThanOneCanNameIsThereAgain() throws Exception {
        int topics = 10_001;
        for (int i = 0; i < topics; i++) {
            broker.createTopic("many." + i, DURABLE);
        }
        named(broker, "many.*", Start.latest()).receive().close();
        kill();
        publish(broker, "many.7", "while nobody was there");
        Receiver back = named(broker, "many.*", Start.latest()).receive();
        assertThat(Objects.requireNonNull(back.receive(Duration.ofSeconds(20)))
                        .message()
                        .text())
                .isEqualTo("while nobody was there");
    }
}
