package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedBuilder;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.Delivery;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.PublishResult;
import dev.fanfare.Receiver;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What listeners hear of groups that are full, of transactions, and of requests that nobody answers; the figures say
/// the same.
class ToldTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));
    private final BlockingQueue<BrokerEvent> told = new LinkedBlockingQueue<>();

    @AfterEach
    void close() {
        broker.close(Duration.ZERO);
    }

    private void listen(Set<Class<? extends BrokerEvent>> kinds) {
        broker.listen(event -> {
            if (kinds.contains(event.getClass())) {
                told.add(event);
            }
        });
    }

    private BrokerEvent next() throws InterruptedException {
        BrokerEvent event = told.poll(20, TimeUnit.SECONDS);
        assertThat(event).as("an event within 20 s").isNotNull();
        return event;
    }

    @Test
    void whichGroupIsFull() throws Exception {
        listen(Set.of(BrokerEvent.Backpressure.class));
        Receiver receiver = broker.subscription("jobs")
                .acknowledged()
                .queue(1)
                .overflow(Overflow.refuse())
                .group("crew")
                .receive();
        broker.publish("jobs", "1");
        PublishResult refused = broker.publish("jobs", "2");
        assertThat(refused).isInstanceOfSatisfying(PublishResult.Refused.class, why -> {
            assertThat(why.code()).isEqualTo(ErrorCode.BACKPRESSURE);
            assertThat(why.reason()).contains("'crew'");
        });
        assertThat(next()).isEqualTo(new BrokerEvent.Backpressure("jobs", "crew", 1));
        assertThat(receiver.figures().lag()).isOne();
    }

    @Test
    void whoWorksOnAName() throws Exception {
        listen(Set.of(BrokerEvent.MemberJoined.class, BrokerEvent.MemberLeft.class));
        broker.subscription("jobs").name("alone").acknowledged().receive().close();
        Receiver ann = member("ann").group("crew").receive();
        Receiver bob = member("bob").group("crew").receive();
        ann.close();
        member("cat").durable("audit").receive();
        member("dan").durable("audit").receive();
        bob.close();
        assertThat(List.of(next(), next(), next(), next(), next(), next(), next()))
                .containsExactly(
                        new BrokerEvent.MemberJoined("jobs", "crew", "ann"),
                        new BrokerEvent.MemberJoined("jobs", "crew", "bob"),
                        new BrokerEvent.MemberLeft("jobs", "crew", "ann", SubscriptionEnd.CLOSED),
                        new BrokerEvent.MemberJoined("jobs", "audit", "cat"),
                        new BrokerEvent.MemberLeft("jobs", "audit", "cat", SubscriptionEnd.TAKEN_OVER),
                        new BrokerEvent.MemberJoined("jobs", "audit", "dan"),
                        new BrokerEvent.MemberLeft("jobs", "crew", "bob", SubscriptionEnd.CLOSED));
        broker.deleteTopic("jobs");
        assertThat(next()).isEqualTo(new BrokerEvent.MemberLeft("jobs", "audit", "dan", SubscriptionEnd.TOPIC_DELETED));
    }

    private AcknowledgedBuilder member(String name) {
        return broker.subscription("jobs").name(name).acknowledged();
    }

    @Test
    void whatBecameOfATransaction() throws Exception {
        listen(Set.of(BrokerEvent.TransactionCommitted.class, BrokerEvent.TransactionRefused.class));
        Receiver receiver = broker.subscription("in").acknowledged().receive();
        broker.publish("in", "a");
        Delivery delivery = receiver.receive();
        assertThat(delivery).isNotNull();
        broker.transaction()
                .publish("out", "x")
                .publish("out", "y")
                .ack(delivery)
                .commit();
        assertThat(next()).isEqualTo(new BrokerEvent.TransactionCommitted(2, 1));

        broker.transaction().publish("out", "x").ack(delivery).commit();
        assertThat(next()).isInstanceOfSatisfying(BrokerEvent.TransactionRefused.class, refused -> {
            assertThat(refused.topic()).isNull();
            assertThat(refused.code()).isEqualTo(ErrorCode.BAD_REQUEST);
        });
        broker.subscription("full")
                .acknowledged()
                .queue(1)
                .overflow(Overflow.refuse())
                .receive();
        broker.publish("full", "1");
        broker.transaction().publish("out", "x").publish("full", "2").commit();
        assertThat(next()).isInstanceOfSatisfying(BrokerEvent.TransactionRefused.class, refused -> {
            assertThat(refused.topic()).isEqualTo("full");
            assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE);
        });
        assertThat(told).isEmpty();
        assertThat(List.of(
                        broker.stats().transactionsCommitted(), broker.stats().transactionsRefused()))
                .containsExactly(1L, 2L);
    }

    @Test
    void whichRequestsNobodyAnswered() throws Exception {
        listen(Set.of(BrokerEvent.RequestUnanswered.class));
        broker.createTopic("price");
        assertThat(broker.request("price", Message.text("nut"), Duration.ofSeconds(1)))
                .isCompletedExceptionally();
        assertThat(next()).isEqualTo(new BrokerEvent.RequestUnanswered("price", ErrorCode.NO_RESPONDERS));
        broker.subscription("price").handle(message -> {});
        CompletableFuture<Message> late = broker.request("price", Message.text("nut"), Duration.ofSeconds(1));
        timers.advance(Duration.ofSeconds(1));
        assertThat(next()).isEqualTo(new BrokerEvent.RequestUnanswered("price", ErrorCode.TIMEOUT));
        assertThat(late).failsWithin(Duration.ofSeconds(20));
        assertThat(List.of(broker.stats().requestsUnanswerable(), broker.stats().requestTimeouts()))
                .containsExactly(1L, 1L);
    }
}
