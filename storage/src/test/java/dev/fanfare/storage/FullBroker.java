package dev.fanfare.storage;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.BrokerEvent;
import dev.fanfare.Delivery;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Accepted;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.Receiver;
import dev.fanfare.Topic;
import dev.fanfare.TopicConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/// A process with a broker whose device becomes full, until somebody makes room; it says what it found, or
/// dies of what should not be.
final class FullBroker {

    private static final StorageOptions OPTIONS = new StorageOptions(8 << 20, 2 << 20, 4 << 20);
    private static final long DEVICE = 24 << 20;
    private static final int FILLER = 10 << 20;
    private static final int SOME = 50;
    private static final int MOST = 10_000;
    private static final int LENGTH = 5_000;

    private final Broker broker;
    private final BlockingQueue<BrokerEvent> events = new LinkedBlockingQueue<>();
    private int published;

    private FullBroker(Broker broker) {
        this.broker = broker;
        broker.listen(event -> {
            if (event instanceof BrokerEvent.StorageFailed || event instanceof BrokerEvent.StorageRecovered) {
                events.add(event);
            }
        });
    }

    /// Starts it on a file system of its own.
    static Process onSmallFileSystem(Path folder) throws IOException {
        return FullDevice.onSmallFileSystem(FullBroker.class, DEVICE, folder, "mounted");
    }

    /// Starts it where the size of its folder stands for what its device holds.
    static Process withSmallFolder(Path folder) throws IOException {
        return FullDevice.start(FullBroker.class, List.of(), folder, "counted");
    }

    /// Says what publishers were refused with, and at the end `kept COUNT`.
    ///
    /// @param arguments the folder, and whether it is a device of its own
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Path filler = folder.resolve("filler");
        Path data = folder.resolve("store");
        Files.createDirectories(data);
        Files.write(filler, new byte[FILLER]);
        Room.Free free = arguments[1].equals("mounted") ? Room.of(data) : () -> DEVICE - size(folder);
        int done;
        int all;
        try (RocksStore store = RocksStore.open(data, OPTIONS, free);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            FullBroker full = new FullBroker(broker);
            Receiver receiver = full.fill();
            full.goesOn(receiver);
            done = SOME;
            Files.delete(filler);
            full.recovers();
            all = full.published;
            broker.close(Duration.ZERO);
        }
        try (RocksStore store = RocksStore.open(data, OPTIONS, free);
                Broker broker = Broker.open(BrokerConfig.defaults().withStore(store))) {
            check(store.damages().isEmpty(), "damages: " + store.damages());
            long kept = new FullBroker(broker).read();
            check(kept == all, kept + " of " + all + " are there");
            Receiver receiver = group(broker);
            Delivery next = Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
            check(
                    next.message().offset() == done,
                    "acknowledged up to " + next.message().offset());
            System.out.println("kept " + kept);
            broker.close(Duration.ZERO);
        }
    }

    private static long size(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void check(boolean fine, String what) {
        if (!fine) {
            throw new AssertionError(what);
        }
    }

    private static void await(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            check(System.nanoTime() < deadline, what);
            Thread.onSpinWait();
        }
    }

    private static Receiver group(Broker broker) {
        return broker.subscription("t").acknowledged().group("g").receive();
    }

    /// The text of an offset, which can't be compressed.
    private static String text(long offset) {
        return new Random(offset)
                .ints(LENGTH, ' ', '~')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private PublishResult publish() {
        return broker.publish("t", text(published));
    }

    /// Publishes until that is refused.
    private Receiver fill() throws InterruptedException {
        broker.createTopic(
                "t",
                TopicConfig.defaults()
                        .withHistory(1_000_000)
                        .withHistoryBytes(1 << 30)
                        .withDurability(Durability.WRITTEN));
        broker.createTopic("m");
        Receiver receiver = group(broker);
        System.out.println("refused " + untilRefused());
        BrokerEvent event = events.poll(20, TimeUnit.SECONDS);
        check(event instanceof BrokerEvent.StorageFailed, "told " + event);
        return receiver;
    }

    private String untilRefused() {
        while (true) {
            if (publish() instanceof Refused refused) {
                return refused.code() + ": " + refused.reason();
            }
            check(++published < MOST, "the device is never full");
        }
    }

    /// What can be done all the same.
    private void goesOn(Receiver receiver) throws InterruptedException {
        check(read() == published, "what was acknowledged can't be read");
        check(broker.publish("m", "here") instanceof Accepted, "a topic in memory takes nothing");
        for (int i = 0; i < SOME; i++) {
            long commits = commits();
            Delivery delivery = Objects.requireNonNull(receiver.receive(Duration.ofSeconds(20)));
            check(delivery.ack(), "an acknowledgement does not count");
            await(() -> commits() > commits, "an acknowledgement is not stored");
        }
        // What is put into files meanwhile may make some room.
        untilRefused();
        check(read() == published, "what was acknowledged can't be read any more");
    }

    private void recovers() throws InterruptedException {
        await(
                () -> events.stream().reduce((_, last) -> last).orElse(null) instanceof BrokerEvent.StorageRecovered,
                "told " + events);
        check(publish() instanceof Accepted, "it takes nothing although there is room");
        published++;
    }

    private long commits() {
        return Objects.requireNonNull(broker.stats().storage()).commits();
    }

    private long read() {
        Topic topic = broker.topic("t").orElseThrow();
        long next = 0;
        while (next < topic.visible()) {
            List<Message> messages = topic.read(next, 1_000, 1 << 20);
            check(!messages.isEmpty() && messages.getFirst().offset() == next, "nothing at " + next);
            for (Message message : messages) {
                check(message.text().equals(text(message.offset())), "another text at " + message.offset());
            }
            next = messages.getLast().offset() + 1;
        }
        return next;
    }
}
