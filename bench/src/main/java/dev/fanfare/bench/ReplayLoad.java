package dev.fanfare.bench;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Dispatch;
import dev.fanfare.Durability;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.Subscription;
import dev.fanfare.TopicConfig;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StorageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/// How fast a stored history is replayed: a million messages of 200 bytes of one topic, in a folder that is made
/// for it, to handlers in process and over WebSocket. The broker is opened anew after they were published, so that
/// none of them is in its memory; blocks may be in the operating system's. An argument says how many rounds, 5 if
/// there is none. Needs 1 GiB of heap and disk.
public final class ReplayLoad {

    private static final int MESSAGES = 1_000_000;
    private static final int BYTES = 200;
    private static final int IN_FLIGHT = 10_000;
    private static final TopicConfig STORED = TopicConfig.defaults()
            .withHistory(MESSAGES)
            .withHistoryBytes(1L << 40)
            .withDurability(Durability.WRITTEN);

    private final Broker broker;
    private final int rounds;

    private ReplayLoad(Broker broker, int rounds) {
        this.broker = broker;
        this.rounds = rounds;
    }

    /// Prints what was measured.
    public static void main(String[] args) throws Exception {
        int rounds = args.length == 0 ? 5 : Integer.parseInt(args[0]);
        Path folder = Files.createTempDirectory("fanfare-replay");
        try {
            try (Broker broker = open(folder)) {
                publish(broker);
            }
            try (Broker broker = open(folder)) {
                new ReplayLoad(broker, rounds).run();
            }
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static Broker open(Path folder) {
        return Broker.open(BrokerConfig.defaults().withStore(RocksStore.open(folder, StorageOptions.DEFAULT)));
    }

    private static void publish(Broker broker) {
        broker.createTopic("t", STORED);
        Message message = Message.text("x".repeat(BYTES));
        for (int i = 0; i < MESSAGES; i += IN_FLIGHT) {
            for (int k = 1; k < IN_FLIGHT; k++) {
                var _ = broker.publishAsync("t", message);
            }
            var _ = broker.publish("t", message);
        }
    }

    private void run() throws Exception {
        for (int round = 0; round < rounds; round++) {
            inProcess("virtual thread", "t", Dispatch.virtualThread(), 1);
            inProcess("loop", "t", Dispatch.loop(), 1);
            inProcess("pattern, virtual thread", "*", Dispatch.virtualThread(), 1);
            inProcess("10 at once, loop", "t", Dispatch.loop(), 10);
        }
        try (FanfareServer server = FanfareServer.start(broker, ServerConfig.of(Map.of("port", "0")))) {
            for (int round = 0; round < rounds; round++) {
                overWebSocket(server.port(), 1);
                overWebSocket(server.port(), 4);
            }
        }
    }

    private void inProcess(String how, String pattern, Dispatch dispatch, int subscribers) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(subscribers);
        List<Subscription> subscriptions = new ArrayList<>();
        long begun = System.nanoTime();
        for (int i = 0; i < subscribers; i++) {
            AtomicInteger count = new AtomicInteger();
            subscriptions.add(broker.subscription(pattern)
                    .start(Start.earliest())
                    .dispatch(dispatch)
                    .handle(message -> {
                        int heard = count.getPlain() + 1;
                        count.setPlain(heard);
                        if (heard == MESSAGES) {
                            done.countDown();
                        }
                    }));
        }
        done.await();
        print("in process, " + how, subscribers, begun);
        subscriptions.forEach(Subscription::close);
    }

    private static void overWebSocket(int port, int connections) throws Exception {
        List<Thread> readers = new ArrayList<>();
        long begun = System.nanoTime();
        for (int i = 0; i < connections; i++) {
            readers.add(Thread.ofPlatform().start(() -> read(port)));
        }
        for (Thread reader : readers) {
            reader.join();
        }
        print("over WebSocket, connections: " + connections + ", each", connections, begun);
    }

    /// A connection that counts events and looks into none.
    private static void read(int port) {
        try (RawWebSocket socket = new RawWebSocket(port, 0, 1 << 18)) {
            socket.send("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\",\"from\":\"earliest\"}");
            for (int frames = 0; frames <= MESSAGES; frames++) {
                socket.skipFrame();
            }
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static void print(String how, int each, long begun) {
        double micros = (System.nanoTime() - begun) / 1e3;
        System.out.printf("%s: %.2f million/s%s%n", how, MESSAGES / micros, each == 1 ? "" : " each");
    }
}
