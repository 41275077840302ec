package dev.fanfare.bench;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.PublishResult;
import dev.fanfare.TopicConfig;
import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StorageOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/// What durable topics take in process, messages of 200 bytes, in a folder that is made for it: written as fast as
/// it goes; synced by 100 publishers that each wait, against one sync of a file per message; and how long a lone
/// synced publish takes, against a bare sync. In turn, so that a device that changes its mind changes both.
///
/// `StoreLoad [ROUNDS]` for that; `StoreLoad fill FOLDER GIGABYTES` stores so much and stays silent otherwise, and
/// `StoreLoad open FOLDER` says how long opening it takes.
public final class StoreLoad {

    private static final int BYTES = 200;
    private static final int IN_FLIGHT = 20_000;
    private static final int WRITTEN = 2_000_000;
    private static final int PUBLISHERS = 100;
    private static final int SECONDS = 3;
    private static final int LONE = 2_000;
    private static final Message MESSAGE = Message.text("x".repeat(BYTES));

    private StoreLoad() {}

    /// Prints what was measured.
    public static void main(String[] args) throws Exception {
        if (args.length == 3 && args[0].equals("fill")) {
            fill(Path.of(args[1]), Long.parseLong(args[2]) << 30);
            return;
        }
        if (args.length == 2 && args[0].equals("open")) {
            long begun = System.nanoTime();
            try (Broker broker = open(Path.of(args[1]))) {
                System.out.printf(
                        "opened in %,d ms: %,d messages%n",
                        (System.nanoTime() - begun) / 1_000_000,
                        broker.topics()
                                .mapToLong(topic -> topic.visible() - topic.oldest())
                                .sum());
            }
            return;
        }
        Path folder = Files.createTempDirectory("fanfare-store");
        try {
            int rounds = args.length == 0 ? 5 : Integer.parseInt(args[0]);
            for (int round = 0; round < rounds; round++) {
                Path own = folder.resolve("round-" + round);
                try (Broker broker = open(own)) {
                    written(broker);
                    bareSyncs(folder.resolve("bare"), PUBLISHERS);
                    synced(broker);
                    long bare = bareLatency(folder.resolve("bare"));
                    lone(broker, bare);
                }
                delete(own);
            }
        } finally {
            delete(folder);
        }
    }

    private static Broker open(Path folder) {
        return Broker.open(BrokerConfig.defaults().withStore(RocksStore.open(folder, StorageOptions.DEFAULT)));
    }

    private static void topic(Broker broker, String name, Durability durability) {
        broker.createTopic(
                name,
                TopicConfig.defaults()
                        .withHistory(10_000_000)
                        .withHistoryBytes(1L << 50)
                        .withDurability(durability));
    }

    private static void written(Broker broker) throws InterruptedException {
        topic(broker, "written", Durability.WRITTEN);
        long begun = System.nanoTime();
        publish(broker, "written", WRITTEN);
        System.out.printf("written: %.0f thousand/s%n", WRITTEN / ((System.nanoTime() - begun) / 1e6));
    }

    private static void publish(Broker broker, String topic, long count) throws InterruptedException {
        publish(broker, topic, count, new Message[] {MESSAGE});
    }

    /// Publishes some messages again and again.
    private static void publish(Broker broker, String topic, long count, Message[] messages)
            throws InterruptedException {
        Semaphore window = new Semaphore(IN_FLIGHT);
        for (long i = 0; i < count; i++) {
            window.acquire();
            var _ = broker.publishAsync(topic, messages[(int) (i % messages.length)])
                    .thenAccept(result -> {
                        check(result);
                        window.release();
                    });
        }
        window.acquire(IN_FLIGHT);
    }

    private static void check(PublishResult result) {
        if (!(result instanceof PublishResult.Accepted)) {
            throw new IllegalStateException(result.toString());
        }
    }

    private static void synced(Broker broker) throws InterruptedException {
        topic(broker, "synced", Durability.SYNCED);
        LongAdder done = new LongAdder();
        AtomicBoolean over = new AtomicBoolean();
        List<Thread> publishers = new ArrayList<>();
        long begun = System.nanoTime();
        for (int i = 0; i < PUBLISHERS; i++) {
            publishers.add(Thread.ofVirtual().start(() -> {
                while (!over.get()) {
                    check(broker.publish("synced", MESSAGE));
                    done.increment();
                }
            }));
        }
        Thread.sleep(SECONDS * 1_000L);
        over.set(true);
        for (Thread publisher : publishers) {
            publisher.join();
        }
        System.out.printf(
                "synced, %d publishers that wait: %,.0f/s%n",
                PUBLISHERS, done.sum() / ((System.nanoTime() - begun) / 1e9));
    }

    /// One sync of a file per message, by as many threads as wait above.
    private static void bareSyncs(Path file, int threads) throws IOException, InterruptedException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            LongAdder done = new LongAdder();
            AtomicBoolean over = new AtomicBoolean();
            List<Thread> writers = new ArrayList<>();
            long begun = System.nanoTime();
            for (int i = 0; i < threads; i++) {
                writers.add(Thread.ofPlatform().start(() -> {
                    while (!over.get()) {
                        append(channel);
                        done.increment();
                    }
                }));
            }
            Thread.sleep(SECONDS * 1_000L);
            over.set(true);
            for (Thread writer : writers) {
                writer.join();
            }
            System.out.printf(
                    "one file sync per message, %d threads: %,.0f/s%n",
                    threads, done.sum() / ((System.nanoTime() - begun) / 1e9));
        }
    }

    private static void append(FileChannel channel) {
        try {
            synchronized (channel) {
                channel.write(ByteBuffer.wrap(new byte[BYTES]));
                channel.force(false);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long bareLatency(Path file) throws IOException {
        long[] nanos = new long[LONE];
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            for (int i = 0; i < LONE; i++) {
                long begun = System.nanoTime();
                append(channel);
                nanos[i] = System.nanoTime() - begun;
            }
        }
        return percentile("one bare sync", nanos);
    }

    private static void lone(Broker broker, long bare) {
        long[] nanos = new long[LONE];
        for (int i = 0; i < LONE; i++) {
            long begun = System.nanoTime();
            check(broker.publish("synced", MESSAGE));
            nanos[i] = System.nanoTime() - begun;
        }
        long lone = percentile("one lone synced publish", nanos);
        System.out.printf("p99, lone publish to bare sync: %.2f%n", (double) lone / bare);
    }

    private static long percentile(String what, long[] nanos) {
        Arrays.sort(nanos);
        long p99 = nanos[nanos.length * 99 / 100];
        System.out.printf("%s: p50 %d us, p99 %d us%n", what, nanos[nanos.length / 2] / 1_000, p99 / 1_000);
        return p99;
    }

    private static void fill(Path folder, long bytes) throws InterruptedException {
        // So many that none comes twice in what is compressed together.
        Random random = new Random(1);
        Message[] different = Stream.generate(() -> {
                    byte[] payload = new byte[BYTES];
                    random.nextBytes(payload);
                    return Message.of(Payload.wrap(payload, "application/octet-stream"));
                })
                .limit(1 << 16)
                .toArray(Message[]::new);
        try (Broker broker = open(folder)) {
            for (int i = 0; i < 10; i++) {
                topic(broker, "t" + i, Durability.WRITTEN);
                publish(broker, "t" + i, bytes / 10 / BYTES, different);
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
