package dev.fanfare.cli;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// One load on a server: makes its topics, subscribes, publishes, waits for what is under way, deletes the topics.
final class LoadRun {

    /// How long what is under way at the end is waited for while nothing of it comes.
    static final int DRAIN_SECONDS = 5;

    private static final int READY_SECONDS = 60;
    private static final long NANOS = 1_000_000_000;

    private final LoadPlan plan;
    private final Remote remote;
    private final URI server;
    private final Map<String, String> headers;
    private final LoadHealth health;
    private final Consumer<LoadSecond> progress;
    private final LoadTally tally = new LoadTally();
    private final List<String> topics = new ArrayList<>();
    private final Queue<LoadSocket> listeners = new ConcurrentLinkedQueue<>();
    private final List<LoadSecond> seconds = new ArrayList<>();
    private final Histogram latencies = LoadTally.histogram();
    private volatile boolean publishing = true;
    private volatile boolean listening = true;
    private volatile boolean measuring;
    private volatile @Nullable String refusal;
    private volatile @Nullable String lastLoss;

    LoadRun(LoadPlan plan, Remote remote, LoadHealth health, Consumer<LoadSecond> progress) {
        this.plan = plan;
        this.remote = remote;
        this.server = URI.create(remote.address());
        this.headers = remote.headers();
        this.health = health;
        this.progress = progress;
        String id = UUID.randomUUID().toString().substring(0, 8);
        for (int i = 0; i < plan.topics(); i++) {
            topics.add("bench." + id + "." + i);
        }
    }

    LoadPlan plan() {
        return plan;
    }

    LoadTally tally() {
        return tally;
    }

    boolean publishing() {
        return publishing;
    }

    boolean listening() {
        return listening;
    }

    /// Whether what is published now counts.
    boolean measuring() {
        return measuring;
    }

    /// Nanoseconds between two publishes of a publisher; 0 for as fast as it goes.
    long interval() {
        return plan.rate() == 0 ? 0 : NANOS * plan.publishers() / plan.rate();
    }

    LoadSocket connect() throws IOException {
        return LoadSocket.open(server, headers);
    }

    /// A connection that is closed when the load is over.
    void closing(LoadSocket socket) {
        listeners.add(socket);
    }

    /// A connection broke, or could not be made; it is made again in a moment.
    void lost(String who, IOException why) {
        tally.reconnects.increment();
        lastLoss = who + ": " + why.getMessage();
        try {
            TimeUnit.MILLISECONDS.sleep(200);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// The server does not do what the load needs.
    void refused(String why) {
        refusal = why;
    }

    /// Does it.
    ///
    /// @throws Remote.Refused when the server can't be reached or refuses
    LoadResult run() throws InterruptedException {
        Thread cleaning = new Thread(this::deleteTopics);
        Runtime.getRuntime().addShutdownHook(cleaning);
        List<Thread> publishers = new ArrayList<>();
        List<Thread> subscribers = new ArrayList<>();
        try {
            for (String topic : topics) {
                remote.call("POST", "/topics", Remote.json(Map.of("name", topic)));
            }
            subscribe(subscribers);
            for (int i = 0; i < plan.publishers(); i++) {
                int topic = plan.topicOf(i);
                publishers.add(Thread.ofVirtual()
                        .start(new LoadPublisher(this, i, topics.get(topic), plan.subscribersOf(topic))));
            }
            watch(plan.warmUp(), true);
            measuring = true;
            long cpu = ownCpuNanos();
            long begun = System.nanoTime();
            watch(plan.seconds(), false);
            publishing = false;
            double elapsed = (System.nanoTime() - begun) / (double) NANOS;
            double busy = (ownCpuNanos() - cpu) / (double) NANOS / elapsed;
            for (Thread each : publishers) {
                each.join();
            }
            drain();
            latencies.add(tally.latencies());
            return new LoadResult(plan, elapsed, tally, latencies, seconds, busy, lastLoss, health.silence());
        } finally {
            publishing = false;
            listening = false;
            for (LoadSocket each : listeners) {
                closeQuietly(each);
            }
            for (Thread each : subscribers) {
                each.join();
            }
            deleteTopics();
            Runtime.getRuntime().removeShutdownHook(cleaning);
        }
    }

    private void subscribe(List<Thread> subscribers) throws InterruptedException {
        CountDownLatch ready = new CountDownLatch(plan.subscribers());
        for (int i = 0; i < plan.subscribers(); i++) {
            String topic = topics.get(plan.topicOf(i));
            subscribers.add(Thread.ofVirtual().start(new LoadSubscriber(this, i, topic, ready)));
        }
        for (int i = 0; i < READY_SECONDS * 10; i++) {
            if (ready.await(100, TimeUnit.MILLISECONDS)) {
                return;
            }
            String why = refusal != null ? refusal : i > 50 && tally.reconnects.sum() > 0 ? lastLoss : null;
            if (why != null) {
                throw new Remote.Refused(200, why);
            }
        }
        throw new Remote.Refused(
                0,
                ready.getCount() + " of " + plan.subscribers() + " subscribers got no answer within " + READY_SECONDS
                        + " s");
    }

    /// Looks once per second.
    private void watch(int count, boolean warmUp) throws InterruptedException {
        long begun = System.nanoTime();
        health.read();
        long published = tally.published.sum();
        long delivered = tally.delivered.sum();
        long before = begun;
        for (int i = 1; i <= count; i++) {
            long left = begun + i * NANOS - System.nanoTime();
            TimeUnit.NANOSECONDS.sleep(Math.max(0, left));
            LoadHealth.Reading reading = health.read();
            Histogram latency = tally.latencies();
            long now = System.nanoTime();
            double took = (now - before) / (double) NANOS;
            long publishedNow = tally.published.sum();
            long deliveredNow = tally.delivered.sum();
            LoadSecond second = new LoadSecond(
                    i,
                    count,
                    warmUp,
                    (publishedNow - published) / took,
                    (deliveredNow - delivered) / took,
                    latency.getValueAtPercentile(50) / 1e3,
                    latency.getValueAtPercentile(99) / 1e3,
                    reading);
            progress.accept(second);
            if (!warmUp) {
                seconds.add(second);
                latencies.add(latency);
            }
            published = publishedNow;
            delivered = deliveredNow;
            before = now;
        }
    }

    /// Waits for what is under way.
    private void drain() throws InterruptedException {
        long last = -1;
        long since = System.nanoTime();
        while (tally.delivered.sum() + tally.dropped.sum() < tally.expected.sum()
                && System.nanoTime() - since < DRAIN_SECONDS * NANOS) {
            if (tally.heard.sum() != last) {
                last = tally.heard.sum();
                since = System.nanoTime();
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private void deleteTopics() {
        for (String topic : topics) {
            try {
                remote.call("DELETE", "/topics/" + topic, "");
            } catch (Remote.Refused gone) {
                if (gone.unreachable()) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void closeQuietly(LoadSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It was on its way out.
        }
    }

    private static long ownCpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }
}
