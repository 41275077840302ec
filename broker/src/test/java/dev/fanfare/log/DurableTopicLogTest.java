package dev.fanfare.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Message;
import dev.fanfare.store.Keys;
import dev.fanfare.store.MemoryStore;
import dev.fanfare.store.Store;
import dev.fanfare.store.Table;
import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/// A log on a device keeps what every log promises, wherever a message is found: in memory or on the device.
class DurableTopicLogTest {

    private static final Retention ROOMY = new Retention(1_000, 1 << 20, 0);

    private final VirtualTimers timers = new VirtualTimers();
    private final MemoryStore store = new MemoryStore();
    private final HistoryBudget budget = new HistoryBudget(1 << 20);
    private final List<String> damages = new ArrayList<>();

    /// @param cached how many messages stay in memory
    private CommittingLog log(Retention retention, int cached, Marks marks) {
        return log(store, retention, cached, marks, null);
    }

    private CommittingLog log(
            MemoryStore store, Retention retention, int cached, Marks marks, @Nullable Compacted compacted) {
        Retention cache = new Retention(cached, 1 << 20, 0);
        DurableTopicLog log = new DurableTopicLog(
                store,
                7,
                "topic",
                "epoch",
                retention,
                cache,
                marks,
                compacted,
                timers,
                budget,
                (from, to) -> damages.add(from + ".." + to));
        return new CommittingLog(log, store);
    }

    private CommittingLog reopened(Retention retention, int cached) {
        byte[] marks = store.get(Table.MARKS, Keys.of(7));
        return log(retention, cached, marks == null ? Marks.NONE : Marks.of(marks));
    }

    abstract class Contract implements TopicLogContract {
        private final int cached;

        Contract(int cached) {
            this.cached = cached;
        }

        @Override
        public TopicLog newLog(Retention retention) {
            return log(retention, cached, Marks.NONE);
        }

        @Override
        public void advanceMillis(long millis) {
            timers.advance(Duration.ofMillis(millis));
        }

        @Override
        public long nowMillis() {
            return timers.currentTimeMillis();
        }
    }

    @Nested
    class AllOfItInMemory extends Contract {
        AllOfItInMemory() {
            super(1_000);
        }
    }

    @Nested
    class TheNewestInMemory extends Contract {
        TheNewestInMemory() {
            super(1);
        }
    }

    private static void add(TopicLog log, String... texts) {
        for (String text : texts) {
            log.append(Message.text(text).stored("id-" + log.end(), "topic", "epoch", log.end(), log.end()));
        }
        log.reveal(log.end());
    }

    private static List<String> texts(TopicLog log, long from) {
        return log.read(from, 1_000, Integer.MAX_VALUE).stream()
                .map(Message::text)
                .toList();
    }

    @Test
    void goesOnWhereItWas() {
        add(log(ROOMY, 10, Marks.NONE), "a", "b", "c");
        CommittingLog again = reopened(ROOMY, 10);
        assertThat(again.end()).isEqualTo(3);
        assertThat(again.visible()).isEqualTo(3);
        assertThat(again.lastTimestamp()).isEqualTo(2);
        assertThat(texts(again, 0)).containsExactly("a", "b", "c");
        add(again, "d");
        assertThat(texts(again, 2)).containsExactly("c", "d");
    }

    @Test
    void keepsOnForgettingAfterItWasOpenedAgain() {
        Retention three = new Retention(3, 1 << 20, 0);
        add(log(three, 2, Marks.NONE), "a", "b", "c", "d");
        CommittingLog again = reopened(three, 2);
        add(again, "e", "f");
        assertThat(texts(again, 0)).containsExactly("d", "e", "f");
        assertThat(again.bytes())
                .isEqualTo(
                        again.read(0, 9, 999).stream().mapToLong(TopicLog::cost).sum());
    }

    @Test
    void keepsWhatIsHeldWhateverItsRetention() {
        CommittingLog log = log(new Retention(2, 1 << 20, 0), 1, Marks.NONE);
        add(log, "a", "b");
        log.durable().hold("somebody", 1);
        add(log, "c", "d", "e");
        assertThat(texts(log, 0)).containsExactly("b", "c", "d", "e");
        log.durable().hold("somebody", 3);
        add(log, "f");
        assertThat(texts(log, 0)).containsExactly("d", "e", "f");
        log.durable().release("somebody");
        add(log, "g");
        assertThat(texts(log, 0)).containsExactly("f", "g");
    }

