package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.DeadLetter;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import dev.fanfare.client.Acknowledging;
import dev.fanfare.client.CircuitBreaker;
import dev.fanfare.client.ClientOptions;
import dev.fanfare.client.Delivery;
import dev.fanfare.client.DeliveryListener;
import dev.fanfare.client.FanfareClient;
import dev.fanfare.client.Notice;
import dev.fanfare.client.RetryPolicy;
import dev.fanfare.client.Selection;
import dev.fanfare.client.Start;
import dev.fanfare.client.Subscription;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The Java client's acknowledged subscriptions on a real server.
class AcknowledgingClientTest {

    private final Broker broker = Broker.open();
    private FanfareServer server;
    private FanfareClient client;

    @BeforeEach
    void start() {
        broker.createTopic("jobs");
        server = FanfareServer.start(broker, ServerConfig.of(Map.of("port", "0")));
        client = client();
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
        broker.close(Duration.ZERO);
    }

    private FanfareClient client() {
        return FanfareClient.open(
                "http://127.0.0.1:" + server.port(),
                ClientOptions.defaults().withDelays(Duration.ofMillis(1), Duration.ofMillis(50)));
    }

    private void publish(int from, int to) {
        for (int i = from; i < to; i++) {
            broker.publish("jobs", "job " + i);
        }
    }

