package dev.fanfare.routing;

import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.RouteStats;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Pattern;
import java.time.Duration;
import java.util.function.BiFunction;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A rule that copies messages once they are appended.
final class CopyRoute implements ActiveRoute {

    private static final Logger LOG = LoggerFactory.getLogger(CopyRoute.class);

    private final RouteTally tally;
    private final BiFunction<String, Message, PublishResult> publish;
    private final CopyFeed feed;

    /// @param publish to a topic's name; waits for room
    CopyRoute(
            RouteTally tally,
            BiFunction<String, Message, PublishResult> publish,
            IntSupplier queue,
            LongSupplier blockMillis,
            Runnable pressed) {
        this.tally = tally;
        this.publish = publish;
        this.feed = new CopyFeed("fanfare-route-" + tally.route().name(), queue, blockMillis, this::copy, pressed);
    }

    private void copy(Message stored) {
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

    @Override
    public Feed<Void> open(Pattern pattern) {
        return feed;
    }

    @Override
    public String reader(Pattern pattern) {
        return "route '" + tally.route().name() + "'";
    }

    @Override
    public RouteStats stats() {
        return tally.stats(feed.waiting());
    }

    @Override
    public boolean awaitIdle(Duration atMost) throws InterruptedException {
        return feed.awaitIdle(atMost);
    }

    @Override
    public void giveUp() {
        long left = feed.giveUp();
        if (left > 0) {
            tally.failed(
                    left,
                    tally.route().from(),
                    String.join(", ", tally.route().to()),
                    "SHUTTING_DOWN",
                    "the broker was closed before they were copied",
                    false);
        }
    }
}
