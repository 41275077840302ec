package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.BacklogOverflow;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a topic says about the backlogs of its subscriptions: how much they hold, what happens then, where their
/// dead letters go. On virtual time.
@Timeout(60)
class BacklogBoundTest {

    private static final TopicConfig FIVE =
            TopicConfig.defaults().withBacklog(5, 1 << 20).withBacklogOverflow(BacklogOverflow.DEAD_LETTER);

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    private AcknowledgedBuilder on() {
        return broker.subscription("jobs").acknowledged();
    }

    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted())
                    .as("it took too long")
                    .isFalse();
            Thread.onSpinWait();
        }
    }

    /// Publishes, and waits until it has come in.
    ///
    /// @return whether it was taken
    private boolean publish(Receiver heardBy, String text) {
        return publish(heardBy, Message.text(text));
    }

    private boolean publish(Receiver heardBy, Message message) {
        PublishResult result = broker.publish("jobs", message);
        until(() -> ((Attached) heardBy).backlog().unread() == 0);
        return !(result instanceof PublishResult.Refused);
    }

    private static List<String> texts(List<? extends Delivery> deliveries) {
        return deliveries.stream().map(each -> each.message().text()).toList();
    }

    private List<String> dead(String topic) {
        return broker.deadLetters(topic).list(0, 1_000).stream()
                .map(each -> each.message().text())
                .toList();
    }

    // ---- the bound

    @Test
    void theTopicsBoundHoldsForWhoDoesNotSayItself() {
        broker.createTopic("jobs", TopicConfig.defaults().withBacklog(3, 1 << 20));
        Receiver member = on().group("g").overflow(Overflow.refuse()).receive();
        Receiver larger = on().group("h").queue(10).overflow(Overflow.refuse()).receive();
        for (int i = 0; i < 3; i++) {
            assertThat(publish(member, "" + i)).isTrue();
        }
        assertThat(publish(member, "3")).isFalse();
        assertThat(larger.figures().lag()).isEqualTo(3);
    }

    @Test
    void itHoldsInBytesToo() {
        broker.createTopic("jobs", TopicConfig.defaults().withBacklog(1_000, 5_000));
        Receiver member = on().overflow(Overflow.refuse()).receive();
        int taken = 0;
        while (publish(member, "x".repeat(1_000))) {
            taken++;
        }
        assertThat(taken).isBetween(3, 6);
    }

    // ---- moving aside

    @Test
    void theOldestMakesRoomForTheNewest() throws Exception {
        broker.createTopic("jobs", FIVE);
        Receiver member = on().group("g").receive();
        for (int i = 0; i < 12; i++) {
            assertThat(publish(member, "" + i)).isTrue();
        }
        assertThat(dead("jobs")).containsExactly("0", "1", "2", "3", "4", "5", "6");
        DeadLetter first = broker.deadLetters("jobs").find(0).orElseThrow();
        assertThat(first.reason()).isEqualTo(DeadLetter.Reason.OVERFLOW);
        assertThat(first.attempts()).isZero();
        assertThat(first.lastError()).isEqualTo("the backlog was full");
        assertThat(first.subscription()).isEqualTo("g");
        assertThat(member.figures().deadLettered()).isEqualTo(7);
        assertThat(member.figures().lag()).isEqualTo(5);
        List<Delivery> rest = member.receive(100, Duration.ZERO);
        assertThat(texts(rest)).containsExactly("7", "8", "9", "10", "11");
        assertThat(member.ack(rest)).isEqualTo(5);
    }

    @Test
    void whatWaitedForItsNextAttemptWhenItMadeRoomWaitsNoMore() throws Exception {
        broker.createTopic("jobs", FIVE);
        Receiver member = on().group("g").receive();
        for (int i = 0; i < 5; i++) {
            assertThat(publish(member, "" + i)).isTrue();
        }
        for (Delivery each : member.receive(5, Duration.ZERO)) {
            assertThat(each.nack(Duration.ofMinutes(10))).isTrue();
        }
        assertThat(member.figures().waiting()).isEqualTo(5);
        for (int i = 5; i < 8; i++) {
            assertThat(publish(member, "" + i)).isTrue();
        }
        assertThat(dead("jobs")).hasSize(3);
        assertThat(member.figures().waiting()).isEqualTo(2);
        timers.advance(Duration.ofMinutes(10));
        assertThat(member.figures().waiting()).isZero();
        assertThat(member.receive(100, Duration.ZERO)).hasSize(5);
    }

    @Test
    void whatWasTriedBeforeIsOlderThanWhatNobodyHasHad() throws Exception {
        broker.createTopic("jobs", FIVE);
        Receiver member = on().group("g").receive();
        publish(member, "0");
        Delivery first = member.receive(1, Duration.ZERO).getFirst();
        for (int i = 1; i < 5; i++) {
            publish(member, "" + i);
        }
        assertThat(first.nack(Duration.ofHours(1))).isTrue();
        publish(member, "5");
        assertThat(dead("jobs")).containsExactly("0");
    }

    @Test
    void aDeadLetterThatHasComeBackTakesNoRoomAndMakesNone() throws Exception {
        broker.createTopic("jobs", FIVE);
        Receiver member = on().group("g").receive();
        publish(member, "back");
        member.receive(1, Duration.ZERO).getFirst().reject("later");
        assertThat(broker.deadLetters("jobs").redrive(null, null).done()).isEqualTo(1);
        for (int i = 0; i < 5; i++) {
            publish(member, "" + i);
        }
        assertThat(dead("jobs")).isEmpty();
        publish(member, "5");
        assertThat(dead("jobs")).containsExactly("0");
        assertThat(texts(member.receive(10, Duration.ZERO))).containsExactlyInAnyOrder("back", "1", "2", "3", "4", "5");
    }

    @Test
    void whatAMemberHasInHandStays() throws Exception {
        broker.createTopic("jobs", FIVE);
        Receiver member = on().group("g").receive();
        List<Delivery> held = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            publish(member, "" + i);
            held.addAll(member.receive(1, Duration.ZERO));
        }
        publish(member, "new");
        assertThat(dead("jobs")).containsExactly("new");
        held.get(3).nack(Duration.ofHours(1));
        publish(member, "newer");
        assertThat(dead("jobs")).as("what waits for its retry is older").containsExactly("new", "3");
        assertThat(held.get(3).ack()).as("it is a dead letter").isFalse();
        held.remove(3);
        assertThat(member.ack(held)).isEqualTo(4);
        timers.advance(Duration.ofHours(2));
        assertThat(texts(member.receive(10, Duration.ZERO))).containsExactly("newer");
        assertThat(dead("jobs")).hasSize(2);
    }

    @Test
    void keysStayInOrder() throws Exception {
        broker.createTopic("jobs", FIVE.withPartitions(2));
        Receiver member = on().group("g").receive();
        publish(member, Message.text("a0").withKey("a"));
        Delivery first = member.receive(1, Duration.ZERO).getFirst();
        for (int i = 1; i < 9; i++) {
            publish(member, Message.text("a" + i).withKey("a"));
        }
        assertThat(dead("jobs")).containsExactly("a1", "a2", "a3", "a4");
        assertThat(first.ack()).isTrue();
        List<String> rest = new ArrayList<>();
        for (Delivery next = member.receive(Duration.ZERO); next != null; next = member.receive(Duration.ZERO)) {
            rest.add(next.message().text());
            next.ack();
        }
        assertThat(rest).containsExactly("a5", "a6", "a7", "a8");
        assertThat(member.figures().lag()).isZero();
    }

    @Test
    void aGroupThatNobodyServesStaysWithinItsBound() {
        broker.createTopic("jobs", FIVE.withPartitions(3));
        on().group("g").receive().close();
        Receiver other = on().group("watch").queue(100_000).receive();
        for (int i = 0; i < 200; i++) {
            publish(other, i % 2 == 0 ? Message.text("x") : Message.text("x").withKey("k" + i % 7));
        }
        until(() -> lag("g") == 5);
        assertThat(broker.deadLetters("jobs").list(0, 1_000))
                .filteredOn(each -> each.subscription().equals("g"))
                .hasSizeGreaterThan(90);
    }

    private long lag(String name) {
        return broker.stats().acknowledged().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow()
                .lag();
    }

    @Test
    void publishersWaitWhenNothingCanBeMovedAside() throws Exception {
        broker.createTopic("jobs", FIVE.withDeadLetter("full"));
        broker.createTopic("full", TopicConfig.defaults());
        Receiver blocking = broker.subscription("full")
                .acknowledged()
                .queue(1)
                .overflow(Overflow.refuse())
                .receive();
        Receiver member = on().group("g").receive();
        for (int i = 0; i < 6; i++) {
            publish(member, "" + i);
        }
        assertThat(dead("full")).containsExactly("0");
        Delivery letter = blocking.receive();
        publish(member, "6");
        Thread publisher = Thread.ofVirtual().start(() -> broker.publish("jobs", "7"));
        until(() -> publisher.getState() == Thread.State.WAITING || publisher.getState() == Thread.State.TIMED_WAITING);
        assertThat(member.figures().lag()).isEqualTo(6);
        assertThat(letter).isNotNull();
        letter.ack();
        timers.advance(Duration.ofSeconds(1));
        publisher.join();
        until(() -> dead("full").size() == 2);
        assertThat(dead("full")).containsExactly("0", "1");
    }

    @Test
    void aSubscriptionOfItsOwnGoesByItsOwnPolicy() {
        broker.createTopic("jobs", FIVE);
        Receiver alone = on().overflow(Overflow.refuse()).receive();
        for (int i = 0; i < 5; i++) {
            publish(alone, "" + i);
        }
        assertThat(publish(alone, "5")).isFalse();
    }

    // ---- dead letters

    @Test
    void theTopicsDeadLettersGoWhereItSays() throws Exception {
        broker.createTopic("jobs", TopicConfig.defaults().withDeadLetter("morgue"));
        Receiver member = on().retry(RetryPolicy.none()).receive();
        Receiver other = on().retry(RetryPolicy.none()).deadLetter("elsewhere").receive();
        broker.publish("jobs", "x");
        Delivery mine = member.receive();
        Delivery others = other.receive();
        assertThat(mine).isNotNull();
        assertThat(others).isNotNull();
        mine.nack();
        others.nack();
        assertThat(dead("jobs")).containsExactly("x");
        assertThat(dead("morgue")).containsExactly("x");
        assertThat(dead("elsewhere")).containsExactly("x");
        assertThat(broker.topic("$dead/jobs")).isEmpty();
    }

    @Test
    void topicsThatNameEachOtherPassNothingRound() throws Exception {
        broker.createTopic("jobs", TopicConfig.defaults().withDeadLetter("back"));
        broker.createTopic("back", TopicConfig.defaults().withDeadLetter("jobs"));
        Receiver member = on().retry(RetryPolicy.none()).receive();
        Receiver round = broker.subscription("back")
                .acknowledged()
                .retry(RetryPolicy.none())
                .receive();
        broker.publish("jobs", "x");
        Delivery first = member.receive();
        assertThat(first).isNotNull();
        first.nack();
        Delivery again = round.receive();
        assertThat(again).isNotNull();
        again.nack();
        assertThat(broker.topic("jobs").orElseThrow().visible()).isEqualTo(1);
        assertThat(round.figures().deadLettered()).isEqualTo(1);
    }

    // ---- settings

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThatThrownBy(() -> TopicConfig.defaults().withBacklog(0, 1)).hasMessageContaining("backlog must be 1 to");
        assertThatThrownBy(() -> TopicConfig.defaults().withBacklog(10_000_001, 1))
                .isInstanceOf(FanfareException.class);
        assertThatThrownBy(() -> TopicConfig.defaults().withBacklog(1, 0)).hasMessageContaining("backlog bytes");
        assertThatThrownBy(() -> TopicConfig.defaults().withBacklogOverflow(BacklogOverflow.SPILL))
                .hasMessageContaining("needs a durable topic");
        assertThatThrownBy(() -> TopicConfig.defaults().withDeadLetter(" x")).isInstanceOf(FanfareException.class);
        assertThatThrownBy(
                        () -> broker.createTopic("self", TopicConfig.defaults().withDeadLetter("self")))
                .hasMessage("topic 'self' can't take its own dead letters");
        assertThatThrownBy(() -> BacklogOverflow.of("drop")).hasMessageContaining("refuse, dead_letter or spill");
    }

    @Test
    void aTopicThatDropsForOthersBlocksForThoseWhoAcknowledge() {
        broker.createTopic("jobs", TopicConfig.defaults().withOverflow(Overflow.dropOldest()));
        assertThat(on().receive().figures().lag()).isZero();
    }
}
