package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.ErrorCode;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Receiver;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Groups and durable names in RocksDB: they end when they should, and can acknowledge on a full device.
class DurableNamesTest {

    private static final TopicConfig WRITTEN = TopicConfig.defaults().withDurability(Durability.WRITTEN);
    private static final Duration EXPIRY = Duration.ofHours(2);

    @TempDir
    private Path temporary;

    private final VirtualTimers timers = new VirtualTimers();
    private final AtomicLong free = new AtomicLong(1 << 30);

    private RocksStore store(String folder) {
        return RocksStore.open(temporary.resolve(folder), Stores.SMALL.withReserve(64 << 20), free::get);
    }

    private Broker broker(RocksStore store) {
        return Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(store));
    }

    /// Between two processes so much time goes by.
    private void assertThere(Duration later, String... names) {
        timers.advance(later);
        try (RocksStore store = store("store");
                Broker broker = broker(store)) {
            timers.advance(Duration.ofMillis(1));
            assertThat(broker.stats().acknowledged())
                    .extracting(AcknowledgedSubscription.Figures::name)
                    .containsExactlyInAnyOrder(names);
        }
    }

    @Test
    void aNameNobodyComesBackToEndsHoweverOftenTheProcessEnds() {
        try (RocksStore store = store("store");
                Broker broker = broker(store)) {
            broker.createTopic("t", WRITTEN);
            broker.subscription("t")
                    .acknowledged()
                    .expiry(EXPIRY)
                    .durable("short")
                    .receive()
                    .close();
            broker.subscription("t")
                    .acknowledged()
                    .expiry(EXPIRY.multipliedBy(2))
                    .group("long")
                    .receive()
                    .close();
        }
        assertThere(EXPIRY.minusMinutes(2), "short", "long");
        assertThere(Duration.ofMinutes(1), "short", "long");
        assertThere(Duration.ofMinutes(1), "long");
        assertThere(Duration.ZERO, "long");
        assertThere(EXPIRY);
        assertThere(Duration.ZERO);
    }

    private static Delivery next(Receiver receiver) throws InterruptedException {
        return Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
    }

    @Test
    void onAFullDeviceItCanBeReadAndAcknowledged() throws Exception {
        try (RocksStore store = store("store");
                Broker broker = broker(store)) {
            broker.createTopic("t", WRITTEN);
            Receiver receiver =
                    broker.subscription("t").acknowledged().group("g").receive();
            assertThat(broker.publish("t", "a")).isInstanceOf(Accepted.class);
            assertThat(broker.publish("t", "b")).isInstanceOf(Accepted.class);
            free.set(64 << 20);
            // What was known of the room holds until so much was written.
            store.reopen();
            assertThat(broker.publish("t", "refused"))
                    .isInstanceOfSatisfying(
                            Refused.class, refused -> assertThat(refused.code()).isEqualTo(ErrorCode.BACKPRESSURE));
            long before = commits(broker);
            next(receiver).ack();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (commits(broker) == before) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.onSpinWait();
            }
            assertThat(broker.publish("memory", "x")).isInstanceOf(Accepted.class);
            Crash.kill(temporary.resolve("store"), temporary.resolve("copy"));
        }
        free.set(1 << 30);
        try (RocksStore store = store("copy");
                Broker broker = broker(store)) {
            assertThat(broker.publish("t", "c")).isInstanceOf(Accepted.class);
            Receiver receiver =
                    broker.subscription("t").acknowledged().group("g").receive();
            assertThat(next(receiver).message().text()).isEqualTo("b");
            assertThat(next(receiver).message().text()).isEqualTo("c");
        }
    }

    private static long commits(Broker broker) {
        return Objects.requireNonNull(broker.stats().storage()).commits();
    }
}
