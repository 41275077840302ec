package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.TopicConfig;
import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StorageOptions;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is imported while the store fails, as it does when it comes upon damage while it puts files together.
class ImportTest {

    private static final int LINES = 3_000;

    @TempDir
    private Path temporary;

    /// A store that takes some writes, then none until it is opened again.
    private static Store failing(RocksStore store, AtomicInteger left) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (_, method, arguments) -> {
                    if (method.getName().equals("write") && left.getAndDecrement() <= 0) {
                        throw new StoreException(StoreException.Reason.CORRUPT, "000012.sst is damaged");
                    }
                    if (method.getName().equals("reopen") && left.get() > Integer.MIN_VALUE / 4) {
                        left.set(Integer.MAX_VALUE);
                    }
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static BufferedReader lines() {
        return new BufferedReader(new StringReader(IntStream.range(0, LINES)
                .mapToObj(n -> "{\"id\":\"m" + n + "\",\"payload\":" + n + "}")
                .collect(Collectors.joining("\n"))));
    }

    private static void make(Broker broker) {
        assertThat(broker.createTopic(
                        "t", TopicConfig.defaults().withHistory(LINES).withDurability(Durability.WRITTEN)))
                .isNotNull();
    }

    private static List<String> stored(Broker broker) {
        return broker.topic("t").orElseThrow().read(0, LINES * 2, 1 << 24).stream()
                .map(Message::id)
                .toList();
    }

    @Test
    void goesOnWhereItWasWhenTheStoreWasOpenedAgain() throws IOException {
        AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
        try (RocksStore store = RocksStore.open(temporary, StorageOptions.DEFAULT);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(failing(store, left)))) {
            make(broker);
            left.set(2);
            assertThat(new ImportRun(broker, "t", Duration.ofSeconds(30)).run(lines()))
                    .isEqualTo(LINES);
            assertThat(left.get()).as("it has failed").isGreaterThan(LINES);
            assertThat(stored(broker))
                    .containsExactlyElementsOf(
                            IntStream.range(0, LINES).mapToObj(n -> "m" + n).toList());
        }
    }

    @Test
    void saysWhichLinesAreThereWhenTheStoreStaysAway() {
        AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
        try (RocksStore store = RocksStore.open(temporary, StorageOptions.DEFAULT);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(failing(store, left)))) {
            make(broker);
            left.set(Integer.MIN_VALUE / 2);
            assertThatThrownBy(() -> new ImportRun(broker, "t", Duration.ZERO).run(lines()))
                    .hasMessageContaining("line 1 was refused: ")
                    .hasMessageContaining("000012.sst is damaged")
                    .hasMessageEndingWith("; the lines before it are imported");
            left.set(Integer.MAX_VALUE);
        }
    }
}
