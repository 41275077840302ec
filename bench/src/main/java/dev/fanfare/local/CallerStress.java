package dev.fanfare.local;

import dev.fanfare.Broker;
import dev.fanfare.Dispatch;
import dev.fanfare.Message;
import dev.fanfare.Subscription;
import dev.fanfare.Topic;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// Two publishers deliver to a handler on their own threads: one of them has to do it for both.
@JCStressTest
@Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "Both are delivered, one after the other.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A message stays behind, or two handler calls overlap.")
@State
public class CallerStress {

    private static final Broker BROKER = Broker.open();
    private static final AtomicInteger NAMES = new AtomicInteger();
    private static final long PATIENCE_NANOS = 2_000_000_000L;

    private final Topic topic = BROKER.createTopic("t" + NAMES.getAndIncrement());
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger overlaps = new AtomicInteger();
    private final Subscription subscription = BROKER.subscription(topic.name())
            .dispatch(Dispatch.caller())
            .handle(message -> {
                if (inside.getAndIncrement() != 0) {
                    overlaps.incrementAndGet();
                }
                inside.decrementAndGet();
            });

    /// Publishes.
    @Actor
    public void one() {
        topic.publish(Message.text("a"));
    }

    /// Publishes too.
    @Actor
    public void other() {
        topic.publish(Message.text("b"));
    }

    /// Waits for what must come without a further push.
    @Arbiter
    public void delivered(II_Result result) {
        long begun = System.nanoTime();
        while (subscription.delivered() < 2 && System.nanoTime() - begun < PATIENCE_NANOS) {
            Thread.onSpinWait();
        }
        result.r1 = (int) subscription.delivered();
        result.r2 = overlaps.get();
        subscription.close();
        BROKER.deleteTopic(topic.name());
    }
}
