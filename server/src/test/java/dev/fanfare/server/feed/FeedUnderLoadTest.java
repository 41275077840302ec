package dev.fanfare.server.feed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Topic;
import dev.fanfare.server.feed.FeedFixture.Settings;
import dev.fanfare.server.feed.FeedFixture.Subscriber;
import dev.fanfare.server.feed.WireCursor.Overflow;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Several publishers and several loops; subscribers that come, go, stop reading and go on. Whatever happens, each of
/// them hears every message once and in order, or is told how many it lost, and nothing of the memory is left behind.
class FeedUnderLoadTest {

    private static final int TOPICS = 4;
    private static final int PUBLISHERS = 3;
    private static final int MESSAGES = 6000;
    private static final int LOOPS = 3;
    private static final int CLIENTS_PER_LOOP = 8;

    private final FeedFixture fixture = new FeedFixture();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

    @Test
    void everyMessageIsHeardOnceOrToldAsLost() throws Exception {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        System.out.println("FeedUnderLoadTest: -Dfanfare.seed=" + seed);
        Random seeds = new Random(seed);
        IntStream.range(0, TOPICS).forEach(i -> fixture.topic("p." + i));
        List<DefaultEventLoop> eventLoops =
                IntStream.range(0, LOOPS).mapToObj(i -> new DefaultEventLoop()).toList();
        List<Client> clients = new ArrayList<>();
        for (EventLoop eventLoop : eventLoops) {
            Loop loop = new Loop(eventLoop);
            for (int i = 0; i < CLIENTS_PER_LOOP; i++) {
                Client client = new Client(loop, i % 3 == 0 ? "p.*" : "p." + seeds.nextInt(TOPICS), seeds.nextLong());
                clients.add(client);
                on(client, client::attach);
            }
        }

        publishAll(seeds);
        for (Client client : clients) {
            on(client, client::calmDown);
        }
        waitUntilAllIsHeard(clients);
        for (Client client : clients) {
            on(client, client::leave);
        }
        for (EventLoop eventLoop : eventLoops) {
            eventLoop.shutdownGracefully(0, 10, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);
        }
        fixture.close();

        assertThat(failures).as("seed %d", seed).isEmpty();
        assertThat(fixture.memoryHeld()).as("seed %d", seed).isZero();
        assertThat(clients.stream().mapToLong(client -> client.heard).sum()).isPositive();
    }

    private void publishAll(Random seeds) throws Exception {
        try (ExecutorService publishers = Executors.newFixedThreadPool(PUBLISHERS)) {
            List<Future<?>> done = new ArrayList<>();
            for (int p = 0; p < PUBLISHERS; p++) {
                long seed = seeds.nextLong();
                done.add(publishers.submit(() -> publish(new Random(seed))));
            }
            for (Future<?> future : done) {
                future.get(60, TimeUnit.SECONDS);
            }
        }
    }

    private void publish(Random random) {
        for (int i = 0; i < MESSAGES; i++) {
            int size = random.nextInt(500) == 0
                    ? random.nextInt(200_000)
                    : random.nextInt(20) == 0 ? random.nextInt(5000) : random.nextInt(100);
            fixture.publish("p." + random.nextInt(TOPICS), "x".repeat(size));
            if (random.nextInt(1000) == 0) {
                fixture.topic("p." + random.nextInt(TOPICS))
                        .delivery(random.nextBoolean() ? null : DeliveryStrategy.batched(5, Duration.ofMillis(1)));
            }
        }
    }

