package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Deliveries for reactive streams.
@Timeout(60)
class FlowTest {

    private final Broker broker = Broker.open();

    @AfterEach
    void close() {
        broker.close();
    }

    private static final class Subscriber implements Flow.Subscriber<Delivery> {
        final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
        final BlockingQueue<Delivery> heard = new LinkedBlockingQueue<>();
        final CompletableFuture<Void> over = new CompletableFuture<>();

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription.complete(given);
        }

        @Override
        public void onNext(Delivery delivery) {
            heard.add(delivery);
        }

        @Override
        public void onError(Throwable error) {
            over.completeExceptionally(error);
        }

        @Override
        public void onComplete() {
            over.complete(null);
        }
    }

    private Subscriber subscribe() {
        Subscriber subscriber = new Subscriber();
        broker.subscription("orders").acknowledged().publisher().subscribe(subscriber);
        return subscriber;
    }

    @Test
    void handsOverAsManyAsWereAskedFor() throws Exception {
        Subscriber subscriber = subscribe();
        for (int i = 0; i < 5; i++) {
            broker.publish("orders", "" + i);
        }
        subscriber.subscription.join().request(2);
        assertThat(subscriber.heard.take().message().text()).isEqualTo("0");
        Delivery second = subscriber.heard.take();
        assertThat(second.message().text()).isEqualTo("1");
        assertThat(second.ack()).isTrue();
        assertThat(subscriber.heard).isEmpty();
        subscriber.subscription.join().request(Long.MAX_VALUE);
        for (int i = 2; i < 5; i++) {
            assertThat(subscriber.heard.take().message().text()).isEqualTo("" + i);
        }
    }

    @Test
    void cancellingEndsTheSubscription() {
        Subscriber subscriber = subscribe();
        subscriber.subscription.join().cancel();
        while (!broker.stats().acknowledged().isEmpty()) {
            Thread.onSpinWait();
        }
        assertThat(subscriber.over).isNotDone();
    }

    @Test
    void deletingTheTopicCompletesIt() {
        Subscriber subscriber = subscribe();
        broker.publish("orders", "x");
        broker.deleteTopic("orders");
        subscriber.over.join();
    }

    @Test
    void askingForNothingIsAnError() {
        Subscriber subscriber = subscribe();
        subscriber.subscription.join().request(0);
        assertThat(subscriber.over.handle((done, error) -> error).join()).isInstanceOf(IllegalArgumentException.class);
        assertThat(broker.stats().acknowledged()).isEmpty();
    }

    @Test
    void whatPreventsTheSubscriptionIsAnError() {
        try (Broker strict = Broker.open(BrokerConfig.defaults().withAutoCreateTopics(false))) {
            Subscriber subscriber = new Subscriber();
            strict.subscription("orders").acknowledged().publisher().subscribe(subscriber);
            AtomicReference<Throwable> error = new AtomicReference<>();
            subscriber.over.whenComplete((done, why) -> error.set(why));
            assertThat(error.get()).hasMessageContaining("topic 'orders' does not exist");
        }
    }
}
