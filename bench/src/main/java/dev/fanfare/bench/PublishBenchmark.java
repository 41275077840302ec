package dev.fanfare.bench;

import dev.fanfare.Broker;
import dev.fanfare.Dispatch;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Route;
import dev.fanfare.Topic;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What one publish costs the publisher, in nanoseconds: nobody listens, or one handler on its own thread.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 2,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g", "-XX:+UseCompactObjectHeaders"})
public class PublishBenchmark {

    private final Message message = Message.text("hello");
    private Broker broker = Broker.open();
    private Topic quiet = broker.createTopic("quiet");
    private Topic heard = broker.createTopic("heard");
    private Topic copied = broker.createTopic("copied");
    private Topic redirected = broker.createTopic("redirected");

    /// Makes the topics.
    @Setup(Level.Trial)
    public void open() {
        broker.close();
        broker = Broker.open();
        quiet = broker.createTopic("quiet");
        heard = broker.createTopic("heard");
        copied = broker.createTopic("copied");
        broker.routes().add(Route.copy("copy", "copied", "copies"));
        redirected = broker.createTopic("redirected");
        broker.routes().add(Route.redirect("redirect", "redirected", "elsewhere"));
        broker.subscription("heard").dispatch(Dispatch.caller()).handle(received -> {});
    }

    /// Ends its threads.
    @TearDown(Level.Trial)
    public void close() {
        broker.close();
    }

    /// To a topic that nobody hears.
    @Benchmark
    public PublishResult toNobody() {
        return quiet.publish(message);
    }

    /// By name, to a topic that nobody hears.
    @Benchmark
    public PublishResult toNobodyByName() {
        return broker.publish("quiet", message);
    }

    /// To one handler that the publisher's thread calls.
    @Benchmark
    public PublishResult toOneCaller() {
        return heard.publish(message);
    }

    /// To a topic whose messages are copied to another: as fast as the copies are made.
    @Benchmark
    public PublishResult toACopy() {
        return copied.publish(message);
    }

    /// To a topic whose messages go to another instead.
    @Benchmark
    public PublishResult toARedirect() {
        return redirected.publish(message);
    }
}
