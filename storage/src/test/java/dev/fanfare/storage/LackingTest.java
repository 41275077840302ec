package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Position;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.Start;
import dev.fanfare.Subscription;
import dev.fanfare.TopicConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A store that has lost something says how safe that had been: else places would be given twice.
class LackingTest {

    private static final int MESSAGES = 1_000;
    private static final int LENGTH = 500;

    @TempDir
    private Path temporary;

    private Path folder() {
        return temporary.resolve("store");
    }

    private RocksStore open() {
        return RocksStore.open(folder(), Stores.SMALL);
    }

    private Path log() {
        return Crash.files(folder(), ".log").getLast();
    }

    /// What is left when a process is killed that has written messages, the first ones of them synced.
    private void killed(int synced) {
        try (RocksStore store = RocksStore.open(temporary.resolve("original"), Stores.SMALL)) {
            for (int number = 0; number < MESSAGES; number++) {
                Stores.put(store, number, LENGTH);
                if (number == synced - 1) {
                    store.sync();
                }
            }
            Crash.kill(temporary.resolve("original"), folder());
        }
    }

    /// It is said until it is synced, whoever asks.
    private void assertLacking(Durability level) {
        try (RocksStore store = open()) {
            assertThat(store.lacking()).isEqualTo(level);
        }
        try (RocksStore store = open()) {
            assertThat(store.lacking()).isEqualTo(level);
            store.sync();
            assertThat(store.lacking()).isEqualTo(Durability.MEMORY);
        }
        try (RocksStore store = open()) {
            assertThat(store.lacking()).isEqualTo(Durability.MEMORY);
        }
    }

    @Test
    void aTableThatIsLeftOut() {
        try (RocksStore store = open()) {
            Stores.put(store, 0, MESSAGES, LENGTH);
            store.reopen();
        }
        Crash.truncate(Crash.files(folder(), ".sst").getLast(), 10);
        assertLacking(Durability.SYNCED);
    }

    @Test
    void aLogThatIsGone() throws IOException {
        try (RocksStore store = open()) {
            Stores.put(store, 1, LENGTH);
        }
        Files.delete(log());
        assertLacking(Durability.SYNCED);
    }

    @Test
    void aListOfTablesWithoutItsEndAndWithoutItsCopy() throws IOException {
        try (RocksStore store = open()) {
            Stores.put(store, 0, MESSAGES, LENGTH);
            store.reopen();
        }
        Path manifest = folder().resolve("db")
                .resolve(Files.readString(folder().resolve("db/CURRENT")).strip());
        Crash.truncate(manifest, Crash.size(manifest) - 1);
        Files.delete(folder().resolve("CLOSED.manifest"));
        assertLacking(Durability.SYNCED);
    }

    @Test
    void aHoleInTheLogWhereItWasSynced() {
        killed(MESSAGES - 5);
        Crash.erase(log(), Crash.size(log()) / 2 / 4096 * 4096, 4096);
        assertLacking(Durability.SYNCED);
    }

    @Test
    void aHoleInTheLogWhereItWasOnlyWritten() {
        killed(0);
        Crash.erase(log(), Crash.size(log()) / 2 / 4096 * 4096, 4096);
        assertLacking(Durability.WRITTEN);
    }

    @Test
    void anEndThatWasTornOffLacksNothingThatWasAcknowledged() {
        killed(0);
        Crash.truncate(log(), Crash.size(log()) - 100);
        assertLacking(Durability.MEMORY);
    }

    @Test
    void whoResumesIsToldThatPlacesAreGivenAnew() throws IOException {
        TopicConfig synced = TopicConfig.defaults().withDurability(Durability.SYNCED);
        try (RocksStore store = open();
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            assertThat(broker.createTopic("t", synced)).isNotNull();
            assertThat(broker.publish("t", "kept")).isInstanceOf(Accepted.class);
        }
        Position last;
        try (RocksStore store = open();
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            Accepted lost = (Accepted) broker.publish("t", "lost");
            last = new Position(lost.epoch(), lost.offset());
        }
        Files.delete(log());
        try (RocksStore store = open();
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            Accepted other = (Accepted) broker.publish("t", "other");
            assertThat(other.offset()).isEqualTo(last.offset());
            Subscription resumed =
                    broker.subscription("t").start(new Start.After(last)).handle(_ -> {});
            assertThat(resumed.recovered()).isFalse();
        }
    }
}
