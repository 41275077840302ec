package dev.fanfare.cli;

import dev.fanfare.Broker;
import dev.fanfare.BrokerEvent;
import dev.fanfare.BrokerListener;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What a broker tells, printed in its order by the thread that waits for it: so that what the demo does and what
/// comes of it do not get mixed up. The broker bounds what waits for a listener, the demo's length what waits here.
final class DemoEvents implements AutoCloseable {

    private static final int SECONDS_MAX = 20;

    private final Broker broker;
    private final DemoScreen screen;
    private final LinkedBlockingQueue<BrokerEvent> queue = new LinkedBlockingQueue<>();
    private final BrokerListener.Registration registration;

    DemoEvents(Broker broker, DemoScreen screen) {
        this.broker = broker;
        this.screen = screen;
        this.registration = broker.listen(queue::add);
    }

    /// Shows what happened until something has happened so often.
    ///
    /// @throws IllegalStateException when it does not happen
    void await(int times, Predicate<BrokerEvent> what) throws InterruptedException {
        int left = times;
        while (left > 0) {
            BrokerEvent event = queue.poll(SECONDS_MAX, TimeUnit.SECONDS);
            if (event == null) {
                throw new IllegalStateException(
                        "the broker was silent for " + SECONDS_MAX + " s, though something should have happened");
            }
            show(event);
            if (what.test(event)) {
                left--;
            }
        }
    }

    /// Shows everything until messages have been delivered.
    void awaitDelivered(int messages) throws InterruptedException {
        await(messages, event -> event instanceof BrokerEvent.Delivered);
    }

    /// Passes over everything until messages have been delivered: where there are too many to read.
    void passDelivered(int messages) throws InterruptedException {
        int left = messages;
        while (left > 0) {
            BrokerEvent event = queue.poll(SECONDS_MAX, TimeUnit.SECONDS);
            if (event == null) {
                throw new IllegalStateException("nothing was delivered for " + SECONDS_MAX + " s");
            }
            if (event instanceof BrokerEvent.Delivered) {
                left--;
            } else {
                show(event);
            }
        }
    }

    private void show(BrokerEvent event) throws InterruptedException {
        String about = about(event);
        if (about != null) {
            screen.event(event.name(), about);
        }
    }

    /// Null for what would only repeat something else here.
    private @Nullable String about(BrokerEvent event) {
        return switch (event) {
            case BrokerEvent.TopicCreated made ->
                made.topic() + (made.topic().startsWith("$dead/") ? ", for dead letters" : "");
            case BrokerEvent.Delivered done -> place(done.topic(), done.offset()) + " -> " + done.subscription();
            case BrokerEvent.Failed failed ->
                place(failed.topic(), failed.offset()) + " at " + failed.subscription() + ": "
                        + failed.cause().getMessage();
            case BrokerEvent.RetryScheduled retry ->
                "%s #%d: attempt %d in %s"
                        .formatted(retry.topic(), retry.offset(), retry.attempt() + 1, millis(retry.delay()));
            case BrokerEvent.DeadLettered dead ->
                "%s given up after %d attempts".formatted(place(dead.topic(), dead.offset()), dead.attempts());
            case BrokerEvent.StrategySwapped swap -> swap.subscription() + " is now " + strategy(swap.strategy());
            case BrokerEvent.BatchFlush flush -> flush.messages() + " messages at once -> " + flush.subscription();
            case BrokerEvent.Backpressure pressure ->
                "publishers of " + pressure.pattern() + " refused: " + pressure.subscription() + " is full";
            case BrokerEvent.MessagesDropped dropped -> dropped.subscription() + " is full and loses the oldest";
            case BrokerEvent.SlowConsumer slow -> slow.subscription() + " is " + slow.lag() + " behind";
            default -> null;
        };
    }

    private static String strategy(@Nullable DeliveryStrategy strategy) {
        return strategy instanceof DeliveryStrategy.Batched(int size, Duration linger)
                ? "batched: " + size + " or " + millis(linger)
                : "immediate";
    }

    private String place(String topic, long offset) {
        String text = broker.topic(topic).stream()
                .flatMap(log -> log.read(offset, 1, 1).stream())
                .map(Message::text)
                .findFirst()
                .orElse("");
        return topic + " #" + offset + " '" + text + "'";
    }

    static String millis(Duration time) {
        return time.toMillis() + " ms";
    }

    /// How many the demo was too slow to hear.
    long lost() {
        return registration.lost();
    }

    @Override
    public void close() {
        registration.close();
    }

    /// Whether a topic was made.
    static boolean isTopicCreated(BrokerEvent event) {
        return event instanceof BrokerEvent.TopicCreated;
    }
}
