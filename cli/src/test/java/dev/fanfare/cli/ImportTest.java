package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.TopicConfig;
import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StorageOptions;
import dev.fanfare.store.Store;
import dev.fanfare.store.StoreException;
import dev.fanfare.store.Table;
import dev.fanfare.time.VirtualTimers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
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
            assertThat(new ImportRun(broker, "t", Duration.ofSeconds(30), _ -> {}).run(lines()))
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
            assertThatThrownBy(() -> new ImportRun(broker, "t", Duration.ZERO, _ -> {}).run(lines()))
                    .hasMessageContaining("line 1 was refused: ")
                    .hasMessageContaining("000012.sst is damaged")
                    .hasMessageEndingWith("; the lines before it are imported");
            left.set(Integer.MAX_VALUE);
        }
    }

    @Test
    void linesThatAreLongAreNotSoManyAtATimeThatTheyAreRefused() throws Exception {
        AtomicReference<Thread> importing = new AtomicReference<>();
        try (RocksStore store = RocksStore.open(temporary, StorageOptions.DEFAULT);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(whenItWaits(store, importing)))) {
            make(broker);
            importing.set(Thread.currentThread());
            assertThat(new ImportRun(broker, "t", Duration.ZERO, _ -> {}).run(longLines(70)))
                    .isEqualTo(70);
            importing.set(null);
        }
    }

    /// Lines of a million characters.
    private static BufferedReader longLines(int count) {
        String large = "x".repeat(1_000_000);
        return new BufferedReader(new StringReader("")) {
            private int next;

            @Override
            public @Nullable String readLine() {
                int n = next++;
                return n < count ? "{\"id\":\"m" + n + "\",\"payload\":\"" + large + "\"}" : null;
            }
        };
    }

    /// A store that takes nothing while somebody brings more.
    private static Store whenItWaits(RocksStore store, AtomicReference<Thread> bringing) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (_, method, arguments) -> {
                    if (method.getName().equals("write")) {
                        awaitWaiting(bringing);
                    }
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static void awaitWaiting(AtomicReference<Thread> bringing) {
        for (Thread who = bringing.get(); who != null && who.getState() != Thread.State.WAITING; who = bringing.get()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void waitsWhileOthersFillWhatTheStoreLetsWait() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        List<String> said = new ArrayList<>();
        AtomicBoolean blocked = new AtomicBoolean();
        try (RocksStore store = RocksStore.open(temporary, StorageOptions.DEFAULT);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(blocking(store, blocked, open)))) {
            make(broker);
            broker.createTopic("other", TopicConfig.defaults().withDurability(Durability.WRITTEN));
            blocked.set(true);
            fill(broker);

            assertThatThrownBy(() -> new ImportRun(broker, "t", Duration.ZERO, said::add).run(lines()))
                    .hasMessageContaining("line 1 was refused 300 times: ")
                    .hasMessageContaining("bytes wait to be written")
                    .hasMessageEndingWith("; the lines before it are imported");
            assertThat(said).singleElement().asString().startsWith("line 1 waits: ");

            long read = new ImportRun(broker, "t", Duration.ofSeconds(30), _ -> open.countDown()).run(lines());
            assertThat(read).isEqualTo(LINES);
            assertThat(stored(broker))
                    .containsExactlyElementsOf(
                            IntStream.range(0, LINES).mapToObj(n -> "m" + n).toList());
        } finally {
            open.countDown();
        }
    }

    /// Publishes until no more may wait.
    private static void fill(Broker broker) {
        String large = "x".repeat(1_000_000);
        for (int i = 0; i < 1_000; i++) {
            var result = broker.publishAsync("other", Message.text(large));
            if (result.isDone() && result.join() instanceof PublishResult.Refused) {
                return;
            }
        }
        throw new AssertionError("everything was taken");
    }

    /// A store that takes nothing for a while.
    private static Store blocking(RocksStore store, AtomicBoolean blocked, CountDownLatch open) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (_, method, arguments) -> {
                    if (method.getName().equals("write") && blocked.get()) {
                        open.await();
                    }
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Test
    void aLineThatFailsAgainAndAgainIsGivenUp() throws Exception {
        AtomicInteger failed = new AtomicInteger();
        VirtualTimers timers = new VirtualTimers();
        AtomicBoolean over = new AtomicBoolean();
        try (RocksStore store = RocksStore.open(temporary, StorageOptions.DEFAULT);
                Broker broker = Broker.open(
                        BrokerConfig.defaults().withTimers(timers).withStore(failingWith(store, "m7", failed)))) {
            make(broker);
            Thread clock = Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    timers.advance(Duration.ofMillis(100));
                    Thread.onSpinWait();
                }
            });
            assertThatThrownBy(() -> new ImportRun(broker, "t", Duration.ofSeconds(30), _ -> {}).run(lines()))
                    .hasMessageContaining("was refused 5 times: ")
                    .hasMessageContaining("told to fail")
                    .hasMessageEndingWith("; the lines before it are imported");
            over.set(true);
            clock.join();
            assertThat(failed).hasValueGreaterThanOrEqualTo(5);
        }
    }

    /// A batch that may hold what can't be written.
    private static final class Noted implements Store.Batch {
        private final Store.Batch batch;
        private final String marker;
        private boolean marked;

        Noted(Store.Batch batch, String marker) {
            this.batch = batch;
            this.marker = marker;
        }

        @Override
        public void put(Table table, byte[] key, byte[] value) {
            marked |= new String(value, StandardCharsets.ISO_8859_1).contains(marker);
            batch.put(table, key, value);
        }

        @Override
        public void delete(Table table, byte[] key) {
            batch.delete(table, key);
        }

        @Override
        public void deleteRange(Table table, byte[] from, byte[] to) {
            batch.deleteRange(table, from, to);
        }
    }

    /// A store that writes anything but a text.
    private static Store failingWith(RocksStore store, String text, AtomicInteger failed) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (_, method, arguments) -> {
                    if (method.getName().equals("batch")) {
                        return new Noted(store.batch(), text);
                    }
                    if (method.getName().equals("write")) {
                        Noted noted = (Noted) arguments[0];
                        if (noted.marked) {
                            failed.incrementAndGet();
                            throw new StoreException(StoreException.Reason.FAILED, "told to fail");
                        }
                        store.write(noted.batch);
                        return null;
                    }
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