    @Test
    void passesDamagedRecordsAndTellsWhichOffsetsAreLost() {
        CommittingLog log = log(ROOMY, 0, Marks.NONE);
        for (int i = 0; i < 20; i++) {
            add(log, "m" + i);
        }
        for (long offset = 5; offset < 12; offset++) {
            store.corrupt(Table.MESSAGES, Keys.of(7, offset));
        }
        assertThat(texts(log, 0)).containsExactly("m0", "m1", "m2", "m3", "m4");
        assertThat(texts(log, 5)).startsWith("m12").hasSize(8);
        assertThat(damages).containsExactly("5..12");
    }

    @Test
    void aDamagedRecordOfManyMessagesIsToldAsOne() {
        CommittingLog log = log(ROOMY, 0, Marks.NONE);
        add(log, "m0");
        for (int offset = 1; offset < 300; offset++) {
            log.append(Message.text("x").stored("", "topic", "epoch", offset, offset));
        }
        log.reveal(log.end());
        add(log, "last");
        store.corrupt(Table.MESSAGES, Keys.of(7, 1L));
        assertThat(texts(log, 1)).containsExactly("last");
        assertThat(damages).containsExactly("1..300");
    }

    @Test
    void deletesWhatWasForgotten() {
        CommittingLog log = log(new Retention(10, 1 << 20, 0), 5, Marks.NONE);
        for (int i = 0; i < 12_000; i++) {
            add(log, "m" + i);
        }
        byte[][] garbage = log.durable().garbage();
        assertThat(garbage).hasDimensions(2, 12);
        // What could not be carried out is named again.
        assertThat(log.durable().garbage()).isEqualTo(garbage);
        Store.Batch batch = store.batch();
        batch.deleteRange(Table.MESSAGES, garbage[0], garbage[1]);
        store.write(batch);
        log.durable().deleted(garbage);
        assertThat(texts(log, 0)).hasSize(10).startsWith("m11990");
        assertThat(log.durable().garbage()).isEmpty();
    }

