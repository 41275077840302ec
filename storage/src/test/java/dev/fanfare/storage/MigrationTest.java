package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.TopicConfig;
import dev.fanfare.store.StoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/// A store of an older format becomes one of this, with everything in it.
class MigrationTest {

    private static final TopicConfig WRITTEN = TopicConfig.defaults().withDurability(Durability.WRITTEN);

    @TempDir
    private Path temporary;

    private Path folder() {
        return temporary.resolve("store");
    }

    /// A store with a message that has fewer tables, as format 1 had before the last of them came.
    private void older(String format, String without) throws IOException, RocksDBException {
        try (RocksStore store = RocksStore.open(folder(), Stores.SMALL);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            broker.createTopic("t", WRITTEN);
            assertThat(broker.publish("t", "kept")).isInstanceOf(Accepted.class);
        }
        Path database = folder().resolve("db");
        List<byte[]> names;
        try (Options options = new Options()) {
            names = RocksDB.listColumnFamilies(options, database.toString());
        }
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        try (RocksDB rocks = RocksDB.open(
                database.toString(),
                names.stream().map(ColumnFamilyDescriptor::new).toList(),
                handles)) {
            for (ColumnFamilyHandle handle : handles) {
                if (new String(handle.getName(), StandardCharsets.UTF_8).equals(without)) {
                    rocks.dropColumnFamily(handle);
                }
                handle.close();
            }
        }
        // Who left it was another.
        Files.delete(folder().resolve("CLOSED"));
        Files.writeString(folder().resolve("FORMAT"), "fanfare-storage " + format + "\n");
    }

    private void assertServed() {
        try (RocksStore store = RocksStore.open(folder(), Stores.SMALL);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            assertThat(store.damages()).isEmpty();
            assertThat(broker.topic("t").orElseThrow().read(0, 10, 1_000))
                    .extracting(Message::text)
                    .contains("kept");
            if (broker.topic("compact").isEmpty()) {
                broker.createTopic("compact", WRITTEN.withCompact(true));
            }
            assertThat(broker.publish("compact", Message.text("new").withKey("k")))
                    .isInstanceOf(Accepted.class);
        }
    }

    @Test
    void aTableThatCameLaterIsMade() throws Exception {
        older("1", "keys");
        assertServed();
        assertThat(folder().resolve("FORMAT")).hasContent("fanfare-storage 2\n");
        assertServed();
    }

    @Test
    void aStoreOfTheOlderFormatCanBeVerifiedAndIsLeftAsItIs() throws Exception {
        older("1", "keys");
        assertThat(RocksStore.verify(folder(), (_, _) -> {})).isEmpty();
        assertThat(folder().resolve("FORMAT")).hasContent("fanfare-storage 1\n");
        Path restored = temporary.resolve("restored");
        RocksStore.restore(folder(), restored, (_, _) -> {});
        Files.move(folder(), temporary.resolve("old"));
        Files.move(restored, folder());
        assertServed();
    }

    @Test
    void aTableThatIsMissingAlthoughTheFormatHasItIsDamage() throws Exception {
        older("2", "keys");
        assertDamaged("KEYS");
    }

    @Test
    void aTableThatEveryFormatHasIsDamageInAnOlderOneToo() throws Exception {
        older("1", "routes");
        assertDamaged("ROUTES");
    }

    private void assertDamaged(String table) {
        assertThatThrownBy(() -> RocksStore.open(folder(), Stores.SMALL))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.reason()).isEqualTo(StoreException.Reason.CORRUPT))
                .hasMessageContaining("does not list the tables [" + table + "]")
                .hasMessageContaining("restore the store from a backup");
    }
}
