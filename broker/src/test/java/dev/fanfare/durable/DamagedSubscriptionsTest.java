package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Receiver;
import dev.fanfare.Route;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.Keys;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.Table;
import dev.fanfare.time.VirtualTimers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What can't be read of subscriptions and routes costs what is in it, is told, and is never a message passed over.
class DamagedSubscriptionsTest {

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

    private static byte[] key(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    private void publish(String topic, String... texts) {
        for (String text : texts) {
            assertThat(broker.publish(topic, text)).isInstanceOf(Accepted.class);
        }
    }

    private Receiver group(String name, String pattern) {
        return broker.subscription(pattern).acknowledged().group(name).receive();
    }

    /// Takes all there is to be had at once.
    private List<Delivery> take(Receiver receiver, int count) throws InterruptedException {
        List<Delivery> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20))));
        }
        return all;
    }

    private static List<String> texts(List<Delivery> deliveries) {
        return deliveries.stream().map(each -> each.message().text()).toList();
    }

    /// What whoever begins to listen now is told of damage.
    private List<String> told(int count) throws InterruptedException {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        List<String> all = new ArrayList<>();
        try (BrokerListener.Registration _ = broker.listen(event -> {
            if (event instanceof BrokerEvent.StorageDamaged(String place, String what)) {
                heard.add(place + ": " + what);
            }
        })) {
            for (int i = 0; i < count; i++) {
                all.add(Objects.requireNonNull(heard.poll(10, TimeUnit.SECONDS)));
            }
        }
        assertThat(Objects.requireNonNull(broker.stats().storage()).damages()).isGreaterThanOrEqualTo(count);
        return all;
    }

    /// Three messages, of which a group has done the first and the last.
    private void doneFirstAndLast(String topic) throws InterruptedException {
        broker.createTopic(topic, WRITTEN);
        Receiver receiver = group("workers", topic);
        publish(topic, "a", "b", "c");
        List<Delivery> deliveries = take(receiver, 3);
        deliveries.getFirst().ack();
        deliveries.getLast().ack();
        publish(topic, "d");
    }

    @Test
    void aSubscriptionWhosePositionCantBeReadBeginsAtTheOldestMessage() throws Exception {
        doneFirstAndLast("jobs");
        restart(Table.POSITIONS, Keys.of(1, 1));
        assertThat(told(1)).singleElement().asString().contains("'workers'").contains("jobs");
        List<Delivery> again = take(group("workers", "jobs"), 3);
        // What is known to be done above its position still is.
        assertThat(texts(again)).containsExactly("a", "b", "d");
        assertThat(again).extracting(Delivery::attempt).containsOnly(2);
        again.forEach(Delivery::ack);
        publish("jobs", "e");
        restart(Table.POSITIONS);
        assertThat(texts(take(group("workers", "jobs"), 1))).containsExactly("e");
    }

    @Test
    void thatHoldsForEachTopicOfAPatternThatIsConcernedAndNoOther() throws Exception {
        for (String topic : List.of("jobs.a", "jobs.b", "other", "jobs.c")) {
            broker.createTopic(topic, WRITTEN);
        }
        Receiver receiver = group("workers", "jobs.*");
        publish("jobs.a", "a");
        publish("jobs.b", "b");
        publish("jobs.c", "c");
        publish("other", "o");
        take(receiver, 3).forEach(Delivery::ack);
        publish("jobs.a", "a2");
        restart(Table.POSITIONS, Keys.of(1, 2), Keys.of(1, 4));
        told(1);
        assertThat(texts(take(group("workers", "jobs.*"), 3))).containsExactlyInAnyOrder("a2", "b", "c");
    }

    @Test
    void aMessageOfWhichItCantBeReadThatItIsDoneComesAgain() throws Exception {
        doneFirstAndLast("jobs");
        restart(Table.OUTCOMES, Keys.of(1, 1, 2L));
        assertThat(told(1))
                .singleElement()
                .asString()
                .contains("'workers'")
                .contains("jobs")
                .contains("2");
        assertThat(texts(take(group("workers", "jobs"), 3))).containsExactly("b", "c", "d");
    }

    @Test
    void aSubscriptionThatCantBeReadIsToldAndTheOthersComeBack() throws Exception {
        broker.createTopic("jobs", WRITTEN);
        List<String> names = List.of("a-long-name-1", "a-long-name-2", "a-long-name-3", "b");
        names.forEach(name -> group(name, "jobs"));
        publish("jobs", "x");
        restart(Table.SUBSCRIPTIONS, key("a-long-name-2"));
        assertThat(told(1))
                .singleElement()
                .asString()
                .contains("'a-long-name-1'")
                .contains("'a-long-name-3'");
        assertThat(broker.stats().acknowledged())
                .extracting(figures -> figures.name())
                .containsExactlyInAnyOrder("a-long-name-1", "a-long-name-3", "b");
        assertThat(texts(take(group("a-long-name-3", "jobs"), 1))).containsExactly("x");
        // Its name may be used anew.
        Receiver anew = group("a-long-name-2", "jobs");
        publish("jobs", "y");
        assertThat(texts(take(anew, 1))).containsExactly("y");
        restart(Table.SUBSCRIPTIONS);
        assertThat(broker.stats().acknowledged()).hasSize(4);
    }

    @Test
    void noSubscriptionGetsWhatAnotherHadDoneAlthoughTheNextNumberCantBeRead() throws Exception {
        broker.createTopic("jobs", WRITTEN);
        group("a", "jobs");
        Receiver gone = group("b", "jobs");
        publish("jobs", "x");
        take(gone, 1).forEach(Delivery::ack);
        publish("jobs", "y");
        restart(Table.SUBSCRIPTIONS, new byte[0], key("b"));
        group("c", "jobs");
        publish("jobs", "z");
        restart(Table.SUBSCRIPTIONS);
        assertThat(texts(take(group("c", "jobs"), 1))).containsExactly("z");
        assertThat(texts(take(group("a", "jobs"), 3))).containsExactly("x", "y", "z");
    }

    @Test
    void aRouteThatCantBeReadIsToldAndTheOthersAreInForce() throws Exception {
        for (String name : List.of("r1", "r2", "r3")) {
            broker.routes().add(Route.copy(name, "from." + name, "to"));
        }
        restart(Table.ROUTES, key("r2"));
        assertThat(told(1)).singleElement().asString().contains("'r1'").contains("'r3'");
        assertThat(broker.routes().list()).extracting(Route::name).containsExactly("r1", "r3");
        assertThat(broker.routes().remove("r2")).isTrue();
        broker.routes().add(Route.copy("r2", "from.r2", "to"));
        restart(Table.ROUTES);
        assertThat(broker.routes().list()).hasSize(3);
    }
}
