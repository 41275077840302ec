package dev.fanfare.bench;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.Delivery;
import dev.fanfare.Message;
import dev.fanfare.Receiver;
import dev.fanfare.RetryPolicy;
import dev.fanfare.TopicConfig;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// What acknowledged delivery in process reaches: messages through one handler, a group's waiting messages, and what
/// messages cost that wait for their next attempt. Needs 2 GiB of heap.
public final class AcknowledgedLoad {

    private static final int ROUNDS = 6;
    private static final int THROUGH = 2_000_000;
    private static final int WAITING = 100_000;
    private static final int MEMBERS = 10;
    private static final int RETRIES = 1_000_000;

    private AcknowledgedLoad() {}

    /// Prints what was measured.
    public static void main(String[] args) throws InterruptedException {
        through(false);
        through(true);
        drain();
        retries();
    }

    private static void through(boolean keyed) {
        try (Broker broker = Broker.open()) {
            AcknowledgedSubscription subscription =
                    broker.subscription("t").acknowledged().handle(message -> {});
            Message[] messages = new Message[1_000];
            for (int i = 0; i < messages.length; i++) {
                messages[i] = keyed ? Message.text("x").withKey("k" + i) : Message.text("x");
            }
            for (int round = 1; round <= ROUNDS; round++) {
                long begun = System.nanoTime();
                for (int i = 0; i < THROUGH; i++) {
                    broker.publish("t", messages[i % messages.length]);
                }
                await(subscription, (long) round * THROUGH);
                print(keyed ? "published and handled, 1,000 keys" : "published and handled", THROUGH, begun);
            }
        }
    }

    private static void drain() {
        for (int round = 0; round < ROUNDS; round++) {
            try (Broker broker = Broker.open()) {
                AcknowledgedSubscription first =
                        broker.subscription("t").acknowledged().group("g").handle(message -> {});
                first.close();
                for (int i = 0; i < WAITING; i++) {
                    broker.publish("t", "x");
                }
                long begun = System.nanoTime();
                List<AcknowledgedSubscription> members = new ArrayList<>();
                for (int i = 0; i < MEMBERS; i++) {
                    members.add(
                            broker.subscription("t").acknowledged().group("g").handle(message -> {}));
                }
                await(members.getFirst(), WAITING);
                print("waiting for a group of " + MEMBERS, WAITING, begun);
            }
        }
    }

    private static void retries() throws InterruptedException {
        try (Broker broker = Broker.open()) {
            broker.createTopic("t", TopicConfig.defaults().withHistory(0));
            Receiver receiver = broker.subscription("t")
                    .acknowledged()
                    .queue(RETRIES + 1)
                    .queueBytes(1L << 40)
                    .maxInFlight(1_000)
                    .retry(RetryPolicy.fixed(2, Duration.ofHours(1)))
                    .receive();
            List<Message> kept = new ArrayList<>(RETRIES);
            for (int i = 0; i < RETRIES; i++) {
                broker.publish("t", "x");
                Delivery delivery = receiver.receive();
                if (delivery != null) {
                    kept.add(delivery.message());
                    delivery.nack();
                }
            }
            long with = used();
            long cpu = cpu();
            LockSupport.parkNanos(5_000_000_000L);
            System.out.printf("CPU in 5 s while %,d wait: %,d ms%n", RETRIES, (cpu() - cpu) / 1_000_000);
            receiver.close();
            long without = used();
            System.out.printf(
                    "waiting for a retry, beside the message: %d bytes each (%d messages kept)%n",
                    (with - without) / RETRIES, kept.size());
        }
    }

    private static long used() {
        Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 5; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static void await(AcknowledgedSubscription subscription, long delivered) {
        while (subscription.figures().delivered() < delivered) {
            LockSupport.parkNanos(100_000);
        }
    }

    private static void print(String what, int count, long begun) {
        System.out.printf("%s: %.2f million/s%n", what, count / ((System.nanoTime() - begun) / 1e3));
    }
}
