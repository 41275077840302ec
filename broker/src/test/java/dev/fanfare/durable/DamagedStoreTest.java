package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Position;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Scheduled;
import dev.fanfare.Start;
import dev.fanfare.Subscription;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.Keys;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.Table;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A block that can't be read costs what is in it: the broker starts and serves the rest.
class DamagedStoreTest {

    private static final TopicConfig WRITTEN = TopicConfig.defaults().withDurability(Durability.WRITTEN);

    private final VirtualTimers timers = new VirtualTimers();
    private MemoryStore store = new MemoryStore();
    private Broker broker = open();

    private Broker open() {
        return Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(store));
    }

    /// The process dies, and the next one finds keys that can't be read.
    private void restart(Table table, byte[]... damaged) {
        MemoryStore next = store.afterKill();
        broker.close(Duration.ZERO);
        for (byte[] key : damaged) {
            next.corrupt(table, key);
        }
        store = next;
        broker = open();
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private Accepted publish(String topic, String text) {
        return publish(topic, Message.text(text));
    }

    private Accepted publish(String topic, Message message) {
        PublishResult result = broker.publish(topic, message);
        assertThat(result).isInstanceOf(Accepted.class);
        return (Accepted) result;
    }

    private Topic topic(String name) {
        return broker.topic(name).orElseThrow();
    }

    private List<String> texts(String name) {
        return topic(name).read(0, 1_000, 1 << 20).stream().map(Message::text).toList();
    }

    private void makeThree() {
        for (String name : List.of("a", "b", "c")) {
            broker.createTopic(name, WRITTEN);
            publish(name, name + "0");
        }
    }

    @Test
    void aTopicThatCantBeReadIsGoneAndTheOthersAreServed() {
        makeThree();
        restart(Table.TOPICS, Keys.of(2));
        assertThat(broker.topic("b")).isEmpty();
        assertThat(texts("a")).containsExactly("a0");
        assertThat(texts("c")).containsExactly("c0");
        broker.createTopic("b", WRITTEN);
        publish("b", "again");
        restart(Table.TOPICS);
        assertThat(texts("b")).containsExactly("again");
    }

    @Test
    void noTopicGetsTheNumberOfAnotherAlthoughTheNextOneCantBeRead() {
        makeThree();
        restart(Table.TOPICS, Keys.of(0));
        broker.createTopic("d", WRITTEN);
        publish("d", "d0");
        restart(Table.TOPICS);
        for (String name : List.of("a", "b", "c", "d")) {
            assertThat(texts(name)).containsExactly(name + "0");
        }
    }

    @Test
    void aTopicThatDoesNotSayHowFarItIsGoesOnInANewEpoch() {
        makeThree();
        Accepted last = publish("b", "b1");
        restart(Table.MARKS, Keys.of(2));
        assertThat(texts("b")).containsExactly("b0", "b1");
        Accepted next = publish("b", "b2");
        assertThat(next.offset()).isEqualTo(2);
        assertThat(next.epoch()).isNotEqualTo(last.epoch());
        assertThat(broker.subscription("b")
                        .start(new Start.After(new Position(last.epoch(), last.offset())))
                        .handle(_ -> {})
                        .recovered())
                .isFalse();
        String other = topic("a").epoch();
        restart(Table.MARKS);
        assertThat(topic("b").epoch()).isEqualTo(next.epoch());
        assertThat(topic("a").epoch()).isEqualTo(other);
        assertThat(texts("b")).containsExactly("b0", "b1", "b2");
    }

    @Test
    void itIsAsLongAsItsMessagesThatCanBeRead() {
        broker.createTopic("a", WRITTEN);
        for (int i = 0; i < 5; i++) {
            publish("a", "a" + i);
        }
        store.corrupt(Table.MESSAGES, Keys.of(1, 1L));
        store.corrupt(Table.MESSAGES, Keys.of(1, 4L));
        restart(Table.MARKS, Keys.of(1));
        assertThat(publish("a", "next").offset()).isEqualTo(4);
        assertThat(topic("a").read(2, 10, 1 << 20)).extracting(Message::text).containsExactly("a2", "a3", "next");
    }

    @Test
    void idsThatCantBeReadAreNotRecognisedAndTheOthersAre() {
        broker.createTopic("a", WRITTEN.dedup(Duration.ofMinutes(1), 100));
        for (int i = 0; i < 3; i++) {
            publish("a", Message.text("x").withId("id-" + i));
        }
        restart(Table.IDS, Keys.of(1, 1L));
        for (int i = 0; i < 3; i++) {
            assertThat(publish("a", Message.text("x").withId("id-" + i)).duplicate())
                    .isEqualTo(i != 1);
        }
    }

    @Test
    void aMessageThatWaitsAndCantBeReadIsLostAndTheOthersCome() {
        broker.createTopic("a", WRITTEN);
        for (int i = 0; i < 3; i++) {
            assertThat(broker.publish("a", Message.text("later " + i).withDelay(Duration.ofMinutes(1))))
                    .isInstanceOf(Scheduled.class);
        }
        restart(Table.DELAYED, Keys.of(1, 1L));
        assertThat(topic("a").delayed()).isEqualTo(2);
    }

    @Test
    void aStartByTimePassesOverWhatCantBeRead() {
        broker.createTopic("a", WRITTEN);
        List<Instant> times = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            times.add(Instant.ofEpochMilli(publish("a", "a" + i).timestampMillis()));
            timers.advance(Duration.ofMinutes(1));
        }
        restart(Table.MESSAGES, Keys.of(1, 2L), Keys.of(1, 3L), Keys.of(1, 7L));
        List<String> found = new ArrayList<>();
        for (Instant time : times) {
            long first = topic("a").firstAt(time);
            List<Message> messages = topic("a").read(first, 1, 1 << 20);
            found.add(messages.isEmpty() ? "none" : messages.getFirst().text());
        }
        assertThat(found).containsExactly("a0", "a1", "a4", "a4", "a4", "a5", "a6", "none");
    }

    @Test
    void forgettingWhatIsTooOldPassesOverWhatCantBeRead() throws InterruptedException {
        broker.createTopic("a", WRITTEN.withHistoryAge(Duration.ofMinutes(1)));
        publish("a", "a0");
        timers.advance(Duration.ofMinutes(2));
        publish("a", "a1");
        publish("a", "a2");
        publish("a", "a3");
        restart(Table.MESSAGES, Keys.of(1, 1L));
        BlockingQueue<BrokerEvent> failures = new LinkedBlockingQueue<>();
        try (BrokerListener.Registration _ = broker.listen(event -> {
            if (event instanceof BrokerEvent.StorageFailed || event instanceof BrokerEvent.TopicCreated) {
                failures.add(event);
            }
        })) {
            timers.advance(Duration.ofSeconds(30));
            publish("a", "a4");
            broker.createTopic("barrier");
            assertThat(failures.poll(10, TimeUnit.SECONDS)).isInstanceOf(BrokerEvent.TopicCreated.class);
        }
        assertThat(topic("a").read(2, 10, 1 << 20)).extracting(Message::text).containsExactly("a2", "a3", "a4");
    }

    @Test
    void whoReplaysPassesOverWhatCantBeReadAndIsToldOfIt() throws InterruptedException {
        broker.createTopic("a", WRITTEN);
        Position first = null;
        for (int i = 0; i < 6; i++) {
            Accepted accepted = publish("a", "a" + i);
            first = first == null ? new Position(accepted.epoch(), accepted.offset()) : first;
        }
        restart(Table.MESSAGES, Keys.of(1, 2L), Keys.of(1, 3L));
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        BlockingQueue<BrokerEvent> told = new LinkedBlockingQueue<>();
        try (BrokerListener.Registration _ = broker.listen(event -> {
            if (event instanceof BrokerEvent.MessagesDamaged || event instanceof BrokerEvent.MessagesDropped) {
                told.add(event);
            }
        })) {
            Subscription resumed = broker.subscription("a")
                    .start(new Start.After(Objects.requireNonNull(first)))
                    .handle(message -> heard.add(message.text()));
            for (String text : List.of("a1", "a4", "a5")) {
                assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo(text);
            }
            assertThat(resumed.dropped()).isEqualTo(2);
            assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo(new BrokerEvent.MessagesDamaged("a", 2, 4));
            assertThat(told.poll(20, TimeUnit.SECONDS))
                    .isInstanceOfSatisfying(
                            BrokerEvent.MessagesDropped.class,
                            dropped -> assertThat(dropped.messages()).isEqualTo(2));
        }
    }
}
