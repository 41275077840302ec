package dev.fanfare.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeadLetter;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.DurableTopics;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.Start;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.StoreException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// What a durable subscription or group has done, and has still to do, outlives the process.
class DurableSubscriptionTest extends Restarts {

    private static final TopicConfig DURABLE =
            TopicConfig.defaults().withHistory(10).withDurability(Durability.WRITTEN);

    private Receiver group(String pattern) {
        return broker.subscription(pattern).acknowledged().group("workers").receive();
    }

    private void publish(String topic, String... texts) {
        for (String text : texts) {
            assertThat(broker.publish(topic, text)).isInstanceOf(PublishResult.Accepted.class);
        }
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        return Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
    }

    private static List<String> take(Receiver receiver, int count) throws InterruptedException {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(next(receiver).message().text());
        }
        return texts;
    }

    /// An acknowledgement is stored when this returns: it is committed before what is published after it.
    private void settle(String topic) {
        publish(topic, "barrier");
    }

    @Test
    void whatWasAcknowledgedDoesNotComeAgainAndWhatWasNotDoes() throws Exception {
        broker.createTopic("jobs", DURABLE);
        Receiver receiver = group("jobs");
        publish("jobs", "a", "b", "c", "d");
        Delivery a = next(receiver);
        Delivery b = next(receiver);
        Delivery c = next(receiver);
        a.ack();
        c.ack();
        assertThat(b.message().text()).isEqualTo("b");
        settle("jobs");
        kill();
        Receiver again = group("jobs");
        Delivery first = next(again);
        assertThat(first.message().text()).isEqualTo("b");
        assertThat(first.attempt()).isEqualTo(2);
        assertThat(take(again, 2)).containsExactly("d", "barrier");
    }

    @Test
    void aGroupMissesNothingWhileNobodyIsThere() throws Exception {
        broker.createTopic("jobs", DURABLE);
        group("jobs").close();
        String[] texts = new String[100];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = "m" + i;
        }
        publish("jobs", texts);
        kill();
        publish("jobs", "after");
        Receiver again = group("jobs");
        List<String> heard = new ArrayList<>();
        for (int i = 0; i <= texts.length; i++) {
            Delivery delivery = next(again);
            heard.add(delivery.message().text());
            delivery.ack();
        }
        assertThat(heard).startsWith(texts).endsWith("after");
    }

    @Test
    void onADurableTopicANameStaysForSevenDays() {
        broker.createTopic("jobs", DURABLE);
        group("jobs").close();
        timers.advance(Duration.ofDays(7).minusMillis(2));
        assertThat(broker.stats().acknowledged()).hasSize(1);
        settle("jobs");
        kill();
        timers.advance(Duration.ofMillis(1));
        assertThat(broker.stats().acknowledged()).hasSize(1);
        timers.advance(Duration.ofMillis(1));
        assertThat(broker.stats().acknowledged()).isEmpty();
    }

    @Test
    void soItDoesOnOneThatIsDurableByItsNameAndDoesNotExistYet() {
        MemoryStore fresh = new MemoryStore();
        try (Broker other = Broker.open(BrokerConfig.defaults()
                .withTimers(timers)
                .withStore(fresh)
                .withDurable(DurableTopics.none().withPatterns(List.of("orders.*"))))) {
            other.subscription("orders.eu")
                    .acknowledged()
                    .group("workers")
                    .receive()
                    .close();
            timers.advance(Duration.ofDays(7).minusMillis(1));
            assertThat(other.stats().acknowledged()).hasSize(1);
            timers.advance(Duration.ofMillis(1));
            assertThat(other.stats().acknowledged()).isEmpty();
        }
    }

    @Test
    void attemptsAndTheirTimesOutliveTheProcess() throws Exception {
        broker.createTopic("jobs", DURABLE);
        Receiver receiver = broker.subscription("jobs")
                .acknowledged()
                .group("workers")
                .retry(RetryPolicy.fixed(3, Duration.ofMinutes(1)))
                .receive();
        publish("jobs", "a");
        next(receiver).nack();
        settle("jobs");
        kill();
        Receiver again = broker.subscription("jobs")
                .acknowledged()
                .group("workers")
                .retry(RetryPolicy.fixed(3, Duration.ofMinutes(1)))
                .receive();
        assertThat(next(again).message().text()).isEqualTo("barrier");
        assertThat(again.receive(Duration.ZERO)).isNull();
        timers.advance(Duration.ofMinutes(1));
        Delivery second = next(again);
        assertThat(second.message().text()).isEqualTo("a");
        assertThat(second.attempt()).isEqualTo(3);
    }

    @Test
    void deadLettersOutliveTheProcessAndStayRedriven() throws Exception {
        broker.createTopic("jobs", DURABLE);
        Receiver receiver = group("jobs");
        publish("jobs", "bad", "worse");
        next(receiver).reject("no good");
        next(receiver).reject("no better");
        // What is done with them is stored after the letters are.
        settle("jobs");
        settle("jobs");
        kill();
        List<DeadLetter> letters = broker.deadLetters("jobs").list(0, 10);
        assertThat(letters).extracting(letter -> letter.message().text()).containsExactly("bad", "worse");
        assertThat(letters.getFirst().lastError()).isEqualTo("no good");
        Receiver again = group("jobs");
        assertThat(take(again, 2)).containsExactly("barrier", "barrier");
        assertThat(broker.deadLetters("jobs").redrive(List.of(0L), null).done()).isEqualTo(1);
        next(again).ack();
        settle("jobs");
        kill();
        assertThat(broker.deadLetters("jobs").list(0, 10))
                .extracting(letter -> letter.message().text())
                .containsExactly("worse");
    }

    @Test
    void ofADeadLetterTopicMadeAgainNoneIsMarkedThatWasNotRedriven() throws Exception {
        broker.createTopic("jobs", DURABLE);
        Receiver receiver = group("jobs");
        publish("jobs", "bad", "worse");
        next(receiver).reject("no good");
        settle("jobs");
        assertThat(broker.deadLetters("jobs").redrive(null, null).done()).isEqualTo(1);
        Delivery worse = next(receiver);
        List<Delivery> rest = List.of(next(receiver), next(receiver));
        Delivery redriven = rest.stream()
                .filter(each -> each.message().text().equals("bad"))
                .findFirst()
                .orElseThrow();
        broker.deleteTopic("$dead/jobs");
        worse.reject("no better");
        settle("jobs");
        redriven.ack();
        settle("jobs");
        kill();
        assertThat(broker.deadLetters("jobs").list(0, 10))
                .extracting(letter -> letter.message().text())
                .containsExactly("worse");
    }

    private void awaitPublished(String topic, String text) {
        long begun = System.nanoTime();
        long deadline = begun + TimeUnit.SECONDS.toNanos(20);
        int advanced = 0;
        while (!(broker.publish(topic, text) instanceof PublishResult.Accepted)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            // The store is tried again every second; no further than that, or what is out is not acknowledged in time.
            if (advanced < 25 && System.nanoTime() - begun > advanced * TimeUnit.MILLISECONDS.toNanos(50)) {
                timers.advance(Duration.ofSeconds(1));
                advanced++;
            }
            Thread.onSpinWait();
        }
    }

    @Test
    void aPatternGoesOnWhereItWasInEveryTopic() throws Exception {
        broker.createTopic("jobs.a", DURABLE);
        broker.createTopic("jobs.b", DURABLE);
        Receiver receiver = group("jobs.*");
        publish("jobs.a", "a1", "a2");
        publish("jobs.b", "b1");
        List<Delivery> taken = List.of(next(receiver), next(receiver), next(receiver));
        for (Delivery delivery : taken) {
            if (delivery.message().text().equals("a1")) {
                delivery.ack();
            }
        }
        settle("jobs.a");
        broker.createTopic("jobs.c", DURABLE);
        publish("jobs.c", "c1");
        kill();
        Receiver again = group("jobs.*");
        assertThat(take(again, 4)).containsExactlyInAnyOrder("a2", "b1", "barrier", "c1");
    }

    @Test
    void theNameStandsForTheSameAfterTheProcessDied() {
        broker.createTopic("jobs", DURABLE);
        group("jobs").close();
        settle("jobs");
        kill();
        assertThatThrownBy(() -> broker.subscription("other")
                        .acknowledged()
                        .group("workers")
                        .receive())
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("topic or pattern is jobs, not other");
        assertThat(broker.stats().acknowledged())
                .extracting(figures -> figures.name())
                .contains("workers");
    }

    /// A filter that is neither one of the broker's own nor a record.
    private static final class Longer implements Filter {
        private final int than;

        private Longer(int than) {
            this.than = than;
        }

        @Override
        public boolean matches(Message message) {
            return message.text().length() > than;
        }

        @Override
        public Optional<String> words() {
            return Optional.of("longer than " + than);
        }
    }

    private Receiver filtered(Filter filter) {
        return broker.subscription("jobs")
                .filter(filter)
                .acknowledged()
                .group("workers")
                .receive();
    }

    @Test
    void theFilterOfANameIsKnownByItsWords() throws Exception {
        broker.createTopic("jobs", DURABLE);
        filtered(new Longer(2)).close();
        publish("jobs", "ab", "abc");
        kill();
        assertThatThrownBy(() -> filtered(new Longer(3)))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("filter is longer than 2, not longer than 3");
        assertThatThrownBy(() -> filtered(message -> true))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("filter is longer than 2, not one of the program's own");
        assertThatThrownBy(() -> filtered(new Longer(2).and(Filter.types("t"))))
                .isInstanceOf(FanfareException.class)
                .hasMessageContaining("not longer than 2 and types [t]");
        assertThat(next(filtered(new Longer(2))).message().text()).isEqualTo("abc");
    }

    @Test
    void aNameThatNobodyComesBackToExpires() {
        broker.createTopic("jobs", DURABLE);
        broker.subscription("jobs")
                .acknowledged()
                .group("workers")
                .expiry(Duration.ofHours(2))
                .receive()
                .close();
        settle("jobs");
        timers.advance(Duration.ofHours(1));
        kill();
        timers.advance(Duration.ofMinutes(59));
        assertThat(broker.endSubscription("nobody")).isFalse();
        assertThat(broker.stats().acknowledged()).hasSize(1);
        timers.advance(Duration.ofMinutes(2));
        assertThat(broker.stats().acknowledged()).isEmpty();
        settle("jobs");
        kill();
        assertThat(broker.stats().acknowledged()).isEmpty();
    }

    @Test
    void aNameThatWasEndedIsNew() throws Exception {
        broker.createTopic("jobs", DURABLE);
        group("jobs").close();
        publish("jobs", "old");
        assertThat(broker.endSubscription("workers")).isTrue();
        restart();
        Receiver again = group("jobs");
        publish("jobs", "new");
        assertThat(next(again).message().text()).isEqualTo("new");
    }

    private void loseThePower() {
        MemoryStore next = store.afterPowerLoss();
        broker.close(Duration.ZERO);
        store = next;
        broker = open();
    }

    @Test
    void aNameIsStoredBeforeItIsHadAndGoneBeforeItsEndIsTold() throws Exception {
        broker.createTopic("jobs", DURABLE);
        group("jobs");
        loseThePower();
        publish("jobs", "while nobody was there");
        assertThat(take(group("jobs"), 1)).containsExactly("while nobody was there");
        assertThat(broker.endSubscription("workers")).isTrue();
        loseThePower();
        assertThat(broker.stats().acknowledged()).isEmpty();
    }

    @Test
    void aNameGoesOnInACopyWithWhatItHadNotDoneThen() throws Exception {
        broker.createTopic("jobs", DURABLE);
        Receiver receiver = group("jobs");
        publish("jobs", "done");
        next(receiver).ack();
        publish("jobs", "waits");
        broker.close(Duration.ofSeconds(5));
        store = store.copy();
        broker = open();
        publish("jobs", "new");
        assertThat(take(group("jobs"), 2)).containsExactly("waits", "new");
    }

    @Test
    void aNameThatCanNotBeStoredIsRefusedAndMayBeTriedAgain() {
        broker.createTopic("jobs", DURABLE);
        store.failNextWrite(Reason.FAILED, false);
        assertThatThrownBy(() -> group("jobs"))
                .isInstanceOfSatisfying(
                        FanfareException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL))
                .hasMessageContaining("could not be written to");
        assertThatThrownBy(() -> group("jobs")).hasMessageContaining("tried again soon");
        timers.advance(Duration.ofSeconds(1));
        group("jobs");
        loseThePower();
        assertThat(broker.stats().acknowledged()).hasSize(1);
    }

    @Test
    void aNameWhoseTopicIsMissingIsNotStored() {
        broker.close();
        store = new MemoryStore();
        broker = Broker.open(
                BrokerConfig.defaults().withTimers(timers).withStore(store).withAutoCreateTopics(false));
        assertThatThrownBy(() -> group("nowhere")).isInstanceOf(FanfareException.class);
        restart();
        assertThat(broker.stats().acknowledged()).isEmpty();
    }

    private static Thread committing() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("fanfare-store"))
                .findAny()
                .orElseThrow();
    }

    @Test
    void aStoreThatIsAwayIsTriedOnceASecondWhateverIsToBeStored() {
        broker.createTopic("jobs", DURABLE);
        group("jobs").close();
        store.failNextWrite(Reason.FAILED, false);
        store.refuseReopen(Reason.FAILED);
        assertThatThrownBy(() -> broker.endSubscription("workers")).hasMessageContaining("not yet stored");
        for (int second = 0; second < 3; second++) {
            Thread committing = committing();
            while (committing.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            // The clock stands still.
            for (int i = 0; i < 10_000; i++) {
                assertThat(committing.getState()).isEqualTo(Thread.State.WAITING);
            }
            timers.advance(Duration.ofSeconds(1));
        }
        store.refuseReopen(null);
        awaitPublished("jobs", "barrier");
        kill();
        assertThat(broker.stats().acknowledged()).isEmpty();
    }

    @Test
    void acknowledgementsAreStoredOnceTheStoreIsBack() throws Exception {
        broker.createTopic("jobs", DURABLE);
        Receiver receiver = group("jobs");
        publish("jobs", "a", "b");
        Delivery a = next(receiver);
        store.failNextWrite(Reason.FAILED, false);
        a.ack();
        awaitPublished("jobs", "barrier");
        kill();
        assertThat(take(group("jobs"), 2)).containsExactly("b", "barrier");
    }

    @Test
    void everythingIsTakenBackInTheEnd() throws Exception {
        broker.createTopic("jobs", DURABLE);
        Receiver receiver = broker.subscription("jobs")
                .start(Start.earliest())
                .acknowledged()
                .group("workers")
                .receive();
        for (int i = 0; i < 300; i++) {
            publish("jobs", "m" + i);
        }
        for (int i = 0; i < 300; i++) {
            next(receiver).ack();
        }
        settle("jobs");
        next(receiver).ack();
        publish("jobs", "last");
        assertThat(broker.topic("jobs").orElseThrow().oldest()).isGreaterThan(250);
        assertThat(next(receiver).message().text()).isEqualTo("last");
    }
}
