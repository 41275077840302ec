package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import tools.jackson.databind.JsonNode;

/// A publisher and subscribers that behave, and measure how long messages take from one to the others.
final class Bystanders implements AutoCloseable {

    private static final int SUBSCRIBERS = 4;
    private static final long PERIOD_MICROS = 5_000;
    private static final String TOPIC = "bystanders";

    private final List<Wire> subscribers = new ArrayList<>();
    private final Wire publisher;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong heard = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Long> nanos = new ArrayList<>();

    /// What they noticed for a while.
    ///
    /// @param refused publishes that the server took no more of, each with when to try again
    record Figures(int messages, double p50Millis, double p99Millis, double mostMillis, long refused) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%d messages, p50 %.2f ms, p99 %.2f ms, most %.1f ms, %d refused",
                    messages,
                    p50Millis,
                    p99Millis,
                    mostMillis,
                    refused);
        }
    }

    Bystanders(String url) throws Exception {
        assertThat(Wire.rest("POST", url + "/topics", "{\"name\":\"" + TOPIC + "\"}")
                        .path("status_code")
                        .asInt())
                .isEqualTo(201);
        for (int i = 0; i < SUBSCRIBERS; i++) {
            Wire wire = new Wire(url, this::hear);
            subscribers.add(wire);
            JsonNode ack = wire.ask(Map.of("type", "subscribe", "topic", TOPIC, "client_id", "c"))
                    .get(20, TimeUnit.SECONDS);
            assertThat(ack.path("type").asString()).as("%s", ack).isEqualTo("ack");
        }
        publisher = new Wire(url, said -> {});
    }

    private void hear(JsonNode said) {
        if (said.path("type").asString("").equals("event")) {
            long took = System.nanoTime() - said.path("message").path("payload").asLong();
            heard.incrementAndGet();
            lock.lock();
            try {
                nanos.add(took);
            } finally {
                lock.unlock();
            }
        }
    }

    private void publish() {
        asked.incrementAndGet();
        var _ = publisher
                .ask(Map.of("type", "publish", "topic", TOPIC, "message", Map.of("payload", System.nanoTime())))
                .whenComplete((answer, gone) -> {
                    if (answer != null && answer.path("type").asString("").equals("ack")) {
                        accepted.incrementAndGet();
                    } else if (answer != null
                            && answer.path("error").path("retry_after_ms").asLong(0) > 0) {
                        refused.incrementAndGet();
                    }
                    answered.incrementAndGet();
                });
    }

    /// Publishes for so long, and waits until all of it is heard.
    Figures measure(Duration time) {
        lock.lock();
        try {
            nanos.clear();
        } finally {
            lock.unlock();
        }
        long refusedBefore = refused.get();
        ScheduledFuture<?> publishing =
                clock.scheduleAtFixedRate(this::publish, 0, PERIOD_MICROS, TimeUnit.MICROSECONDS);
        long end = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
        publishing.cancel(false);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (answered.get() < asked.get() || lost() > 0) {
            assertThat(System.nanoTime())
                    .as("%d of %d answered, %d events missing", answered.get(), asked.get(), lost())
                    .isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
        lock.lock();
        try {
            long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
            return new Figures(
                    sorted.length,
                    millis(sorted, 0.5),
                    millis(sorted, 0.99),
                    millis(sorted, 1),
                    refused.get() - refusedBefore);
        } finally {
            lock.unlock();
        }
    }

    private static double millis(long[] sorted, double part) {
        int at = (int) Math.ceil(part * sorted.length) - 1;
        return sorted.length == 0 ? 0 : sorted[Math.max(0, at)] / 1e6;
    }

    /// Events that were accepted and are not heard by everybody yet.
    long lost() {
        return accepted.get() * SUBSCRIBERS - heard.get();
    }

    @Override
    public void close() {
        clock.shutdownNow();
        publisher.close();
        subscribers.forEach(Wire::close);
    }
}