    @Test
    void findsEveryMessageFromEveryOffsetAndTime() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        CommittingLog log = log(new Retention(10_000, 1 << 30, 0), 1 + random.nextInt(50), Marks.NONE);
        long time = 0;
        List<Long> times = new ArrayList<>();
        for (int commit = 0; commit < 100; commit++) {
            for (int i = random.nextInt(30); i >= 0; i--) {
                time += random.nextInt(3);
                times.add(time);
                log.append(Message.text("m" + log.end()).stored("", "topic", "epoch", log.end(), time));
            }
            log.reveal(log.end());
        }
        for (int i = 0; i < 500; i++) {
            long from = random.nextLong(log.end());
            Message found = log.read(from, 1 + random.nextInt(5), 1_000).getFirst();
            assertThat(found.offset()).as("seed %d", seed).isEqualTo(from);
            assertThat(found.text()).isEqualTo("m" + from);
            long wanted = random.nextLong(time + 2);
            long expected = times.stream().filter(each -> each < wanted).count();
            assertThat(log.firstAt(wanted)).as("seed %d time %d", seed, wanted).isEqualTo(expected);
        }
    }

    // ---- only the newest message of each key

    private void addKeyed(CommittingLog log, String key) {
        long offset = log.end();
        log.append(Message.text("x".repeat((int) offset % 7))
                .withKey(key)
                .stored("id-" + offset, "topic", "epoch", offset, timers.currentTimeMillis()));
        log.reveal(log.end());
    }

    /// What happens while a log is looked through, now and then.
    private void disturb(CommittingLog log, Random random) {
        switch (random.nextInt(12)) {
            case 0 -> {
                timers.advance(Duration.ofMillis(300));
                log.expire();
            }
            case 1 -> log.shrink(log.bytes() / 2);
            case 2 -> log.shrink(0);
            case 3, 4 -> addKeyed(log, "key " + random.nextInt(200));
            default -> {
                // Nothing, mostly.
            }
        }
    }

    @Test
    void figuresAreRightWhateverIsForgottenWhileItIsLookedThrough() {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            MemoryStore fresh = new MemoryStore();
            CommittingLog log = log(fresh, new Retention(1_000, 1 << 20, 1_000), 0, Marks.NONE, Compacted.NOTHING);
            for (int pass = 0; pass < 3; pass++) {
                for (int i = random.nextInt(200); i >= 0; i--) {
                    addKeyed(log, "key " + random.nextInt(200));
                    timers.advance(Duration.ofMillis(random.nextInt(3)));
                }
                log.durable()
                        .compact(
                                Runnable::run,
                                change -> {
                                    Store.Batch batch = fresh.batch();
                                    change.accept(batch);
                                    fresh.write(batch);
                                    disturb(log, random);
                                    return true;
                                },
                                () -> {
                                    disturb(log, random);
                                    return false;
                                });
                log.expire();
                List<Message> left = log.read(0, 10_000, Integer.MAX_VALUE);
                assertThat(log.bytes())
                        .as("seed %d, pass %d", seed, pass)
                        .isEqualTo(left.stream().mapToLong(TopicLog::cost).sum());
                Store.Batch batch = fresh.batch();
                log.durable().mark(batch, log.visible(), 0);
                fresh.write(batch);
                Compacted known = Compacted.of(Objects.requireNonNull(fresh.get(Table.KEYS, Keys.of(7))));
                List<Message> below = left.stream()
                        .filter(message -> message.offset() < known.upTo())
                        .toList();
                assertThat(known)
                        .as("seed %d, pass %d", seed, pass)
                        .isEqualTo(new Compacted(
                                known.upTo(),
                                below.size(),
                                below.stream().mapToLong(TopicLog::cost).sum()));
            }
        }
    }

    private boolean write(Consumer<Store.Batch> change) {
        Store.Batch batch = store.batch();
        change.accept(batch);
        store.write(batch);
        return true;
    }

    @Test
    void aRecordThatIsForgottenInPartIsLookedThroughAfterItWasOpenedAgain() {
        CommittingLog log = log(store, ROOMY, 0, Marks.NONE, Compacted.NOTHING);
        for (int offset = 0; offset < 10; offset++) {
            log.append(Message.text("x").withKey("key " + offset % 2).stored("", "topic", "epoch", offset, 0));
        }
        log.reveal(log.end());
        log.shrink(log.bytes() - 1);
        assertThat(log.oldest()).isEqualTo(1);
        write(batch -> log.durable().mark(batch, log.visible(), 0));
        Marks marks = Marks.of(Objects.requireNonNull(store.get(Table.MARKS, Keys.of(7))));
        CommittingLog again = log(store, ROOMY, 0, marks, Compacted.NOTHING);
        again.durable().compact(Runnable::run, this::write, () -> false);
        assertThat(again.read(0, 100, 100_000)).extracting(Message::offset).containsExactly(8L, 9L);
    }

    @Test
    void whatIsDeletedWhileItIsLookedThroughIsLookedThroughAgain() {
        CommittingLog log = log(store, new Retention(1_000_000, 1 << 30, 0), 0, Marks.NONE, Compacted.NOTHING);
        for (int offset = 0; offset < 11_000; offset++) {
            log.append(Message.text("x").withKey("key").stored("", "topic", "epoch", offset, 0));
        }
        log.reveal(log.end());
        log.durable()
                .compact(
                        Runnable::run,
                        change -> {
                            log.shrink(log.bytes() / 22);
                            byte[][] garbage = log.durable().garbage();
                            write(batch -> batch.deleteRange(Table.MESSAGES, garbage[0], garbage[1]));
                            log.durable().deleted(garbage);
                            return write(change);
                        },
                        () -> false);
        List<Message> left = log.read(0, 100_000, Integer.MAX_VALUE);
        assertThat(log.bytes())
                .isEqualTo(left.stream().mapToLong(TopicLog::cost).sum());
        assertThat(log.durable().wantsCompaction()).isTrue();
        log.durable().compact(Runnable::run, this::write, () -> false);
        assertThat(log.read(0, 100, 100_000)).extracting(Message::offset).containsExactly(10_999L);
        assertThat(log.bytes()).isEqualTo(TopicLog.cost(left.getLast()));
    }

    @Test
    void moreKeysThanAreRememberedAreLeftForTheNextTimeAndCounted() {
        CommittingLog log = log(store, new Retention(1_000_000, 1 << 30, 0), 0, Marks.NONE, Compacted.NOTHING);
        for (int i = 0; i < 210_000; i++) {
            log.append(Message.text("x").withKey("key " + i % 205_000).stored("", "topic", "epoch", i, 0));
        }
        log.reveal(log.end());
        for (int left : new int[] {210_000, 205_000}) {
            log.durable()
                    .compact(
                            Runnable::run,
                            change -> {
                                Store.Batch batch = store.batch();
                                change.accept(batch);
                                store.write(batch);
                                return true;
                            },
                            () -> false);
            List<Message> all = log.read(0, Integer.MAX_VALUE, Integer.MAX_VALUE);
            assertThat(all).hasSize(left);
            assertThat(log.bytes())
                    .isEqualTo(all.stream().mapToLong(TopicLog::cost).sum());
        }
    }
}
