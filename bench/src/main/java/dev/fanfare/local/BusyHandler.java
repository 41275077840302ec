package dev.fanfare.local;

import dev.fanfare.Broker;
import dev.fanfare.Dispatch;
import dev.fanfare.Message;
import dev.fanfare.Subscription;
import dev.fanfare.Topic;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.infra.results.II_Result;

/// A handler of a topic of its own, which two publish to: it has to get both messages, one after the other. Once.
final class BusyHandler {

    private static final Broker BROKER = Broker.open();
    private static final AtomicInteger NAMES = new AtomicInteger();
    private static final long PATIENCE_NANOS = 2_000_000_000L;

    private final Topic topic = BROKER.createTopic("t" + NAMES.getAndIncrement());
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger overlaps = new AtomicInteger();
    private final Subscription subscription;

    BusyHandler(Dispatch dispatch) {
        subscription = BROKER.subscription(topic.name()).dispatch(dispatch).handle(message -> {
            if (inside.getAndIncrement() != 0) {
                overlaps.incrementAndGet();
            }
            inside.decrementAndGet();
        });
    }

    void publish() {
        topic.publish(Message.text("a"));
    }

    /// Waits for what must come without a further push, and says how many came and how many calls overlapped.
    void result(II_Result result) {
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
