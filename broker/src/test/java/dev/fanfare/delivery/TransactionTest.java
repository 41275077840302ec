package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.TopicConfig;
import dev.fanfare.Transaction;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TransactionTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    private long visible(String topic) {
        return broker.topic(topic).map(dev.fanfare.Topic::visible).orElse(0L);
    }

    private static PublishResult.Refused refusal(Transaction.Result result) {
        assertThat(result.committed()).isFalse();
        return java.util.Objects.requireNonNull(result.refused());
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        Delivery delivery = receiver.receive();
        assertThat(delivery).isNotNull();
        return delivery;
    }

    @Test
    void publishesAndAcknowledgesTogether() throws Exception {
        Receiver receiver = broker.subscription("in").acknowledged().receive();
        broker.publish("in", "a");
        Delivery delivery = next(receiver);
        Transaction.Result result = broker.transaction()
                .publish("out.1", "x")
                .publish("out.2", "y")
                .publish("out.1", "z")
                .ack(delivery)
                .commit();
        assertThat(result.committed()).isTrue();
        assertThat(result.published()).extracting(PublishResult::offset).containsExactly(0L, 0L, 1L);
        assertThat(receiver.figures().delivered()).isEqualTo(1);
        assertThat(delivery.ack()).isFalse();
    }

    @Test
    void nothingIsPublishedWhenAnAcknowledgementNoLongerCounts() throws Exception {
        Receiver receiver = broker.subscription("in")
                .acknowledged()
                .ackTimeout(Duration.ofSeconds(1))
                .retry(RetryPolicy.fixed(9, Duration.ZERO))
                .receive();
        broker.publish("in", "a");
        Delivery late = next(receiver);
        timers.advance(Duration.ofSeconds(1));
        Delivery again = next(receiver);
        Transaction.Result result =
                broker.transaction().publish("out", "x").ack(late).commit();
        assertThat(result.committed()).isFalse();
        assertThat(refusal(result).code()).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThat(visible("out")).isZero();
        assertThat(broker.transaction().publish("out", "x").ack(again).commit().committed())
                .isTrue();
        assertThat(visible("out")).isEqualTo(1);
        assertThat(broker.stats().transactionsRefused()).isEqualTo(1);
        assertThat(broker.stats().transactionsCommitted()).isEqualTo(1);
    }

    @Test
    void nothingIsDoneWhenOneTopicRefuses() throws Exception {
        Receiver receiver = broker.subscription("in").acknowledged().receive();
        broker.subscription("full")
                .acknowledged()
                .queue(1)
                .overflow(Overflow.refuse())
                .receive();
        broker.publish("full", "x");
        broker.publish("in", "a");
        Delivery delivery = next(receiver);
        Transaction.Result result = broker.transaction()
                .publish("out", "x")
                .publish("full", "y")
                .ack(delivery)
                .commit();
        assertThat(refusal(result).code()).isEqualTo(ErrorCode.BACKPRESSURE);
        assertThat(broker.stats().transactionsRefused()).isEqualTo(1);
        assertThat(visible("out")).isZero();
        assertThat(delivery.ack()).isTrue();
    }

    @Test
    void badInputIsRefused() throws Exception {
        Transaction transaction = broker.transaction().publish("*", "x");
        assertThat(refusal(transaction.commit()).code()).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThatThrownBy(transaction::commit)
                .isInstanceOf(FanfareException.class)
                .hasMessage("the transaction was committed already: begin another");
        assertThatThrownBy(() ->
                        broker.transaction().publish("t", Message.text("x").withDelay(Duration.ofSeconds(1))))
                .hasMessageContaining("can't be delayed");
        Receiver receiver = broker.subscription("in").acknowledged().receive();
        broker.publish("in", "a");
        Delivery delivery = next(receiver);
        assertThat(refusal(broker.transaction().ack(delivery).ack(delivery).commit())
                        .reason())
                .contains("acknowledged twice");
        assertThat(broker.transaction().commit().committed()).isTrue();
    }

    @Test
    void aRepeatedMessageGetsTheFirstOnesPlace() {
        broker.createTopic("out", TopicConfig.defaults().dedup(Duration.ofMinutes(1), 100));
        Message message = Message.text("x").withId("id");
        broker.transaction().publish("out", message).commit();
        Transaction.Result again = broker.transaction().publish("out", message).commit();
        assertThat(again.published().getFirst().offset()).isZero();
        assertThat(visible("out")).isEqualTo(1);
    }

    @Test
    void twoThatCrossEachOtherBothCommit() throws Exception {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            String first = i % 2 == 0 ? "a" : "b";
            String second = i % 2 == 0 ? "b" : "a";
            threads.add(Thread.ofPlatform().start(() -> {
                for (int k = 0; k < 5_000; k++) {
                    broker.transaction()
                            .publish(first, "x")
                            .publish(second, "y")
                            .commit();
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(visible("a")).isEqualTo(20_000);
        assertThat(visible("b")).isEqualTo(20_000);
    }

    /// Consume, transform, produce, with crashes wherever they can happen.
    @Test
    void everyInputHasItsOutputExactlyOnce() throws Exception {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        broker.createTopic("out", TopicConfig.defaults().withHistory(1_000));
        List<String> expected = new ArrayList<>();
        Receiver first =
                broker.subscription("in").acknowledged().group("workers").receive();
        for (int i = 0; i < 300; i++) {
            broker.publish("in", "" + i);
            expected.add("out of " + i);
        }
        Receiver worker = first;
        List<Delivery> held = new ArrayList<>();
        while (worker.figures().delivered() < 300) {
            Delivery delivery = worker.receive(Duration.ZERO);
            if (delivery == null && held.isEmpty()) {
                timers.advance(Duration.ofSeconds(10));
                continue;
            }
            if (delivery != null) {
                held.add(delivery);
            }
            Delivery any = held.remove(random.nextInt(held.size()));
            Transaction transaction = broker.transaction()
                    .publish("out", "out of " + any.message().text())
                    .ack(any);
            switch (random.nextInt(6)) {
                case 0 -> {
                    // Crashed before the commit: its member is gone, and what it held is forgotten by it.
                    worker.close();
                    held.clear();
                    worker = broker.subscription("in")
                            .acknowledged()
                            .group("workers")
                            .receive();
                }
                case 1 -> {
                    // Crashed after the commit, before it knew.
                    transaction.commit();
                    worker.close();
                    held.clear();
                    worker = broker.subscription("in")
                            .acknowledged()
                            .group("workers")
                            .receive();
                }
                case 2 -> {
                    // Too slow: somebody else may have it by now.
                    timers.advance(Duration.ofSeconds(31));
                    transaction.commit();
                }
                default -> transaction.commit();
            }
        }
        List<String> outputs = broker.topic("out").orElseThrow().read(0, 1_000, 1 << 20).stream()
                .map(Message::text)
                .toList();
        assertThat(outputs).as("seed " + seed).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(broker.deadLetters("in").count()).as("seed " + seed).isZero();
    }
}
