package dev.fanfare.routing;

import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.RouteStats;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Pattern;
import java.time.Duration;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A rule that copies messages once they are appended.
final class CopyRoute implements ActiveRoute, Feed<Void> {

    private static final Logger LOG = LoggerFactory.getLogger(CopyRoute.class);

    private final RouteTally tally;
    private final BiFunction<String, Message, PublishResult> publish;
    private final CopyQueue queue;
    private final Runnable pressed;

    /// Whether no topic has it in its plan any more.
    private volatile boolean left;

    /// @param publish to a topic's name; waits for room
    /// @param queue where what it takes waits, behind what the rule took before it was changed
    /// @param pressed told of each publish refused or made to wait: inside a section
    CopyRoute(RouteTally tally, BiFunction<String, Message, PublishResult> publish, CopyQueue queue, Runnable pressed) {
        this.tally = tally;
        this.publish = publish;
        this.queue = queue;
        this.pressed = pressed;
    }

    CopyQueue queue() {
        return queue;
    }

    /// Publishes it to each target. On the queue's thread.
    void copy(Message stored) {
        boolean taken = tally.takes(stored);
        // An interrupt is the filter's own affair, and must not keep the copy from waiting for room.
        Thread.interrupted();
        if (!taken) {
            return;
        }
        Message message = stored;
        if (stored.ttlMillis() > 0) {
            long left = stored.timestampMillis() + stored.ttlMillis() - tally.now();
            if (left <= 0) {
                tally.failed(
                        1,
                        message.topic(),
                        String.join(", ", tally.route().to()),
                        "EXPIRED",
                        "its time to live was over before it was copied",
                        false);
                return;
            }
            message = stored.withTtl(Duration.ofMillis(left));
        }
        for (String target : tally.route().to()) {
            try {
                if (publish.apply(target, message) instanceof Refused refused) {
                    tally.failed(message.topic(), target, refused, false);
                } else {
                    tally.routed();
                }
            } catch (RuntimeException | Error e) {
                LOG.error(
                        "Route {} failed to publish to {}: a bug", tally.route().name(), target, e);
                tally.failed(1, message.topic(), target, "INTERNAL", String.valueOf(e), false);
            }
        }
    }

    // ---- in the plans of topics

    @Override
    public Feed<Void> open(Pattern pattern) {
        return this;
    }

    @Override
    public String reader(Pattern pattern) {
        return "route '" + tally.route().name() + "'";
    }

    @Override
    public long admit() {
        long answer = queue.admit();
        if (answer != OPEN) {
            pressed.run();
        }
        return answer;
    }

    @Override
    public void append(Topic topic, Message message, @Nullable Object prepared) {
        queue.add(message, this);
    }

    @Override
    public void owes(long change) {
        queue.owes(change);
    }

    @Override
    public void wake() {
        queue.wake();
    }

    @Override
    public void onRoom(Runnable action) {
        queue.onRoom(action);
        if (left) {
            // Nobody needs room in it any more.
            queue.letGo();
        }
    }

    @Override
    public boolean drainsHere() {
        return queue.drainsHere();
    }

    @Override
    public void attach(Void cursor) {}

    @Override
    public void detach(Void cursor) {}

    /// A topic is gone; there may be others.
    @Override
    public void end() {}

    /// What waits is still copied.
    @Override
    public void close() {
        left = true;
        queue.letGo();
    }

    // ---- as a rule

    @Override
    public RouteTally tally() {
        return tally;
    }

    @Override
    public RouteStats stats() {
        return tally.stats(queue.waiting());
    }

    @Override
    public boolean awaitIdle(Duration atMost) throws InterruptedException {
        return queue.awaitIdle(atMost);
    }

    @Override
    public void giveUp() {
        long waiting = queue.giveUp();
        if (waiting > 0) {
            tally.failed(
                    waiting,
                    tally.route().from(),
                    String.join(", ", tally.route().to()),
                    "SHUTTING_DOWN",
                    "the broker was closed before they were copied",
                    false);
        }
    }
}
