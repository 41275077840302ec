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

    /// What the rule was when it copied last; null when it never has.
    private final @Nullable CopyRoute copied;

    /// @param copied what the rule was when it copied last; null when it never has
    RedirectRoute(RouteTally tally, @Nullable CopyRoute copied) {
        this.tally = tally;
        this.copied = copied;
    }

    @Nullable
    CopyRoute copied() {
        return copied;
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
        return tally.stats(copied == null ? 0 : copied.queue().waiting());
    }

    @Override
    public boolean awaitIdle(Duration atMost) throws InterruptedException {
        return copied == null || copied.awaitIdle(atMost);
    }

    @Override
    public void giveUp() {
        if (copied != null) {
            copied.giveUp();
        }
    }

    @Override
    public boolean isSubscription() {
        return false;
    }

    @Override
    public Feed<Void> open(Pattern pattern) {
        return new Gate(copied == null ? null : copied.queue());
    }

    /// Stands in the plan for the rule; nothing is ever appended to it. It is full as long as something is to be copied
    /// that was published before the rule was changed: what is redirected comes after that.
    ///
    /// @param before null: nothing is
    private record Gate(@Nullable CopyQueue before) implements Feed<Void> {

        @Override
        public long admit() {
            return before == null ? OPEN : before.admitBehind();
        }

        @Override
        public void append(Topic topic, Message message, @Nullable Object prepared) {}

        @Override
        public void wake() {}

        @Override
        public void onRoom(Runnable action) {
            if (before == null) {
                action.run();
            } else {
                before.onIdle(action);
            }
        }

        @Override
        public void attach(Void cursor) {}

        @Override
        public void detach(Void cursor) {}

        @Override
        public void end() {}

        @Override
        public void close() {
            if (before != null) {
                before.letGo();
            }
        }
    }
}
