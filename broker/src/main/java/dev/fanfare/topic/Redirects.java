package dev.fanfare.topic;

import dev.fanfare.BrokerLimit;
import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.feed.Feed;
import dev.fanfare.feed.Wakes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What takes a topic's messages before they are appended. Immutable, a part of the topic's [Plan].
final class Redirects {

    private final SharedFeed<?>[] rules;

    private Redirects(SharedFeed<?>[] rules) {
        this.rules = rules;
    }

    /// Those among the feeds of a plan; null when there are none.
    static @Nullable Redirects of(SharedFeed<?>[] feeds) {
        SharedFeed<?>[] found =
                Arrays.stream(feeds).filter(Redirects::redirects).toArray(SharedFeed<?>[]::new);
        return found.length == 0 ? null : new Redirects(found);
    }

    /// The feeds that messages are appended to.
    static SharedFeed<?>[] without(SharedFeed<?>[] feeds) {
        return Arrays.stream(feeds).filter(feed -> !redirects(feed)).toArray(SharedFeed<?>[]::new);
    }

    private static boolean redirects(SharedFeed<?> feed) {
        return feed.kind() instanceof Redirecting;
    }

    private static Redirecting rule(SharedFeed<?> feed) {
        return (Redirecting) feed.kind();
    }

    /// Whether two plans have the same rules.
    static boolean same(@Nullable Redirects one, @Nullable Redirects other) {
        return one == null || other == null ? one == other : Arrays.equals(one.rules, other.rules);
    }

    /// Where a message goes instead of its topic; empty when no rule takes it.
    List<String> targets(String topic, Message draft) {
        List<String> targets = new ArrayList<>(1);
        taking(topic, draft).forEach(feed -> targets.addAll(rule(feed).targets()));
        return targets;
    }

    private List<SharedFeed<?>> taking(String topic, Message draft) {
        List<SharedFeed<?>> taking = new ArrayList<>(1);
        for (SharedFeed<?> feed : rules) {
            if (rule(feed).takes(topic, draft)) {
                taking.add(feed);
            }
        }
        return taking;
    }

    /// Publishes a message to the targets of every rule that takes it. What the first target says is the answer;
    /// when it refuses, nothing is published anywhere, and the publisher is told.
    ///
    /// @param wakes null: waits for room in the targets
    /// @param with what is stored with the message at the first target; null for nothing
    /// @return null when no rule takes it; refused with a feed to wait for when a rule can't take it yet, and, with
    ///     `wakes`, when a target has no room
    @Nullable
    PublishResult publish(
            TopicRegistry registry,
            LiveTopic source,
            Message draft,
            @Nullable Wakes wakes,
            Committer.@Nullable Change with) {
        List<SharedFeed<?>> taking = taking(source.name(), draft);
        for (SharedFeed<?> feed : taking) {
            long answer = feed.feed().admit();
            if (answer != Feed.OPEN) {
                return early(feed, source, answer);
            }
        }
        PublishResult answer = null;
        Message named = taking.isEmpty() || !draft.id().isEmpty() ? draft : draft.withId(Section.newId());
        for (SharedFeed<?> feed : taking) {
            Redirecting rule = rule(feed);
            for (String target : rule.targets()) {
                PublishResult result = registry.publish(target, named, wakes, answer == null ? with : null);
                Refused refused = result instanceof Refused no ? no : null;
                boolean first = answer == null;
                boolean waits = refused != null && refused.full() != null && wakes != null;
                if (first && refused != null && waits) {
                    // Nothing has failed: the publisher tries again when there is room.
                    return new Refused(
                            refused.code(),
                            explained(rule, source, target, refused),
                            refused.full(),
                            refused.waitMillis(),
                            refused.limit());
                }
                rule.redirected(source.name(), target, refused, first);
                if (first && refused != null) {
                    return refused.because(explained(rule, source, target, refused));
                }
                answer = first ? result : answer;
            }
        }
        return answer;
    }

    /// What was published before a rule became this one comes first.
    private static Refused early(SharedFeed<?> feed, LiveTopic source, long answer) {
        String what = "topic '" + source.name() + "': route '" + rule(feed).name()
                + "' has still to copy what was published before it was changed, and ";
        return answer == Feed.REFUSE
                ? new Refused(BrokerLimit.QUEUE, what + "refuses messages until then")
                : new Refused(
                        ErrorCode.BACKPRESSURE,
                        what + "has publishers wait for that (up to " + answer + " ms)",
                        feed.feed(),
                        answer,
                        BrokerLimit.QUEUE);
    }

    private static String explained(Redirecting rule, LiveTopic source, String target, Refused refused) {
        return "route '" + rule.name() + "' sends what is published to '" + source.name() + "' to '" + target + "': "
                + refused.reason();
    }
}
