package dev.fanfare.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Message;
import dev.fanfare.Pending;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// What a delayed message costs while it waits: heap beside the message itself, and CPU; 1,000,000 messages to one
/// topic and spread over 1,000.
public final class DelayedMemory {

    private static final int MESSAGES = 1_000_000;
    private static final int IDLE_SECONDS = 5;
    private static final OperatingSystemMXBean PROCESS =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private DelayedMemory() {}

    /// Prints bytes per message and the CPU time of a few idle seconds.
    public static void main(String[] arguments) throws InterruptedException {
        measure(1);
        measure(1_000);
    }

    private static void measure(int topics) throws InterruptedException {
        Random random = new Random(1);
        List<Message> messages = new ArrayList<>(MESSAGES);
        for (int i = 0; i < MESSAGES; i++) {
            messages.add(Message.text("x".repeat(100))
                    .withId("00000000-0000-4000-8000-%012d".formatted(i))
                    .withDelay(Duration.ofMillis(3_600_000 + random.nextInt(3_600_000))));
        }
        BrokerConfig config = BrokerConfig.defaults().withPending(new Pending(MESSAGES, 1L << 40, 1));
        try (Broker broker = Broker.open(config)) {
            long before = used();
            long began = System.nanoTime();
            for (int i = 0; i < MESSAGES; i++) {
                broker.publish("t" + i % topics, messages.get(i));
            }
            long nanos = System.nanoTime() - began;
            long waiting = used() - before;
            long cpu = PROCESS.getProcessCpuTime();
            Thread.sleep(Duration.ofSeconds(IDLE_SECONDS));
            System.out.printf(
                    "%d messages to %d topics: %d bytes beside each, %d ns to publish; %.1f ms of CPU in %d s%n",
                    broker.stats().topics().stream()
                            .mapToLong(each -> each.delayed())
                            .sum(),
                    topics,
                    waiting / MESSAGES,
                    nanos / MESSAGES,
                    (PROCESS.getProcessCpuTime() - cpu) / 1e6,
                    IDLE_SECONDS);
        }
    }

    private static long used() {
        Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
