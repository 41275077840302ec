package dev.fanfare.routing;

import dev.fanfare.Message;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.RouteStats;
import dev.fanfare.Topic;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Pattern;
import dev.fanfare.topic.Redirecting;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A rule that takes messages before they are appended.
final class RedirectRoute implements ActiveRoute, Redirecting {

    private final RouteTally tally;

    RedirectRoute(RouteTally tally) {
        this.tally = tally;
    }

    @Override
    public boolean takes(String topic, Message draft) {
        // As it will be seen by its subscribers, but for its place.
        return tally.route().filter() == null || tally.takes(draft.stored(draft.id(), topic, "", -1, tally.now()));
    }

    @Override
    public List<String> targets() {
        return tally.route().to();
    }

    @Override
    public String name() {
        return tally.route().name();
    }

    @Override
    public void redirected(String topic, String target, @Nullable Refused refused, boolean told) {
        if (refused == null) {
            tally.routed();
        } else {
            tally.failed(topic, target, refused, told);
        }
    }

    @Override
    public RouteTally tally() {
        return tally;
    }

    @Override
    public RouteStats stats() {
        return tally.stats(0);
    }

    @Override
    public boolean awaitIdle(Duration atMost) {
        return true;
    }

    @Override
    public void giveUp() {}

    @Override
    public boolean isSubscription() {
        return false;
    }

    @Override
    public Feed<Void> open(Pattern pattern) {
        return NOTHING;
    }

    /// Stands in the plan for the rule; nothing is ever appended to it.
    private static final Feed<Void> NOTHING = new Feed<>() {
        @Override
        public void append(Topic topic, Message message, @Nullable Object prepared) {}

        @Override
        public void wake() {}

        @Override
        public void onRoom(Runnable action) {
            action.run();
        }

        @Override
        public void attach(Void cursor) {}

        @Override
        public void detach(Void cursor) {}

        @Override
        public void end() {}

        @Override
        public void close() {}
    };
}
