package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.DeadLetter;
import dev.fanfare.DeadLetters;
import dev.fanfare.Delivery;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Receiver;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeadLettersTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults()
            .withTimers(timers)
            .withDeadLetters(TopicConfig.defaults().withHistory(5)));
    private final Receiver billing =
            broker.subscription("orders").name("billing").acknowledged().receive();
    private final Receiver shipping =
            broker.subscription("orders").name("shipping").acknowledged().receive();

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        Delivery delivery = receiver.receive();
        assertThat(delivery).isNotNull();
        return delivery;
    }

    private DeadLetters giveUp(int count) throws InterruptedException {
        for (int i = 0; i < count; i++) {
            broker.publish("orders", Message.text("m" + i).withHeaders(Map.of("h", "v")));
            next(billing).reject("no " + i);
            next(shipping).ack();
        }
        return broker.deadLetters("orders");
    }

    private static List<String> texts(DeadLetters letters) {
        return letters.list(0, 100).stream()
                .map(letter -> letter.message().text())
                .toList();
    }

    @Test
    void lookingForDeadLettersCountsNothing() throws InterruptedException {
        broker.publish("orders", Message.text("old").withTtl(Duration.ofSeconds(1)));
        next(billing).ack();
        next(shipping).ack();
        timers.advance(Duration.ofSeconds(2));
        assertThat(broker.deadLetters("orders").list(0, 10)).isEmpty();
        assertThat(broker.stats().topic("orders").orElseThrow().expired()).isZero();
    }

    @Test
    void areListedFromAnOffsetOn() throws Exception {
        DeadLetters letters = giveUp(4);
        assertThat(letters.topic()).isEqualTo("$dead/orders");
        assertThat(letters.count()).isEqualTo(4);
        assertThat(texts(letters)).containsExactly("m0", "m1", "m2", "m3");
        assertThat(letters.list(1, 2)).extracting(DeadLetter::offset).containsExactly(1L, 2L);
        assertThat(letters.find(3).orElseThrow().lastError()).isEqualTo("no 3");
        assertThat(letters.find(4)).isEmpty();
    }

    @Test
    void ofATopicMadeAgainTheyAreNotThoseThatWereRedrivenBefore() throws Exception {
        DeadLetters letters = giveUp(1);
        assertThat(letters.redrive(null, null).done()).isEqualTo(1);
        Delivery redriven = next(billing);
        broker.deleteTopic("$dead/orders");
        giveUp(1);
        assertThat(redriven.ack()).isTrue();
        assertThat(texts(letters)).containsExactly("m0");
        assertThat(letters.count()).isEqualTo(1);
    }

    @Test
    void theOldestAreForgottenAsTheirTopicSays() throws Exception {
        DeadLetters letters = giveUp(7);
        assertThat(texts(letters)).containsExactly("m2", "m3", "m4", "m5", "m6");
        assertThat(letters.count()).isEqualTo(5);
    }

    @Test
    void redrivenTheyGoBackToTheirSubscriptionOnlyWithAttemptsFromOne() throws Exception {
        DeadLetters letters = giveUp(2);
        assertThat(letters.redrive(null, null)).isEqualTo(new DeadLetters.Redriven(2, null));
        assertThat(letters.count()).isZero();
        Delivery first = next(billing);
        assertThat(first.message().text()).isEqualTo("m0");
        assertThat(first.message().offset()).isZero();
        assertThat(first.message().headers()).isEqualTo(Map.of("h", "v"));
        assertThat(first.attempt()).isEqualTo(1);
        assertThat(shipping.receive(Duration.ZERO)).isNull();
        assertThat(broker.topic("orders").orElseThrow().visible()).isEqualTo(2);
        first.reject("again");
        assertThat(texts(letters)).containsExactly("m0");
    }

    @Test
    void someAreRedrivenAndThoseThatAreGonePassedOver() throws Exception {
        DeadLetters letters = giveUp(3);
        assertThat(letters.redrive(List.of(1L, 99L, 1L), null).done()).isEqualTo(1);
        assertThat(letters.redrive(List.of(1L), null).done()).isZero();
        assertThat(texts(letters)).containsExactly("m0", "m2");
        assertThat(next(billing).message().text()).isEqualTo("m1");
    }

    @Test
    void theyCanBePublishedToAnotherTopic() throws Exception {
        DeadLetters letters = giveUp(1);
        assertThat(letters.redrive(null, "repair").done()).isEqualTo(1);
        Message repaired = broker.topic("repair").orElseThrow().read(0, 1, 1).getFirst();
        assertThat(repaired.text()).isEqualTo("m0");
        assertThat(repaired.headers()).isEqualTo(Map.of("h", "v"));
        assertThat(letters.count()).isZero();
    }

    @Test
    void whenTheirSubscriptionIsGoneTheyArePublishedAnew() throws Exception {
        DeadLetters letters = giveUp(1);
        billing.close();
        assertThat(letters.redrive(null, null).done()).isEqualTo(1);
        assertThat(next(shipping).message().offset()).isEqualTo(1);
    }

    @Test
    void whatCantBePublishedStays() throws Exception {
        DeadLetters letters = giveUp(2);
        DeadLetters.Redriven redriven = letters.redrive(null, "*");
        assertThat(redriven.done()).isZero();
        assertThat(redriven.refused()).isNotNull();
        assertThat(redriven.refused().code()).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThat(letters.count()).isEqualTo(2);
    }

    @Test
    void purgingForgetsThem() throws Exception {
        DeadLetters letters = giveUp(3);
        letters.redrive(List.of(0L), null);
        assertThat(letters.purge()).isEqualTo(2);
        assertThat(letters.count()).isZero();
        assertThat(letters.list(0, 10)).isEmpty();
        next(billing).reject("no");
        assertThat(texts(letters)).containsExactly("m0");
    }

    @Test
    void whatIsNoDeadLetterIsPassedOver() throws Exception {
        DeadLetters letters = giveUp(1);
        broker.publish("$dead/orders", Message.text("x").withHeaders(Map.of("dead-letter-offset", "NaN")));
        assertThat(texts(letters)).containsExactly("m0");
        assertThat(letters.redrive(null, null).done()).isEqualTo(1);
    }

    @Test
    void aDeadLetterThatFailsAgainIsGivenUpForGood() throws Exception {
        giveUp(1);
        Receiver undertaker = broker.subscription("$dead/orders")
                .start(dev.fanfare.Start.earliest())
                .acknowledged()
                .receive();
        next(undertaker).reject("can't help");
        assertThat(undertaker.figures().deadLettered()).isEqualTo(1);
        assertThat(broker.topic("$dead/$dead/orders")).isEmpty();
        assertThat(broker.deadLetters("orders").count()).isEqualTo(1);
    }

    @Test
    void inATopicThatRecognisesRepeatsEachStays() throws Exception {
        broker.createTopic("dead", TopicConfig.defaults().dedup(Duration.ofHours(1), 100));
        broker.createTopic("jobs", TopicConfig.defaults().withDeadLetter("dead"));
        Receiver one = broker.subscription("jobs").acknowledged().group("one").receive();
        Receiver two = broker.subscription("jobs").acknowledged().group("two").receive();
        broker.publish("jobs", Message.text("bad").withId("id-1"));
        assertThat(next(one).reject("no")).isTrue();
        assertThat(next(two).reject("not here either")).isTrue();
        DeadLetters letters = broker.deadLetters("dead");
        assertThat(letters.list(0, 10)).extracting(DeadLetter::lastError).containsExactly("no", "not here either");
        assertThat(letters.redrive(List.of(0L), null).done()).isEqualTo(1);
        assertThat(next(one).reject("still no")).isTrue();
        assertThat(letters.list(0, 10))
                .extracting(DeadLetter::lastError)
                .containsExactly("not here either", "still no");
        assertThat(letters.list(0, 10))
                .extracting(letter -> letter.message().id())
                .containsOnly("id-1");
        assertThat(broker.stats().topic("dead").orElseThrow().duplicates()).isZero();
    }

    @Test
    void publishedAnewWhereRepeatsAreRecognisedTheyComeAgain() throws Exception {
        broker.createTopic("jobs", TopicConfig.defaults().dedup(Duration.ofHours(1), 100));
        Receiver first = broker.subscription("jobs").acknowledged().receive();
        broker.publish("jobs", Message.text("bad").withId("id-1"));
        next(first).reject("no");
        first.close();
        Receiver second = broker.subscription("jobs").acknowledged().receive();
        assertThat(broker.deadLetters("jobs").redrive(null, null).done()).isEqualTo(1);
        assertThat(next(second).message().text()).isEqualTo("bad");
    }

    @Test
    void aTopicThatDoesNotExistHasNone() {
        assertThatThrownBy(() -> broker.deadLetters("nowhere"))
                .isInstanceOf(FanfareException.class)
                .hasMessage("topic 'nowhere' does not exist");
        assertThat(broker.deadLetters("orders").list(0, 10)).isEmpty();
    }
}