    private void waitUntilAllIsHeard(List<Client> clients) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        for (Client client : clients) {
            while (!on(client, client::hasHeardAll) && failures.isEmpty()) {
                assertThat(System.nanoTime())
                        .as(() -> "still missing: " + client)
                        .isLessThan(deadline);
                // What is still on its way comes with the loop's next turns.
                client.loop
                        .eventLoop()
                        .schedule(() -> {}, 1, TimeUnit.MILLISECONDS)
                        .get(10, TimeUnit.SECONDS);
            }
        }
    }

    private static void on(Client client, Runnable action) throws Exception {
        client.loop.eventLoop().submit(action).get(30, TimeUnit.SECONDS);
    }

    private static <T> T on(Client client, Callable<T> question) throws Exception {
        return client.loop.eventLoop().submit(question).get(30, TimeUnit.SECONDS);
    }

    /// One connection with one subscription at a time. On its loop.
    private final class Client {

        private final Loop loop;
        private final String pattern;
        private final Random random;
        private final Map<String, Long> next = new HashMap<>();
        private @Nullable Subscriber subscriber;
        private boolean calm;
        private boolean attachedAnew;
        private long gaps;
        private long told;
        private long heard;

        Client(Loop loop, String pattern, long seed) {
            this.loop = loop;
            this.pattern = pattern;
            this.random = new Random(seed);
        }

        private Subscriber subscriber() {
            return Objects.requireNonNull(subscriber, "not attached yet");
        }

        private boolean wild() {
            return pattern.endsWith("*");
        }

        void attach() {
            next.clear();
            gaps = 0;
            told = 0;
            FakePeer peer = new FakePeer(loop);
            peer.sink = this::hear;
            Overflow overflow = Overflow.values()[random.nextInt(3)];
            DeliveryStrategy delivery = random.nextInt(3) == 0
                    ? DeliveryStrategy.batched(1 + random.nextInt(20), Duration.ofMillis(1))
                    : null;
            Subscriber attached =
                    new Subscriber(fixture, peer, pattern, new Settings(delivery, overflow, 1 + random.nextInt(200)));
            subscriber = attached;
            attached.onOverflow = () -> loop.execute(() -> startAnew(attached));
            if (!wild()) {
                next.put(pattern, attached.attachment.opened().offset());
            }
            attached.live(wild());
            stir();
        }

        /// Does something to the connection, and again a little later.
        private void stir() {
            if (calm) {
                return;
            }
            Subscriber now = subscriber();
            switch (random.nextInt(8)) {
                case 0, 1 -> now.peer.refuse();
                case 2, 3, 4 -> now.peer.take();
                case 5, 6 -> now.peer.takeOnce();
                default -> {
                    if (random.nextInt(10) == 0) {
                        startAnew(now);
                        return;
                    }
                }
            }
            loop.eventLoop().schedule(this::stir, random.nextInt(3000), TimeUnit.MICROSECONDS);
        }

        private void startAnew(Subscriber old) {
            if (old != subscriber || calm) {
                return;
            }
            old.leave();
            old.peer.close();
            attachedAnew = true;
            attach();
        }

        void calmDown() {
            calm = true;
            subscriber().onOverflow = () -> {};
            subscriber().peer.take();
        }

        void leave() {
            Subscriber last = subscriber();
            if (last.peer.failure != null) {
                failures.add(last.peer.failure);
            }
            last.leave();
            last.peer.close();
        }

        private void hear(String text) {
            try {
                check(text);
            } catch (Throwable wrong) {
                failures.add(wrong);
            }
        }

        private void check(String text) {
            if (text.startsWith("dropped ")) {
                told += Long.parseLong(text.substring(8));
                return;
            }
            heard++;
            String topic = text.substring(0, text.indexOf(' '));
            long offset = Long.parseLong(text.substring(text.lastIndexOf(' ') + 1));
            Long expected = next.put(topic, offset + 1);
            if (expected == null) {
                // A pattern tells no offset to begin with; from the very beginning it is 0.
                expected = attachedAnew ? offset : 0L;
            }
            assertThat(offset).as(() -> this + " heard " + topic).isGreaterThanOrEqualTo(expected);
            gaps += offset - expected;
            assertThat(gaps).as(() -> this + " lost more than it was told").isLessThanOrEqualTo(told);
            if (!wild()) {
                assertThat(gaps)
                        .as(() -> this + " was told of more than it lost")
                        .isEqualTo(told);
            }
        }

        /// Up to the last message, and told of the rest.
        boolean hasHeardAll() {
            long missing = 0;
            for (int i = 0; i < TOPICS; i++) {
                Topic topic = fixture.topic("p." + i);
                if (wild() || topic.name().equals(pattern)) {
                    Long at = next.get(topic.name());
                    missing += at != null ? topic.visible() - at : attachedAnew ? 0 : topic.visible();
                }
            }
            return attachedAnew && wild() ? gaps + missing <= told : gaps + missing == told;
        }

        @Override
        public String toString() {
            return pattern + " at " + next + ", told of " + told + " of " + gaps + " lost";
        }
    }
}
