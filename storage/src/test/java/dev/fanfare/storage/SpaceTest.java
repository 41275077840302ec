package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.TopicConfig;
import dev.fanfare.time.VirtualTimers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a topic forgets, for whatever reason, the folder no longer takes.
class SpaceTest {

    private static final int MESSAGES = 5_000;
    private static final int LENGTH = 10_000;

    /// All of them, but for what compression and framing change.
    private static final long ALL = 48_000_000;

    /// The log, what is not worth being written anew yet, and what is kept.
    private static final long LITTLE = 24_000_000;

    private static final TopicConfig EVERYTHING = TopicConfig.defaults()
            .withDurability(Durability.WRITTEN)
            .withHistory(1_000_000)
            .withHistoryBytes(1L << 40);

    @TempDir
    private Path folder;

    private final VirtualTimers timers = new VirtualTimers();

    private interface Forgetting {
        void by(Broker broker) throws Exception;
    }

    /// Publishes it all, has it forgotten, looks at the folder, and again when it was opened anew.
    private void comesBack(TopicConfig config, long left, Forgetting forgetting) throws Exception {
        try (RocksStore store = RocksStore.open(folder, Stores.SMALL);
                Broker broker = broker(store)) {
            assertThat(broker.createTopic("t", config)).isNotNull();
            publish(broker, MESSAGES);
            forgetting.by(broker);
            // It is little before all is done, and what is not done then waits for the next publish.
            Stores.eventually(() -> size() < LITTLE && kept(broker) <= left);
        }
        try (RocksStore store = RocksStore.open(folder, Stores.SMALL);
                Broker broker = broker(store)) {
            // Files may be deleted while they are counted.
            Stores.eventually(() -> size() < LITTLE);
            assertThat(kept(broker)).isBetween(0L, left);
        }
    }

    private static long kept(Broker broker) {
        return broker.topic("t")
                .map(topic -> topic.read(0, MESSAGES, Integer.MAX_VALUE).size())
                .orElse(0);
    }

    private Broker broker(RocksStore store) {
        return Broker.open(BrokerConfig.defaults().withTimers(timers).withStore(store));
    }

    private static void publish(Broker broker, int count) {
        Random random = new Random(1);
        CompletableFuture<PublishResult> last = CompletableFuture.completedFuture(null);
        for (int i = 0; i < count; i++) {
            byte[] payload = new byte[LENGTH];
            random.nextBytes(payload);
            Message message = Message.of(Payload.wrap(payload, "application/octet-stream"))
                    .withKey("k" + i % 10);
            last = broker.publishAsync("t", message);
            if (i % 100 == 99) {
                assertThat(last.join()).isInstanceOf(Accepted.class);
            }
        }
        assertThat(last.join()).isInstanceOf(Accepted.class);
    }

    private long size() {
        try (var files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).mapToLong(SpaceTest::size).sum();
        } catch (UncheckedIOException | IOException changed) {
            return Long.MAX_VALUE;
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (NoSuchFileException gone) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whatIsKeptTakesItsSpace() {
        try (RocksStore store = RocksStore.open(folder, Stores.SMALL);
                Broker broker = broker(store)) {
            assertThat(broker.createTopic("t", EVERYTHING)).isNotNull();
            publish(broker, MESSAGES);
            assertThat(size()).isGreaterThan(ALL);
        }
    }

    @Test
    void ofWhatWasForgottenByCount() throws Exception {
        comesBack(EVERYTHING.withHistory(100), 250, _ -> {});
    }

    @Test
    void ofWhatWasForgottenByBytes() throws Exception {
        comesBack(EVERYTHING.withHistoryBytes(1 << 20), 250, _ -> {});
    }

    @Test
    void ofWhatWasForgottenByAge() throws Exception {
        comesBack(EVERYTHING.withHistoryAge(Duration.ofSeconds(10)), 250, broker -> {
            assertThat(size()).isGreaterThan(ALL);
            timers.advance(Duration.ofSeconds(11));
            publish(broker, 10);
        });
    }

    @Test
    void ofAllButTheNewestOfEachKey() throws Exception {
        comesBack(EVERYTHING.withCompact(true), 250, _ -> {});
    }

    @Test
    void ofATopicThatWasDeleted() throws Exception {
        comesBack(EVERYTHING, 0, broker -> assertThat(broker.deleteTopic("t")).isTrue());
    }
}