    private AcknowledgedSubscription.Figures figures(String name) {
        return broker.figures().acknowledged().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /// What is acknowledged or given up is known to the server a moment after it was handled.
    private void awaitDelivered(String name, long count) {
        await(name, each -> each.delivered() >= count && each.lag() == 0);
        assertThat(figures(name).delivered()).isEqualTo(count);
    }

    private void await(String name, Predicate<AcknowledgedSubscription.Figures> state) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!state.test(figures(name))) {
            assertThat(System.nanoTime()).as("%s", figures(name)).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(20, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    @Test
    void theMembersOfAGroupShareWhatThereIs() throws Exception {
        BlockingQueue<String> handled = new LinkedBlockingQueue<>();
        DeliveryListener listener = delivery -> handled.add(delivery.event().text());
        Acknowledging how = Acknowledging.group("workers").withWindow(2);
        client.subscribe("jobs", how, listener);
        try (FanfareClient other = client()) {
            other.subscribe("jobs", how, listener);
            publish(0, 50);
            List<String> all = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                all.add(next(handled));
            }
            assertThat(all).doesNotHaveDuplicates();
            awaitDelivered("workers", 50);
        }
    }

    @Test
    void withoutANameWhatWasNotDoneComesAgainFromTheHistory() throws Exception {
        BlockingQueue<String> handled = new LinkedBlockingQueue<>();
        BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();
        client.subscribe(
                "jobs",
                Acknowledging.unnamed().withRetry(3, Duration.ofDays(1), Duration.ofDays(1)),
                new DeliveryListener() {
                    @Override
                    public void onDelivery(Delivery delivery) {
                        handled.add(delivery.event().text());
                        if (delivery.event().text().equals("job 1")) {
                            delivery.nack();
                        }
                    }

                    @Override
                    public void onNotice(Notice notice) {
                        notices.add(notice);
                    }
                });
        publish(0, 3);
        for (int i = 0; i < 3; i++) {
            assertThat(next(handled)).isEqualTo("job " + i);
        }
        int port = server.port();
        server.close();
        server = FanfareServer.start(broker, ServerConfig.of(Map.of("port", String.valueOf(port))));
        assertThat(next(notices)).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(next(notices)).isEqualTo(new Notice.Resumed(true, 0));
        publish(3, 4);
        assertThat(next(handled)).isEqualTo("job 1");
        // What was done is not handled again.
        assertThat(next(handled)).isEqualTo("job 3");
    }

    @Test
    void whatFailsComesAgainAndIsADeadLetterInTheEnd() throws Exception {
        BlockingQueue<Integer> attempts = new LinkedBlockingQueue<>();
        client.subscribe("jobs", Acknowledging.durable("d").withRetry(3, Duration.ZERO, Duration.ZERO), delivery -> {
            attempts.add(delivery.attempt());
            if (delivery.event().text().equals("job 0")) {
                throw new IllegalStateException("no paper");
            }
        });
        publish(0, 2);
        assertThat(List.of(next(attempts), next(attempts), next(attempts), next(attempts)))
                .containsExactlyInAnyOrder(1, 1, 2, 3);
        awaitDelivered("d", 1);
        assertThat(broker.deadLetters("jobs").list(0, 10)).singleElement().satisfies(letter -> {
            assertThat(letter.reason()).isEqualTo(DeadLetter.Reason.ATTEMPTS);
            assertThat(letter.attempts()).isEqualTo(3);
            assertThat(letter.lastError()).isEqualTo("java.lang.IllegalStateException: no paper");
        });
    }

    @Test
    void aDeliveryIsPutOffForAsLongAsItSaysOrGivenUpAtOnce() throws Exception {
        BlockingQueue<Integer> attempts = new LinkedBlockingQueue<>();
        Acknowledging patient = Acknowledging.group("g").withRetry(5, Duration.ofHours(1), Duration.ofHours(1));
        client.subscribe("jobs", patient, delivery -> {
            attempts.add(delivery.attempt());
            if (delivery.attempt() == 1) {
                delivery.nack(Duration.ofMillis(1));
            } else {
                delivery.reject("no such customer");
            }
        });
        publish(0, 1);
        assertThat(List.of(next(attempts), next(attempts))).containsExactly(1, 2);
        awaitDelivered("g", 0);
        assertThat(broker.deadLetters("jobs").list(0, 10)).singleElement().satisfies(letter -> {
            assertThat(letter.reason()).isEqualTo(DeadLetter.Reason.REJECTED);
            assertThat(letter.attempts()).isEqualTo(2);
            assertThat(letter.lastError()).isEqualTo("no such customer");
        });
    }

    @Test
    void manyAreAcknowledgedTogether() throws Exception {
        BlockingQueue<String> handled = new LinkedBlockingQueue<>();
        broker.createTopic("jobs.more");
        client.subscribe(
                "jobs.*",
                Acknowledging.durable("e"),
                delivery -> handled.add(delivery.event().text()));
        for (int i = 0; i < 2_000; i++) {
            broker.publish("jobs.more", "job " + i);
        }
        for (int i = 0; i < 2_000; i++) {
            assertThat(next(handled)).isEqualTo("job " + i);
        }
        awaitDelivered("e", 2_000);
    }

    @Test
    void whatWasNotAcknowledgedComesAgainAfterTheServerIsBack() throws Exception {
        BlockingQueue<Delivery> handled = new LinkedBlockingQueue<>();
        BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();
        CountDownLatch serverIsGone = new CountDownLatch(1);
        client.subscribe("jobs", Acknowledging.durable("d"), new DeliveryListener() {
            @Override
            public void onDelivery(Delivery delivery) throws InterruptedException {
                handled.add(delivery);
                if (delivery.event().text().equals("job 1")) {
                    serverIsGone.await();
                }
            }

            @Override
            public void onNotice(Notice notice) {
                notices.add(notice);
            }
        });
        publish(0, 3);
        next(handled);
        assertThat(next(handled).event().text()).isEqualTo("job 1");
        await("d", each -> each.delivered() == 1);
        int port = server.port();
        server.close();
        publish(3, 4);
        serverIsGone.countDown();
        server = FanfareServer.start(broker, ServerConfig.of(Map.of("port", Integer.toString(port))));
        List<String> again = new ArrayList<>();
        while (!again.contains("job 3")) {
            again.add(next(handled).event().text());
        }
        assertThat(again).contains("job 1", "job 2", "job 3").doesNotContain("job 0");
        awaitDelivered("d", 4);
        assertThat(next(notices)).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(next(notices)).isEqualTo(new Notice.Resumed(true, 0));
    }

    @Test
    void whatIsPublishedForAMessageIsThereOnceWhateverBreaks() throws Exception {
        Topic out = broker.createTopic("out", TopicConfig.defaults().withHistory(1_000));
        BlockingQueue<String> handled = new LinkedBlockingQueue<>();
        client.subscribe("jobs", Acknowledging.group("g"), delivery -> {
            delivery.publish("out", delivery.event().text());
            handled.add(delivery.event().text());
        });
        int port = server.port();
        for (int round = 0; round < 3; round++) {
            publish(100 * round, 100 * (round + 1));
            for (int i = 0; i < 30; i++) {
                next(handled);
            }
            server.close();
            server = FanfareServer.start(broker, ServerConfig.of(Map.of("port", Integer.toString(port))));
        }
        awaitDelivered("g", 300);
        assertThat(out.read(0, 1_000, Integer.MAX_VALUE))
                .extracting(message -> message.payload().text())
                .hasSize(300)
                .doesNotHaveDuplicates();
    }

    @Test
    void whatCanNotBePublishedForAMessageIsAFailedAttempt() throws Exception {
        BlockingQueue<Integer> attempts = new LinkedBlockingQueue<>();
        client.subscribe("jobs", Acknowledging.group("g").withRetry(2, Duration.ZERO, Duration.ZERO), delivery -> {
            attempts.add(delivery.attempt());
            delivery.publish("nowhere", "x");
        });
        publish(0, 1);
        assertThat(List.of(next(attempts), next(attempts))).containsExactly(1, 2);
        awaitDelivered("g", 0);
        assertThat(broker.deadLetters("jobs").list(0, 10))
                .singleElement()
                .satisfies(letter -> assertThat(letter.lastError())
                        .isEqualTo("TOPIC_NOT_FOUND: publish[0]: Topic 'nowhere' does not exist"));
    }

    @Test
    void aMemberAsksForWhatTheGroupWasMadeWith() throws Exception {
        AcknowledgedSubscription made = broker.subscription("jobs")
                .acknowledged()
                .retry(new dev.fanfare.RetryPolicy.Exponential(
                        3, Duration.ofSeconds(1), 1.5, Duration.ofSeconds(9), 0.5))
                .ordered()
                .circuitBreaker(dev.fanfare.CircuitBreaker.defaults().withFailureRate(10))
                .group("g")
                .handle(message -> {});
        made.close();
        Acknowledging how = Acknowledging.group("g")
                .withRetry(new RetryPolicy(3, Duration.ofSeconds(1), 1.5, Duration.ofSeconds(9), 0.5))
                .withCircuitBreaker(CircuitBreaker.defaults().withFailureRate(10));
        assertThatThrownBy(() -> client.subscribe("jobs", how, delivery -> {}))
                .hasMessageContaining("order is true, not false");
        BlockingQueue<String> handled = new LinkedBlockingQueue<>();
        client.subscribe(
                "jobs", how.inOrder(), delivery -> handled.add(delivery.event().text()));
        publish(0, 1);
        assertThat(next(handled)).isEqualTo("job 0");
    }

    @Test
    void aNameKeepsWhatComesWhileNobodyIsThere() throws Exception {
        BlockingQueue<String> handled = new LinkedBlockingQueue<>();
        DeliveryListener listener = delivery -> handled.add(delivery.event().text());
        publish(0, 1);
        Subscription first =
                client.subscribe("*", Acknowledging.durable("d"), Start.earliest(), Selection.all(), listener);
        assertThat(next(handled)).isEqualTo("job 0");
        awaitDelivered("d", 1);
        first.close();
        publish(1, 3);
        client.subscribe("*", Acknowledging.durable("d"), listener);
        assertThat(List.of(next(handled), next(handled))).containsExactly("job 1", "job 2");
        awaitDelivered("d", 3);
    }

    @Test
    void whoeverComesNextHasTheDurableName() throws Exception {
        BlockingQueue<Notice> notices = new LinkedBlockingQueue<>();
        client.subscribe("jobs", Acknowledging.durable("d"), new DeliveryListener() {
            @Override
            public void onDelivery(Delivery delivery) {}

            @Override
            public void onNotice(Notice notice) {
                notices.add(notice);
            }
        });
        try (FanfareClient other = client()) {
            BlockingQueue<String> handled = new LinkedBlockingQueue<>();
            other.subscribe(
                    "jobs",
                    Acknowledging.durable("d"),
                    delivery -> handled.add(delivery.event().text()));
            assertThat(next(notices)).isEqualTo(new Notice.Ended("somebody else has taken the subscription over"));
            publish(0, 1);
            assertThat(next(handled)).isEqualTo("job 0");
            assertThatThrownBy(() -> other.subscribe("other.*", Acknowledging.durable("d"), delivery -> {}))
                    .hasMessageContaining("d");
        }
    }
}
