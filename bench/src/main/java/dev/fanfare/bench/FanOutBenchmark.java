package dev.fanfare.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// How many messages per second one publisher gets to all of its subscribers: 10,000 are published, then every
/// subscriber has to have got them. Times the number of subscribers, that is deliveries per second.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 2,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g", "-XX:+UseCompactObjectHeaders"})
public class FanOutBenchmark {

    private static final int MESSAGES = 10_000;

    /// The library.
    @Param({"fanfare-loop", "fanfare-thread", "fanfare-caller", "guava", "mbassador", "vertx", "reactor", "disruptor"})
    public String library = "";

    /// How many subscribers.
    @Param({"1", "10", "100", "1000"})
    public int subscribers;

    private FanOut fanOut = FanOut.of("guava", 0);
    private long published;

    /// Makes the bus and its subscribers.
    @Setup(Level.Trial)
    public void open() {
        fanOut = FanOut.of(library, subscribers);
        published = 0;
    }

    /// Ends its threads.
    @TearDown(Level.Trial)
    public void close() {
        fanOut.close();
    }

    /// Publishes, and waits until all have got it.
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void publishToAll() {
        for (int i = 0; i < MESSAGES; i++) {
            fanOut.publish();
        }
        published += MESSAGES;
        fanOut.awaitAll(published);
    }
}
