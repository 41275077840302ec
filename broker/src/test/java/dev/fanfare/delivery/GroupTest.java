package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.Message;
import dev.fanfare.Ordering;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Groups and durable names, on virtual time.
@Timeout(60)
class GroupTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    private AcknowledgedBuilder on(String pattern) {
        return broker.subscription(pattern).acknowledged();
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            broker.publish("jobs", "" + i);
        }
    }

    static Delivery next(Receiver receiver) throws InterruptedException {
        Delivery delivery = receiver.receive();
        assertThat(delivery).isNotNull();
        return delivery;
    }

    static List<Delivery> all(Receiver receiver) throws InterruptedException {
        List<Delivery> found = new ArrayList<>();
        for (Delivery delivery = receiver.receive(Duration.ZERO);
                delivery != null;
                delivery = receiver.receive(Duration.ZERO)) {
            found.add(delivery);
        }
        return found;
    }

    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted())
                    .as("it took too long")
                    .isFalse();
            Thread.onSpinWait();
        }
    }

    /// Waits until the group knows of so many that are not done.
    static void await(Receiver member, long undone) {
        until(() -> ((Attached) member).backlog().undone() == undone);
    }

    // ---- sharing

    @Test
    void eachMessageGoesToOneMember() throws Exception {
        Receiver one = on("jobs").group("workers").receive();
        Receiver two = on("jobs").group("workers").receive();
        publish(10);
        await(one, 10);
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            assertThat(seen.add(next(one).message().offset())).isTrue();
            assertThat(seen.add(next(two).message().offset())).isTrue();
        }
        assertThat(all(one)).isEmpty();
        assertThat(all(two)).isEmpty();
        assertThat(one.figures().members()).isEqualTo(2);
        assertThat(broker.topic("jobs").orElseThrow().subscribers()).isEqualTo(1);
    }

    @Test
    void twoGroupsGetEachMessageOnceEach() throws Exception {
        Receiver one = on("jobs").group("a").receive();
        Receiver two = on("jobs").group("b").receive();
        publish(1);
        assertThat(next(one).ack()).isTrue();
        assertThat(next(two).ack()).isTrue();
    }

    @Test
    void whatAMemberHadGoesToTheOthersWhenItLeaves() throws Exception {
        Receiver one = on("jobs").group("workers").receive();
        publish(3);
        Delivery first = next(one);
        Delivery second = next(one);
        Delivery third = next(one);
        third.ack();
        Receiver two = on("jobs").group("workers").receive();
        one.close();
        Delivery again = next(two);
        assertThat(again.message().offset()).isEqualTo(first.message().offset());
        assertThat(again.attempt()).isEqualTo(2);
        assertThat(next(two).message().offset()).isEqualTo(second.message().offset());
        assertThat(all(two)).isEmpty();
        assertThat(first.ack()).as("somebody else has it").isFalse();
        assertThat(one.ended()).contains(SubscriptionEnd.CLOSED);
        assertThat(two.ended()).isEmpty();
    }

    @Test
    void leavingUsesUpAnAttemptOnlyFromTheTwentiethTimeOn() throws Exception {
        for (int i = 1; i <= 20; i++) {
            Receiver member = on("jobs")
                    .group("workers")
                    .retry(RetryPolicy.fixed(1, Duration.ZERO))
                    .receive();
            if (i == 1) {
                publish(1);
            }
            assertThat(next(member).attempt()).isEqualTo(i);
            assertThat(broker.deadLetters("jobs").count()).isZero();
            member.close();
        }
        assertThat(broker.deadLetters("jobs").find(0).orElseThrow().lastError())
                .isEqualTo("its receivers left 20 times before it was acknowledged");
    }

    @Test
    void messagesOfAKeyStayInOrderWhoeverDoesThem() throws Exception {
        Receiver one = on("jobs").group("workers").receive();
        Receiver two = on("jobs").group("workers").receive();
        for (int i = 0; i < 3; i++) {
            broker.publish("jobs", Message.text("" + i).withKey("k"));
        }
        Delivery first = next(one);
        await(one, 3);
        assertThat(all(two)).isEmpty();
        one.close();
        Delivery again = next(two);
        assertThat(again.message().offset()).isEqualTo(first.message().offset());
        again.ack();
        assertThat(next(two).message().text()).isEqualTo("1");
    }

    // ---- nobody waits for what another one can't take

    /// Takes what it is told of, as a connection does.
    private static final class Peer implements Worker {
        final List<Delivery> got = java.util.Collections.synchronizedList(new ArrayList<>());
        private final Member member;

        Peer(Receiver of, int window) {
            Member joined = ((Attached) of).backlog().join("peer", window, Duration.ZERO, this);
            assertThat(joined).isNotNull();
            member = joined;
            pull();
        }

        private void pull() {
            for (List<? extends Delivery> taken = member.take(10); !taken.isEmpty(); taken = member.take(10)) {
                got.addAll(taken);
            }
        }

        @Override
        public boolean available() {
            pull();
            return true;
        }

        @Override
        public void ended(SubscriptionEnd why) {}
    }

    @Test
    void aMemberWithoutRoomLeavesEverythingToTheOthers() throws Exception {
        Receiver full = on("jobs").group("workers").maxInFlight(1).receive();
        Receiver free = on("jobs").group("workers").receive();
        publish(1);
        next(full);
        assertThat(all(full)).as("it has asked for more").isEmpty();
        publish(9);
        await(free, 10);
        assertThat(free.receive(100, Duration.ZERO)).hasSize(9);
    }

    @Test
    void whatIsLeftAfterATakeIsOfferedToAnother() throws Exception {
        Receiver one = on("jobs").group("workers").maxInFlight(3).receive();
        publish(10);
        await(one, 10);
        assertThat(one.receive(3, Duration.ZERO)).hasSize(3);
        Peer two = new Peer(one, 4);
        assertThat(two.got).hasSize(4);
        Peer three = new Peer(one, 2);
        assertThat(three.got).hasSize(2);
        List.copyOf(three.got).forEach(Delivery::ack);
        assertThat(three.got).as("the last one").hasSize(3);
    }

    @Test
    void aReceiverThatDoesNotWaitKeepsNothingFromThoseWhoDo() throws Exception {
        Receiver idle = on("jobs").group("workers").receive();
        Receiver another = on("jobs").group("workers").receive();
        assertThat(all(idle)).isEmpty();
        assertThat(all(another)).isEmpty();
        Peer waits = new Peer(idle, 10);
        publish(1);
        await(idle, 1);
        until(() -> !waits.got.isEmpty());
    }

    @Test
    void aHandlerThatIsBusyKeepsNothingFromThoseWhoAreNot() throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        AtomicInteger begun = new AtomicInteger();
        AcknowledgedSubscription busy = on("jobs").group("workers").handle(message -> {
            if (begun.incrementAndGet() == 2) {
                held.await();
            }
        });
        publish(1);
        until(() -> busy.figures().delivered() == 1);
        publish(1);
        until(() -> begun.get() == 2);
        Receiver member = on("jobs").group("workers").receive();
        Peer waits = new Peer(member, 10);
        for (int i = 1; i <= 5; i++) {
            int wanted = i;
            publish(1);
            until(() -> waits.got.size() == wanted);
        }
        held.countDown();
    }

    @Test
    void everyThreadOfAHandlerGetsWhatTheOthersAreTooBusyFor() throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        AtomicInteger begun = new AtomicInteger();
        on("jobs").group("workers").concurrency(8).handle(message -> {
            begun.incrementAndGet();
            held.await();
        });
        for (int i = 1; i <= 8; i++) {
            int wanted = i;
            publish(1);
            until(() -> begun.get() == wanted);
        }
        held.countDown();
    }

    @Test
    void aThousandMembersShareOneGroup() {
        List<AcknowledgedSubscription> members = new ArrayList<>();
        AtomicInteger handled = new AtomicInteger();
        for (int i = 0; i < 1_000; i++) {
            members.add(on("jobs").group("workers").handle(message -> handled.incrementAndGet()));
        }
        publish(20_000);
        while (members.getFirst().figures().delivered() < 20_000) {
            Thread.onSpinWait();
        }
        assertThat(handled).hasValue(20_000);
        members.forEach(AcknowledgedSubscription::close);
    }

    @Test
    void aThousandGroupsHearOneTopic() {
        List<AcknowledgedSubscription> groups = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            groups.add(on("jobs").group("g" + i).handle(message -> {}));
        }
        publish(20);
        for (AcknowledgedSubscription group : groups) {
            while (group.figures().delivered() < 20) {
                Thread.onSpinWait();
            }
        }
        assertThat(broker.stats().acknowledged()).hasSize(1_000);
    }

    // ---- partitions

    @Test
    void aPartitionBelongsToOneMember() throws Exception {
        broker.createTopic("jobs", TopicConfig.defaults().withPartitions(8).withOrdering(Ordering.PARTITIONED));
        List<Receiver> members = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            members.add(on("jobs").group("workers").receive());
        }
        Map<String, Receiver> ownerOfKey = new HashMap<>();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 100; i++) {
                broker.publish("jobs", Message.text("" + round).withKey("k" + i));
            }
        }
        int done = 0;
        Map<String, Integer> rounds = new HashMap<>();
        while (done < 300) {
            for (Receiver member : members) {
                for (Delivery delivery : all(member)) {
                    String key = String.valueOf(delivery.message().key());
                    assertThat(ownerOfKey.computeIfAbsent(key, first -> member)).isSameAs(member);
                    assertThat(Integer.parseInt(delivery.message().text()))
                            .isEqualTo(rounds.merge(key, 1, Integer::sum) - 1);
                    delivery.ack();
                    done++;
                }
            }
        }
        for (Receiver member : members) {
            int partitions = ((Attached) member).backlog().partitions(((Attached) member).member());
            assertThat(partitions).isBetween(2, 3);
        }
    }

    @Test
    void whoJoinsGetsPartitionsAndWhoLeavesGivesThem() throws Exception {
        broker.createTopic("jobs", TopicConfig.defaults().withPartitions(4));
        Receiver one = on("jobs").group("workers").receive();
        for (int i = 0; i < 40; i++) {
            broker.publish("jobs", Message.text("a").withKey("k" + i));
        }
        await(one, 40);
        List<Delivery> held = all(one);
        assertThat(held).as("one of each partition").hasSize(4);
        Receiver two = on("jobs").group("workers").receive();
        assertThat(all(two)).as("the partitions it got are still busy").isEmpty();
        held.forEach(Delivery::ack);
        List<Delivery> ofTwo = all(two);
        assertThat(ofTwo).hasSize(2);
        assertThat(all(one)).hasSize(2);
        two.close();
        List<Delivery> back = all(one);
        assertThat(back)
                .extracting(delivery -> delivery.message().offset())
                .containsExactlyInAnyOrderElementsOf(ofTwo.stream()
                        .map(delivery -> delivery.message().offset())
                        .toList());
    }

    @Test
    void withoutAKeyLoadIsShared() throws Exception {
        broker.createTopic("jobs", TopicConfig.defaults().withPartitions(1));
        Receiver one = on("jobs").group("workers").receive();
        Receiver two = on("jobs").group("workers").receive();
        publish(2);
        await(one, 2);
        next(one);
        next(two);
    }

    // ---- one order over several topics

    @Test
    void topicsWithGlobalOrderingHaveOneOrderForEverybody() throws Exception {
        for (int i = 0; i < 4; i++) {
            broker.createTopic("t." + i, TopicConfig.defaults().withOrdering(Ordering.GLOBAL));
        }
        List<String> first = java.util.Collections.synchronizedList(new ArrayList<>());
        List<String> second = java.util.Collections.synchronizedList(new ArrayList<>());
        broker.subscribe("t.*", message -> first.add(message.topic() + message.offset()));
        broker.subscribe("**", message -> second.add(message.topic() + message.offset()));
        List<Thread> publishers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            String topic = "t." + i;
            publishers.add(Thread.ofPlatform().start(() -> {
                for (int k = 0; k < 2_000; k++) {
                    broker.publish(topic, "x");
                }
            }));
        }
        for (Thread publisher : publishers) {
            publisher.join();
        }
        while (first.size() < 8_000 || second.size() < 8_000) {
            Thread.onSpinWait();
        }
        assertThat(first).isEqualTo(second);
    }
}
